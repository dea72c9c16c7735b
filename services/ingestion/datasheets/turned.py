"""Tables with a grammage per row and a property per column."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from services.ingestion.datasheets import vocabulary
from services.ingestion.datasheets.cells import Figure, Row, read_row
from services.ingestion.datasheets.drafts import Draft, property_of
from services.ingestion.datasheets.layout import Cell, Line
from services.ingestion.datasheets.model import Word
from services.ingestion.parsing.numbers import Mark

HEAD_LINES_MAX = 6
COLUMNS_MIN = 3


@dataclass(frozen=True, slots=True)
class Turned:
    """Rows ``start`` to ``end`` are such a table."""

    start: int
    end: int
    drafts: tuple[Draft, ...]


def find_turned(rows: Sequence[Row], mark: Mark | None) -> list[Turned]:
    """Every table of this kind in a column of text."""
    found: list[Turned] = []
    at = 0
    while at < len(rows):
        table = _table(rows, at, mark)
        if table is None:
            at += 1
        else:
            found.append(table)
            at = table.end
    return found


def _names(row: Row) -> int:
    """How many cells of a line begin with the name of a property, or the first part of one."""
    return sum(1 for cell in row.line.cells if vocabulary.starts_with_property(cell.text))


def _table(rows: Sequence[Row], start: int, mark: Mark | None) -> Turned | None:
    data = start
    while data < len(rows) and not _is_data(rows[data]) and data - start < HEAD_LINES_MAX:
        if rows[data].figures and not rows[data].standard and not any(map(_is_head, rows[data].line.cells)):
            return None
        data += 1
    if data == start or data >= len(rows) or not _is_data(rows[data]):
        return None
    head = rows[start:data]
    if len(head[0].line.cells) < 2 or max(map(_names, head)) < 1:
        return None
    end = data
    while end < len(rows) and _is_data(rows[end]):
        end += 1
    widest = max(rows[data:end], key=lambda row: len(row.figures))
    columns = [_head_of(figure, head, widest.figures, mark) for figure in widest.figures]
    columns = _inherited(columns)
    named = [property_of(one.label, standard=one.standard, unit=one.unit) if one else None for one in columns]
    named = ["grammage" if one is not None and name is None and not one.label and one.unit == "g/m²" else name
             for name, one in zip(named, columns, strict=True)]  # fmt: skip
    if named.count("grammage") != 1 or sum(1 for name in named if name) < COLUMNS_MIN:
        return None
    drafts: list[Draft] = []
    for row in rows[data:end]:
        drafts += _drafts(row, widest.figures, columns, named.index("grammage"))
    return Turned(start, end, tuple(drafts))


def _is_head(cell: Cell) -> bool:
    return vocabulary.starts_with_property(cell.text) or vocabulary.unit_of(cell.text) is not None


def _is_data(row: Row) -> bool:
    return len(row.figures) >= COLUMNS_MIN and not vocabulary.starts_with_property(row.label)


def _head_of(figure: Figure, head: Sequence[Row], figures: Sequence[Figure], mark: Mark | None) -> Row | None:
    """What the lines of the head say above one column of numbers."""
    others = [abs(one.middle - figure.middle) for one in figures if one is not figure]
    reach = min(others, default=60.0) / 2
    words: list[Word] = []
    for row in head:
        cells = [cell for cell in row.line.cells if cell.x0 - 1 < figure.middle < cell.x1 + 1]
        cells = cells or [cell for cell in row.line.cells if cell.x0 < figure.x1 and cell.x1 > figure.x0]
        if not cells:
            near = min(row.line.cells, key=lambda cell: abs(cell.middle - figure.middle))
            cells = [near] if abs(near.middle - figure.middle) < reach else []
        for cell in cells[:1]:
            words += cell.words
    if not words:
        return None
    return read_row(Line(head[0].line.page, tuple(Cell((word,)) for word in _unbroken(words))), mark)


def _inherited(columns: Sequence[Row | None]) -> list[Row | None]:
    """A column that says only "CD" goes on with the property of the one before."""
    whole: list[Row | None] = []
    for one in columns:
        before = whole[-1] if whole else None
        if one is not None and before is not None and vocabulary.is_direction(one.label):
            said = vocabulary.phrase_of(before.label) or ""
            one = replace(one, label=f"{said} {one.label}", standard=one.standard or before.standard)
        whole.append(one)
    return whole


def _unbroken(words: Sequence[Word]) -> list[Word]:
    whole: list[Word] = []
    for word in words:
        last = whole[-1] if whole else None
        if last and last.text.endswith("-") and len(last.text) > 2 and word.text[:1].islower():
            whole[-1] = Word(last.text[:-1] + word.text, last.x0, word.x1, last.top, word.bottom, last.size)
        else:
            whole.append(word)
    return whole


def _drafts(row: Row, places: Sequence[Figure], columns: Sequence[Row | None], grammage: int) -> list[Draft]:
    pitch = min((b.middle - a.middle for a, b in pairwise(places)), default=60.0)
    by_column: dict[int, Figure] = {}
    for figure in row.figures:
        at = min(range(len(places)), key=lambda n: abs(places[n].middle - figure.middle))
        if abs(places[at].middle - figure.middle) < 0.5 * pitch:
            by_column.setdefault(at, figure)
    weight = by_column.get(grammage)
    found: list[Draft] = []
    for at, figure in by_column.items():
        head = columns[at]
        if head is None or weight is None or weight.between:
            continue
        label = head.label or ("grammage" if at == grammage else "")
        found.append(
            Draft(
                label=label,
                figure=figure,
                page=row.line.page,
                snippet=f"{head.line.text}: {figure.text} · {row.line.text}",
                gsm=weight.value,
                standard=head.standard,
                unit=figure.unit or head.unit,
            )
        )
    return found
