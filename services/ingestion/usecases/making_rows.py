"""Rows of a batch, made of what was read of a list: their keys, their status, and what each does to its lot.

A row is written once, with its plan; so the mill's lots for sale are at hand before the first row is.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from decimal import Decimal

import orjson

from services.ingestion.domain.batches import ACCEPTABLE, Action, RowStatus, status_of
from services.ingestion.domain.lots import Change, LotKeys, change_of, price_ratio
from services.ingestion.editing import repetition
from services.ingestion.store.lots import ListedLot
from services.ingestion.store.rows import LOT
from services.ingestion.store.writing import NewRows
from services.ingestion.unpacking import ReadRow
from shared.contracts.types import ref_key

_CREATE, _CONFIRM = Change(Action.CREATE), Change(Action.CONFIRM)


class RowMaker:
    """Makes the rows of one list, set after set, and adds up what the list is and does.

    ``accepted``: keys of the rows that can be listed, in the order of the list; ``price_ratios``: new by old.
    """

    def __init__(self, language: str, known: Mapping[str, ListedLot]) -> None:
        self._language = language
        self._known = known
        self._keys = LotKeys()
        self._seen: set[str] = set()
        self._stated: set[str] = set()
        self.place = 0
        self.counts: Counter[RowStatus] = Counter()
        self.changes: Counter[Action] = Counter()
        self.weight_kg = Decimal()
        self.accepted: list[str] = []
        self.price_ratios: list[Decimal] = []

    def make(self, lots_read: Sequence[ReadRow], into: NewRows) -> None:
        for read in lots_read:
            self._make(read, into)

    def missing(self) -> list[str]:
        """Lots of the last list of this kind that do not stand in this one, not even in a row that is refused."""
        return sorted(key for key, lot in self._known.items() if lot.of_this_list and key not in self._stated)

    def known_of_this_list(self) -> int:
        return sum(lot.of_this_list for lot in self._known.values())

    def _make(self, read: ReadRow, into: NewRows) -> None:
        self.place += 1
        key = ref_key(read.lot_ref)
        if key is None and read.lot is not None:
            key = self._keys.of(read.values)
        readable, findings, change = read.lot is not None and key is not None, read.findings, None
        repeated = readable and key in self._seen
        status = status_of(readable=readable, doubted=bool(findings), repeated=repeated)
        if repeated:
            findings = self._repeated(read)
        if readable and key is not None:
            self._seen.add(key)
        if key is not None:
            self._stated.add(key)
        self.counts[status] += 1
        if status in ACCEPTABLE and key is not None:
            change = self._change(key, read)
            self.changes[change.action] += 1
            self.weight_kg += read.weight_net_kg
            self.accepted.append(key)
        into.add(
            read,
            place=self.place,
            lot_key=key,
            status=status,
            action=change.action if change else None,
            changed=change.changed if change else (),
            findings=findings,
        )

    def _repeated(self, read: ReadRow) -> bytes:
        said = asdict(repetition(read.lot_ref, self._language))
        return orjson.dumps([*orjson.loads(read.findings or b"[]"), said])

    def _change(self, key: str, read: ReadRow) -> Change:
        known = self._known.get(key)
        if known is None:
            return _CREATE
        if orjson.loads(known.lot) == read.lot:
            return _CONFIRM  # most lots of most lists; the same values may still be written in another way
        before, after = LOT.validate_json(known.lot), LOT.validate_json(read.lot_text)
        change = change_of(after, before)
        ratio = price_ratio(before, after) if change.action is Action.UPDATE else None
        if ratio is not None:
            self.price_ratios.append(ratio)
        return change
