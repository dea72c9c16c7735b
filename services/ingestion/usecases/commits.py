"""Commit a list, take catalog's answers, and ask again where none came."""

from collections.abc import Sequence
from uuid import UUID

from services.ingestion.domain.batches import Action, BatchStatus, RowStatus
from services.ingestion.errors import NothingToCommit
from services.ingestion.store import batches, commits, lots, mills, progress
from services.ingestion.store.batches import Batch
from services.ingestion.store.commits import SentRow
from services.ingestion.store.progress import Overdue
from services.ingestion.store.rows import LOT
from services.ingestion.usecases.announce import announce
from services.ingestion.usecases.receive import CHANNEL
from services.ingestion.usecases.undo import send_undo, take_undo_answers
from shared import outbox, trace
from shared.contracts.catalog import RowOutcome, RowsApplied
from shared.contracts.ingestion import AcceptedRow, RowAction, RowsAccepted
from shared.db import Conn, notify

_STATUS_OF_OUTCOME = {RowOutcome.REJECTED: RowStatus.REJECTED, RowOutcome.DEFERRED: RowStatus.DEFERRED}


async def commit_batch(
    conn: Conn, batch: Batch, *, present: Sequence[str], missing: Sequence[str], previous: BatchStatus
) -> Batch:
    """Send every row that can be listed to catalog, in parts; rows that cannot are rejected.

    The rows carry their plan: ``present`` are the keys of those that can be listed, ``missing`` those to be withdrawn.
    The mill's row is locked, so the commit numbers of its lots and the parts of its lists keep their order.
    """
    if not present:
        raise NothingToCommit
    # Whoever commits it, the list goes on in the chain that its mail or upload began.
    with trace.tracing(trace.continued(batch.correlation_id)):
        return await _commit(conn, batch, present=present, missing=missing, previous=previous)


async def _commit(
    conn: Conn, batch: Batch, *, present: Sequence[str], missing: Sequence[str], previous: BatchStatus
) -> Batch:
    await lots.count_commits(
        conn,
        mill_id=batch.mill_id,
        header_fingerprint=batch.header_fingerprint or "",
        present=present,
        missing=missing,
    )
    await commits.reject_invalid(conn, batch.batch_id)
    accepted = await commits.accept_rows(conn, batch.batch_id, part_size=outbox.SET_MAX)
    await progress.set_parts(conn, batch_id=batch.batch_id, parts=-(-accepted // outbox.SET_MAX))
    problems = [*await _out_of_order(conn, batch), *batch.problems]
    target = BatchStatus.COMMITTING
    if await progress.move(conn, batch_id=batch.batch_id, target=target, reasons=(), problems=problems) is None:
        raise RuntimeError(f"batch {batch.batch_id} cannot be committed from {previous}")
    await progress.refresh_figures(conn, batch.batch_id)
    now = await announce(conn, batch.batch_id, previous=previous)
    await _send(conn, now)
    return now


async def _out_of_order(conn: Conn, batch: Batch) -> list[str]:
    """A warning when a list of a later date was listed before this one: it is listed, but the mill should know."""
    if batch.list_date is None:
        return []
    newest = await batches.newest_list_date(
        conn, mill_id=batch.mill_id, header_fingerprint=batch.header_fingerprint or ""
    )
    if newest is None or newest <= batch.list_date:
        return []
    return [
        f"This list is dated {batch.list_date.isoformat()}, but one dated {newest.isoformat()} was listed before it."
        " If it was sent by mistake, send the newer list again."
    ]


async def _send(conn: Conn, batch: Batch) -> int:
    """Publish every part that has an unanswered row, with the same content each time; the number of parts."""
    parts = await commits.unanswered_parts(conn, batch.batch_id)
    for part in parts:  # one at a time: together they may be more than fits into memory
        members = await commits.rows_of_part(conn, batch.batch_id, part)
        await outbox.add(
            conn,
            RowsAccepted(
                batch_id=batch.batch_id,
                mill_id=batch.mill_id,
                part=part.part,
                parts=batch.parts,
                header_fingerprint=batch.header_fingerprint,
                rows=tuple(_accepted(row) for row in members),
            ),
        )
    return len(parts)


def _accepted(row: SentRow) -> AcceptedRow:
    return AcceptedRow(
        row_id=row.row_id,
        lot_key=row.lot_key,
        version=row.lot_version,
        action=RowAction(row.action),
        values=None if row.action == Action.WITHDRAW or row.lot is None else LOT.validate_python(row.lot),
        source_values=dict(row.source_values),
    )


async def record_answers(conn: Conn, event: RowsApplied) -> None:
    """Write what catalog did with each row; when every row is answered, the batch is committed."""
    mill = await mills.lock_mill(conn, event.mill_id)
    batch = await batches.find_batch(conn, event.batch_id, mill_id=event.mill_id)
    if mill is None or batch is None:
        return None  # rows that are not ours to wait for
    if batch.status == BatchStatus.REVERTING:
        return await take_undo_answers(conn, batch, event)
    row_ids = [row.row_id for row in event.rows]
    answered = await commits.record_answers(
        conn,
        event.batch_id,
        row_ids=row_ids,
        statuses=[_STATUS_OF_OUTCOME.get(row.outcome, RowStatus.APPLIED) for row in event.rows],
        item_ids=[row.item_id for row in event.rows],
        outcomes=[row.outcome for row in event.rows],
        reasons=[row.reason for row in event.rows],
    )
    if not answered:
        return None  # a copy of an answer
    await lots.take_over_answers(conn, batch_id=event.batch_id, row_ids=row_ids)
    if not await commits.all_answered(conn, event.batch_id):
        return None
    if await progress.move(conn, batch_id=event.batch_id, target=BatchStatus.COMMITTED) is None:
        return None
    await progress.refresh_figures(conn, event.batch_id)
    await announce(conn, event.batch_id, previous=BatchStatus.COMMITTING)
    await notify(conn, CHANNEL)  # the mill's next list may have waited for this
    return None


async def overdue(conn: Conn, *, after_seconds: int, limit: int = 20) -> Sequence[Overdue]:
    """Batches whose answers are late; they are due again after another ``after_seconds``."""
    return await progress.claim_unanswered(conn, after_seconds=after_seconds, limit=limit)


async def resend_parts(conn: Conn, *, batch_id: UUID, mill_id: UUID) -> int:
    """Send unanswered parts again. Catalog knows a row by its id, so a second copy changes nothing."""
    await mills.lock_mill(conn, mill_id)
    batch = await batches.find_batch(conn, batch_id, mill_id=mill_id)
    if batch is None:
        return 0
    if batch.status == BatchStatus.REVERTING:
        return await send_undo(conn, batch)
    return await _send(conn, batch) if batch.status == BatchStatus.COMMITTING else 0
