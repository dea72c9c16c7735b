"""Hard limits of a lot's values: outside them a number is a slip, not paper."""

from dataclasses import dataclass
from decimal import Decimal

from services.ingestion.domain.batches import Finding
from shared.contracts.types import Form, LotValues


@dataclass(frozen=True, slots=True)
class Range:
    low: Decimal
    high: Decimal
    unit: str


def _range(low: int, high: int, unit: str) -> Range:
    return Range(Decimal(low), Decimal(high), unit)


HARD: dict[str, Range] = {
    "gsm": _range(10, 1500, "g/m²"),
    "width_mm": _range(20, 6000, "mm"),
    "sheet_w_mm": _range(100, 3000, "mm"),
    "sheet_l_mm": _range(100, 3000, "mm"),
    "diameter_mm": _range(100, 1800, "mm"),
    "core_mm": _range(20, 500, "mm"),
    "caliper_um": _range(10, 5000, "µm"),
    "brightness_iso": _range(30, 120, "%"),
    "reel_count": _range(0, 10_000, "reels"),
}
TISSUE_DIAMETER_MM = 2500
WEIGHT_MAX_KG = 2_000_000
PRICE_MAX_PER_T = 20_000
REEL_MAX_KG = 10_000


def check(values: LotValues) -> tuple[Finding, ...]:
    """What makes these values impossible; empty for a lot that may be listed. For values that a person typed."""
    found: list[Finding] = []
    for name, limits in HARD.items():
        value = getattr(values, name)
        high = limits.high
        if name == "diameter_mm" and values.grade_code.startswith("TIS_"):
            high = Decimal(TISSUE_DIAMETER_MM)
        if value is not None and not limits.low <= value <= high:
            found.append(
                _finding("out_of_range", name, f"{value} is not between {limits.low} and {high} {limits.unit}")
            )
    if not 0 < values.weight_net_kg <= WEIGHT_MAX_KG:
        found.append(_finding("out_of_range", "weight_net_kg", "the weight must be above 0 and at most 2,000 t"))
    if values.reel_count and values.weight_net_kg / values.reel_count > REEL_MAX_KG:
        found.append(_finding("out_of_range", "weight_net_kg", "one reel would weigh more than 10 t"))
    if values.price_per_t is not None and not 0 < values.price_per_t <= PRICE_MAX_PER_T:
        found.append(_finding("out_of_range", "price", "the price per tonne must be above 0 and at most 20,000"))
    if values.form is Form.REEL and values.width_mm is None:
        found.append(_finding("missing", "width_mm", "a reel needs its width"))
    if values.form is Form.SHEET and (values.sheet_w_mm is None or values.sheet_l_mm is None):
        found.append(_finding("missing", "sheet_w_mm", "sheets need both sides of their format"))
    if values.diameter_mm and values.core_mm and values.diameter_mm <= values.core_mm + 40:
        found.append(_finding("conflict", "diameter_mm", "the reel is hardly larger than its core"))
    if values.weight_gross_kg is not None and values.weight_net_kg > values.weight_gross_kg:
        found.append(_finding("conflict", "weight_net_kg", "net is more than gross"))
    return tuple(found)


def _finding(code: str, field: str, message: str) -> Finding:
    return Finding(code=code, message=message, severity="error", field=field)
