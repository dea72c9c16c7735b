"""What was read, in the shapes others get: rows with their problems, columns, the fingerprint of a header."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import sha256

import orjson

from services.ingestion.parsing.columns import Column
from services.ingestion.parsing.draft import DRAFT_FIELDS, Fault, as_json, settled
from services.ingestion.parsing.headers import Header, ours
from services.ingestion.parsing.lots import readers_of
from services.ingestion.parsing.model import ColumnReading, Problem, RowKind, RowReading
from services.ingestion.parsing.naming import RowResult
from services.ingestion.parsing.plain import AnyRow, CellTexts, PlainRow, written
from services.ingestion.parsing.rows import read_row
from services.ingestion.parsing.scope import Scope, shown
from services.ingestion.parsing.shape import Layout
from services.ingestion.parsing.shared_cells import SharedCells
from services.ingestion.parsing.sheets import Cell, Document, Grid
from services.ingestion.parsing.tables import Table
from services.ingestion.parsing.text import clean, normal


@dataclass(slots=True)
class Part:
    """One sheet with its list: how it is read and what came of it."""

    grid: Grid
    table: Table
    columns: list[Column]
    scope: Scope
    shape: Layout
    rows: list[AnyRow] = field(default_factory=list[AnyRow])
    readable: int = 0  # rows that say a lot, repeated or not
    total: Decimal | None = None
    start: int = 0  # rows before belong to another list of the same sheet
    turned: bool = False


def fingerprint(headers: Iterable[Header]) -> str:
    """The same for every list with the same columns, whatever their order; notes of ours do not count."""
    return fingerprint_of(h.text for h in headers)


def fingerprint_of(headers: Iterable[str]) -> str:
    """The same from the headers as they are written."""
    names = sorted({normal(text) for text in headers if text and not ours(text)})
    return sha256("\n".join(names).encode()).hexdigest()


def headings_of(part: Part) -> list[str]:
    """One distinct name per column, as the list writes it; none for a note of ours."""
    names: list[str] = []
    for index, header in enumerate(part.table.headers):
        if ours(header.text):
            names.append("")
            continue
        name = clean(header.text) or f"column {index + 1}"
        while name in names:
            name += " (2)"
        names.append(name)
    return names


def source_values(headings: list[str], row: list[Cell]) -> dict[str, str]:
    return {h: c if type(c) is str else shown(c) for h, c in zip(headings, row, strict=False) if c is not None and h}


class LotReader:
    """Reads the lots of one part, in order."""

    def __init__(self, part: Part, *, long_way: bool) -> None:
        self._part = part
        self._headings = headings_of(part)
        self._readers = readers_of(part.scope)
        self._texts = CellTexts(self._headings)
        self._sheet = orjson.dumps(part.grid.name).decode()
        shared = SharedCells(part.scope, self._readers)
        self._shared = shared if shared.usable and not long_way else None

    def heading_read(self) -> None:
        """What stands in a heading between the rows holds for the rows below it."""
        if self._shared is not None:
            self._shared.forget()

    def lot(self, index: int, row: list[Cell]) -> AnyRow:
        read = self._shared.read(row) if self._shared is not None else None
        if read is None:
            return _reading(self._part, self._headings, index, row, read_row(self._part.scope, self._readers, row))
        result, text = read
        draft, problems = result.draft, ()
        if result.faults:
            problems = tuple(problem_of(self._part, self._headings, index, row, f) for f in result.faults)
        if any(p.severity == "error" for p in problems) or draft.grade_code is None or draft.weight_net_kg is None:
            return _reading(self._part, self._headings, index, row, result)
        return PlainRow(
            self._part.grid.name,
            index + 1,
            written(index + 1, self._sheet, text, self._texts.of(row), result.defaulted),
            draft.lot_ref,
            draft.grade_code,
            draft.weight_net_kg,
            draft.price_per_t,
            draft.currency,
            draft.price,
            problems,
        )

    def other(self, index: int, row: list[Cell], kind: RowKind) -> RowReading:
        """A row that is no lot."""
        return RowReading(self._part.grid.name, index + 1, kind, source_values=source_values(self._headings, row))


def _reading(part: Part, headings: list[str], index: int, row: list[Cell], result: RowResult) -> RowReading:
    problems = tuple(problem_of(part, headings, index, row, f) for f in result.faults)
    rejected = any(p.severity == "error" for p in problems)
    return RowReading(
        part.grid.name,
        index + 1,
        "lot",
        values=None if rejected else settled(result.draft),
        source_values=source_values(headings, row),
        problems=problems,
        defaulted=tuple(result.defaulted),
        partial=partial_of(result) if rejected else {},
    )


_ORIGINS = {
    "grade_code": ("grade_raw", "product_name"),
    "sheet_w_mm": ("format", "sheet_w_mm", "width_mm"),
    "sheet_l_mm": ("format", "sheet_l_mm"),
    "diameter_mm": ("diameter_core", "diameter_mm"),
    "core_mm": ("core_mm", "diameter_core"),
    "weight_net_kg": ("weight_net_kg", "avg_reel_weight_kg"),
    "currency": ("currency", "price"),
    "price_unit": ("price",),
}


def problem_of(part: Part, headings: list[str], index: int, row: list[Cell], fault: Fault) -> Problem:
    column = next(
        (
            part.scope.columns[n]
            for n in _ORIGINS.get(fault.field or "", (fault.field or "",))
            if n in part.scope.columns
        ),
        None,
    )
    raw = None
    if column is not None:
        raw = shown(row[column.index]) if column.index < len(row) else ""
    return Problem(
        fault.code,
        fault.message,
        "error" if fault.severity == "error" else "warning",
        sheet=part.grid.name,
        row=index + 1,
        column=headings[column.index] if column is not None else None,
        field=fault.field,
        raw=raw,
        suggestion=fault.suggestion,
    )


def partial_of(result: RowResult) -> Mapping[str, object]:
    """What could be read of a rejected row, as JSON knows it."""
    return {n: v for n in DRAFT_FIELDS if (v := as_json(getattr(result.draft, n))) not in (None, [])}


def unread_rows(document: Document) -> list[RowReading]:
    kind: RowKind = "text"
    return [
        RowReading(
            g.name, i + 1, kind, source_values={f"column {n + 1}": shown(c) for n, c in enumerate(r) if c is not None}
        )
        for g in document.grids
        if not g.hidden
        for i, r in enumerate(g.rows[:200])
    ]


def column_reading(part: Part, column: Column) -> ColumnReading:
    unit = None
    name = column.field or ""
    if name in part.scope.plans:
        unit = part.scope.plans[name].unit
    if name == "price":
        price = part.scope.price
        unit = f"{price.currency or '?'} {price.unit or '?'}" if price else None
    samples = tuple(dict.fromkeys(shown(c) for c in column.cells[:12]))[:4]
    return ColumnReading(
        part.grid.name, column.index, clean(column.header.text), column.field, unit, column.confidence, samples
    )
