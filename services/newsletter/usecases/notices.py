"""Mails that are owed at once: the answer to a list, and both sides of a window."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from uuid_utils.compat import uuid7

from services.newsletter.domain.deliveries import is_address
from services.newsletter.domain.recipients import Recipient
from services.newsletter.settings import NewsletterSettings
from services.newsletter.store import deliveries, people
from services.newsletter.tracking import hash_address
from services.newsletter.usecases.generate import DELIVERIES, message_id
from shared import trace
from shared.contracts.base import Event
from shared.contracts.exclusivity import WindowExpiringSoon, WindowGranted
from shared.contracts.ingestion import BatchStatusChanged
from shared.db import Conn, notify

ANSWERED = frozenset({"committed", "review_required", "mapping_required", "duplicate", "failed"})


def correlation_of(event: Event) -> str:
    """The chain of causes an event belongs to, so that a mail can be traced to the list that led to it."""
    return event.attributes.correlation_id if event.attributes else trace.current().correlation_id


async def answer_batches(
    conn: Conn, events: Sequence[BatchStatusChanged], *, settings: NewsletterSettings, now: datetime
) -> None:
    """Answer an authenticated sender once per result of his list. Who may not be answered has no ``reply_to``."""
    queued: list[deliveries.NewDelivery] = []
    for event in events:
        if event.reply_to is None or event.status not in ANSWERED or not is_address(event.reply_to):
            continue
        delivery_id = uuid7()
        sender = hash_address(event.reply_to)[:16]
        queued.append(
            deliveries.NewDelivery(
                delivery_id=delivery_id,
                user_id=None,
                business_key=f"batch:{event.batch_id}:{event.status}:{sender}",
                kind="batch_answer",
                issue_id=None,
                address=event.reply_to,
                name="",
                language=event.language or "en",
                facts={
                    "status": event.status,
                    "file_name": event.file_name,
                    "counts": event.counts.model_dump(mode="json"),
                    "reasons": event.reasons[:20],
                    "problems": event.problems[:20],
                },
                message_id=message_id(delivery_id, settings),
                correlation_id=correlation_of(event),
            )
        )
    await _queue(conn, queued, now)


async def tell_of_windows(
    conn: Conn, events: Sequence[WindowGranted], *, settings: NewsletterSettings, now: datetime
) -> None:
    """Tell the holder and the mill, each active person once."""
    queued: list[deliveries.NewDelivery] = []
    for event in events:
        for kind, organization in (("window_holder", event.buyer_id), ("window_mill", event.mill_id)):
            for reader in await people.recipients(conn, organization_id=organization):
                key = f"window:{event.window_id}:granted"
                facts: dict[str, object] = {"window_id": str(event.window_id)}
                queued.extend(_to(reader, kind, key, facts, correlation_of(event), settings))
    await _queue(conn, queued, now)


async def remind_holders(
    conn: Conn, events: Sequence[WindowExpiringSoon], *, settings: NewsletterSettings, now: datetime
) -> None:
    """Remind the holder once per threshold and end."""
    queued: list[deliveries.NewDelivery] = []
    for event in events:
        for reader in await people.recipients(conn, organization_id=event.buyer_id):
            key = f"window:{event.window_id}:{event.threshold_hours}h:{event.expires_at.isoformat()}"
            facts: dict[str, object] = {"window_id": str(event.window_id), "hours": event.threshold_hours}
            queued.extend(_to(reader, "window_reminder", key, facts, correlation_of(event), settings))
    await _queue(conn, queued, now)


def _to(
    reader: Recipient,
    kind: str,
    business_key: str,
    facts: dict[str, object],
    correlation_id: str,
    settings: NewsletterSettings,
) -> list[deliveries.NewDelivery]:
    if not reader.is_active:
        return []
    delivery_id: UUID = uuid7()
    delivery = deliveries.NewDelivery(
        delivery_id=delivery_id,
        user_id=reader.user_id,
        business_key=business_key,
        kind=kind,
        issue_id=None,
        address=reader.email,
        name=reader.name,
        language=reader.language,
        facts=facts,
        message_id=message_id(delivery_id, settings),
        correlation_id=correlation_id,
    )
    return [delivery]


async def _queue(conn: Conn, queued: Sequence[deliveries.NewDelivery], now: datetime) -> None:
    if queued and await deliveries.queue(conn, queued, now):
        await notify(conn, DELIVERIES)
