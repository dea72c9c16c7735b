"""When are two rows the same lot, and what has changed in it."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import TypeVar

from services.ingestion.domain.batches import Action
from shared.contracts.types import NON_MATERIAL, ItemStatus, LotValues, RowOutcome, ref_key

R = TypeVar("R")

# Made from other fields, or another spelling of one of them: a difference here alone changes nothing for a buyer.
DERIVED = frozenset({"price_per_t", "grade_raw", "lot_ref"})
_COMPARED = tuple(field.name for field in fields(LotValues) if field.name not in DERIVED)


def values_key(values: LotValues, *, nth: int) -> str:
    """The key of a lot without a number: what it is, and which of several equal rows (from 1)."""
    same = (
        values.grade_code,
        values.form,
        format(values.gsm.normalize(), "f"),
        values.width_mm,
        values.sheet_w_mm,
        values.sheet_l_mm,
        values.diameter_mm,
        values.core_mm,
        values.quality_class,
        (values.location_place or "").strip().casefold(),
    )
    text = "|".join("" if part is None else str(part) for part in same)
    return f"values:{hashlib.sha256(text.encode()).hexdigest()[:32]}:{nth}"


class LotKeys:
    """The key of each row of one list, asked in the order of the list."""

    def __init__(self) -> None:
        self._seen: Counter[str] = Counter()

    def of(self, values: LotValues | None) -> str | None:
        """``None`` for a row without values."""
        if values is None:
            return None
        if (key := ref_key(values.lot_ref)) is not None:
            return key
        first = values_key(values, nth=1)
        self._seen[first] += 1
        return values_key(values, nth=self._seen[first])


def lot_keys(rows: Iterable[LotValues | None]) -> list[str | None]:
    """The keys of a whole list."""
    keys = LotKeys()
    return [keys.of(values) for values in rows]


def changed_fields(before: LotValues, after: LotValues) -> tuple[str, ...]:
    """Names of the fields that a buyer would see differently."""
    return tuple(name for name in _COMPARED if _plain(getattr(before, name)) != _plain(getattr(after, name)))


def _plain(value: object) -> object:
    return frozenset[object](value) if isinstance(value, tuple) else value  # pyright: ignore[reportUnknownArgumentType] – isinstance leaves its parts unknown


@dataclass(frozen=True, slots=True)
class KnownLot:
    """A lot of this mill that is for sale. ``of_this_list``: last confirmed by a list of the same kind."""

    values: LotValues
    of_this_list: bool
    status: ItemStatus = ItemStatus.AVAILABLE


@dataclass(frozen=True, slots=True)
class Change:
    """What a list does to one lot."""

    action: Action
    changed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Diff:
    """``changes`` in the order of the rows; ``missing``: lots that a snapshot no longer has."""

    changes: tuple[Change, ...]
    missing: tuple[str, ...]


def compare(
    rows: Sequence[tuple[str, LotValues]],
    known: Mapping[str, KnownLot],
    *,
    snapshot: bool,
    mentioned: frozenset[str],
) -> Diff:
    """Compare the rows of a list with the mill's lots for sale.

    ``mentioned``: keys of rows that stand in the list but will not be listed (unreadable, excluded); their lots are
    left as they are, because a typing error must not take a lot off the market.
    """
    changes = tuple(change_of(values, None if (lot := known.get(key)) is None else lot.values) for key, values in rows)
    if not snapshot:
        return Diff(changes, ())
    present = {key for key, _ in rows} | mentioned
    missing = sorted(key for key, lot in known.items() if lot.of_this_list and key not in present)
    return Diff(changes, tuple(missing))


def change_of(values: LotValues, known: LotValues | None) -> Change:
    """What one row does to the lot for sale that it meets; ``None``: it meets none."""
    if known is None:
        return Change(Action.CREATE)
    changed = changed_fields(known, values)
    return Change(Action.UPDATE, changed) if changed else Change(Action.CONFIRM)


def price_ratio(before: LotValues, after: LotValues) -> Decimal | None:
    """The new price of a tonne by the old; ``None`` when it did not change or the two cannot be compared."""
    if not before.price_per_t or not after.price_per_t or before.currency != after.currency:
        return None
    ratio = after.price_per_t / before.price_per_t
    return None if ratio == 1 else ratio


@dataclass(frozen=True, slots=True)
class Outlook:
    """What the market will answer to a row, as things stand."""

    outcome: RowOutcome
    reason: str | None = None


_ANSWERS = {
    Action.CREATE: RowOutcome.CREATED,
    Action.UPDATE: RowOutcome.UPDATED,
    Action.CONFIRM: RowOutcome.CONFIRMED,
}


def outlook(change: Change | None, *, reserved: bool, earlier: ItemStatus | None) -> Outlook:
    """``change`` ``None``: the list no longer has the lot. ``reserved``: a buyer holds it.

    ``earlier``: where a lot that is not for sale stands.
    """
    if earlier is ItemStatus.SOLD:
        return Outlook(RowOutcome.REJECTED, "already_sold")
    if earlier is not None:
        return Outlook(RowOutcome.RELISTED)
    touched = change is None or (change.action is Action.UPDATE and not NON_MATERIAL.issuperset(change.changed))
    if reserved and touched:
        return Outlook(RowOutcome.DEFERRED, "reserved")
    return Outlook(RowOutcome.WITHDRAWN if change is None else _ANSWERS[change.action])
