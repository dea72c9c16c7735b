"""How well the cells of a column go with a field: the share of them that make sense as it."""

from collections.abc import Callable
from datetime import date

from services.ingestion.parsing import dates, grades, numbers, places, terms
from services.ingestion.parsing.facts import only_facts
from services.ingestion.parsing.model import MillContext
from services.ingestion.parsing.sheets import Cell, CellError
from services.ingestion.parsing.sizes import is_pair
from services.ingestion.parsing.text import clean, normal
from services.ingestion.parsing.units import FACTORS, cell_unit, header_unit


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


def _counted(cell: Cell) -> bool:
    read = numbers.quantity(cell, ",") if isinstance(cell, str) else None
    return read is not None and read.kind == "number" and terms.counts_things(read.unit)


def _count_fit(cells: list[Cell], mill: MillContext, today: date) -> float:
    return _share(
        cells,
        lambda c: c.is_integer() if isinstance(c, float) else _numeric(None)(c) or _numeric("weight")(c) or _counted(c),
    )


def _pair(cell: Cell) -> bool:
    return isinstance(cell, str) and is_pair(cell)


def _says(cell: Cell, field: str, *, least: int = 1) -> bool:
    """Whether a cell of several facts, at least so many, names this field."""
    found = only_facts(cell, ",", False) if isinstance(cell, str) else None
    return found is not None and field in found and len(found) >= least


def _format_fit(cells: list[Cell]) -> float:
    """Sizes of sheets; among them also the widths of reels, which then stand alone."""
    pairs = _share(cells, lambda c: _pair(c) or _says(c, "format") or _says(c, "width_mm", least=2))
    return pairs + (_share(cells, lambda c: not _pair(c) and _numeric("length")(c)) if pairs >= 0.2 else 0.0)


def _lot_ref_fit(cells: list[Cell], mill: MillContext, today: date) -> float:
    texts = [_as_text(c) for c in cells]
    short = sum(1 for t in texts if 0 < len(t) <= 40)
    return min(short, len({normal(t) for t in texts}) * 1.1) / len(texts)


def grade_fit(cells: list[Cell]) -> float:
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
            return (
                terms.is_now(cell)
                or dates.parse(cell, "dmy", today) is not None
                or dates.parse(cell, "mdy", today) is not None
            )
        return isinstance(cell, date) or (isinstance(cell, float) and dates.from_serial(cell) is not None)

    return _share(cells, good)


def _price_fit(cells: list[Cell], mill: MillContext, today: date) -> float:
    def good(cell: Cell) -> bool:
        if isinstance(cell, str):
            return (
                terms.is_on_request(cell)
                or numbers.quantity(cell.strip("€$£ "), ".").kind != "text"
                or numbers.quantity(cell.strip("€$£ "), ",").kind != "text"
                or numbers.quantity(header_unit(cell)[0].strip("€$£ "), ".").kind == "number"
            )
        return isinstance(cell, float)

    return _share(cells, good)


def _speaks_of_labels(text: str) -> bool:
    labelled = bool({"fsc", "pefc"} & set(normal(text).split())) or bool(terms.certificates(text))
    return labelled or terms.is_yes(text) or terms.is_no(text)


_PAPER = ("liner", "papier", "paper", "karton", "board", "druck", "kraft", "fluting", "papperi", "paperi")


def _is_no_place(text: str, mill: MillContext) -> bool:
    """Faults and names of papers under the heading of a warehouse."""
    paper = any(token.endswith(_PAPER) for token in normal(text).split()) and "lager" not in normal(text)
    return paper or _speaks_of_faults(text, mill)


def _is_no_remark(text: str, mill: MillContext) -> bool:
    """A class or a place under the heading of remarks."""
    return terms.quality_class(text) is not None or (len(text) < 40 and places.place(text, mill.country)[1] is not None)


_Fit = Callable[[list[Cell], MillContext, date], float]


def _measure(dimension: str) -> _Fit:
    return lambda cells, mill, today: _share(cells, _numeric(dimension))


def _by_text(good: Callable[[str, MillContext], bool]) -> _Fit:
    return lambda cells, mill, today: _share(cells, lambda c: bool(good(_as_text(c), mill)))


