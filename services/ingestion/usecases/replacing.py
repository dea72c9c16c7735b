"""Find and replace over a column: which rows it meets, and what the new cell means in each of them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import cast
from uuid import UUID

from services.ingestion.errors import ColumnNotReplaceable, UnknownColumns
from services.ingestion.parsing import grades, terms
from services.ingestion.parsing.columns import DIMENSION
from services.ingestion.parsing.draft import DRAFT_FIELDS
from services.ingestion.parsing.lots import measure
from services.ingestion.parsing.quantities import Plan
from services.ingestion.parsing.text import normal
from services.ingestion.store.rows import BatchRow

_TARGETS = {"grade_raw": "grade_code"}  # what a word in such a column decides
_TAUGHT = {"grade_code": "grades", "quality_class": "classes"}


@dataclass(frozen=True, slots=True)
class FindReplace:
    """Either ``field`` or ``column`` is set; without ``replace`` the rows are ``excluded``, or taken back in."""

    field: str | None
    column: str | None
    find: str
    replace: str | None
    whole: bool
    excluded: bool | None


@dataclass(frozen=True, slots=True)
class _Column:
    sheet: str | None
    header: str
    field: str | None
    unit: str | None


Edit = tuple[UUID, Mapping[str, object] | None, str | None]
"""Row, new values, and why they cannot be read."""


def edits_for(change: FindReplace, rows: Sequence[BatchRow], *, reading: Mapping[str, object]) -> list[Edit]:
    """One edit for each row that has the cell; empty when none has."""
    known = _columns(reading)
    if change.column is not None:
        mine = [column for column in known if normal(column.header) == normal(change.column)]
        if not mine:
            raise UnknownColumns([change.column])
        if change.replace is not None and not any(_target(column) for column in mine):
            raise ColumnNotReplaceable(change.column)
    elif change.field not in DRAFT_FIELDS:
        raise UnknownColumns([change.field or ""])
    else:
        mine = []
    found: list[Edit] = []
    for row in rows:
        column = next((one for one in mine if one.sheet == row.sheet), mine[0] if mine else None)
        texts = [_cell(row, column.header)] if column is not None else _texts(row, change.field or "")
        text = next((text for text in texts if _meets(change, text)), None)
        if text is None:
            continue
        if change.replace is None:
            found.append((row.row_id, None, None))
            continue
        new = change.replace if change.whole else _within(text, change)
        found.append(_edit(row, change.field, column, new))
    return found


def _meets(change: FindReplace, text: str) -> bool:
    wanted, found = change.find.casefold(), text.strip().casefold()
    return found == wanted if change.whole else wanted in found


def _within(text: str, change: FindReplace) -> str:
    return re.sub(re.escape(change.find), lambda _: change.replace or "", text, flags=re.IGNORECASE).strip()


def _edit(row: BatchRow, field: str | None, column: _Column | None, new: str) -> Edit:
    if column is None:
        return row.row_id, {field or "": new or None}, None
    target = _target(column)
    if target is None:
        return row.row_id, None, f'The column "{column.header}" means nothing in this sheet; map it first.'
    dimension = DIMENSION.get(column.field or "")
    if not new or dimension is None or dimension == "price":
        return row.row_id, {target: new or None}, None
    value, fault = measure(new, Plan(column.field or "", dimension, column.unit, None))
    if not isinstance(value, Decimal):
        words = fault.message if fault is not None else "The cell is empty."
        return row.row_id, None, f"{words} Write the number with its unit and without a thousands mark."
    return row.row_id, {target: format(value, "f")}, None


def _target(column: _Column) -> str | None:
    """The field of a lot that a cell of this column decides; ``None`` when it decides none or several."""
    target = _TARGETS.get(column.field or "", column.field)
    return target if target in DRAFT_FIELDS else None


def _columns(reading: Mapping[str, object]) -> list[_Column]:
    stored = reading.get("columns")
    if not isinstance(stored, list):
        return []
    return [
        _Column(
            cast("str | None", one.get("sheet")),
            str(one["header"]),
            cast("str | None", one.get("field")),
            cast("str | None", one.get("unit")),
        )
        for one in cast(list[Mapping[str, object]], stored)
    ]


def _cell(row: BatchRow, header: str) -> str:
    wanted = normal(header)
    return next((text for name, text in row.source_values.items() if normal(name) == wanted), "")


def _texts(row: BatchRow, field: str) -> list[str]:
    """What a row says about a field: its value, or the cell that could not be read as one."""
    values = row.lot if row.lot is not None else row.partial
    found = [] if values.get(field) is None else [str(values[field])]
    found += [str(one["raw"]) for one in row.problems if one.get("field") == field and one.get("raw")]
    if field == "grade_code" and values.get("grade_raw"):
        found.append(str(values["grade_raw"]))
    return found or [""]


def words_taught(
    changes: Sequence[tuple[BatchRow, Mapping[str, object]]], *, reading: Mapping[str, object]
) -> dict[str, dict[str, str]]:
    """Grade words and class words of the mill that a person explained by changing these rows."""
    taught: dict[str, dict[str, str]] = {"grades": {}, "classes": {}}
    for row, values in changes:
        for field, part in _TAUGHT.items():
            said = values.get(field)
            word, code = _word(row, field, reading=reading), _code(field, str(said)) if said else None
            if word and code and normal(word) != normal(code):
                taught[part][normal(word)] = code
    return {part: words for part, words in taught.items() if words}


def _word(row: BatchRow, field: str, *, reading: Mapping[str, object]) -> str | None:
    """What the mill wrote where it meant this field."""
    values = row.lot if row.lot is not None else row.partial
    if field == "grade_code" and values.get("grade_raw"):
        return str(values["grade_raw"])
    source = _TARGETS | {"quality_class": "quality_class"}
    for column in _columns(reading):
        if column.field is not None and source.get(column.field) == field and (text := _cell(row, column.header)):
            return text
    return None


def _code(field: str, said: str) -> str | None:
    if field == "grade_code":
        return said if said in grades.all_codes() else grades.resolve(said).code
    return terms.quality_class(said)
