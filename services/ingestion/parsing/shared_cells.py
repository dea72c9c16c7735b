"""Rows read by the cells they share with others: the shorter way to the same lot.

A column of a hundred thousand cells says few different things. Cells that are understood together (grade and grammage,
price and currency, the words of a remark) are read once for all rows that have them. The rules are asked about every
lot as a whole, as about any other. A row with a cell that cannot be read goes the long way (``rows.read_row``).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from operator import attrgetter, itemgetter
from typing import cast

import orjson

from services.ingestion.parsing.draft import DRAFT_FIELDS, Draft, as_json
from services.ingestion.parsing.facts import Facts
from services.ingestion.parsing.naming import RowResult, name_grade
from services.ingestion.parsing.rows import (
    PLAIN,
    Reader,
    judge,
    take_class,
    take_place,
    take_price,
    take_sizes,
    take_words,
)
from services.ingestion.parsing.scope import NOTHING, Scope
from services.ingestion.parsing.sheets import Cell
from shared.contracts.types import QualityClass

Stage = Callable[[Scope, list[Cell], dict[str, object], RowResult], None]

PAPER = ("grade_raw", "product_name", "gsm", "certification", "quality_class", "caliper_um", "colour")
MONEY = ("price", "currency")
PLACE = ("location_place", "location_country")
WORDS = ("surplus_reason", "defects", "remarks")
REEL = ("diameter_mm", "core_mm", "reel_count")
SHEET = ("form", "width_mm", "sheet_w_mm", "sheet_l_mm")
SIZES = frozenset((*REEL, *SHEET))
ALONE = (
    "weight_net_kg", "weight_gross_kg", "pallet_count", "sheet_count", "brightness_iso", "incoterm", "available_from",
    "valid_until",
)  # fmt: skip
PAIRS = ("format", "diameter_core")  # what they say is spread over the sizes
_ORDINARY = re.compile(r"(?=[^0-9]*[0-9])[!#-\[\]-~]{1,64}")  # a lot number that is kept, and written, as it is
KNOWN_MAX = 20_000  # of one column: what is new in every row is not worth its memory


@dataclass(frozen=True, slots=True)
class _Said:
    """What some cells say together: fields of a lot, their JSON, what was taken for granted, and each cell alone.

    A piece of JSON ends with a comma: the form of the lot always comes behind it.
    """

    fields: tuple[tuple[str, object], ...]
    text: str
    defaulted: tuple[str, ...]
    values: Mapping[str, object]


_NO_VALUES: Mapping[str, object] = {}
_ODD = _Said((), "", (), {})  # one of the cells cannot be read


@dataclass(frozen=True, slots=True)
class _Group:
    """Columns that are read together, and the fields of a lot that follow from them alone."""

    readers: tuple[Reader, ...]
    stage: Stage | None
    fields: tuple[str, ...]
    cells: Callable[[list[Cell]], object]
    others: Callable[[Draft], object]  # the fields that it has nothing to do with
    known: dict[object, _Said] = field(default_factory=dict[object, _Said])


def _money(scope: Scope, row: list[Cell], values: dict[str, object], result: RowResult) -> None:
    take_price(scope, values, result)


def _place(scope: Scope, row: list[Cell], values: dict[str, object], result: RowResult) -> None:
    take_place(scope, values, result)


def _words(scope: Scope, row: list[Cell], values: dict[str, object], result: RowResult) -> None:
    take_words(scope, values, result)


_TOGETHER: tuple[tuple[tuple[str, ...], Stage | None, tuple[str, ...]], ...] = (
    (PAPER, name_grade, ("grade_code", *PAPER)),
    (MONEY, _money, ("price", "currency", "price_unit")),
    (PLACE, _place, PLACE),
    (WORDS, _words, WORDS),
    (REEL, None, REEL),
    *(((name,), None, (name,)) for name in (*SHEET, *ALONE)),
    *(((name,), None, ()) for name in PAIRS),
)


class SharedCells:
    """Reads the rows of one table. ``usable``: every column is one that is foreseen here."""

    def __init__(self, scope: Scope, readers: Sequence[Reader]) -> None:
        self._scope = scope
        self._draft = Draft()
        self._groups = [
            _group(mine, stage, fields)
            for names, stage, fields in _TOGETHER
            if (mine := tuple(r for r in readers if r[0].split("#")[0] in names)) or stage is not None
        ]
        self._words = next(group for group in self._groups if group.stage is _words)
        self._asked = [(group.cells, group.known, group) for group in self._groups]
        self._classes: dict[object, _Said] = {}
        self._reference = next((reader for reader in readers if reader[0] == "lot_ref"), None)
        self._width = max((reader[1] for reader in readers), default=-1) + 1
        foreseen = {"lot_ref"}.union(*(names for names, _, _ in _TOGETHER))
        kinds = {r[0] if r[0].startswith("lot_ref") else r[0].split("#")[0] for r in readers}  # one number for a lot
        self.usable = foreseen >= kinds

    def forget(self) -> None:
        """A heading was read: the same cells may mean something else below it."""
        self._classes.clear()
        for group in self._groups:
            if group.stage is not None:
                group.known.clear()

    def read(self, row: list[Cell]) -> tuple[RowResult, str] | None:
        """The lot with all that is wrong with it, and its JSON; ``None`` for a row that has to go the long way.

        The draft in the result holds until the next row is read.
        """
        if len(row) < self._width:
            row = row + [None] * (self._width - len(row))
        draft = self._draft
        draft.form = draft.width_mm = draft.sheet_w_mm = draft.sheet_l_mm = draft.grain = None
        draft.diameter_mm = draft.core_mm = draft.reel_count = None
        texts: list[str] = []
        pairs, defaulted = dict[str, object](), ()
        for cells_of, known, group in self._asked:
            cells = cells_of(row)
            said = known.get(cells) or self._learn(group, cells, row)
            if said is _ODD:
                return None
            for name, value in said.fields:
                setattr(draft, name, value)
            texts.append(said.text)
            if said.defaulted:
                defaulted += said.defaulted
            if not group.fields:
                pairs = {**pairs, **said.values}
        if draft.quality_class is None:
            said = self._class(row)
            if said is _ODD:
                return None
            draft.quality_class = cast(QualityClass, said.values["quality_class"])
            defaulted = said.defaulted + defaulted
            texts.append(said.text)
        if not self._refer(row, texts):
            return None
        result = RowResult(draft, [], list(defaulted))
        take_sizes(self._scope, pairs, result)
        judge(self._scope, result)
        texts.append(_sizes_text(draft))
        if draft.price_per_t is not None:
            texts.append(f',"price_per_t":"{draft.price_per_t}"')
        return result, "{" + "".join(texts) + "}"

    def _learn(self, group: _Group, cells: object, row: list[Cell]) -> _Said:
        alone = group.stage is None and len(group.readers) == 1 and len(group.fields) <= 1
        said = _alone(group, row) if alone else self._together(group, row)
        if len(group.known) >= KNOWN_MAX:
            group.known.clear()
        group.known[cells] = said
        return said

    def _together(self, group: _Group, row: list[Cell]) -> _Said:
        said, stage, values = _ODD, group.stage, _values(group.readers, row)
        if values is not None and stage is None:  # nothing follows but what the cells say
            fields = tuple((name, values.get(name)) for name in group.fields)
            told = [_json(name, value) for name, value in fields if value is not None and name not in SIZES]
            said = _Said(fields, "".join(told), (), values)
        elif values is not None and stage is not None:
            result = RowResult(Draft())
            for name, value in values.items():
                if name in PLAIN:
                    setattr(result.draft, name, value)
            told_before, said_before = len(values), group.others(result.draft)
            stage(self._scope, row, values, result)
            # What says more than is foreseen (a size in the name of a product) is for the long way.
            if not result.faults and len(values) == told_before and group.others(result.draft) == said_before:
                fields = tuple((name, cast(object, getattr(result.draft, name))) for name in group.fields)
                told = [_json(name, value) for name, value in fields if value is not None and name not in SIZES]
                said = _Said(fields, "".join(told), tuple(result.defaulted), values)
        return said

    def _class(self, row: list[Cell]) -> _Said:
        """The class of a row whose columns say none."""
        cells = self._words.cells(row)
        if cells not in self._classes:
            said, values = _ODD, _values(self._words.readers, row)
            if values is not None:
                result = RowResult(Draft())
                take_class(self._scope, values, result)
                if not result.faults and (found := result.draft.quality_class) is not None:
                    said = _Said((), _json("quality_class", found), tuple(result.defaulted), {"quality_class": found})
            self._classes[cells] = said
        return self._classes[cells]

    def _refer(self, row: list[Cell], texts: list[str]) -> bool:
        """The lot number: other than other cells it says something new in every row."""
        self._draft.lot_ref = None
        if self._reference is None:
            return True
        _, index, _, reader, _ = self._reference
        cell = row[index]
        if type(cell) is str and _ORDINARY.fullmatch(cell):
            self._draft.lot_ref = cell
            texts.append(f'"lot_ref":"{cell}",')
        elif cell is not None:
            value, fault = reader(cell)
            if fault is not None:
                return False
            if value is not None:
                self._draft.lot_ref = str(value)
                texts.append(_json("lot_ref", value))
        return True


def _alone(group: _Group, row: list[Cell]) -> _Said:
    """One column of which nothing follows but what its cell says; some are new in nearly every row."""
    name, index, _, reader, cache = group.readers[0]
    cell = row[index]
    value, fault = NOTHING if cell is None else cache.get(cell) or reader(cell)
    if fault is not None or type(value) is Facts:
        return _ODD
    if not group.fields:
        return _Said((), "", (), {} if value is None else {name: value})
    text = "" if value is None or name in SIZES else _json(name, value)
    return _Said(((group.fields[0], value),), text, (), _NO_VALUES)


def _values(readers: Sequence[Reader], row: list[Cell]) -> dict[str, object] | None:
    """What each cell says; ``None`` when one of them cannot be read, or says what others of its column do not."""
    values: dict[str, object] = {}
    for name, index, _, reader, cache in readers:
        cell = row[index]
        if cell is None:
            continue
        value, fault = cache.get(cell) or cache.setdefault(cell, reader(cell))
        if fault is not None or type(value) is Facts:
            return None
        if value is not None:
            values[name] = value
    return values


def _group(readers: tuple[Reader, ...], stage: Stage | None, fields: tuple[str, ...]) -> _Group:
    cells = itemgetter(*(reader[1] for reader in readers)) if readers else _no_cells
    return _Group(readers, stage, fields, cells, attrgetter(*(name for name in DRAFT_FIELDS if name not in fields)))


def _no_cells(row: list[Cell]) -> None:
    """The same for every row."""


def _sizes_text(draft: Draft) -> str:
    told = f'"form":"{draft.form}"'
    for name, value in (
        ("width_mm", draft.width_mm),
        ("sheet_w_mm", draft.sheet_w_mm),
        ("sheet_l_mm", draft.sheet_l_mm),
        ("diameter_mm", draft.diameter_mm),
        ("core_mm", draft.core_mm),
        ("reel_count", draft.reel_count),
    ):
        if value is not None:
            told += f',"{name}":{value}'
    return told if draft.grain is None else f'{told},"grain":"{draft.grain}"'


def _json(name: str, value: object) -> str:
    written = str(value) if isinstance(value, Decimal) else as_json(value)
    return f'"{name}":{orjson.dumps(written).decode()},'
