"""What comes to a town from outside or goes wrong in it: a mail of each mill, and an event that was given up."""

from collections.abc import Sequence
from uuid import UUID, uuid4

from gateway import accounts
from services.ingestion.store import messages
from tests.support.filler import fill
from tests.support.pump import Installation


async def incidents(place: Installation, mailbox_id: str, slugs: Sequence[str]) -> list[tuple[str, UUID, UUID]]:
    """A mail and a dead letter of each of these mills."""
    mills = [(slug, accounts.organization_id(slug)) for slug in slugs]
    mails, letters = await _receive_mails(place, mailbox_id, mills), await _give_up_events(place, mills)
    return list(zip(slugs, mails, letters, strict=True))


async def _receive_mails(place: Installation, mailbox_id: str, mills: Sequence[tuple[str, UUID]]) -> list[UUID]:
    """One mail from each mill, in the order given, that turned out to hold no list."""
    found: list[UUID] = []
    async with place.databases["ingestion"].transaction() as conn:
        for uid, (slug, mill_id) in enumerate(mills, start=1):
            message_id, raw = uuid4(), f"Subject: Mail of {slug}\r\n\r\nGood day\r\n".encode()
            await messages.insert_message(
                conn, message_id=message_id, mailbox_id=UUID(mailbox_id), uidvalidity=1, uid=uid, size_bytes=len(raw),
                raw=raw, raw_sha256=slug.encode().ljust(32), status="received", reason=None, detail=None,
                correlation_id=str(uuid4()),
            )  # fmt: skip
            decided = await messages.decide(
                conn, message_id=message_id, attempt=0, status="ignored", reason="no_list", detail=None, id_hash=None,
                sender=f"lists@{slug}.example", subject=f"Mail of {slug}", mill_id=mill_id, attachments=[],
            )  # fmt: skip
            assert decided
            found.append(message_id)
    return found


async def _give_up_events(place: Installation, mills: Sequence[tuple[str, UUID]]) -> list[UUID]:
    """One event of each mill that catalog gave up on, in the order given."""
    async with place.databases["catalog"].transaction() as conn:
        buried = await fill(
            conn, "dead_letter", len(mills), id=lambda _: uuid4(), stream=lambda _: "events.ingestion",
            type=lambda _: "ingestion.rows.accepted.v1", key=lambda n: str(mills[n][1]), meta=lambda _: "{}",
            body=lambda _: "{}", error=lambda n: f"ValueError: event of {mills[n][0]}",
        )  # fmt: skip
    return [one["id"] for one in buried]
