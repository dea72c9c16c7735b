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
        return Size(_number(only[1], mark), None, unit=unit) if only else None
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
    """The larger measure is the reel, the smaller the core; each may carry its own unit."""
    found = _PAIR.match(fold(text))
    if not found:
        only = _FIRST_ONLY.match(fold(text))
        return Size(_scaled(only[1], only[2], unit, mark, reel=True), None, unit=unit) if only else None
    one = _scaled(found[1], found[2], unit, mark, reel=True)
    two = _scaled(found[4], found[5], unit, mark, reel=False)
    if one is None or two is None:
        return None
    return Size(max(one, two), min(one, two), unit=unit)


def _scaled(text: str, own: str | None, unit: str | None, mark: Mark | None, *, reel: bool) -> Decimal | None:
    value = _number(text, mark)
    if value is None:
        return None
    chosen = (cell_unit(own, "length") if own else None) or unit
    if chosen is None:
        chosen = "mm" if value >= 70 and (value >= 400 or not reel) else ("cm" if reel and value >= 60 else None)
    if chosen is None:
        return None
    if chosen == "cm" and not reel and value > 31:
        chosen = "mm"  # "125/76": the reel in cm, the core in mm
    return value * LENGTH[chosen]


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
