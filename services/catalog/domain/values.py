"""What makes a lot complete and plausible, what changes it for a buyer, and what its price means per tonne."""

from dataclasses import fields
from decimal import ROUND_HALF_EVEN, Decimal

from shared.contracts.types import NON_MATERIAL, Form, LotValues, PriceUnit

Problem = tuple[str, str, str]
"""Field, code, message."""

# Outside these a number is a slip of the pen, not paper.
_RANGES: dict[str, tuple[Decimal, Decimal]] = {
    "gsm": (Decimal(10), Decimal(1500)),
    "width_mm": (Decimal(20), Decimal(6000)),
    "sheet_w_mm": (Decimal(100), Decimal(3000)),
    "sheet_l_mm": (Decimal(100), Decimal(3000)),
    "diameter_mm": (Decimal(100), Decimal(2500)),
    "core_mm": (Decimal(20), Decimal(500)),
    "caliper_um": (Decimal(10), Decimal(5000)),
    "weight_net_kg": (Decimal("0.1"), Decimal(2_000_000)),
    "weight_gross_kg": (Decimal("0.1"), Decimal(2_200_000)),
    "reel_count": (Decimal(0), Decimal(10_000)),
    "pallet_count": (Decimal(0), Decimal(10_000)),
    "sheet_count": (Decimal(0), Decimal(100_000_000)),
    "brightness_iso": (Decimal(30), Decimal(120)),
    "price_per_t": (Decimal("0.01"), Decimal(20_000)),
}

_TONNES: dict[PriceUnit, Decimal] = {
    PriceUnit.PER_T: Decimal(1),
    PriceUnit.PER_KG: Decimal(1000),
    PriceUnit.PER_100KG: Decimal(10),
    PriceUnit.PER_LB: Decimal("2204.622622"),
    PriceUnit.PER_CWT: Decimal("22.04622622"),
    PriceUnit.PER_SHORT_TON: Decimal("1.102311311"),
    PriceUnit.PER_LONG_TON: Decimal("0.984206528"),
}
_MM2_G_PER_TONNE = Decimal(10) ** 12  # mm² × g/m² in one tonne
_M2_PER_MSF = Decimal("92.90304")


def changed_fields(old: LotValues, new: LotValues) -> tuple[str, ...]:
    """Names of the fields that differ; the order of certificates and defects means nothing."""
    return tuple(field.name for field in fields(LotValues) if _of(old, field.name) != _of(new, field.name))


def _of(values: LotValues, name: str) -> object:
    value: object = getattr(values, name)
    return frozenset(str(one) for one in value) if isinstance(value, tuple) else value  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] – isinstance leaves its parts unknown


def is_material(changed: tuple[str, ...]) -> bool:
    """Whether a change of these fields makes it another offer."""
    return not NON_MATERIAL.issuperset(changed)


def problems_of(values: LotValues, *, grades: frozenset[str]) -> list[Problem]:
    """Everything that keeps these values from being listed; empty when they may be."""
    found: list[Problem] = []
    if values.grade_code not in grades:
        found.append(("grade_code", "unknown_grade", "is not a code of the grade list; see GET /reference-data"))
    for name, (low, high) in _RANGES.items():
        value: Decimal | int | None = getattr(values, name)
        if value is not None and not low <= value <= high:
            found.append((name, "out_of_range", f"must be between {low} and {high}"))
    if values.form == Form.REEL and values.width_mm is None:
        found.append(("width_mm", "missing", "a reel needs its width"))
    if values.form == Form.SHEET and (values.sheet_w_mm is None or values.sheet_l_mm is None):
        found.append(("sheet_w_mm", "missing", "a sheet needs both dimensions"))
    if values.diameter_mm is not None and values.core_mm is not None and values.diameter_mm <= values.core_mm + 40:
        found.append(("diameter_mm", "contradiction", "must be more than 40 mm larger than the core"))
    if values.weight_gross_kg is not None and values.weight_gross_kg < values.weight_net_kg:
        found.append(("weight_gross_kg", "contradiction", "must not be less than the net weight"))
    if values.price is not None and values.currency is None:
        found.append(("currency", "missing", "a price needs its currency"))
    return found


def price_per_tonne(values: LotValues) -> Decimal | None:
    """The price per 1000 kg in its own currency; ``None`` without a price or without what its unit needs."""
    if values.price is None or values.price_unit is None:
        return None
    tonnes = _TONNES.get(values.price_unit) or _per_tonne_of_area(values)
    if tonnes is None:
        return None
    return (values.price * tonnes).quantize(Decimal("0.01"), rounding=ROUND_HALF_EVEN)


def _per_tonne_of_area(values: LotValues) -> Decimal | None:
    """How many of the price's units make a tonne, for units that count area or sheets. A ream has 500 sheets."""
    if values.price_unit == PriceUnit.PER_M2:
        return Decimal(1_000_000) / values.gsm
    if values.price_unit == PriceUnit.PER_MSF:
        return Decimal(1_000_000) / (_M2_PER_MSF * values.gsm)
    if values.sheet_w_mm is None or values.sheet_l_mm is None:
        return None
    sheets = 1000 if values.price_unit == PriceUnit.PER_1000_SHEETS else 500
    return _MM2_G_PER_TONNE / (values.sheet_w_mm * values.sheet_l_mm * values.gsm * sheets)
