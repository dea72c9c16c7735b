"""Two measures in one cell: sheet sizes with their grain, and diameter with core."""

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from services.ingestion.parsing.numbers import Mark, to_decimal
from services.ingestion.parsing.text import fold
from services.ingestion.parsing.units import LENGTH, cell_unit
from shared.contracts.types import Grain

_NUMBER = r"\d+(?:[.,]\d+)?(?:\s\d+/\d+)?"
_MEASURE = rf"({_NUMBER})\s*(mm|cm|m|in|inch|\"|''|″|”)?\.?"
_PAIR = re.compile(rf"^\D{{0,14}}?{_MEASURE}\s*(x|×|\*|/|:|by|\bcore\b\D{{0,3}}|h|mal)\s*{_MEASURE}\s*(.*)$")
_FIRST_ONLY = re.compile(rf"^\s*{_MEASURE}\s*[x×*/]?\s*$")
_FRACTION = re.compile(r"^(\d+)\s(\d+)/(\d+)$")
_TAIL = re.compile(  # what may stand behind a size: its unit, its grain, what it is; anything else is another fact
    r"^(?:[\s,;.()\[\]-]|\b(?:mm|cm|m|in|inch|lg|sg|sb|bb|bl|fc|long|short|grain|schmalbahn|breitbahn|fibra|lunga|corta"
    r"|larga|sens|court|bogen|sheets?|fogli|feuilles|hojas|ark|core|hulse|dia|od|id|max|ca|h|d)\b|[\"″”'])*$"
)
_GRAIN = (
    (Grain.LONG, re.compile(r"\b(?:lg|sb|long grain|schmalbahn|grain long|fibra lunga|sens long|bl)\b")),
    (Grain.SHORT, re.compile(r"\b(?:sg|bb|short grain|breitbahn|grain short|fibra corta|sens court|fc)\b")),
)


@dataclass(frozen=True, slots=True)
class Size:
    """``first`` and ``second`` in mm as written; ``None`` where not said. ``unit`` None: nobody can tell."""

    first: Decimal | None
    second: Decimal | None
    grain: Grain | None = None
    unit: str | None = None


@lru_cache(maxsize=16384)
def is_pair(text: str) -> bool:
    return _PAIR.match(fold(text)) is not None


@lru_cache(maxsize=16384)
def sheet_size(text: str, unit: str | None, mark: Mark | None, imperial: bool) -> Size | None:
    """A sheet size; ``None`` when the cell holds no measure at all."""
    folded = fold(text).replace("”", '"').strip()
    found = _PAIR.match(folded)
    if not found:
        only = _FIRST_ONLY.match(folded)
        own = cell_unit(only[2], "length") if only and only[2] else None
        return Size(_number(only[1], mark), None, unit=own or unit) if only else None
    if not _TAIL.match(found[6]):
        return None
    first, second = _number(found[1], mark), _number(found[4], mark)
    own = found[5] or found[2]
    chosen = (cell_unit(own, "length") if own else None) or _unit_in(found[6]) or unit
    if first is None or second is None:
        return Size(None, None, unit=chosen)
    chosen = chosen or _by_magnitude(first, second, imperial=imperial)
    if chosen is None:
        return Size(first, second, unit=None)
    factor = LENGTH[chosen]
    grain = next((g for g, pattern in _GRAIN if pattern.search(found[6])), None)
    return Size(first * factor, second * factor, grain, chosen)


@lru_cache(maxsize=16384)
def diameter_and_core(text: str, unit: str | None, mark: Mark | None) -> Size | None:
    """The reel is the larger measure; a reel in cm may stand beside a core in mm. ``None``: not to be told."""
    found = _PAIR.match(fold(text))
    if not found:
        only = _FIRST_ONLY.match(fold(text))
        value = _number(only[1], mark) if only else None
        chosen = (cell_unit(only[2], "length") if only and only[2] else None) or unit
        if value is None or (chosen is None and value < 400):
            return None
        return Size(value * LENGTH[chosen or "mm"], None, unit=chosen)
    one, two = _number(found[1], mark), _number(found[4], mark)
    if one is None or two is None or not _TAIL.match(found[6]):
        return None
    units = [cell_unit(own, "length") if own else None for own in (found[2], found[5])]
    if units[0] or units[1]:
        first = one * LENGTH[units[0] or unit or units[1] or "mm"]
        second = two * LENGTH[units[1] or unit or units[0] or "mm"]
        return Size(max(first, second), min(first, second), unit=unit)
    reel_and_core = _without_units(one, two, unit)
    return Size(*reel_and_core, unit=unit) if reel_and_core else None


def _without_units(one: Decimal, two: Decimal, unit: str | None) -> tuple[Decimal, Decimal] | None:
    reel, core = max(one, two), min(one, two)
    if unit == "cm":
        return one * 10, two * (10 if two <= 31 else 1)
    if unit is not None:
        return reel * LENGTH[unit], core * LENGTH[unit]
    if reel >= 400 and core >= 70:
        return reel, core
    if 60 <= one <= 180 and 70 <= two <= one:
        return one * 10, two
    return None


def _number(text: str, mark: Mark | None) -> Decimal | None:
    fraction = _FRACTION.match(text)
    if fraction:
        return Decimal(fraction[1]) + Decimal(fraction[2]) / Decimal(fraction[3])
    return to_decimal(text, mark or ".")


def _unit_in(tail: str) -> str | None:
    word = tail.strip().split(" ")[0] if tail.strip() else ""
    return cell_unit(word, "length") or None if word else None


def _by_magnitude(first: Decimal, second: Decimal, *, imperial: bool) -> str | None:
    if first < 3 and second < 3:
        return "m"
    if first < 70 and second < 70 and imperial:
        return "in"
    if 20 <= first < 200 and 20 <= second < 200:
        return None if imperial else "cm"
    return "mm" if first >= 200 and second >= 200 else None
