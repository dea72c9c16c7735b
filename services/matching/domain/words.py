"""How an explanation names what was asked and what is offered: short, in the units of the trade."""

from collections.abc import Iterable
from decimal import Decimal

from services.matching.domain.model import Bounds

NOT_STATED = "not stated"
LISTED_MAX = 8  # a longer list is cut, so that an explanation stays readable


def plain(value: Decimal) -> str:
    """A number without trailing zeros or an exponent: 48.8, 1250."""
    return f"{value.normalize():f}"


def ranged(bounds: Bounds, unit: str) -> str:
    """``115–140 g/m²``, ``from 1000 kg``, ``up to 1250 mm``, ``any``."""
    if bounds.min is not None and bounds.max is not None:
        same = bounds.min == bounds.max
        return f"{plain(bounds.min)} {unit}" if same else f"{plain(bounds.min)}–{plain(bounds.max)} {unit}"
    if bounds.min is not None:
        return f"from {plain(bounds.min)} {unit}"
    return "any" if bounds.max is None else f"up to {plain(bounds.max)} {unit}"


def listed(values: Iterable[str]) -> str:
    """Values in a steady order, ``none`` without any."""
    given = list(values)
    numbers = all(value.isdigit() for value in given)
    ordered = sorted(given, key=int) if numbers else sorted(given)
    shown = ", ".join(ordered[:LISTED_MAX])
    if len(ordered) > LISTED_MAX:
        return f"{shown} and {len(ordered) - LISTED_MAX} more"
    return shown or "none"


def millimetres(value: int | None) -> str:
    """``2450 mm`` or that it is not stated."""
    return NOT_STATED if value is None else f"{value} mm"


def sheet_words(w_mm: int | None, l_mm: int | None) -> str:
    """``700 × 1000 mm`` or that it is not stated."""
    return NOT_STATED if w_mm is None or l_mm is None else f"{w_mm} × {l_mm} mm"


def ceiling_words(ceiling: Decimal | None, currency: str) -> str:
    """``at most 650 EUR/t``."""
    return "any" if ceiling is None else f"at most {plain(ceiling)} {currency}/t"
