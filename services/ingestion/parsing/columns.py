"""Which column is which: header words and the cells below them are weighed together, each field goes to one column."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import cast

from services.ingestion.parsing import numbers, terms
from services.ingestion.parsing.evidence import BARE_FITS, FITS, grade_fit, usually
from services.ingestion.parsing.headers import Header, ours
from services.ingestion.parsing.model import MillContext
from services.ingestion.parsing.sheets import Cell, Grid, is_filled
from services.ingestion.parsing.tables import Table
from services.ingestion.parsing.text import is_empty_mark, normal, word_set
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
_TELLING = frozenset({"grade_raw", "quality_class", "lot_ref", "format", "diameter_core", "certification"})
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
    says_unit: bool = False  # of the weights; nothing about the lot itself

    @property
    def texts(self) -> list[str]:
        return [c for c in self.cells if isinstance(c, str)]


def resolve_columns(grid: Grid, table: Table, *, mill: MillContext, today: date) -> list[Column]:
    """Every column of the table, each with the field it is taken for (or None) and how sure that is."""
    columns = [
        Column(i, header, _sample(grid, table, i))
        for i, header in enumerate(table.headers)
        if i not in grid.hidden_columns and not ours(header.text)
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
    _told_in_cells(columns)
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
        if len(row) > 3 and len(row) - row.count(None) < 4:
            continue
        if isinstance(cell, str) and (is_empty_mark(cell) or (header and normal(cell) == header)):
            continue
        found.append(cell)
        if len(found) >= SAMPLED_CELLS:
            break
    return found


def _remembered(mill: MillContext) -> dict[str, tuple[str | None, str | None]]:
    raw = (mill.profile or {}).get("columns")
    if not isinstance(raw, Mapping):
        return {}
    found: dict[str, tuple[str | None, str | None]] = {}
    for header, entry in cast(Mapping[str, object], raw).items():
        if isinstance(entry, str):
            found[normal(header)] = (entry, None)
        elif isinstance(entry, Mapping):
            taught = cast(Mapping[str, object], entry)
            unit, meant = taught.get("unit"), taught.get("field")
            found[normal(header)] = (str(meant) if meant else None, str(unit) if unit else None)
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
    if _own_unit(second) in metric and _own_unit(first) not in metric:
        first, second = second, first
    confidence = max(first.confidence, second.confidence)
    first.field, first.confidence = "weight_net_kg", confidence
    second.field, second.confidence = None, 0.0
    if _own_unit(second) and _own_unit(second) != _own_unit(first):
        second.field, second.confidence = "weight_alt", confidence


def _own_unit(column: Column) -> str:
    return column.header.unit.unit if column.header.unit else ""


def _told_in_cells(columns: list[Column]) -> None:
    """Cells that say what they count ("4 pallets") name their column; a column of one unit is of the weights."""
    taken = {c.field for c in columns}
    for column in columns:
        if column.field is not None or column.remembered or len(column.texts) < max(2, len(column.cells)):
            continue
        counted = {terms.counted(t) if t[:1].isdigit() else None for t in column.texts}
        field = next(iter(counted)) if len(counted) == 1 else None
        if field is not None and field not in taken:
            column.field, column.confidence = field, 0.95
            taken.add(field)
        weight = next((c for c in columns if c.field == "weight_net_kg"), None)
        units = {cell_unit(t, "weight") for t in column.texts}
        if weight is not None and normal(column.header.text) in word_set("unit_headers") and len(units) == 1:
            unit = next(iter(units))
            column.says_unit = unit in ("kg", "t") and weight.header.unit is None and weight.unit is None
            weight.unit = unit if column.says_unit else weight.unit


_TOLD_BY_CELLS = (
    ("grade_raw", 0.8), ("format", 0.8), ("quality_class", 0.6), ("diameter_core", 0.8), ("certification", 0.8),
    ("lot_ref", 0.9), ("available_from", 0.8), ("remarks", 0.4),
)  # fmt: skip


def _by_cells_alone(columns: list[Column], *, mill: MillContext, today: date) -> None:
    """A column whose header says nothing but whose cells all do is proposed to a person, never taken for sure."""
    taken = {c.field for c in columns}
    for field, least in _TOLD_BY_CELLS:
        if field in taken or (field == "grade_raw" and "product_name" in taken and _named_share(columns) > 0.5):
            continue
        for column in columns:
            if column.field or column.remembered or len(column.cells) < 3 or "other" in column.header.fields:
                continue
            fit = (BARE_FITS.get(field) or FITS[field])(column.cells, mill, today)
            if fit >= least:
                column.field, column.confidence = field, 0.6
                break


def _named_share(columns: list[Column]) -> float:
    product = next((c for c in columns if c.field == "product_name"), None)
    return 0.0 if product is None else grade_fit(product.cells)


def is_reel_length(column: Column) -> bool:
    """A length of thousands, or of many metres, is how much paper is on a reel, not the side of a sheet."""
    values = sorted(v for c in column.cells if (v := _amount(c)) is not None)
    unit = column.header.unit.unit if column.header.unit else ""
    return bool(values) and values[len(values) // 2] > (10 if unit == "m" else 3000)


def _few(cells: list[Cell]) -> bool:
    """Small whole numbers without a unit, as of reels or pallets."""
    return bool(cells) and all(isinstance(c, float) and c.is_integer() and c < 60 for c in cells)


def _amount(cell: Cell) -> float | None:
    if isinstance(cell, float):
        return cell
    read = numbers.quantity(cell, ",") if isinstance(cell, str) else None
    return float(read.value) if read is not None and read.kind == "number" and read.value is not None else None


def _confidence(column: Column, field: str, header: float, *, mill: MillContext, today: date) -> float:
    fits = FITS.get(field)
    if fits is None or not column.cells:
        return header
    if field == "sheet_l_mm" and is_reel_length(column):
        return 0.0
    fit = fits(column.cells, mill, today)
    if field == "weight_net_kg" and column.header.unit is None and _few(column.cells):
        header *= 0.95  # another column of weights is likelier to be the weight
    weighed = header * (0.5 + 0.5 * min(1.0, fit / 0.7))
    return (
        weighed if not 0.75 <= weighed < SURE else min(0.95, weighed + _backing(column, field, mill=mill, today=today))
    )


def _backing(column: Column, field: str, *, mill: MillContext, today: date) -> float:
    """What the cells add to a header that is nearly sure: words nobody uses elsewhere, or a unit and a fitting size."""
    if len(column.cells) < 3 or max((s for f, s in column.header.fields.items() if f != field), default=0.0) > 0.7:
        return 0.0
    if field in _TELLING:
        fit = (BARE_FITS.get(field) or FITS[field])(column.cells, mill, today)
        return 0.12 if fit >= 0.9 else 0.0
    unit = column.header.unit
    if field not in DIMENSION or unit is None or unit.dimension != DIMENSION[field]:
        return 0.0
    return 0.1 if FITS[field](column.cells, mill, today) >= 0.9 and usually(column.cells, field, unit.unit) else 0.0
