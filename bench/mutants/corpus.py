"""Lists with what they mean: the cells of a file beside the lots a careful person reads in them."""

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, cast

from bench.mutants import files
from services.ingestion.parsing import MillContext, read_list
from services.ingestion.parsing.decoding import decode
from services.ingestion.parsing.model import ListReading
from services.ingestion.parsing.sheets import Cell, Grid

TODAY = date(2026, 11, 21)
JSON = dict[str, Any]  # the border: files that people write by hand
COMPARED = (
    "lot_ref", "grade_code", "form", "gsm", "width_mm", "sheet_w_mm", "sheet_l_mm", "diameter_mm", "core_mm",
    "reel_count", "weight_net_kg", "quality_class", "price", "currency", "price_unit", "price_per_t",
    "available_from", "location_country", "location_place", "product_name", "caliper_um", "grain", "pallet_count",
    "sheet_count", "surplus_reason", "defects", "certification",
)  # fmt: skip


@dataclass(slots=True)
class Page:
    """One sheet: its cells, and for every row and column what a person knows about them.

    ``lots`` holds per row the meaning of a lot, ``None`` elsewhere; ``open`` are rows of which nothing is claimed.
    """

    grid: Grid
    fields: list[str | None]
    units: dict[str, str]  # field -> the unit its numbers stand in
    header_rows: list[int]
    lots: list[JSON | None]
    rejected: set[int]
    open: set[int] = field(default_factory=set[int])
    repeats: list[int] = field(default_factory=list[int])  # rows with the header once more

    @property
    def has_list(self) -> bool:
        return bool(self.header_rows)

    def column(self, name: str) -> int | None:
        return self.fields.index(name) if name in self.fields else None

    def lot_rows(self) -> list[int]:
        return [row for row, lot in enumerate(self.lots) if lot is not None]

    def insert_row(self, at: int, cells: list[Cell]) -> None:
        """A row more; everything below moves down."""
        grid = self.grid

        def down(row: int) -> int:
            return row + 1 if row >= at else row

        grid.rows.insert(at, cells)
        self.lots.insert(at, None)
        grid.hidden_rows = {down(r) for r in grid.hidden_rows}
        grid.merged = [((down(a), b), (down(c), d)) for (a, b), (c, d) in grid.merged]
        self.rejected, self.open = {down(r) for r in self.rejected}, {down(r) for r in self.open}
        self.header_rows = [down(r) for r in self.header_rows]
        self.repeats = [down(r) for r in self.repeats]

    def repeat_header(self) -> None:
        """What was changed in the header is changed in its repetitions too."""
        for row in self.repeats:
            self.grid.rows[row] = list(self.grid.rows[self.header_rows[0]])

    def move_columns(self, order: list[int | None]) -> None:
        """The columns in a new order; ``None`` is a column more. Cells merged across columns are taken apart."""
        grid = self.grid
        place = {old: new for new, old in enumerate(order) if old is not None}
        grid.rows[:] = [[row[c] if c is not None and c < len(row) else None for c in order] for row in grid.rows]
        grid.hidden_columns = {place[c] for c in grid.hidden_columns if c in place}
        grid.merged = [((a, place[b]), (c, place[b])) for (a, b), (c, d) in grid.merged if b == d and b in place]
        self.fields = [self.fields[c] if c is not None and c < len(self.fields) else None for c in order]

    @property
    def width(self) -> int:
        return max((len(row) for row in self.grid.rows), default=0)


@dataclass(slots=True)
class Book:
    """A list and what it means, ready to be changed."""

    name: str
    kind: str
    mill: MillContext
    file_name: str
    pages: list[Page]
    mark: str  # the decimal mark of its numbers
    encoding: str = "utf-8"
    delimiter: str = ";"
    notes: list[str] = field(default_factory=list[str])
    forgiven: set[str] = field(default_factory=set[str])  # fields the list no longer tells

    def copy(self) -> "Book":
        return copy.deepcopy(self)


def books(folders: list[Path]) -> list[Book]:
    """Every list of the folders that has its meaning beside it."""
    return [book for folder in folders for book in _books_in(folder)]


def _books_in(folder: Path) -> Iterator[Book]:
    expected = next((p for p in (folder / "expected/lists", folder / "lists/expected") if p.is_dir()), None)
    market = folder / "market.json"
    mills = {m["id"]: m for m in _json(market)["mills"]} if market.is_file() else {}
    for path in sorted(expected.glob("*.json")) if expected else ():
        meaning = _json(path)
        source = folder / meaning["file"]
        if source.suffix == ".eml":
            continue
        told = meaning.get("mill")
        mill = cast(JSON, told) if isinstance(told, dict) else mills[str(told)]
        context = MillContext(mill["country"], mill["language"], mill.get("currency"), None)
        yield book_of(path.stem, source.read_bytes(), source.name, context, meaning)


def _json(path: Path) -> JSON:
    return cast(JSON, json.loads(path.read_text(encoding="utf-8")))


def book_of(name: str, content: bytes, file_name: str, mill: MillContext, meaning: JSON) -> Book:
    """Which column is which is asked of the reader on the untouched list, where tests hold it to its meaning."""
    reading = read_list(content, file_name=file_name, mill=mill, today=TODAY)
    pages = [_page(grid, reading, meaning) for grid in decode(content, mill=mill).grids]
    mark = "." if (mill.language or "en").startswith("en") else ","
    return Book(name, reading.kind, mill, file_name, pages, mark, reading.encoding or "utf-8", reading.delimiter or ";")


def _page(grid: Grid, reading: ListReading, meaning: JSON) -> Page:
    facts = next(s for s in reading.sheets if s.name == grid.name)
    width = max((len(row) for row in grid.rows), default=0)
    grid.rows[:] = [row + [None] * (width - len(row)) for row in grid.rows]
    fields: list[str | None] = [None] * width
    units: dict[str, str] = {}
    for column in reading.columns:
        if column.sheet == grid.name and column.field is not None:
            fields[column.index] = column.field
            if column.unit:
                units[column.field] = column.unit
    lots: list[JSON | None] = [None] * len(grid.rows)
    for lot in meaning["lots"]:
        if lot["sheet"] == grid.name:
            lots[lot["row"] - 1] = dict(lot)
    rejected = {r["row"] - 1 for r in meaning["rejected"] if r["sheet"] == grid.name}
    heads = [r - 1 for r in facts.header_rows]
    repeats = [i for i, row in enumerate(grid.rows) if heads and i > heads[-1] and _alike(row, grid.rows[heads[0]])]
    return Page(grid, fields, units, heads, lots, rejected, repeats=repeats)


def _alike(row: list[Cell], header: list[Cell]) -> bool:
    same = sum(1 for a, b in zip(row, header, strict=False) if a is not None and a == b)
    return same >= 3 and same >= 0.7 * sum(1 for c in header if c is not None)


def file_of(book: Book) -> bytes:
    """The bytes of a changed list."""
    grids = [page.grid for page in book.pages]
    if book.kind == "csv":
        return files.csv_file(grids[0], delimiter=book.delimiter, encoding=book.encoding, mark=book.mark)
    if book.kind == "html":
        return files.html_file(grids[0], mark=book.mark)
    return files.ods_file(grids) if book.kind == "ods" else files.xlsx_file(grids)
