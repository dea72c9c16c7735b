"""Mutations of numbers: other units, other decimal marks, numbers as text, units in the cells."""

import re
from collections.abc import Callable
from decimal import Decimal
from random import Random

from bench.mutants import words
from bench.mutants.corpus import JSON, Book, Page
from bench.mutants.renaming import name_cell, rename, spelling
from services.ingestion.parsing.sheets import Cell
from services.ingestion.parsing.units import FACTORS, header_unit, per_tonne

Mutation = Callable[[Book, Page, Random], str | None]
_NUMBERLIKE = re.compile(r"^[\d.,\s\u00a0\u202f]+$")
_DIMENSION = {
    "width_mm": "length", "diameter_mm": "length", "core_mm": "length", "weight_net_kg": "weight", "gsm": "gsm",
}  # fmt: skip
_TARGETS = {
    "width_mm": ("mm", "cm", "m", "in"), "diameter_mm": ("mm", "cm", "in"), "core_mm": ("mm", "cm", "in"),
    "weight_net_kg": ("kg", "t", "lb", "short_ton"), "gsm": ("g/m2", "lb/3000ft2", "lb/msf"),
}  # fmt: skip
_DIGITS = {
    "mm": 0, "cm": 1, "m": 3, "in": 3, "kg": 1, "t": 4, "lb": 1, "short_ton": 5, "g/m2": 1, "lb/3000ft2": 3, "lb/msf": 3,
}  # fmt: skip


def _columns(page: Page) -> list[tuple[int, str]]:
    return [(i, f) for i, f in enumerate(page.fields) if f in _DIMENSION and name_cell(page, i) is not None]


def _cell(value: Decimal, like: Cell, mark: str) -> Cell:
    """A number written like the cell it replaces: as a number, or as text with the mark of the file."""
    return float(value) if isinstance(like, float) else f"{value:f}".replace(".", mark)


def _write(book: Book, page: Page, column: int, field: str, unit: str, suffix: str = "") -> None:
    """Every lot's number in another unit; nothing is claimed any more of rows that were broken there."""
    factor = FACTORS[_DIMENSION[field]][unit]
    for row, lot in enumerate(page.lots):
        cell = page.grid.rows[row][column]
        if lot is not None and lot.get(field) is not None and cell is not None:
            value = (Decimal(str(lot[field])) / factor).quantize(Decimal(1).scaleb(-_DIGITS[unit]))
            written = _cell(value, cell, book.mark)
            page.grid.rows[row][column] = f"{value:f}".replace(".", book.mark) + suffix if suffix else written
        elif cell is not None and row > page.header_rows[-1]:
            if row in page.rejected:
                page.open.add(row)
            elif isinstance(cell, float) and lot is None:
                page.grid.rows[row][column] = None  # a total of the old unit
    page.units[field] = unit
    if field == "core_mm" and "diameter_core" in page.fields:
        page.units.pop("core_mm")


def another_unit(book: Book, page: Page, rng: Random) -> str | None:
    """A column in another unit, and the header says so."""
    columns = _columns(page)
    if not columns:
        return None
    column, field = rng.choice(columns)
    unit = rng.choice([u for u in _TARGETS[field] if u != page.units.get(field)])
    _write(book, page, column, field, unit)
    _name_unit(page, column, spelling(field, unit, rng))
    return f"{field} in {unit}"


def _name_unit(page: Page, column: int, unit: str) -> None:
    """Into the unit row where there is one with a unit, else behind the name."""
    row = name_cell(page, column)
    if row is None:  # only a unit stood here ("EUR/t")
        page.grid.rows[page.header_rows[0]][column] = unit
        return
    text = str(page.grid.rows[row][column])
    below = [r for r in page.header_rows if r > row and page.grid.rows[r][column] is not None]
    rest, own = header_unit(text)
    if below:
        page.grid.rows[below[0]][column] = unit.strip("()[]")
    if own or not below:
        page.grid.rows[row][column] = f"{rest.strip(' ()[]') or 'x'} {unit}".strip() if own else f"{text} {unit}"


def unit_in_cells(book: Book, page: Page, rng: Random) -> str | None:
    """The unit stands behind every number, not in the header."""
    columns = [c for c in _columns(page) if page.units.get(c[1]) or c[1] == "gsm"]
    if not columns:
        return None
    column, field = rng.choice(columns)
    unit = page.units.get(field) or "g/m2"
    suffix = rng.choice(words.SPELLED[field][unit]).strip("()[]")
    _write(book, page, column, field, unit, suffix=suffix if suffix == '"' else f" {suffix}")
    page.units.pop(field, None)
    _drop_unit(page, column)
    return f"{field} with {suffix} in the cells"


def _drop_unit(page: Page, column: int) -> None:
    for row in page.header_rows:
        cell = page.grid.rows[row][column]
        if isinstance(cell, str):
            rest, unit = header_unit(cell)
            if unit:
                page.grid.rows[row][column] = rest.strip(" ()[]") or None


