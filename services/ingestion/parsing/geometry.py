"""Weight against size: a reel has a volume and a paper a density, so wrong units and slipped digits show.

Only ever a check; a stated weight is never replaced.
"""

from dataclasses import replace
from functools import cache
from math import pi, sqrt
from typing import cast

from services.ingestion.parsing.draft import Draft
from services.ingestion.parsing.text import table
from shared.contracts.types import Form, LotValues, SurplusReason

CORE_WALL_MM = 13
USUAL_CORE_MM = 76
TOO_LIGHT, TOO_HEAVY = 0.45, 1.5  # of the density of the grade: below and above nobody would believe a single lot
LIST_LIGHT, LIST_HEAVY = 0.62, 1.38  # the middle of a whole list
THINNEST_REEL_MM, THICKEST_REEL_MM = 160, 2300  # what a reel without a stated diameter may have come to
PART_REELS = frozenset({SurplusReason.STUB, SurplusReason.TRANSPORT_DAMAGE})


@cache
def densities() -> dict[str, tuple[int, int]]:
    """Usual density of a wound reel per grade, kg/m³."""
    data = cast(dict[str, list[int]], table("grades")["density"])
    return {code: (low, high) for code, (low, high) in data.items()}


def usual_density(grade: str | None) -> tuple[int, int]:
    known = densities()
    return known.get(grade or "") or known["other"]


def density(lot: Draft | LotValues) -> float | None:
    """kg/m³ of the reels of a lot from their weight and size; ``None`` where one of these is missing."""
    if lot.form is not Form.REEL or not (lot.diameter_mm and lot.width_mm and lot.reel_count and lot.weight_net_kg):
        return None
    core = (lot.core_mm or USUAL_CORE_MM) + 2 * CORE_WALL_MM
    area = pi / 4 * (lot.diameter_mm**2 - core**2) / 1e6
    volume = area * lot.width_mm / 1000 * lot.reel_count
    return float(lot.weight_net_kg) / volume if volume > 0 else None


def share_of_usual(lot: Draft | LotValues) -> float | None:
    """The density of a lot against the nearest end of what its grade usually has; 1 inside of it."""
    found = density(lot)
    if found is None:
        return None
    low, high = usual_density(lot.grade_code)
    return found / low if found < low else found / high if found > high else 1.0


def against_middle(lot: Draft | LotValues) -> float | None:
    """The density of a lot against the middle of its grade: for judging a whole list."""
    found = density(lot)
    low, high = usual_density(lot.grade_code)
    return None if found is None else found / sqrt(low * high)


def against_middle_turned(lot: LotValues) -> float | None:
    """The same with width and diameter exchanged: it shows which of the two is which."""
    if lot.width_mm is None or lot.diameter_mm is None or not 300 <= lot.width_mm <= 1800:
        return None
    return against_middle(replace(lot, width_mm=lot.diameter_mm, diameter_mm=lot.width_mm))


def implied_diameter(lot: Draft | LotValues) -> float | None:
    """The diameter in mm a reel would need for its weight, where the list does not state one."""
    if lot.form is not Form.REEL or lot.diameter_mm or not (lot.width_mm and lot.reel_count and lot.weight_net_kg):
        return None
    low, high = usual_density(lot.grade_code)
    each = float(lot.weight_net_kg) / lot.reel_count
    return sqrt(each / (sqrt(low * high) * lot.width_mm / 1000) * 4 / pi) * 1000


def lightest_kg(lot: Draft | LotValues) -> float | None:
    """What a single reel of this width weighs at the least, where nothing is said of diameter and reels."""
    if lot.form is not Form.REEL or lot.diameter_mm or lot.reel_count or not lot.width_mm:
        return None
    return pi / 4 * (THINNEST_REEL_MM / 1000) ** 2 * usual_density(lot.grade_code)[0] * lot.width_mm / 1000


def expected_kg(lot: Draft | LotValues) -> float | None:
    """What the reels of a lot would weigh at the usual density of their grade."""
    found = density(lot)
    if found is None or lot.weight_net_kg is None:
        return None
    low, high = usual_density(lot.grade_code)
    return float(lot.weight_net_kg) / found * sqrt(low * high)
