"""What a commit would do now: to one lot, and how many lots of each kind there are in the whole list."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from services.ingestion.domain.batches import Action
from services.ingestion.domain.lots import Change, Outlook, change_of, outlook
from services.ingestion.store.batches import Batch
from services.ingestion.store.previewing import PreviewedLot, alike_lots, unlike_lots
from services.ingestion.store.rows import LOT
from shared.contracts.types import ItemStatus
from shared.db import Conn

_AS_BEFORE = Change(Action.CONFIRM)
_NEW = Change(Action.CREATE)


@dataclass(frozen=True, slots=True)
class Previewed:
    """``changes``: field to what it is and what it would be."""

    action: Action
    expected: Outlook
    lot_ref: str | None
    changes: Mapping[str, tuple[object, object]]


@dataclass(frozen=True, slots=True)
class Figures:
    """Lots of the whole list by action, and by what the market will answer."""

    counts: Counter[str] = field(default_factory=Counter[str])
    expected: Counter[str] = field(default_factory=Counter[str])

    def add(self, change: Change | None, expected: Outlook, *, lots: int = 1) -> None:
        """``change`` ``None``: the list no longer has the lots."""
        self.counts[_action(change)] += lots
        self.expected[expected.reason if expected.reason == "already_sold" else expected.outcome] += lots


async def figures_of(conn: Conn, batch: Batch) -> Figures:
    """Count a whole list; a hundred thousand lots are not held at once."""
    figures = Figures()
    for alike in await alike_lots(conn, batch):
        change = None if alike.gone else _AS_BEFORE if alike.known else _NEW
        figures.add(change, _outlook(change, alike.status, known=alike.known), lots=alike.lots)
    async for some in unlike_lots(conn, batch):
        for row in some:
            change, _ = _change(row)
            figures.add(change, _outlook(change, row.status, known=True))
    return figures


def previewed(row: PreviewedLot) -> Previewed:
    """What a commit would do to one lot."""
    change, changes = _change(row)
    named = row.lot or row.known
    return Previewed(
        action=_action(change),
        expected=_outlook(change, row.status, known=row.known is not None),
        lot_ref=None if named is None else LOT.validate_json(named).lot_ref,
        changes=changes,
    )


def _change(row: PreviewedLot) -> tuple[Change | None, dict[str, tuple[object, object]]]:
    """``None``: the list no longer has the lot. With each changed field as it is and as it would be."""
    if row.lot is None:
        return None, {}
    values = LOT.validate_json(row.lot)
    if row.known is None:
        return _NEW, {}
    known = LOT.validate_json(row.known)
    change = change_of(values, known)
    return change, {name: (getattr(known, name), getattr(values, name)) for name in change.changed}


def _outlook(change: Change | None, status: str | None, *, known: bool) -> Outlook:
    stands = None if status is None else ItemStatus(status)
    return outlook(change, reserved=known and stands is ItemStatus.RESERVED, earlier=None if known else stands)


def _action(change: Change | None) -> Action:
    return Action.WITHDRAW if change is None else change.action
