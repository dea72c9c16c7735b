"""One row of the table becomes a draft of a lot and the list of what could not be read."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import partial

from services.ingestion.parsing import dates, grades, numbers, places, sizes, terms
from services.ingestion.parsing.columns import COUNTS, DATES
from services.ingestion.parsing.draft import LABELS, Fault, rounded, tenth
from services.ingestion.parsing.facts import Facts, only_facts
from services.ingestion.parsing.pricing import currency_cell, price_cell
from services.ingestion.parsing.quantities import Plan
from services.ingestion.parsing.scope import NOTHING, Reading, Scope, remembered, shown
from services.ingestion.parsing.sheets import Cell, CellError
from services.ingestion.parsing.text import clean, is_empty_mark, normal
from services.ingestion.parsing.units import FACTORS, LENGTH, cell_unit
from shared.contracts.types import QualityClass


def measure(cell: Cell, plan: Plan) -> Reading:
    """One measuring cell in canonical units, unrounded."""
    name = plan.field if plan.field != "weight_alt" else "weight_net_kg"
    label = LABELS.get(name, "number")
    if isinstance(cell, CellError):
        return None, Fault(name, "cell_error", f'The cell shows the spreadsheet error "{cell}".')
    plain = numbers.from_float(cell) if isinstance(cell, float) else None
    if plain is not None:
        return _scaled(plain, plan.unit, plan, name)
    if not isinstance(cell, str):
        return None, Fault(name, "not_a_number", f'"{shown(cell)}" is not a number for the {label}.')
    if is_empty_mark(cell):
        return NOTHING
    read = numbers.quantity(numbers.at_most(cell) if name == "diameter_mm" else cell, plan.mark)
    if read.kind == "several" and plan.dimension == "length":
        return None, Fault(
            name, "several_widths", f'"{clean(cell)}" holds several measures for one weight. Please split the lot.'
        )
    if read.kind == "range" and name == "gsm" and read.value is not None and read.high is not None:
        middle = (read.value + read.high) / 2
        if (read.high - middle) <= middle * Decimal("0.05"):
            return _scaled(middle, cell_unit(read.unit, "gsm") or plan.unit, plan, name)
        return None, Fault(name, "not_a_number", f'"{clean(cell)}" is a range wider than 5 %.')
    if read.kind != "number" or read.value is None:
        return None, Fault(name, "not_a_number", f'"{clean(cell)}" is not a number for the {label}.')
    if plan.dimension == "count":
        if read.unit and not terms.counts_things(read.unit):
            return None, Fault(name, "not_a_number", f'"{clean(cell)}" is not a number for the {label}.')
        return _scaled(read.value, plan.unit, plan, name)
    unit = cell_unit(read.unit, plan.dimension)
    if unit is None:
        return None, Fault(name, "unit_unknown", f'The unit in "{clean(cell)}" is not known.')
    return _scaled(read.value, unit or plan.unit, plan, name)


def _scaled(value: Decimal, unit: str | None, plan: Plan, name: str) -> Reading:
    if plan.dimension == "count":
        return value * (1000 if unit == "thousand" else 1), None
    if unit == "ton?":
        unit = plan.ton
    if unit == "st?" and plan.ton is None:
        unit = "short_ton"
    factor = FACTORS[plan.dimension].get(unit or "")
    if unit == "lb?":
        return None, Fault(
            name,
            "unit_unknown",
            f"{value.normalize():f} lb cannot be converted without the basic size (for example lb/MSF or lb text).",
        )
    if factor is None:
        return None, Fault(name, "unit_unknown", f"The unit of {value.normalize():f} is not clear.")
    return value * factor, None


def _whole(scope: Scope, name: str, cell: Cell) -> Reading:
    value, fault = measure(cell, scope.plans[name])
    if fault is not None and (together := _together(scope, name, cell)):
        return together, None
    if not isinstance(value, Decimal):
        return value, fault
    if name in COUNTS and value != value.to_integral_value():
        return None, Fault(name, "not_a_number", f"{value.normalize():f} is not a whole number.")
    if name in COUNTS and isinstance(cell, str) and (things := terms.counted(cell)) not in (None, name):
        return Facts({str(things): rounded(value)}), None
    return rounded(value), None


def _together(scope: Scope, name: str, cell: Cell) -> Facts | None:
    """What a cell with several facts says, where one of them is what the column is for."""
    plan = scope.plans[name]
    if not isinstance(cell, str) or plan.open_question:
        return None
    found = only_facts(clean(cell), plan.mark or scope.habit.mark, scope.habit.imperial)
    return found if found is not None and (name in found or name == "format") else None


def _tenths(scope: Scope, name: str, cell: Cell) -> Reading:
    value, fault = measure(cell, scope.plans[name])
    if fault is not None and (together := _together(scope, name, cell)):
        return together, None
    return (tenth(value), None) if isinstance(value, Decimal) else (value, fault)


def _text(scope: Scope, name: str, cell: Cell) -> Reading:
    text = clean(shown(cell))
    return (None if isinstance(cell, CellError) or is_empty_mark(text) else text), None


def _lot_ref(scope: Scope, name: str, cell: Cell) -> Reading:
    if isinstance(cell, CellError):
        return None, Fault(name, "cell_error", f'The cell shows the spreadsheet error "{cell}".')
    return _text(scope, name, cell)


def _grade(scope: Scope, name: str, cell: Cell) -> Reading:
    if isinstance(cell, CellError):
        return None, Fault("grade_code", "cell_error", f'The cell shows the spreadsheet error "{cell}".')
    text = clean(shown(cell))
    if is_empty_mark(text):
        return NOTHING
    return grades.resolve(text, remembered(scope.mill, "grades")), None


def _quality(scope: Scope, name: str, cell: Cell) -> Reading:
    text = clean(shown(cell))
    if is_empty_mark(text):
        return NOTHING
    taught = remembered(scope.mill, "classes").get(normal(text))
    found = QualityClass(taught) if taught in QualityClass.__members__ else terms.quality_class(text)
    if found is None:
        return None, Fault(
            name, "unknown_class", f'The quality class "{text}" is not known. Which class is it: prime, A, B or C?'
        )
    return found, None


def _sheet_size(scope: Scope, name: str, cell: Cell) -> Reading:
    plan = scope.plans["format"]
    if isinstance(cell, CellError):
        return None, Fault("sheet_w_mm", "cell_error", f'The cell shows the spreadsheet error "{cell}".')
    text = clean(shown(cell))
    if is_empty_mark(text):
        return NOTHING
    size = sizes.sheet_size(text, plan.unit, plan.mark, scope.habit.imperial)
    if size is None and (together := _together(scope, name, cell)):
        return together, None
    if size is None or (size.first is None and size.second is None):
        return None, Fault("sheet_w_mm", "bad_format", f'"{text}" is not a sheet size such as 700 x 1000.')
    if size.second is None:
        alone = Fault("sheet_l_mm", "bad_format", f'"{text}" holds only one side of the sheet.')
        side = size.first * LENGTH[size.unit or "mm"] if size.first is not None else None
        known = side is not None and (size.unit is not None or side >= 400)
        return (Facts({"one_side": (side, alone)}), None) if known else (None, alone)
    if size.unit is None:
        return None, Fault("sheet_w_mm", "unit_unknown", f'The unit of the sheet size "{text}" is not clear.')
    return size, None


def _reel_size(scope: Scope, name: str, cell: Cell) -> Reading:
    plan = scope.plans["diameter_core"]
    if isinstance(cell, CellError):
        return None, Fault("diameter_mm", "cell_error", f'The cell shows the spreadsheet error "{cell}".')
    text = clean(shown(cell))
    if is_empty_mark(text):
        return NOTHING
    size = sizes.diameter_and_core(text, plan.unit, plan.mark)
    if size is None or size.first is None:
        return None, Fault("diameter_mm", "bad_format", f'"{text}" is not a diameter and a core such as 1200/76.')
    if size.second is not None and size.first == size.second:
        return None, Fault("core_mm", "out_of_range", f'In "{text}" the core is as large as the reel.')
    return size, None


def _place(scope: Scope, name: str, cell: Cell) -> Reading:
    text = clean(shown(cell))
    if is_empty_mark(text) or isinstance(cell, CellError):
        return NOTHING
    if not any(c.isalpha() for c in text) or terms.is_on_request(text):
        return None, Fault(name, "bad_place", f'"{text}" is not a place.')
    return places.place(text, scope.mill.country), None


def _country(scope: Scope, name: str, cell: Cell) -> Reading:
    text = clean(shown(cell))
    if is_empty_mark(text):
        return NOTHING
    found = places.country(text, home=scope.mill.country)
    return (found, None) if found else (None, Fault(name, "unknown_country", f'The country "{text}" is not known.'))


def _date(scope: Scope, name: str, cell: Cell) -> Reading:
    if isinstance(cell, CellError):
        return None, Fault(name, "cell_error", f'The cell shows the spreadsheet error "{cell}".')
    if isinstance(cell, float):
        found = dates.from_serial(cell)
        return (found, None) if found else (None, Fault(name, "bad_date", f'"{shown(cell)}" is not a date.'))
    if isinstance(cell, date):
        return cell, None
    text = clean(shown(cell))
    if terms.is_now(text):
        return NOTHING
    found = dates.parse(text, scope.orders.get(name), scope.today)
    return (found, None) if found else (None, Fault(name, "bad_date", f'"{text}" is not a date we can read.'))


def _made(scope: Scope, name: str, cell: Cell) -> Reading:
    """A day of production still to come is when the lot will be there; one that is past says nothing to a buyer."""
    value, fault = _date(scope, name, cell)
    return (value, None) if fault is None and isinstance(value, date) and value > scope.today else NOTHING


def _certificates(scope: Scope, name: str, cell: Cell) -> Reading:
    text = clean(shown(cell))
    if is_empty_mark(text):
        return (), None
    found = terms.certificates(text)
    if not found and terms.is_yes(text):
        found = terms.certificates(scope.columns["certification"].header.text)
    return found, None


def _form(scope: Scope, name: str, cell: Cell) -> Reading:
    text = clean(shown(cell))
    if is_empty_mark(text):
        return NOTHING
    found = terms.form(text)
    return (found, None) if found else (None, Fault(name, "unknown_form", f'"{text}" is neither reel nor sheet.'))


_READERS: dict[str, Callable[[Scope, str, Cell], Reading]] = {
    "lot_ref": _lot_ref,
    "grade_raw": _grade,
    "quality_class": _quality,
    "format": _sheet_size,
    "diameter_core": _reel_size,
    "location_place": _place,
    "location_country": _country,
    "price": price_cell,
    "currency": currency_cell,
    "certification": _certificates,
    "form": _form,
    "grain": lambda scope, name, cell: (terms.grain(clean(shown(cell))), None),
    "gsm": _tenths,
    "weight_net_kg": _tenths,
    "weight_alt": _tenths,
    "weight_gross_kg": _tenths,
    "avg_reel_weight_kg": _tenths,
    **dict.fromkeys(("width_mm", "sheet_w_mm", "sheet_l_mm", "diameter_mm", "core_mm", "caliper_um", *COUNTS), _whole),
    **dict.fromkeys(DATES, _date),
    "production_date": _made,
    **dict.fromkeys(("product_name", "colour", "surplus_reason", "defects", "remarks", "incoterm"), _text),
}


def readers_of(scope: Scope) -> list[tuple[str, int, str, Callable[[Cell], Reading], dict[Cell, Reading]]]:
    """Field, column index, header, reader and cache of every mapped column: made once per table."""
    found: list[tuple[str, int, str, Callable[[Cell], Reading], dict[Cell, Reading]]] = []
    for name, column in scope.columns.items():
        kind = name.split("#")[0]
        reader = _READERS.get(kind)
        if reader is not None:
            cache = scope.caches.setdefault(name, {})
            found.append((name, column.index, column.header.text, partial(reader, scope, kind), cache))
    return found
