"""Undo a commit: ask catalog to take rows back, and keep what it answers for each."""

from collections.abc import Sequence
from itertools import groupby
from uuid import UUID

from services.ingestion.domain.batches import BatchStatus
from services.ingestion.errors import ListBeingCommitted, NothingToUndo, TooLateToUndo
from services.ingestion.parsing.wording import in_language
from services.ingestion.store import mills, progress, undo
from services.ingestion.store.batches import Batch
from services.ingestion.store.undo import UndoneCount
from services.ingestion.usecases.announce import announce
from services.ingestion.usecases.held import held
from services.ingestion.usecases.receive import CHANNEL
from shared import outbox, trace
from shared.contracts.catalog import RowsApplied
from shared.contracts.ingestion import AcceptedRow, RowAction, RowsAccepted
from shared.db import Conn, notify

HOURS_MAX = 24
WORDS = {
    "changed_since": "their lots were changed since",
    "reserved": "a buyer holds their lots",
    "interest_registered": "a buyer waits for their lots",
    "already_sold": "their lots are sold",
    "unknown_row": "their lots are no longer known",
}


async def request_reversion(
    conn: Conn, *, batch_id: UUID, mill_id: UUID | None, expected: int, reason: str | None
) -> Batch:
    """Take back what a list did, within a day of its commit; catalog decides for each row whether it still can be."""
    batch, mill = await held(
        conn, batch_id, mill_id=mill_id, expected=expected, target=BatchStatus.REVERTING, verb="undone"
    )
    if not await undo.is_young(conn, batch_id, hours=HOURS_MAX):
        raise TooLateToUndo(hours=HOURS_MAX)
    if await progress.mill_is_busy(conn, mill.organization_id):
        raise ListBeingCommitted
    if not await undo.ask_back(conn, batch_id):
        raise NothingToUndo
    reasons = [reason] if reason else []
    if await progress.move(conn, batch_id=batch_id, target=BatchStatus.REVERTING, reasons=reasons) is None:
        raise RuntimeError(f"batch {batch_id} cannot be undone from {batch.status}")
    with trace.tracing(trace.continued(batch.correlation_id)):
        after = await announce(conn, batch_id, previous=BatchStatus.COMMITTED)
        await send_undo(conn, after)
    return after


async def send_undo(conn: Conn, batch: Batch) -> int:
    """Publish every part with an unanswered row, numbered as in the commit; the number of parts."""
    sent = await undo.unanswered_undo(conn, batch.batch_id)
    events = [
        RowsAccepted(
            batch_id=batch.batch_id,
            mill_id=batch.mill_id,
            part=part,
            parts=batch.parts,
            header_fingerprint=batch.header_fingerprint,
            rows=tuple(
                AcceptedRow(row_id=row.row_id, lot_key=row.lot_key, version=row.undo_version, action=RowAction.REVERT)
                for row in members
            ),
        )
        for part, members in groupby(sent, key=lambda row: row.part)
    ]
    await undo.note_sent(conn, batch.batch_id)
    await outbox.add(conn, *events)
    return len(events)


async def take_undo_answers(conn: Conn, batch: Batch, event: RowsApplied) -> None:
    """Keep catalog's answers; when the last has come, say how much of the list was undone, and why not the rest."""
    row_ids = [row.row_id for row in event.rows]
    answered = await undo.record_undo(
        conn,
        batch.batch_id,
        row_ids=row_ids,
        outcomes=[row.outcome for row in event.rows],
        reasons=[row.reason for row in event.rows],
    )
    if not answered:
        return  # a copy of an answer
    await undo.forget_lots(conn, batch_id=batch.batch_id, row_ids=row_ids)
    counted = await undo.count_undone(conn, batch.batch_id)
    if any(one.outcome is None for one in counted):
        return
    undone = any(one.outcome == "reverted" for one in counted)
    target = BatchStatus.REVERTED if undone else BatchStatus.COMMITTED
    mill = await mills.find_mill(conn, batch.mill_id)
    reasons = [in_language(reason, mill.language if mill else None) for reason in _reasons(counted)]
    if await progress.move(conn, batch_id=batch.batch_id, target=target, reasons=reasons) is None:
        return
    await progress.refresh_figures(conn, batch.batch_id)
    await announce(conn, batch.batch_id, previous=BatchStatus.REVERTING)
    await notify(conn, CHANNEL)  # the mill's next list may have waited for this


def _reasons(counted: Sequence[UndoneCount]) -> list[str]:
    total = sum(one.rows for one in counted)
    kept = [one for one in counted if one.outcome != "reverted"]
    undone = total - sum(one.rows for one in kept)
    causes = [f"{one.rows} rows stay: {WORDS.get(one.reason or '', one.reason)}." for one in kept]
    return [f"{undone} of {total} rows were undone.", *causes]
