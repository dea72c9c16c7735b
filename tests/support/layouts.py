"""Lots in canonical units become a list as some mill would write it; the same seed gives the same list."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal
from math import pi, sqrt
from random import Random

from bench.mutants import files
from services.ingestion.parsing import MillContext
from services.ingestion.parsing.geometry import usual_density
from services.ingestion.parsing.sheets import Cell, Grid
from services.ingestion.parsing.units import FACTORS, per_tonne
from tests.support.mill_words import CLASSES, GRADES, HEADERS, LANGUAGES, NOTES, REASONS, TITLES, TOTALS

_COUNTRY = {
    "en": "SE", "de": "DE", "it": "IT", "es": "ES", "fr": "FR", "fi": "FI", "sv": "SE", "nl": "NL", "pl": "PL", "pt": "PT",
}  # fmt: skip
_GSM = {
    "TL_2": (115, 200), "KL_BROWN": (115, 300), "FL_REC": (80, 140), "WFU": (60, 160), "WFC_GLOSS": (90, 250),
    "WFC_MATT": (90, 250), "LWC": (51, 70), "NEWS": (42, 49), "FBB_GC1": (200, 400), "WLC_GD2": (230, 450),
    "MG_WHITE": (35, 100), "SACK_BROWN": (65, 110), "LABEL_C1S": (60, 90),
}  # fmt: skip
_PRICE = {"PRIME": 900, "A": 780, "B": 640, "C": 480}
_SHEETED = ("WFU", "WFC_GLOSS", "WFC_MATT", "FBB_GC1", "WLC_GD2", "LABEL_C1S")
_SIZES = ((700, 1000), (640, 900), (720, 1020), (610, 860), (520, 720), (880, 630), (450, 640), (650, 920))
_ENCODED = {"pl": ("utf-8", "utf-8-sig", "cp1250", "utf-16"), None: ("utf-8", "utf-8-sig", "cp1252", "utf-16")}
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
class Lot:
    """What a mill has. Lengths in mm, weight in kg, price in EUR per tonne; ``None``: not stated."""

    lot_ref: str
    grade_code: str
    gsm: int
    quality_class: str
    weight_net_kg: int
    price: Decimal | None
    place: str
    certified: bool
    reason: str | None
    width_mm: int | None = None
    diameter_mm: int | None = None
    core_mm: int | None = None
    reel_count: int | None = None
    sheet_w_mm: int | None = None
    sheet_l_mm: int | None = None
    sheet_count: int | None = None


@dataclass(slots=True)
class Layout:
    """How a mill writes its list."""

    language: str
    kind: str
    mark: str
    group: str
    numbers_as_text: bool
    units: dict[str, str]
    price_unit: str
    unit_place: str  # header, row (below the names) or cell
    columns: list[str]
    sections: bool
    merged_grades: bool
    titles: int
    header_again: bool
    blank_rows: bool
    total: bool
    notes: bool
    shout: bool
    empty_columns: int
    delimiter: str
    encoding: str
    imperial: bool
    words: dict[str, str] = field(default_factory=dict[str, str])

    def told(self) -> str:
        """For the one who has to find out why a list was read wrong."""
        return (
            f"{self.language} {self.kind} {self.encoding} {self.delimiter!r} mark {self.mark!r} group {self.group!r} text {self.numbers_as_text} "
            f"units {self.units} price {self.price_unit} in {self.unit_place}, sections {self.sections}, {self.columns}"
        )


@dataclass(frozen=True, slots=True)
class Written:
    """A list, who sends it, and what each of its rows means; the row counts from 1."""

    content: bytes
    file_name: str
    mill: MillContext
    layout: Layout
    lots: dict[tuple[str | None, int], Lot]


def lots_of(rng: Random, *, sheets: bool, count: int) -> list[Lot]:
    """Lots whose weight, size and grade go together, as those of a mill do."""
    found: list[Lot] = []
    start = rng.randint(1000, 80_000)
    for number in range(count):
        grade = rng.choice(_SHEETED if sheets else tuple(_GSM))
        gsm, quality = rng.randint(*_GSM[grade]), rng.choice(tuple(CLASSES))
        price = Decimal(_PRICE[quality] + 5 * rng.randint(-12, 12))
        lot = Lot(
            f"{'FS' if sheets else 'R'}{start + number * rng.randint(1, 3) if number else start}-{number:02d}", grade, gsm, quality, 0, price if rng.random() < 0.9 else None,
            rng.choice(("Hamburg", "Rotterdam", "Antwerpen")), rng.random() < 0.3, rng.choice((None, *REASONS)),
        )  # fmt: skip
        found.append(_sheeted(rng, lot) if sheets else _wound(rng, lot))
    return found


def _wound(rng: Random, lot: Lot) -> Lot:
    low, high = usual_density(lot.grade_code)
    width, dia, core = 5 * rng.randint(84, 520), 10 * rng.randint(90, 148), rng.choice((70, 76, 100, 150, 152, 300))
    reels = min(24, 1 + int(rng.expovariate(0.3)))
    volume = pi / 4 * ((dia / 1000) ** 2 - ((core + 26) / 1000) ** 2) * width / 1000 * reels
    weight = round(volume * sqrt(low * high) * rng.uniform(0.96, 1.03))
    return replace(lot, width_mm=width, diameter_mm=dia, core_mm=core, reel_count=reels, weight_net_kg=weight)


def _sheeted(rng: Random, lot: Lot) -> Lot:
    (w, h), count = rng.choice(_SIZES), 250 * rng.randint(8, 200)
    weight = max(60, round(w * h * lot.gsm * count / 1e9))
    return replace(lot, sheet_w_mm=w, sheet_l_mm=h, sheet_count=count, weight_net_kg=weight)


def layout_of(rng: Random, *, sheets: bool) -> Layout:
    language = rng.choice(LANGUAGES)
    imperial = language == "en" and rng.random() < 0.35
    comma = language != "en"
    kind = rng.choice(("xlsx", "xlsx", "ods", "csv", "csv", "html", "text"))
    mark = "," if comma else "."
    delimiter = rng.choice((";", "\t", "|") if comma else (";", ",", "\t", "|"))
    units = {
        "gsm": rng.choice(("lb/3000ft2", "lb/msf")) if imperial else "g/m2",
        "width_mm": "in" if imperial else rng.choice(("mm", "mm", "cm", "cm", "m")),
        "diameter_mm": "in" if imperial else rng.choice(("mm", "cm")),
        "core_mm": "in" if imperial and rng.random() < 0.5 else "mm",
        "sheet_w_mm": "in" if imperial else rng.choice(("mm", "cm")),
        "weight_net_kg": rng.choice(("lb", "short_ton") if imperial else ("kg", "kg", "t")),
    }
    units["sheet_l_mm"] = units["sheet_w_mm"]
    per = ("per_short_ton", "per_cwt", "per_lb") if imperial else ("per_t", "per_t", "per_100kg", "per_kg")
    columns = _columns(rng, sheets=sheets)
    text_only = kind in ("csv", "html", "text")
    return Layout(
        language=language, kind=kind, mark=mark,
        group=rng.choice(("", ".", " ", "\u00a0") if comma else ("", ",", " ")),
        numbers_as_text=text_only or rng.random() < 0.25, units=units,
        price_unit="per_1000_sheets" if sheets and not imperial and rng.random() < 0.3 else rng.choice(per),
        unit_place=rng.choice(("header", "header", "row", "cell")) if kind != "text" else "header", columns=columns,
        sections=rng.random() < 0.25 and kind != "text", merged_grades=rng.random() < 0.15 and kind == "xlsx",
        titles=rng.randint(0, 12), header_again=rng.random() < 0.2 and kind != "text", blank_rows=rng.random() < 0.3,
        total=rng.random() < 0.5, notes=rng.random() < 0.4, shout=rng.random() < 0.15,
        empty_columns=rng.choice((0, 0, 1, 2)) if kind != "text" else 0, delimiter=delimiter,
        encoding=rng.choice(_ENCODED.get(language) or _ENCODED[None]), imperial=imperial,
    )  # fmt: skip


def _columns(rng: Random, *, sheets: bool) -> list[str]:
    needed = ["lot_ref", "grade_raw", "gsm", "weight_net_kg"]
    if sheets:
        needed += ["format"] if rng.random() < 0.7 else ["sheet_w_mm", "sheet_l_mm"]
        maybe = ["sheet_count", "quality_class", "price", "location_place", "certification", "remarks"]
    else:
        needed += ["width_mm", *(["diameter_core"] if rng.random() < 0.2 else ["diameter_mm", "core_mm"])]
        maybe = ["reel_count", "quality_class", "price", "location_place", "certification", "remarks"]
    columns = needed + [name for name in maybe if rng.random() < 0.8]
    if rng.random() < 0.5:
        head, tail = columns[:1], columns[1:]
        rng.shuffle(tail)
        columns = head + tail
    return columns


def written(seed: int) -> Written:
    """A whole list: one or two sheets in one layout."""
    rng = Random(seed)  # noqa: S311 - chosen by seed, not secret
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
    columns = [c for c in layout.columns if not (layout.sections and c == "grade_raw")]
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
        if layout.merged_grades and "grade_raw" in columns and not fresh and merged_from < len(grid.rows):
            cells[columns.index("grade_raw")] = None
            _merge(grid, merged_from, columns.index("grade_raw"))
        grade = lot.grade_code
        where[len(grid.rows)] = lot
        grid.rows.append(cells)
    _below(rng, layout, grid, columns, lots)
    if layout.empty_columns:
        grid.rows[:] = [[None] * layout.empty_columns + row for row in grid.rows]
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
        grid.rows += [[], [rng.choice(NOTES)]]


def _headers(rng: Random, layout: Layout, columns: list[str]) -> tuple[list[Cell], list[Cell]]:
    names: list[Cell] = []
    below: list[Cell] = []
    for column in columns:
        word = layout.words.setdefault(column, rng.choice(HEADERS[column][layout.language]))
        unit = _unit_of(rng, layout, column)
        text = word.upper() if layout.shout else word
        in_header = layout.unit_place == "header" or (column == "price" and layout.unit_place == "cell")
        in_header = in_header or (column in ("format", "diameter_core") and layout.unit_place == "cell")
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
        return _price(layout, lot)
    words: dict[str, Cell] = {
        "lot_ref": lot.lot_ref,
        "grade_raw": GRADES[lot.grade_code][language],
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
    width = max(len(row) for row in grid.rows)
    rows = [[("" if c is None else str(c)) for c in row] + [""] * (width - len(row)) for row in grid.rows]
    table = [row for row in rows if sum(1 for c in row if c) > 2]
    wide = [max(len(row[c]) for row in table) + 2 for c in range(width)]
    lines: list[str] = []
    for row in rows:
        single = sum(1 for c in row if c) <= 1
        lines.append(row[0] if single else "".join(cell.ljust(wide[c]) for c, cell in enumerate(row)).rstrip())
    return "\n".join(lines).encode()
