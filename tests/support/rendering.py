"""Lots in canonical units become a list as some mill would write it; the same seed gives the same list."""

# ruff: noqa: E501 - tables of spellings stay on one line

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from random import Random

from bench.mutants import files
from services.ingestion.parsing import MillContext
from services.ingestion.parsing.sheets import Cell, Grid
from services.ingestion.parsing.units import FACTORS, per_tonne
from tests.support.canonical import Lot, lots_of
from tests.support.layouts import Layout, layout_of
from tests.support.mill_words import CLASSES, GRADES, HEADERS, NOTES, REASONS, TITLES, TOTALS

_COUNTRY = {
    "en": "SE", "de": "DE", "it": "IT", "es": "ES", "fr": "FR", "fi": "FI", "sv": "SE", "nl": "NL", "pl": "PL", "pt": "PT",
}  # fmt: skip
_SPELLED = {
    "mm": ("mm",), "cm": ("cm",), "m": ("m",), "in": ("in.", "inch", '"'), "kg": ("kg", "kgs"), "t": ("t", "to"), "lb": ("lbs", "lb"),
    "short_ton": ("short tons",), "g/m2": ("g/m²", "gsm", "g/m2"), "lb/3000ft2": ("lb/3000 ft2",), "lb/msf": ("lb/MSF",),
}  # fmt: skip
_PER = {
    "per_t": "t", "per_100kg": "100 kg", "per_kg": "kg", "per_lb": "lb", "per_cwt": "cwt", "per_short_ton": "short ton",
    "per_1000_sheets": "1000 sheets",
}  # fmt: skip
_DECIMALS = {
    "mm": 0, "cm": 1, "m": 3, "in": 3, "kg": 0, "t": 3, "lb": 0, "short_ton": 4, "g/m2": 0, "lb/3000ft2": 3, "lb/msf": 3,
}  # fmt: skip
_DIMENSION = {
    "gsm": "gsm", "width_mm": "length", "sheet_w_mm": "length", "sheet_l_mm": "length", "diameter_mm": "length",
    "core_mm": "length", "weight_net_kg": "weight",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Written:
    """A list, who sends it, and what each of its rows means; the row counts from 1."""

    content: bytes
    file_name: str
    mill: MillContext
    layout: Layout
    lots: dict[tuple[str | None, int], Lot]


def written(seed: int) -> Written:
    """A whole list: one or two sheets in one layout."""
    rng = Random(seed)
    sheets = rng.random() < 0.3
    layout = layout_of(rng, sheets=sheets)
    names: Sequence[str | None] = (
        (None,) if layout.kind in ("csv", "html", "text") else rng.choice((("Liste",), ("Export 1", "Export 2")))
    )
    grids: list[Grid] = []
    meaning: dict[tuple[str | None, int], Lot] = {}
    for part, name in enumerate(names):
        lots = [
            replace(lot, lot_ref=f"{part}{lot.lot_ref}")
            for lot in lots_of(rng, sheets=sheets, count=rng.randint(6, 14))
        ]
        if layout.sections or layout.merged_grades:
            lots.sort(key=lambda lot: lot.grade_code)
        grid, rows = _grid(rng, layout, lots, name)
        grids.append(grid)
        meaning |= {(name, row + 1): _shown(layout, lot) for row, lot in rows.items()}
    mill = MillContext("US" if layout.imperial else _COUNTRY[layout.language], layout.language, None, None)
    return Written(_bytes(layout, grids), f"list.{layout.kind}", mill, layout, meaning)


def _shown(layout: Layout, lot: Lot) -> Lot:
    """A lot as far as the columns tell it."""
    told = set(layout.columns)
    if "diameter_core" in told:
        told |= {"diameter_mm", "core_mm"}
    return replace(
        lot,
        quality_class=lot.quality_class if "quality_class" in told else "B",
        price=lot.price if "price" in told else None,
        certified=lot.certified and "certification" in told,
        reason=lot.reason if "remarks" in told else None,
        reel_count=lot.reel_count if "reel_count" in told else None,
        sheet_count=lot.sheet_count if "sheet_count" in told else None,
        place=lot.place if "location_place" in told else "",
    )


def _grid(rng: Random, layout: Layout, lots: list[Lot], name: str | None) -> tuple[Grid, dict[int, Lot]]:
    left_out = {"grade_raw"} if layout.sections else {"gsm"} if layout.gsm_in_grade else set[str]()
    columns = [c for c in layout.columns if c not in left_out]
    grid, where = Grid(name, []), dict[int, Lot]()
    for _ in range(layout.titles):
        grid.rows.append([rng.choice(TITLES)] if rng.random() < 0.6 else [])
    head, units = _headers(rng, layout, columns)
    grid.rows.append(head)
    if layout.unit_place == "row":
        grid.rows.append(units)
    grade, merged_from = None, len(grid.rows)
    for number, lot in enumerate(lots):
        fresh = lot.grade_code != grade
        if fresh and layout.sections:
            grid.rows.append([GRADES[lot.grade_code][layout.language]])
        elif layout.header_again and number == len(lots) // 2:
            grid.rows.append(list(head))
        elif layout.blank_rows and number and rng.random() < 0.1:
            grid.rows.append([])
        if fresh or len(grid.rows) - 1 not in where:
            merged_from = len(grid.rows)
        cells = [_cell(rng, layout, column, lot) for column in columns]
        if (
            layout.merged_grades
            and not layout.gsm_in_grade
            and "grade_raw" in columns
            and not fresh
            and merged_from < len(grid.rows)
        ):
            cells[columns.index("grade_raw")] = None
            _merge(grid, merged_from, columns.index("grade_raw"))
        grade = lot.grade_code
        where[len(grid.rows)] = lot
        grid.rows.append(cells)
    _below(rng, layout, grid, columns, lots)
    if layout.empty_columns:
        for row in grid.rows:
            row[:0] = [None] * layout.empty_columns
        more = layout.empty_columns
        grid.merged = [((a, b + more), (c, d + more)) for (a, b), (c, d) in grid.merged]
    return grid, where


def _merge(grid: Grid, top: int, column: int) -> None:
    grid.merged = [m for m in grid.merged if m[0] != (top, column)]
    grid.merged.append(((top, column), (len(grid.rows), column)))


def _below(rng: Random, layout: Layout, grid: Grid, columns: list[str], lots: list[Lot]) -> None:
    if layout.total:
        at = columns.index("weight_net_kg")
        row: list[Cell] = [None] * len(columns)
        row[0 if at else 1] = TOTALS[layout.language]
        row[at] = _number(layout, Decimal(sum(lot.weight_net_kg for lot in lots)), "weight_net_kg")
        grid.rows.append(row)
    if layout.notes:
        grid.rows.append([])
        grid.rows.append([rng.choice(NOTES)])


def _headers(rng: Random, layout: Layout, columns: list[str]) -> tuple[list[Cell], list[Cell]]:
    names: list[Cell] = []
    below: list[Cell] = []
    for column in columns:
        word = layout.words.setdefault(column, rng.choice(HEADERS[column][layout.language]))
        unit = _unit_of(rng, layout, column)
        text = word.upper() if layout.shout else word
        bare = column == "price" and layout.money_in_cells
        in_header = (not bare and layout.unit_place == "header") or (column == "price" and layout.unit_place == "cell")
        in_header = in_header or (column in ("format", "diameter_core") and layout.unit_place == "cell")
        in_header, unit = (False, "") if bare else (in_header, unit)
        names.append(f"{text} {unit}".strip() if in_header else text)
        below.append(unit or None)
    return names, below


def _unit_of(rng: Random, layout: Layout, column: str) -> str:
    if column == "price":
        return f"{'USD' if layout.imperial else 'EUR'}/{_PER[layout.price_unit]}"
    if column == "format":
        return rng.choice(_SPELLED[layout.units["sheet_w_mm"]])
    if column == "diameter_core":
        return "mm"
    spelled = rng.choice(_SPELLED[layout.units[column]]) if column in layout.units else ""
    return spelled.replace("²", "2") if layout.encoding == "cp1250" else spelled


def _cell(rng: Random, layout: Layout, column: str, lot: Lot) -> Cell:
    language = layout.language
    if column in _DIMENSION:
        value = getattr(lot, column)
        cell = _number(layout, Decimal(value), column)
        if layout.unit_place == "cell":
            unit = _SPELLED[layout.units[column]][0].replace("²", "2")
            return f"{_text(layout, cell) if isinstance(cell, float) else cell} {unit}"
        return cell
    if column == "format":
        factor = FACTORS["length"][layout.units["sheet_w_mm"]]
        sides = [
            _plain(layout, Decimal(side or 0) / factor, layout.units["sheet_w_mm"])
            for side in (lot.sheet_w_mm, lot.sheet_l_mm)
        ]
        return rng.choice((" x ", "x", " × ")).join(sides) if layout.encoding != "cp1250" else " x ".join(sides)
    if column == "diameter_core":
        return f"{lot.diameter_mm}/{lot.core_mm}"
    if column == "price":
        price = _price(layout, lot)
        if not layout.money_in_cells or price is None:
            return price
        money = f"{price:.10g}".replace(".", layout.mark) if isinstance(price, float) else price
        return f"{money} {_unit_of(rng, layout, 'price')}"
    words: dict[str, Cell] = {
        "lot_ref": lot.lot_ref,
        "grade_raw": GRADES[lot.grade_code][language]
        + (f" {lot.gsm} g/m2" if layout.gsm_in_grade and not layout.sections else ""),
        "quality_class": CLASSES[lot.quality_class][language],
        "location_place": lot.place,
        "certification": "FSC Mix Credit" if lot.certified else None,
        "remarks": rng.choice(REASONS[lot.reason]) if lot.reason else None,
        "reel_count": float(lot.reel_count or 0) if not layout.numbers_as_text else str(lot.reel_count),
        "sheet_count": _number(layout, Decimal(lot.sheet_count or 0), "sheet_count"),
    }
    return words[column]


def price_as_written(layout: Layout, lot: Lot) -> Decimal | None:
    """The price of a lot in the unit of its list, with the digits a list has."""
    if lot.price is None:
        return None
    if layout.price_unit == "per_1000_sheets":
        value = lot.price * (lot.sheet_w_mm or 0) * (lot.sheet_l_mm or 0) * lot.gsm / 1_000_000_000
    else:
        value = lot.price / (per_tonne(layout.price_unit) or Decimal(1))
    digits = "0.0001" if layout.price_unit in ("per_kg", "per_lb") else "0.01"
    return value.quantize(Decimal(digits), ROUND_HALF_UP)


def _price(layout: Layout, lot: Lot) -> Cell:
    value = price_as_written(layout, lot)
    if value is None:
        return None
    if layout.numbers_as_text:
        return f"{value:f}".replace(".", layout.mark)
    return float(value)


def _number(layout: Layout, canonical: Decimal, column: str) -> Cell:
    unit = layout.units.get(column)
    value = canonical / FACTORS[_DIMENSION[column]][unit] if unit else canonical
    rounded = value.quantize(Decimal(1).scaleb(-_DECIMALS.get(unit or "", 0)), ROUND_HALF_UP)
    if not layout.numbers_as_text:
        return float(rounded)
    text = f"{rounded:,f}".translate(str.maketrans({",": layout.group, ".": layout.mark}))
    return text


def _plain(layout: Layout, value: Decimal, unit: str) -> str:
    rounded = value.quantize(Decimal(1).scaleb(-_DECIMALS[unit]), ROUND_HALF_UP)
    return f"{rounded:f}".rstrip("0").rstrip(".").replace(".", layout.mark) if _DECIMALS[unit] else f"{rounded:f}"


def _text(layout: Layout, value: float) -> str:
    return f"{value:.10g}".replace(".", layout.mark)


def _bytes(layout: Layout, grids: list[Grid]) -> bytes:
    if layout.kind == "xlsx":
        return files.xlsx_file(grids)
    if layout.kind == "ods":
        return files.ods_file(grids)
    if layout.kind == "html":
        return files.html_file(grids[0], mark=layout.mark)
    if layout.kind == "text":
        return _typed(grids[0])
    return files.csv_file(grids[0], delimiter=layout.delimiter, encoding=layout.encoding, mark=layout.mark)


def _typed(grid: Grid) -> bytes:
    """Columns made of blanks, as people type them into a mail."""

    # ruff: noqa: E501 - tables of spellings stay on one line
    width = max(len(row) for row in grid.rows)
    rows = [[("" if c is None else str(c)) for c in row] + [""] * (width - len(row)) for row in grid.rows]
    table = [row for row in rows if sum(1 for c in row if c) > 2]
    wide = [max(len(row[c]) for row in table) + 2 for c in range(width)]
    lines: list[str] = []
    for row in rows:
        single = sum(1 for c in row if c) <= 1
        lines.append(row[0] if single else "".join(cell.ljust(wide[c]) for c, cell in enumerate(row)).rstrip())
    return "\n".join(lines).encode()
