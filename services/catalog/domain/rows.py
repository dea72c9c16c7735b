"""What becomes of a lot when its mill's list says something about it: one decision per row, for every state."""

from dataclasses import dataclass, replace
from enum import StrEnum

from services.catalog.domain.items import GONE, LISTED, Item, Moment, PendingChange, changed, dated, listed, status_on
from services.catalog.domain.items import withdrawn as withdrawn_item
from services.catalog.domain.values import changed_fields, is_material
from shared.contracts.types import BatchId, ItemId, ItemStatus, LotValues, MillId, RowAction, RowId, RowOutcome


class Announcement(StrEnum):
    """Which event tells the others; ``NONE`` when nothing changed for them."""

    NONE = "none"
    LISTED = "listed"
    CHANGED = "changed"
    UNLISTED = "unlisted"


@dataclass(frozen=True, slots=True)
class Row:
    """One accepted row. ``new_id`` names the item if it has to be created."""

    row_id: RowId
    lot_key: str
    version: int
    action: RowAction
    values: LotValues | None
    source_values: dict[str, str]
    new_id: ItemId


@dataclass(frozen=True, slots=True)
class Source:
    """The list a row came in."""

    mill_id: MillId
    batch_id: BatchId
    header_fingerprint: str | None
    moment: Moment


@dataclass(frozen=True, slots=True)
class Applied:
    """The answer given to a row before, with the item as it was before that (``None``: there was none)."""

    row_id: RowId
    lot_key: str
    lot_version: int
    item_id: ItemId | None
    item_version: int | None
    outcome: RowOutcome
    reason: str | None
    before: Item | None


@dataclass(frozen=True, slots=True)
class Decision:
    """``item`` is the item after the row (``None`` if there is none), ``before`` the one the row found."""

    row: Row
    outcome: RowOutcome
    item: Item | None
    before: Item | None
    reason: str | None = None
    announce: Announcement = Announcement.NONE
    changed: tuple[str, ...] = ()


def decide(row: Row, item: Item | None, source: Source) -> Decision:
    """Apply a row that was not applied before to the mill's lot of that key."""
    if item is None:
        return _created(row, source)
    if row.version <= item.lot_version:
        return Decision(row, RowOutcome.REJECTED, item, item, reason="superseded")
    if item.status == ItemStatus.SOLD:
        return Decision(row, RowOutcome.REJECTED, item, item, reason="already_sold")
    if row.action == RowAction.WITHDRAW:
        return _withdrawn(row, item, source)
    if item.status in GONE:
        relisted = listed(_filled(item, row, source), source.moment, new_cycle=True)
        return Decision(row, RowOutcome.RELISTED, relisted, item, announce=Announcement.LISTED)
    return _changed(row, item, source)


def _created(row: Row, source: Source) -> Decision:
    if row.action == RowAction.WITHDRAW:
        return Decision(row, RowOutcome.REJECTED, None, None, reason="unknown_lot")
    if row.values is None:
        return Decision(row, RowOutcome.REJECTED, None, None, reason="values_missing")
    moment = source.moment
    item = Item(
        item_id=row.new_id,
        mill_id=source.mill_id,
        lot_key=row.lot_key,
        version=1,
        listing_cycle=1,
        status=status_on(row.values, moment),
        values=row.values,
        listed_at=moment.now,
        confirmed_at=moment.now,
        created_at=moment.now,
        updated_at=moment.now,
        lot_version=row.version,
        source_values=row.source_values,
        batch_id=source.batch_id,
        header_fingerprint=source.header_fingerprint,
    )
    return Decision(row, RowOutcome.CREATED, dated(item, moment), None, announce=Announcement.LISTED)


def _withdrawn(row: Row, item: Item, source: Source) -> Decision:
    seen = replace(item, lot_version=row.version)
    if item.status in GONE:
        return Decision(row, RowOutcome.WITHDRAWN, seen, item)
    if item.status == ItemStatus.RESERVED:
        return _deferred(row, item, source, values=None)
    gone = withdrawn_item(seen, source.moment, reason="missing_in_list")
    told = Announcement.UNLISTED if item.status in LISTED else Announcement.NONE
    return Decision(row, RowOutcome.WITHDRAWN, gone, item, announce=told)


def _deferred(row: Row, item: Item, source: Source, *, values: LotValues | None) -> Decision:
    waiting = PendingChange(
        row_id=row.row_id,
        batch_id=source.batch_id,
        values=values,
        source_values=row.source_values,
        header_fingerprint=source.header_fingerprint,
    )
    held = replace(item, lot_version=row.version, pending_change=waiting)
    return Decision(row, RowOutcome.DEFERRED, held, item, reason="reserved")


