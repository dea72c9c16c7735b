"""Lists that wait for a person, and mailboxes that nobody could read: somebody must hear of them."""

from datetime import timedelta
from uuid import UUID

from services.ingestion.domain.batches import BatchStatus
from services.ingestion.store import batches, mailboxes, mills, progress
from services.ingestion.store.mailboxes import SilentMailbox
from services.ingestion.usecases.announce import announce
from shared.db import Conn


async def remind(conn: Conn, *, batch_id: UUID, mill_id: UUID, expires_after: timedelta) -> bool:
    """Say once more where a list stands; ``False`` when somebody decided or was reminded meanwhile."""
    await mills.lock_mill(conn, mill_id)
    batch = await batches.find_batch(conn, batch_id, mill_id=mill_id)
    if batch is None or not await progress.note_reminder(conn, batch_id):
        return False
    end = (batch.changed_at + expires_after).date()
    reason = (
        f"A reminder: this list has waited since {batch.changed_at.date().isoformat()} for somebody to look at it;"
        f" after {end.isoformat()} it is closed unlisted."
    )
    await announce(conn, batch_id, previous=BatchStatus(batch.status), first_reason=reason)
    return True


async def silent_mailboxes(conn: Conn, *, after_seconds: int) -> list[SilentMailbox]:
    """Active mailboxes without a successful poll for longer than that."""
    found = await mailboxes.silences(conn)
    return [one for one in found if one.seconds > after_seconds]


def words(silent: SilentMailbox) -> str:
    """One line for the operator."""
    why = silent.last_error or "no poll has ended"
    return f"mailbox {silent.name} could not be read for {silent.seconds / 60:.0f} min: {why}"
