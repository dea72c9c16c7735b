"""Apply a part of a list: one answer per row, never failing the set for a row."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from uuid_utils.compat import uuid7

from services.catalog.domain.items import Item, Moment
from services.catalog.domain.rows import Announcement, Applied, Decision, Row, Source, decide, revert
from services.catalog.store import items as item_store
from services.catalog.store import organizations, relations
from services.catalog.store import rows as row_store
from services.catalog.usecases import publishing
from shared import outbox
from shared.contracts.catalog import AppliedRow, ItemsListed, RowsApplied
from shared.contracts.ingestion import AcceptedRow
from shared.contracts.types import BatchId, ItemId, MillId, RowAction, RowId, RowOutcome
from shared.db import Conn


@dataclass(frozen=True, slots=True)
class Part:
    """Part n of m of a batch, with the mill and the kind of list it belongs to."""

    batch_id: BatchId
    mill_id: MillId
    number: int
    of: int
    header_fingerprint: str | None
    rows: Sequence[AcceptedRow]


async def apply_rows(conn: Conn, *, parts: Sequence[Part], now: datetime, listing_days: int) -> None:
    """Apply parts and answer every row of them; a row answered before gets the same answer and has no effect again.

    Readers of the batch rely on the order: the answers, what changed, what is gone, and last what is listed, which is
    sent even when it is empty, because it is what ends the part.
    """
    mills = await organizations.lock_mills(conn, [part.mill_id for part in parts])
    for part in parts:
        zone = mills[part.mill_id].time_zone
        await _apply_part(conn, part, Moment(now=now, time_zone=zone, listing_days=listing_days))


async def _apply_part(conn: Conn, part: Part, moment: Moment) -> None:
    source = Source(part.mill_id, part.batch_id, part.header_fingerprint, moment)
    known = await row_store.applied(conn, [row.row_id for row in part.rows])
    items = await item_store.lock_lots(conn, mill_id=part.mill_id, lot_keys=[row.lot_key for row in part.rows])
    taken_back = await _taken_back(conn, part.rows, items=items)
    decisions, answers = _decide_all(part.rows, items=items, known=known, taken_back=taken_back, source=source)
    touched = {one.item.item_id: one.item for one in decisions if one.item is not None and one.item != one.before}
    await item_store.save(conn, list(touched.values()))
    await row_store.save(conn, [one for one in decisions if not _in_vain(one)], source=source, now=moment.now)
    told = _last_word(decisions)
    mill_id, batch_id = part.mill_id, part.batch_id
    answer = RowsApplied(batch_id=batch_id, mill_id=mill_id, part=part.number, parts=part.of, rows=answers)
    changed = publishing.changes(told, mill_id=mill_id, batch_id=batch_id)
    gone = publishing.departures(told, mill_id=mill_id, batch_id=batch_id)
    arrived = publishing.arrivals(told)
    listed = ItemsListed(mill_id=mill_id, batch_id=batch_id, part=part.number, parts=part.of, items=arrived)
    await outbox.add(conn, *(event for event in (answer, changed, gone, listed) if event is not None))


@dataclass(frozen=True, slots=True)
class _TakenBack:
    """What has to be known of rows to be undone: the items before them, and the items that buyers wait for."""

    befores: dict[UUID, Item]
    wanted: frozenset[UUID]


async def _taken_back(conn: Conn, rows: Sequence[AcceptedRow], *, items: dict[str, Item]) -> _TakenBack:
    undone = [row for row in rows if row.action == RowAction.REVERT]
    if not undone:
        return _TakenBack({}, frozenset())
    touched = [items[row.lot_key].item_id for row in undone if row.lot_key in items]
    return _TakenBack(
        befores=await row_store.items_before(conn, [row.row_id for row in undone]),
        wanted=await relations.waited_for(conn, touched),
    )


def _in_vain(decision: Decision) -> bool:
    """A row that could not be taken back keeps its first answer, by which it is judged when asked for again."""
    return decision.row.action == RowAction.REVERT and decision.outcome == RowOutcome.REJECTED


def _decide_all(
    rows: Sequence[AcceptedRow],
    *,
    items: dict[str, Item],
    known: dict[UUID, Applied],
    taken_back: _TakenBack,
    source: Source,
) -> tuple[list[Decision], tuple[AppliedRow, ...]]:
    """Decide row by row, each on the item as the rows before left it; the answers are in the order of the rows."""
    current = dict(items)
    answered = dict(known)
    decisions: list[Decision] = []
    answers: list[AppliedRow] = []
    for accepted in rows:
        row = _row(accepted)
        before = answered.get(row.row_id)
        if before is not None and (row.action != RowAction.REVERT or before.outcome == RowOutcome.REVERTED):
            answers.append(_answer(row.row_id, before.lot_key, before.item_id, before.outcome, before.reason))
            continue
        item = current.get(row.lot_key)
        if row.action == RowAction.REVERT:
            if before is not None and before.item_id is not None:
                before = replace(before, before=taken_back.befores.get(before.item_id))
            wanted = item is not None and item.item_id in taken_back.wanted
            decision = revert(row, before, item, source, wanted=wanted)
        else:
            decision = decide(row, item, source)
        if decision.item is not None:
            current[row.lot_key] = decision.item
        decisions.append(decision)
        answered[row.row_id] = _remembered(decision)
        item_id = decision.item.item_id if decision.item else None
        answers.append(_answer(row.row_id, row.lot_key, item_id, decision.outcome, decision.reason))
    return decisions, tuple(answers)


def _row(accepted: AcceptedRow) -> Row:
    return Row(
        row_id=RowId(accepted.row_id),
        lot_key=accepted.lot_key,
        version=accepted.version,
        action=accepted.action,
        values=accepted.values,
        source_values=accepted.source_values,
        new_id=ItemId(uuid7()),
    )


def _remembered(decision: Decision) -> Applied:
    return Applied(
        row_id=decision.row.row_id,
        lot_key=decision.row.lot_key,
        lot_version=decision.row.version,
        item_id=decision.item.item_id if decision.item else None,
        item_version=decision.item.version if decision.item else None,
        outcome=decision.outcome,
        reason=decision.reason,
        before=decision.before,
    )


def _answer(row_id: UUID, lot_key: str, item_id: UUID | None, outcome: RowOutcome, reason: str | None) -> AppliedRow:
    return AppliedRow(row_id=row_id, lot_key=lot_key, item_id=item_id, outcome=outcome, reason=reason)


def _last_word(decisions: Sequence[Decision]) -> list[Decision]:
    """One decision per item: its last state, as newly listed if any row of the part listed it."""
    last: dict[ItemId, Decision] = {}
    for one in decisions:
        if one.item is None or one.announce == Announcement.NONE:
            continue
        earlier = last.get(one.item.item_id)
        was_listed = earlier is not None and earlier.announce == Announcement.LISTED
        stays_listed = was_listed and one.announce == Announcement.CHANGED
        last[one.item.item_id] = replace(one, announce=Announcement.LISTED) if stays_listed else one
    return list(last.values())
