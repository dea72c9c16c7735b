"""Mails that are owed at once: the answer to a list, and both sides of a window."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
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
from shared.contracts.exclusivity import (
    WindowExpiringSoon,
    WindowExtended,
    WindowExtensionRequested,
    WindowGranted,
)
from shared.contracts.ingestion import BatchStatusChanged, DatasheetFailed
from shared.db import Conn, notify

ANSWERED = frozenset(
    {"committed", "review_required", "mapping_required", "duplicate", "failed", "cancelled", "expired", "reverted"}
)


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
        again = ":reminder" if event.previous == event.status else ""
        queued.append(
            deliveries.NewDelivery(
                delivery_id=delivery_id,
                user_id=None,
                business_key=f"batch:{event.batch_id}:{event.status}{again}:{sender}",
                kind="batch_answer",
                issue_id=None,
                address=event.reply_to,
                name="",
                language=event.language or "en",
                facts={
                    "batch_id": str(event.batch_id),
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


async def tell_of_datasheets(
    conn: Conn, events: Sequence[DatasheetFailed], *, settings: NewsletterSettings, now: datetime
) -> None:
    """Say once per data sheet why it could not be read: to its sender, or to the people of the mill who uploaded it."""
    queued: list[deliveries.NewDelivery] = []
    for event in events:
        if event.reply_to is not None and is_address(event.reply_to):
            told = [(None, event.reply_to, "", event.language or "en")]
        else:
            readers = await people.recipients(conn, organization_id=event.mill_id)
            told = [(one.user_id, one.email, one.name, one.language) for one in readers if one.is_active]
        for user_id, address, name, language in told:
            delivery_id: UUID = uuid7()
            queued.append(
                deliveries.NewDelivery(
                    delivery_id=delivery_id,
                    user_id=user_id,
                    business_key=f"datasheet:{event.datasheet_id}:{event.version}:{hash_address(address)[:16]}",
                    kind="batch_answer",
                    issue_id=None,
                    address=address,
                    name=name,
                    language=language,
                    facts={"status": "datasheet_failed", "file_name": event.file_name, "reasons": [event.reason]},
                    message_id=message_id(delivery_id, settings),
                    correlation_id=correlation_of(event),
                )
            )
    await _queue(conn, queued, now)


async def tell_of_windows(
    conn: Conn, events: Sequence[WindowGranted], *, settings: NewsletterSettings, now: datetime
) -> None:
    """Tell the holder and the mill."""
    sides = [
        _Notice(kind, organization_id, event, f"window:{event.window_id}:granted", {})
        for event in events
        for kind, organization_id in (("window_holder", event.buyer_id), ("window_mill", event.mill_id))
    ]
    await _tell(conn, sides, settings=settings, now=now)


async def remind_holders(
    conn: Conn, events: Sequence[WindowExpiringSoon], *, settings: NewsletterSettings, now: datetime
) -> None:
    """Remind the holder once per threshold and end."""
    reminders = [
        _Notice(
            "window_reminder",
            event.buyer_id,
            event,
            f"window:{event.window_id}:{event.threshold_hours}h:{event.expires_at.isoformat()}",
            {"hours": event.threshold_hours, "expires_at": event.expires_at.isoformat()},
        )
        for event in events
    ]
    await _tell(conn, reminders, settings=settings, now=now)


async def tell_of_extensions(
    conn: Conn, events: Sequence[WindowExtended], *, settings: NewsletterSettings, now: datetime
) -> None:
    """Tell the holder once per new end, with the reason that was given."""
    told = [_of_end("window_extended", event.buyer_id, event, "extended") for event in events]
    await _tell(conn, told, settings=settings, now=now)


async def ask_mills(
    conn: Conn, events: Sequence[WindowExtensionRequested], *, settings: NewsletterSettings, now: datetime
) -> None:
    """Pass a holder's wish for more time on to the mill, once per end."""
    asked = [_of_end("window_asked", event.mill_id, event, "asked") for event in events]
    await _tell(conn, asked, settings=settings, now=now)


@dataclass(frozen=True, slots=True)
class _Notice:
    """A mail owed to one side of a window."""

    kind: str
    organization_id: UUID
    event: WindowGranted | WindowExpiringSoon | WindowExtended | WindowExtensionRequested
    business_key: str
    facts: dict[str, object]


def _of_end(
    kind: str, organization_id: UUID, event: WindowExtended | WindowExtensionRequested, purpose: str
) -> _Notice:
    end = event.expires_at.isoformat()
    key = f"window:{event.window_id}:{purpose}:{end}"
    return _Notice(kind, organization_id, event, key, {"expires_at": end, "reason": event.reason})


async def _tell(conn: Conn, notices: Sequence[_Notice], *, settings: NewsletterSettings, now: datetime) -> None:
    """Tell each active person of the side once; where nobody is active, the contacts the organisation named."""
    queued: list[deliveries.NewDelivery] = []
    for notice in notices:
        readers = await people.recipients(conn, organization_id=notice.organization_id)
        active = [_to(reader, notice, settings) for reader in readers if reader.is_active]
        if not active:
            desks = await people.desks(conn, notice.organization_id)
            active = [_to_desk(desk, notice, settings) for desk in desks if is_address(desk.email)]
        queued += active
    await _queue(conn, queued, now)


def _to_desk(desk: people.Desk, notice: _Notice, settings: NewsletterSettings) -> deliveries.NewDelivery:
    delivery = _to(desk, notice, settings)
    # Nobody's id is in it, so the address has to tell one desk's message from another's.
    return replace(delivery, business_key=f"{notice.business_key}:{hash_address(desk.email)[:16]}")


def _to(reader: Recipient | people.Desk, notice: _Notice, settings: NewsletterSettings) -> deliveries.NewDelivery:
    delivery_id: UUID = uuid7()
    return deliveries.NewDelivery(
        delivery_id=delivery_id,
        user_id=reader.user_id if isinstance(reader, Recipient) else None,
        business_key=notice.business_key,
        kind=notice.kind,
        issue_id=None,
        address=reader.email,
        name=reader.name,
        language=reader.language,
        facts={"window_id": str(notice.event.window_id), **notice.facts},
        message_id=message_id(delivery_id, settings),
        correlation_id=correlation_of(notice.event),
    )


async def _queue(conn: Conn, queued: Sequence[deliveries.NewDelivery], now: datetime) -> None:
    if queued and await deliveries.queue(conn, queued, now):
        await notify(conn, DELIVERIES)