def unit_unsaid(book: Book, page: Page, rng: Random) -> str | None:
    """A column in some unit, and nothing says which."""
    columns = [c for c in _columns(page) if c[1] != "gsm"]
    if not columns:
        return None
    column, field = rng.choice(columns)
    unit = rng.choice([u for u in _TARGETS[field] if u != "short_ton" or book.mill.country == "US"])
    _write(book, page, column, field, unit)
    _drop_unit(page, column)
    if name_cell(page, column) is None:
        rename(page, column, words.OTHERS[field][0])
    return f"{field} silently in {unit}"


def unit_lied(book: Book, page: Page, rng: Random) -> str | None:
    """A column in another unit than its header says."""
    columns = [c for c in _columns(page) if c[1] in ("width_mm", "diameter_mm", "weight_net_kg")]
    columns = [c for c in columns if page.units.get(c[1]) in ("mm", "cm", "kg", "t", "lb", "in")]
    if not columns:
        return None
    column, field = rng.choice(columns)
    said = page.units[field]
    unit = rng.choice([u for u in ("mm", "cm", "m", "kg", "t", "lb", "in") if u in _TARGETS[field] and u != said])
    _write(book, page, column, field, unit)
    page.units[field] = said
    return f"{field} in {unit} under a header that says {said}"


def another_price_unit(book: Book, page: Page, rng: Random) -> str | None:
    column = page.column("price")
    lots = [page.lots[r] for r in page.lot_rows()]
    priced = [lot for lot in lots if lot and lot.get("price") is not None]
    if column is None or not priced or any(per_tonne(str(lot["price_unit"])) is None for lot in priced):
        return None
    unit = rng.choice([u for u in words.PRICE if u != priced[0]["price_unit"]])
    for row in page.lot_rows():
        lot = page.lots[row]
        if lot is not None and lot.get("price") is not None and page.grid.rows[row][column] is not None:
            _reprice(book, page, row, column, lot, unit)
    for row in page.rejected:
        page.open.add(row)
    currency = str(priced[0]["currency"])
    page.units["price"] = f"{currency} {unit}"
    _name_unit(page, column, spelling("price", page.units["price"], rng))
    return f"price {unit}"


def _reprice(book: Book, page: Page, row: int, column: int, lot: JSON, unit: str) -> None:
    old, new = per_tonne(str(lot["price_unit"])), per_tonne(unit)
    if old is None or new is None:
        return
    per_tonne_now = lot["price_per_t"] or Decimal(str(lot["price"])) * old
    value = (Decimal(str(per_tonne_now)) / new).quantize(Decimal("0.00001"))
    page.grid.rows[row][column] = _cell(value, page.grid.rows[row][column], book.mark)
    lot["price"], lot["price_unit"] = float(value), unit


def price_unit_unsaid(book: Book, page: Page, rng: Random) -> str | None:
    column = page.column("price")
    if column is None or name_cell(page, column) is None:
        return None
    rename(page, column, "x")
    for row in page.header_rows:
        page.grid.rows[row][column] = None
    page.grid.rows[page.header_rows[0]][column] = rng.choice(("Preis", "Price", "Prezzo", "Prix", "Precio", "Hinta"))
    return "the price says no unit"


def other_mark(book: Book, page: Page, rng: Random) -> str | None:
    """Commas for points and points for commas, in every number that is text."""
    swap = str.maketrans(".,", ",.")
    changed = 0
    for row in range(page.header_rows[-1] + 1, len(page.grid.rows)):
        for column, field in enumerate(page.fields):
            cell = page.grid.rows[row][column]
            if field in {*_DIMENSION, "price", "weight_alt"} and isinstance(cell, str) and _NUMBERLIKE.match(cell):
                page.grid.rows[row][column] = cell.translate(swap)
                changed += cell != page.grid.rows[row][column]
    book.mark = "," if book.mark == "." else "."
    return "the other decimal mark" if changed or book.kind == "csv" else None


def as_words(book: Book, page: Page, rng: Random) -> str | None:
    """Numbers become text, with or without marks between the thousands."""

    # ruff: noqa: E501 - tables of spellings stay on one line
    group = rng.choice(("", "", ".", " ", "\u00a0", "'"))
    if group == book.mark:
        group = ""
    columns = [i for i, f in enumerate(page.fields) if f in {*_DIMENSION, "price", "reel_count"}]
    for row in range(page.header_rows[-1] + 1, len(page.grid.rows)):
        for column in columns:
            cell = page.grid.rows[row][column]
            if isinstance(cell, float):
                text = f"{cell:,.10g}" if group else f"{cell:.10g}"
                page.grid.rows[row][column] = text.translate(str.maketrans({",": group, ".": book.mark}))
    return f"numbers as text, {group!r} between thousands"


MUTATIONS: tuple[Mutation, ...] = (
    another_unit, another_unit, unit_in_cells, unit_unsaid, unit_lied, another_price_unit, price_unit_unsaid,
    other_mark, as_words,
)  # fmt: skip
