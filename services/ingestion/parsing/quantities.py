"""How the cells of one measuring column are read: its unit and its decimal mark, decided once for the column."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from statistics import median

from services.ingestion.parsing import numbers
from services.ingestion.parsing.columns import DIMENSION, Column
from services.ingestion.parsing.model import MillContext
from services.ingestion.parsing.money import about_a_euro
from services.ingestion.parsing.numbers import Mark, MarkDecision, Quantity
from services.ingestion.parsing.prose import units_in
from services.ingestion.parsing.tables import LANGUAGES
from services.ingestion.parsing.text import fold
from services.ingestion.parsing.units import FACTORS, HeaderUnit, cell_unit, per_tonne

_WITH_UNITS = frozenset({"length", "weight", "thickness", "gsm"})  # a unit may stand behind the number
_THOUSANDS = re.compile(
    r"(?:\b|x)(?:tsd|tausend|thousand|thousands|mille|migliaia|miles|milliers|1[.,' ]?000|'?000)\b"
    r"|\b(?:tys|tis|bin|millares|ezer)\b"
    r"|\bm ?(?:sheets|shts|sht)\b"
)
COMMA_LANGUAGES = (frozenset(LANGUAGES) | {"sk", "nb", "no", "nn", "sl", "hr"}) - {"en"}
_CORE_INCHES = frozenset({3, 4, 5, 6, 10, 12})
_USUAL = {  # field -> what one cell usually holds, in canonical units
    "gsm": (10, 1500),
    "width_mm": (100, 6000),
    "diameter_mm": (300, 2500),
    "core_mm": (40, 500),
    "caliper_um": (20, 3000),
    "weight_net_kg": (60, 200_000),
    "weight_alt": (60, 200_000),
    "weight_gross_kg": (60, 200_000),
    "avg_reel_weight_kg": (60, 8000),
    "reel_count": (1, 500),
    "pallet_count": (1, 300),
    "sheet_count": (100, 5_000_000),
}


@dataclass(frozen=True, slots=True)
class Habit:
    """What a file says about itself: its decimal mark where a column is silent, and whether it counts in inches.

    ``told`` is the decimal mark that a person confirmed for such lists.
    """

    mark: Mark | None
    imperial: bool
    told: Mark | None = None
    units: Mapping[str, str] = field(default_factory=dict[str, str])  # what a note above the list says


@dataclass(frozen=True, slots=True)
class Plan:
    """How to read one column. ``open_question`` is plain words when a person must decide first.

    ``ton`` is what "ton" means in its cells: the metric tonne, or None in a file of inches and pounds.
    """

    field: str
    dimension: str
    unit: str | None
    mark: Mark | None
    open_question: str | None = None
    ton: str | None = None


def habit_of(
    columns: list[Column], *, mill: MillContext, delimiter: str | None, language: str | None, above: list[str]
) -> Habit:
    """From clear numbers anywhere in the file, else from the delimiter and the language."""
    clear = {".": 0, ",": 0}
    for column in columns:
        if column.field in DIMENSION:
            unit = column.header.unit.unit if column.header.unit else None
            decided = _mark(column, column.field, DIMENSION[column.field], unit, None)
            if decided.mark is not None:
                clear[decided.mark] += 1
    mark: Mark | None = None
    if clear["."] != clear[","]:
        mark = "." if clear["."] > clear[","] else ","
    elif delimiter == ";":
        mark = ","
    else:
        base = (language or mill.language or "").split("-")[0]
        mark = "," if base in COMMA_LANGUAGES else ("." if base == "en" else None)
    units = [c.header.unit.unit for c in columns if c.header.unit and c.field in DIMENSION]
    imperial = mill.country in ("US", "CA") or (
        any(u in ("in", "lb") for u in units) and not any(u in ("mm", "cm", "kg", "t") for u in units)
    )
    return Habit(mark, imperial, _told(mill), units_in(above))


def _told(mill: MillContext) -> Mark | None:
    told = (mill.profile or {}).get("decimal")
    return "." if told == "." else "," if told == "," else None


def plan_for(column: Column, habit: Habit, *, mill: MillContext) -> Plan:
    """Unit and mark of a measuring column."""
    field = column.field or ""
    dimension = DIMENSION.get(field, "count")
    unit, question = (column.unit, None) if column.unit else _unit(column, field, dimension, habit, mill)
    decided = MarkDecision(habit.told, open=False)
    if habit.told is None:
        decided = _mark(column, field, dimension, unit, habit.mark)
    if decided.open:
        question = f'The numbers in "{column.header.text}" can be read in two ways (1.250 as 1250 or as 1.25).'
    return Plan(field, dimension, unit, decided.mark, question, None if habit.imperial else "t")


def _mark(column: Column, field: str, dimension: str, unit: str | None, locale: Mark | None) -> MarkDecision:
    usual = _USUAL.get(field)
    factor = FACTORS.get(dimension, {}).get(unit or "", Decimal(1))
    if field == "price":
        usual, factor = _usual_price(column.header.unit)
    plausible: Callable[[Decimal, str], bool] | None = None
    if usual is not None:
        low, high = usual
        factors = FACTORS.get(dimension, {})

        def in_range(value: Decimal, tail: str) -> bool:
            own = cell_unit(tail, dimension) if tail and dimension in _WITH_UNITS else None
            return low <= abs(value) * factors.get(own or "", factor) <= high

        plausible = in_range
    return numbers.decide_mark(column.texts, plausible=plausible, locale=locale)


def _usual_price(unit: HeaderUnit | None) -> tuple[tuple[int, int] | None, Decimal]:
    """What a price usually is per tonne, and the factor to it; sheets and reams are too different for a range."""
    if unit is None or unit.dimension != "price":
        return None, Decimal(1)
    size = about_a_euro(unit.currency)
    if unit.unit == "ton?":
        return (60 * size, 6000 * size), Decimal(1)
    factor = per_tonne(unit.unit)
    return (None, Decimal(1)) if factor is None else ((60 * size, 6000 * size), factor)


def _unit(column: Column, field: str, dimension: str, habit: Habit, mill: MillContext) -> tuple[str | None, str | None]:
    header = column.header
    if dimension == "count":
        return ("thousand" if field == "sheet_count" and _THOUSANDS.search(fold(header.text)) else None), None
    if dimension == "price":
        return None, None
    if header.unit is not None and (
        header.unit.dimension == dimension or (dimension == "thickness" and header.unit.unit == "mm")
    ):
        said = header.unit.unit
        if said == "st?" and habit.imperial:
            return "short_ton", None
        if said not in ("ton?", "st?"):
            return said, None
        if said == "ton?" and not habit.imperial:
            return "t", None
        return None, f'"{header.text}": metric tonnes or short tons?'
    own, bare = _cells(column, dimension)
    if own and not bare:
        return None, None  # every cell says its unit
    if own:
        likely = max(set(u for u, _ in own), key=[u for u, _ in own].count)
        same = [v for u, v in own if u == likely]
        if bare and median(same) / 4 <= median(bare) <= median(same) * 4 and not likely.endswith("?"):
            return likely, None
    if not bare or field in ("format", "diameter_core"):
        return None, None
    told = habit.units.get(dimension)
    if told is not None and _fits(field, dimension, told, bare):
        return told, None
    if told is not None and field != "core_mm":
        return None, _unclear(header.text, median(bare))
    return _by_magnitude(field, dimension, bare, habit, header.text)


def _cells(column: Column, dimension: str) -> tuple[list[tuple[str, Decimal]], list[Decimal]]:
    own: list[tuple[str, Decimal]] = []
    bare: list[Decimal] = []
    for cell in column.cells:
        if isinstance(cell, float):
            value = numbers.from_float(cell)
            if value is not None:
                bare.append(value)
        elif isinstance(cell, str):
            read = _either_mark(cell)
            if read.value is None:
                continue
            unit = cell_unit(read.unit, dimension)
            if unit:
                own.append((unit, read.value))
            elif unit == "":
                bare.append(read.value)
    return own, bare


def _either_mark(text: str) -> Quantity:
    text = numbers.at_most(text)
    read = numbers.quantity(text, ",")
    return read if read.value is not None else numbers.quantity(text, ".")


def _by_magnitude(
    field: str, dimension: str, bare: list[Decimal], habit: Habit, header: str
) -> tuple[str | None, str | None]:
    middle = median(bare)
    broken = any(v != v.to_integral_value() for v in bare)
    unit: str | None = None
    if field in ("width_mm", "sheet_w_mm", "sheet_l_mm"):
        unit = "mm" if middle >= 400 else None
        if unit is None and habit.imperial and 8 <= middle <= 130:
            unit = "in"
        elif unit is None and not habit.imperial and (40 <= middle < 100 or (100 <= middle < 400 and broken)):
            unit = "cm"
        elif unit is None and not habit.imperial and 0.2 <= middle < 4 and broken:
            unit = "m"
    elif field == "diameter_mm":
        unit = "mm" if middle >= 400 else "cm" if 60 < middle <= 180 else "in" if 20 <= middle <= 60 else None
        unit = "m" if 0.4 <= middle < 2 and broken and not habit.imperial else unit
    elif field == "core_mm":
        if all(v in _CORE_INCHES for v in bare) and any(v < 7 for v in bare):
            unit = "in"
        else:
            unit = "mm" if 70 <= middle <= 310 else "cm" if 7 <= middle <= 31 and not habit.imperial else None
    elif dimension == "weight" and not habit.imperial:
        unit = "kg" if middle >= 200 else "t" if middle < 60 and broken else None
    elif dimension == "thickness":
        unit = "um" if middle >= 40 else "mm" if middle < 4 and not habit.imperial else None
    elif dimension == "gsm" and not habit.imperial:
        unit = "g/m2"
    if unit is None:
        return None, _unclear(header, middle)
    return unit, None


def _fits(field: str, dimension: str, unit: str, bare: list[Decimal]) -> bool:
    low, high = _USUAL.get(field, (100, 3000))
    return low <= median(bare) * FACTORS[dimension][unit] <= high


def _unclear(header: str, middle: Decimal) -> str:
    return f'"{header}" does not say its unit, and numbers around {middle.normalize():f} do not tell it.'
