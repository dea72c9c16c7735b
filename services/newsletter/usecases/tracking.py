"""Somebody fetched a picture or followed a link: written down, machines marked, people counted."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.newsletter.domain.deliveries import is_machine
from services.newsletter.store import links
from services.newsletter.tracking import TOKEN_LENGTH, hash_token
from services.newsletter.usecases.people import unsubscribe
from shared import outbox, trace
from shared.contracts.newsletter import DeliveriesProgressed, DeliveryProgress
from shared.db import Conn


@dataclass(frozen=True, slots=True)
class Visit:
    """One request to a link of a mail."""

    token: str
    head: bool
    user_agent: str


async def _found(conn: Conn, token: str, kind: str) -> links.Followed | None:
    return await links.link(conn, hash_token(token), kind) if len(token) == TOKEN_LENGTH else None


async def record_open(conn: Conn, visit: Visit, now: datetime) -> None:
    """An unknown token is nobody's business: nothing happens."""
    found = await _found(conn, visit.token, "open")
    if found is not None:
        await _record(conn, found, visit, clicked=False, now=now)


async def record_click(conn: Conn, visit: Visit, now: datetime) -> str | None:
    """The stored target; ``None`` for a token that we did not give out."""
    found = await _found(conn, visit.token, "click")
    if found is None or found.target is None:
        return None
    await _record(conn, found, visit, clicked=True, now=now)
    return found.target


async def _record(conn: Conn, found: links.Followed, visit: Visit, *, clicked: bool, now: datetime) -> None:
    machine = is_machine(head=visit.head, user_agent=visit.user_agent, sent_at=found.sent_at, at=now)
    kind = "click" if clicked else "open"
    if not await links.record_hit(
        conn, delivery_id=found.delivery_id, kind=kind, item_id=found.item_id, machine=machine, now=now
    ):
        return
    if machine:
        await links.mark_machine(conn, found.delivery_id, now)
    else:
        await links.mark_person(conn, found.delivery_id, clicked=clicked, now=now)
    if found.user_id is not None:
        step = DeliveryProgress(
            delivery_id=found.delivery_id,
            user_id=found.user_id,
            state="clicked" if clicked else "opened",
            at=now,
            item_id=found.item_id,
            machine=machine,
            issue_id=found.issue_id,
        )
        with trace.tracing(trace.continued(found.correlation_id)):
            await outbox.add(conn, DeliveriesProgressed(deliveries=(step,)))


async def language_of(conn: Conn, token: str) -> str | None:
    """The language of the mail an unsubscribe token came in; ``None`` for one we did not give out."""
    found = await _found(conn, token, "unsubscribe")
    return found.language if found else None


async def unsubscribe_by(conn: Conn, token: str, now: datetime) -> str | None:
    """Switch the newsletter of the token's reader off; the language to thank him in, ``None`` for an unknown token."""
    found = await _found(conn, token, "unsubscribe")
    if found is None:
        return None
    user_id: UUID | None = found.user_id
    if user_id is not None:
        with trace.tracing(trace.continued(found.correlation_id)):
            await unsubscribe(conn, user_id=user_id, now=now)
    return found.language
