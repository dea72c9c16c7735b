"""What a person decides about a list that waits: commit or cancel it; and what happens when nobody does."""

from uuid import UUID

from services.ingestion.domain.batches import BatchStatus
from services.ingestion.errors import ListBeingCommitted, RowsNotReady
from services.ingestion.store import batches, mills, progress
from services.ingestion.store.batches import Batch
from services.ingestion.usecases.announce import announce
from services.ingestion.usecases.commits import commit_batch
from services.ingestion.usecases.held import held
from services.ingestion.usecases.plan import plan_batch, save_plan
from services.ingestion.usecases.receive import CHANNEL
from shared.db import Conn, notify


async def request_commit(
    conn: Conn, *, batch_id: UUID, mill_id: UUID | None, expected: int, reject_invalid: bool
) -> Batch:
    """A person commits a list; with ``reject_invalid`` the rows that cannot be listed stay behind."""
    batch, mill = await held(
        conn, batch_id, mill_id=mill_id, expected=expected, target=BatchStatus.COMMITTING, verb="committed"
    )
    if await progress.mill_is_busy(conn, mill.organization_id):
        raise ListBeingCommitted
    plan = await plan_batch(conn, batch)
    if plan.rejected and not reject_invalid:
        raise RowsNotReady(count=plan.rejected)
    await save_plan(conn, batch, plan)
    present = [planned.lot_key for planned in plan.rows]
    return await commit_batch(conn, batch, present=present, missing=plan.missing, previous=BatchStatus(batch.status))


async def cancel_batch(conn: Conn, *, batch_id: UUID, mill_id: UUID | None, expected: int, reason: str) -> Batch:
    """Discard a list before it is committed."""
    batch, _ = await held(
        conn, batch_id, mill_id=mill_id, expected=expected, target=BatchStatus.CANCELLED, verb="cancelled"
    )
    await progress.move(conn, batch_id=batch_id, target=BatchStatus.CANCELLED, reasons=[reason])
    await notify(conn, CHANNEL)
    return await announce(conn, batch_id, previous=BatchStatus(batch.status))


async def expire_batch(conn: Conn, *, batch_id: UUID, mill_id: UUID) -> bool:
    """Nobody looked at it for two weeks: the list is too old to be listed."""
    await mills.lock_mill(conn, mill_id)
    before = await batches.find_batch(conn, batch_id, mill_id=mill_id)
    reasons = ["Nobody decided about this list in time; send a newer one."]
    if before is None or not await progress.move(conn, batch_id=batch_id, target=BatchStatus.EXPIRED, reasons=reasons):
        return False
    await announce(conn, batch_id, previous=BatchStatus(before.status))
    return True