FITS: dict[str, _Fit] = {
    "lot_ref": _lot_ref_fit,
    "grade_raw": lambda cells, mill, today: grade_fit(cells),
    "product_name": _by_text(
        lambda t, mill: (
            any(c.isalpha() for c in t)
            and terms.quality_class(t) is None
            and terms.form(t) is None
            and (grades.is_named(t) or not _speaks_of_faults(t, mill))
        )
    ),
    "gsm": _gsm_fit,
    "width_mm": lambda cells, mill, today: min(_share(cells, _numeric("length")), 1 - _share(cells, _pair)),
    "sheet_w_mm": _measure("length"),
    "sheet_l_mm": _measure("length"),
    "diameter_mm": lambda cells, mill, today: _share(
        cells, lambda c: _numeric("length")(numbers.at_most(c) if isinstance(c, str) else c)
    ),
    "core_mm": _measure("length"),
    "diameter_core": lambda cells, mill, today: _share(cells, _pair),
    "format": lambda cells, mill, today: _format_fit(cells),
    "caliper_um": _measure("thickness"),
    "weight_net_kg": lambda cells, mill, today: _share(
        cells, lambda c: _numeric("weight")(c) or _says(c, "weight_net_kg")
    ),
    "weight_gross_kg": _measure("weight"),
    "avg_reel_weight_kg": _measure("weight"),
    "reel_count": _count_fit,
    "pallet_count": _count_fit,
    "sheet_count": _count_fit,
    "price": _price_fit,
    "quality_class": _by_text(lambda t, mill: terms.quality_class(t) is not None),
    "location_place": lambda cells, mill, today: min(
        _text_fit(cells, mill, today), 1 - _share(cells, lambda c: _is_no_place(_as_text(c), mill))
    ),
    "location_country": _by_text(lambda t, mill: places.country(t, home=mill.country) is not None),
    "certification": _by_text(lambda t, mill: _speaks_of_labels(t)),
    "form": _by_text(lambda t, mill: terms.form(t) is not None),
    "grain": _by_text(lambda t, mill: terms.grain(t) is not None),
    "currency": _by_text(lambda t, mill: len(clean(t)) <= 4),
    "incoterm": _by_text(
        lambda t, mill: (
            clean(t)[:3].upper() in {"EXW", "FCA", "FOB", "CFR", "CIF", "CPT", "DAP", "DDP", "FAS", "CIP", "DPU"}
        )
    ),
    "available_from": _date_fit,
    "production_date": _date_fit,
    "valid_until": _date_fit,
    "surplus_reason": _text_fit,
    "defects": _text_fit,
    "remarks": lambda cells, mill, today: min(
        _text_fit(cells, mill, today), 1.3 - _share(cells, lambda c: _is_no_remark(_as_text(c), mill))
    ),
    "colour": _text_fit,
    "brightness_iso": _measure("gsm"),
}


def _id_fit(cells: list[Cell], mill: MillContext, today: date) -> float:
    """Numbers of lots: short, with digits, hardly ever the same, and no measure."""
    texts = [_as_text(c).strip() for c in cells]
    good = [t for t in texts if 3 <= len(t) <= 20 and any(c.isdigit() for c in t) and not any(c in t for c in ",×*%")]
    whole = all(isinstance(c, float) for c in cells)
    steps = sorted(c for c in cells if isinstance(c, float))
    if whole and (not all(c.is_integer() and c > 999 for c in steps) or steps[-1] > 3 * steps[0]):
        return 0.0
    return min(len(good), len({normal(t) for t in good}) * 1.05) / len(texts)


def _speaks_of_faults(text: str, mill: MillContext) -> bool:
    return terms.surplus_reason(text) is not None or bool(terms.defects(text))


# Where the header says nothing, the cells have to say more.
BARE_FITS: dict[str, _Fit] = {
    "quality_class": lambda cells, mill, today: _share(
        cells, lambda c: isinstance(c, str) and not c.strip().isdigit() and terms.quality_class(c) is not None
    ),
    "lot_ref": _id_fit,
    "remarks": _by_text(_speaks_of_faults),
    "certification": _by_text(lambda t, mill: bool(terms.certificates(t))),
    "available_from": lambda cells, mill, today: (
        _date_fit([c for c in cells if not isinstance(c, float)], mill, today)
        * _share(cells, lambda c: not isinstance(c, float))
    ),
}


_USUAL = {  # field -> what nearly every cell lies between, in mm, kg and g/m²
    "gsm": (25, 700),
    "width_mm": (300, 3600),
    "diameter_mm": (500, 1550),
    "core_mm": (70, 310),
    "weight_net_kg": (80, 100_000),
}


def usually(cells: list[Cell], field: str, unit: str) -> bool:
    """Whether the bare numbers of a column are, in this unit, what the field usually is."""
    limits, dimension = _USUAL.get(field), "gsm" if field == "gsm" else "weight" if "weight" in field else "length"
    factor = FACTORS[dimension].get(unit)
    if limits is None or factor is None:
        return False
    values = [v for c in cells if (v := _amount(c)) is not None]
    good = sum(1 for v in values if limits[0] <= v * float(factor) <= limits[1])
    return len(values) >= 3 and good >= 0.9 * len(values)


def _amount(cell: Cell) -> float | None:
    if isinstance(cell, float):
        return cell
    read = numbers.quantity(cell, ",") if isinstance(cell, str) else None
    return float(read.value) if read is not None and read.kind == "number" and read.value is not None else None