def _changed(row: Row, item: Item, source: Source) -> Decision:
    values = row.values or item.values
    names = changed_fields(item.values, values)
    if item.status == ItemStatus.RESERVED and is_material(names):
        return _deferred(row, item, source, values=values)
    moment = source.moment
    # A list that repeats what stands takes back whatever an earlier one left waiting.
    after = changed(replace(_filled(item, row, source), pending_change=None), moment, confirmed_at=moment.now)
    after = dated(after, moment)
    # Another spelling of the same lot is no change to the mill.
    same = not names or (row.action == RowAction.CONFIRM and not is_material(names))
    outcome = RowOutcome.CONFIRMED if same else RowOutcome.UPDATED
    if item.status in (ItemStatus.PRE_PRODUCTION, ItemStatus.AVAILABLE):
        status = status_on(values, moment)
        if status != item.status and not (status == ItemStatus.PRE_PRODUCTION and item.opened):
            after = replace(after, status=status, listed_at=moment.now)
            return Decision(row, outcome, after, item, announce=Announcement.LISTED, changed=names)
    told = Announcement.CHANGED if item.status in LISTED else Announcement.NONE
    return Decision(row, outcome, after, item, announce=told, changed=names)


def _filled(item: Item, row: Row, source: Source) -> Item:
    return replace(
        item,
        values=row.values or item.values,
        lot_version=row.version,
        source_values=row.source_values or item.source_values,
        batch_id=source.batch_id,
        header_fingerprint=source.header_fingerprint or item.header_fingerprint,
    )


def revert(row: Row, applied: Applied | None, item: Item | None, source: Source, *, wanted: bool) -> Decision:
    """Take a row back, if nothing has touched its item since and no buyer waits for it (``wanted``)."""
    if applied is None or item is None or applied.item_id != item.item_id:
        return Decision(row, RowOutcome.REJECTED, item, item, reason="unknown_row")
    if applied.outcome == RowOutcome.DEFERRED and item.pending_change and item.pending_change.row_id == row.row_id:
        kept = replace(item, pending_change=None, lot_version=max(item.lot_version, row.version))
        return Decision(row, RowOutcome.REVERTED, kept, item)
    obstacle = _obstacle(applied, item, wanted=wanted)
    if obstacle is not None:
        return Decision(row, RowOutcome.REJECTED, item, item, reason=obstacle)
    moment = source.moment
    seen = replace(item, lot_version=max(item.lot_version, row.version))
    before = applied.before
    if before is None:
        gone = withdrawn_item(seen, moment, reason="reverted")
        return Decision(row, RowOutcome.REVERTED, gone, item, announce=Announcement.UNLISTED)
    # The cycle never goes back: what other services know of this cycle must not come alive again.
    back = replace(
        before, version=item.version + 1, updated_at=moment.now, lot_version=seen.lot_version,
        listing_cycle=item.listing_cycle,
    )  # fmt: skip
    was, now_listed = item.status in LISTED, before.status in LISTED
    if now_listed and not was:
        back = replace(back, listing_cycle=item.listing_cycle + 1, listed_at=moment.now)
        return Decision(row, RowOutcome.REVERTED, back, item, announce=Announcement.LISTED)
    told = Announcement.CHANGED if now_listed else Announcement.UNLISTED if was else Announcement.NONE
    return Decision(
        row, RowOutcome.REVERTED, back, item, announce=told, changed=changed_fields(item.values, back.values)
    )


def _obstacle(applied: Applied, item: Item, *, wanted: bool) -> str | None:
    """Why a row cannot be taken back any more; ``None`` when it can."""
    if item.status == ItemStatus.RESERVED:
        return "reserved"
    if item.status == ItemStatus.SOLD:
        return "already_sold"
    if applied.item_version != item.version:
        return "changed_since"
    return "interest_registered" if wanted else None


def apply_pending(item: Item, moment: Moment) -> Decision | None:
    """What a list said while the item was held, now that it is free; ``None`` if it said nothing."""
    waiting = item.pending_change
    if waiting is None:
        return None
    row = Row(waiting.row_id, item.lot_key, item.lot_version, RowAction.UPDATE, waiting.values, {}, item.item_id)
    if waiting.values is None:
        gone = withdrawn_item(item, moment, reason="missing_in_list")
        return Decision(row, RowOutcome.WITHDRAWN, gone, item, announce=Announcement.UNLISTED)
    names = changed_fields(item.values, waiting.values)
    status = status_on(waiting.values, moment)
    after = changed(
        item,
        moment,
        values=waiting.values,
        status=status,
        source_values=waiting.source_values or item.source_values,
        batch_id=waiting.batch_id,
        header_fingerprint=waiting.header_fingerprint or item.header_fingerprint,
        confirmed_at=moment.now,
        pending_change=None,
    )
    told = Announcement.CHANGED if status == item.status else Announcement.LISTED
    return Decision(row, RowOutcome.UPDATED, dated(after, moment), item, announce=told, changed=names)
