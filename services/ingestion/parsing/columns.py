"""Which column is which: header words and the cells below them are weighed together, each field goes to one column."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import cast

from services.ingestion.parsing import dates, grades, numbers, places, terms
from services.ingestion.parsing.headers import Header, Table
from services.ingestion.parsing.model import MillContext
from services.ingestion.parsing.sheets import Cell, CellError, Grid, is_filled
from services.ingestion.parsing.text import clean, is_empty_mark, normal
from services.ingestion.parsing.units import cell_unit

SURE = 0.90  # from here on a column needs no person
USED = 0.50  # below this a column is not used at all
SAMPLED_CELLS = 3000
DIMENSION = {
    "gsm": "gsm",
    "width_mm": "length",
    "sheet_w_mm": "length",
    "sheet_l_mm": "length",
    "diameter_mm": "length",
    "core_mm": "length",
    "diameter_core": "length",
    "format": "length",
    "caliper_um": "thickness",
    "weight_net_kg": "weight",
    "weight_alt": "weight",
    "weight_gross_kg": "weight",
    "avg_reel_weight_kg": "weight",
    "price": "price",
}
COUNTS = frozenset({"reel_count", "pallet_count", "sheet_count"})
DATES = frozenset({"available_from", "production_date", "valid_until"})
FREE_TEXT = frozenset({"surplus_reason", "defects", "remarks"})


@dataclass(slots=True)
class Column:
    """One column of a table with what it was taken for. ``others`` are further fields it could be, with their score."""

    index: int
    header: Header
    cells: list[Cell]  # filled cells of rows that look like lots, at most SAMPLED_CELLS
    field: str | None = None
    confidence: float = 0.0
    unit: str | None = None
    names_product: bool = False
    others: tuple[tuple[str, float], ...] = ()
    remembered: bool = False

    @property
    def texts(self) -> list[str]:
        return [c for c in self.cells if isinstance(c, str)]


def resolve_columns(grid: Grid, table: Table, *, mill: MillContext, today: date) -> list[Column]:
    """Every column of the table, each with the field it is taken for (or None) and how sure that is."""
    columns = [
        Column(i, header, _sample(grid, table, i))
        for i, header in enumerate(table.headers)
        if i not in grid.hidden_columns
    ]
    columns = [c for c in columns if c.header.text or c.cells]
    remembered = _remembered(mill)
    claims: list[tuple[float, float, Column, str]] = []
    for column in columns:
        column.names_product = "product_name" in column.header.fields
        taught = remembered.get(normal(column.header.text))
        if taught is not None:
            column.field, column.confidence, column.remembered = taught[0], 1.0, True
            column.unit = taught[1]
            continue
        scores = {f: _confidence(column, f, s, mill=mill, today=today) for f, s in column.header.fields.items()}
        ranked = sorted(scores.items(), key=lambda item: -item[1])
        for field, score in ranked:
            rival = max((s for f, s in ranked if f != field), default=0.0)
            claims.append((score, rival, column, field))
    _assign(columns, claims)
    _second_weights(columns)
    _by_cells_alone(columns, mill=mill, today=today)
    return columns


def _sample(grid: Grid, table: Table, index: int) -> list[Cell]:
    found: list[Cell] = []
    header = normal(table.headers[index].text)
    for number in range(table.rows[-1] + 1, len(grid.rows)):
        row = grid.rows[number]
        if number in grid.hidden_rows or index >= len(row) or not is_filled(row[index]):
            continue
        cell = row[index]
        if len(row) > 3 and sum(1 for c in row if is_filled(c)) < 4:
            continue
        if isinstance(cell, str) and (is_empty_mark(cell) or (header and normal(cell) == header)):
            continue
        found.append(cell)
        if len(found) >= SAMPLED_CELLS:
            break
    return found


def _remembered(mill: MillContext) -> dict[str, tuple[str, str | None]]:
    raw = (mill.profile or {}).get("columns")
    if not isinstance(raw, Mapping):
        return {}
    found: dict[str, tuple[str, str | None]] = {}
    for header, entry in cast(Mapping[str, object], raw).items():
        if isinstance(entry, str):
            found[normal(header)] = (entry, None)
        elif isinstance(entry, Mapping):
            taught = cast(Mapping[str, object], entry)
            unit = taught.get("unit")
            found[normal(header)] = (str(taught.get("field")), str(unit) if unit else None)
    return found


def _assign(columns: list[Column], claims: list[tuple[float, float, Column, str]]) -> None:
    """Best claim first; among equals the column with the poorer alternative chooses first."""
    order = sorted(claims, key=lambda c: (-round(c[0], 2), round(c[1], 2), c[2].index, c[3] != "grade_raw"))
    taken = {c.field for c in columns if c.field}
    for score, _, column, field in order:
        if column.field is not None or score < USED or field == "other":
            continue
        if field in taken and field not in FREE_TEXT:
            continue
        column.field, column.confidence = field, round(score, 2)
        taken.add(field)
    for column in columns:
        mine = [(f, s) for s, _, c, f in claims if c is column and f != column.field and s >= USED]
        column.others = tuple(mine)
        if "other" in column.header.fields and column.field and column.confidence < SURE:
            column.field = None


def _second_weights(columns: list[Column]) -> None:
    """The same weight once more in pounds: metric is taken, the other is compared with it."""
    first = next((c for c in columns if c.field == "weight_net_kg"), None)
    rest = [c for c in columns if c.field is None and dict(c.others).get("weight_net_kg", 0) >= SURE]
    if first is None or not rest:
        return
    metric = ("kg", "t")
    second = rest[0]
    unit_first = first.header.unit.unit if first.header.unit else ""
    unit_second = second.header.unit.unit if second.header.unit else ""
    if unit_second in metric and unit_first not in metric:
        first, second = second, first
        first.confidence, first.field = second.confidence, "weight_net_kg"
    if unit_second or unit_first:
        second.field, second.confidence = "weight_alt", first.confidence


def _by_cells_alone(columns: list[Column], *, mill: MillContext, today: date) -> None:
    """A column whose header says nothing but whose cells all do is proposed to a person, never taken for sure."""
    taken = {c.field for c in columns}
    for field, least in (("grade_raw", 0.8), ("format", 0.8), ("quality_class", 0.95)):
        if field in taken or (field == "grade_raw" and "product_name" in taken and _named_share(columns) > 0.5):
            continue
        for column in columns:
            if column.field is not None or len(column.cells) < 3 or "other" in column.header.fields:
                continue
            fit = _FITS[field](column.cells, mill, today)
            if fit >= least:
                column.field, column.confidence = field, 0.6
                break


def _named_share(columns: list[Column]) -> float:
    product = next((c for c in columns if c.field == "product_name"), None)
    return 0.0 if product is None else _grade_fit(product.cells)


def _confidence(column: Column, field: str, header: float, *, mill: MillContext, today: date) -> float:
    fits = _FITS.get(field)
    if fits is None or not column.cells:
        return header
    fit = fits(column.cells, mill, today)
    return header * (0.5 + 0.5 * min(1.0, fit / 0.7))


def _share(cells: list[Cell], good: Callable[[Cell], bool]) -> float:
    counted = [c for c in cells if not isinstance(c, CellError)]
    return sum(1 for c in counted if good(c)) / len(counted) if counted else 0.0


def _as_text(cell: Cell) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(cell)


def _numeric(dimension: str | None) -> Callable[[Cell], bool]:
    def good(cell: Cell) -> bool:
        if isinstance(cell, float):
            return True
        if not isinstance(cell, str):
            return False
        read = numbers.quantity(cell, ".")
        if read.kind == "text":
            read = numbers.quantity(cell, ",")
        if read.kind in ("range", "several"):
            return dimension is not None
        return read.kind == "number" and (
            not read.unit if dimension is None else cell_unit(read.unit, dimension) is not None
        )

    return good


def _gsm_fit(cells: list[Cell], mill: MillContext, today: date) -> float:
    share = _share(cells, _numeric("gsm"))
    plain = [c for c in cells if isinstance(c, float)]
    if plain and sum(1 for c in plain if 8 <= c <= 2000) < 0.7 * len(plain):
        return 0.0
    return share


def _count_fit(cells: list[Cell], mill: MillContext, today: date) -> float:
    return _share(
        cells, lambda c: c.is_integer() if isinstance(c, float) else _numeric(None)(c) or _numeric("weight")(c)
    )


def _pair(cell: Cell) -> bool:
    from services.ingestion.parsing.sizes import is_pair

    return isinstance(cell, str) and is_pair(cell)


def _lot_ref_fit(cells: list[Cell], mill: MillContext, today: date) -> float:
    texts = [_as_text(c) for c in cells]
    short = sum(1 for t in texts if 0 < len(t) <= 40)
    return min(short, len({normal(t) for t in texts}) * 1.1) / len(texts)


def _grade_fit(cells: list[Cell]) -> float:
    texts = [c for c in cells if isinstance(c, str)]
    if not texts:
        return 0.0
    named = sum(1 for t in texts if grades.is_named(t) and terms.quality_class(t) is None)
    return named / len(cells)


def _text_fit(cells: list[Cell], mill: MillContext, today: date) -> float:
    return _share(cells, lambda c: isinstance(c, str) and any(ch.isalpha() for ch in c))


def _date_fit(cells: list[Cell], mill: MillContext, today: date) -> float:
    def good(cell: Cell) -> bool:
        if isinstance(cell, str):
            return terms.is_now(cell) or dates.parse(cell, "dmy", today) is not None or dates.parse(cell, "mdy", today) is not None  # fmt: skip
        return isinstance(cell, date) or (isinstance(cell, float) and dates.from_serial(cell) is not None)

    return _share(cells, good)


def _price_fit(cells: list[Cell], mill: MillContext, today: date) -> float:
    def good(cell: Cell) -> bool:
        if isinstance(cell, str):
            return terms.is_on_request(cell) or numbers.quantity(cell.strip("€$£ "), ".").kind != "text" or numbers.quantity(cell.strip("€$£ "), ",").kind != "text"  # fmt: skip
        return isinstance(cell, float)

    return _share(cells, good)


_Fit = Callable[[list[Cell], MillContext, date], float]


def _measure(dimension: str) -> _Fit:
    return lambda cells, mill, today: _share(cells, _numeric(dimension))


def _by_text(good: Callable[[str, MillContext], bool]) -> _Fit:
    return lambda cells, mill, today: _share(cells, lambda c: bool(good(_as_text(c), mill)))


_FITS: dict[str, _Fit] = {
    "lot_ref": _lot_ref_fit,
    "grade_raw": lambda cells, mill, today: _grade_fit(cells),
    "product_name": _text_fit,
    "gsm": _gsm_fit,
    "width_mm": _measure("length"),
    "sheet_w_mm": _measure("length"),
    "sheet_l_mm": _measure("length"),
    "diameter_mm": _measure("length"),
    "core_mm": _measure("length"),
    "diameter_core": lambda cells, mill, today: _share(cells, _pair),
    "format": lambda cells, mill, today: _share(cells, _pair),
    "caliper_um": _measure("thickness"),
    "weight_net_kg": _measure("weight"),
    "weight_gross_kg": _measure("weight"),
    "avg_reel_weight_kg": _measure("weight"),
    "reel_count": _count_fit,
    "pallet_count": _count_fit,
    "sheet_count": _count_fit,
    "price": _price_fit,
    "quality_class": _by_text(lambda t, mill: terms.quality_class(t) is not None),
    "location_place": _text_fit,
    "location_country": _by_text(lambda t, mill: places.country(t, home=mill.country) is not None),
    "certification": _by_text(lambda t, mill: bool(terms.certificates(t)) or terms.is_yes(t) or terms.is_no(t)),
    "form": _by_text(lambda t, mill: terms.form(t) is not None),
    "currency": _by_text(lambda t, mill: len(clean(t)) <= 4),
    "incoterm": _by_text(lambda t, mill: clean(t)[:3].upper() in {"EXW", "FCA", "FOB", "CFR", "CIF", "CPT", "DAP", "DDP", "FAS", "CIP", "DPU"}),
    "available_from": _date_fit,
    "production_date": _date_fit,
    "valid_until": _date_fit,
    "surplus_reason": _text_fit,
    "defects": _text_fit,
    "remarks": _text_fit,
    "colour": _text_fit,
    "brightness_iso": _measure("gsm"),
}  # fmt: skip
