"""The rules every lot keeps, whoever typed it: hard ones reject a row, soft ones only make a person look."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from operator import attrgetter

from services.ingestion.parsing import grades
from services.ingestion.parsing.draft import LABELS, Draft, Fault, money_per_t
from services.ingestion.parsing.money import about_a_euro
from shared.contracts.types import (
    Form,
)

USUAL_CORES = (70, 76, 100, 120, 150, 152, 203, 250, 300, 305)
MAX_REEL_KG = 10_000
MAX_LOT_KG = 2_000_000
MAX_PRICE_PER_T = 20_000


def faults(draft: Draft, *, today: date) -> list[Fault]:
    """Every rule the lot breaks; with an error among them it is rejected."""
    found: list[Fault] = []
    _required(draft, found)
    _ranges(draft, found, today=today)
    _crosswise(draft, found)
    return found


def _missing(field: str, why: str) -> Fault:
    return Fault(field, "missing", why)


def _required(draft: Draft, found: list[Fault]) -> None:
    if draft.grade_code is None:
        found.append(_missing("grade_code", "The grade is missing."))
    if draft.gsm is None:
        found.append(_missing("gsm", "The grammage is missing."))
    if draft.weight_net_kg is None:
        found.append(_missing("weight_net_kg", "The weight is missing."))
    if draft.form is None:
        found.append(_missing("form", "It is not clear whether these are reels or sheets."))
    elif draft.form is Form.REEL:
        if draft.width_mm is None:
            found.append(_missing("width_mm", "The reel width is missing."))
    elif draft.sheet_w_mm is None:
        found.append(_missing("sheet_w_mm", "The sheet size is missing."))
    elif draft.sheet_l_mm is None:
        found.append(_missing("sheet_l_mm", "The second side of the sheet is missing."))


_LIMITS: tuple[tuple[str, int, int, str], ...] = (
    ("gsm", 10, 1500, "g/m²"),
    ("width_mm", 20, 6000, "mm"),
    ("sheet_w_mm", 100, 3000, "mm"),
    ("sheet_l_mm", 100, 3000, "mm"),
    ("core_mm", 20, 500, "mm"),
    ("caliper_um", 10, 5000, "µm"),
    ("reel_count", 0, 10_000, ""),
    ("pallet_count", 0, 10_000, ""),
    ("sheet_count", 0, 100_000_000, ""),
    ("brightness_iso", 30, 120, "%"),
)


_limited: Callable[[Draft], tuple[Decimal | int | None, ...]] = attrgetter(*(field for field, _, _, _ in _LIMITS))


def _ranges(draft: Draft, found: list[Fault], *, today: date) -> None:
    for (field, low, high, unit), value in zip(_LIMITS, _limited(draft), strict=True):
        if value is not None and not low <= value <= high:
            found.append(_outside(field, value, low, high, unit))
    if draft.diameter_mm is not None:
        high = 2500 if (draft.grade_code or "").startswith("TIS_") else 1800
        if not 100 <= draft.diameter_mm <= high:
            found.append(_outside("diameter_mm", draft.diameter_mm, 100, high, "mm"))
    weight = draft.weight_net_kg
    if weight is not None and not 0 < weight <= MAX_LOT_KG:
        found.append(
            Fault(
                "weight_net_kg",
                "out_of_range",
                f"A weight of {weight:,f} kg cannot be: it must be above 0 and at most {MAX_LOT_KG:,} kg.",
            )
        )
    if draft.price is not None and draft.price <= 0:
        found.append(
            Fault("price", "out_of_range", "The price must be above 0; leave it empty for a price on request.")
        )
    if draft.available_from is not None and draft.available_from > today + timedelta(days=731):
        found.append(
            Fault(
                "available_from",
                "date_out_of_range",
                f"{draft.available_from.isoformat()} is more than two years ahead.",
            )
        )
    _texts(draft, found)


def _outside(field: str, value: object, low: int, high: int, unit: str) -> Fault:
    shown = f"{value:,f}" if isinstance(value, Decimal) else f"{value:,}" if isinstance(value, int) else str(value)
    limits = f"it must be between {low:,} and {high:,} {unit}".rstrip()
    return Fault(field, "out_of_range", f"The {LABELS[field]} would be {f'{shown} {unit}'.rstrip()}; {limits}.")


def _texts(draft: Draft, found: list[Fault]) -> None:
    for field, limit in (("lot_ref", 64), ("product_name", 200), ("grade_raw", 200), ("location_place", 200)):
        value = getattr(draft, field)
        if value is not None and len(value) > limit:
            found.append(
                Fault(field, "too_long", f"The {LABELS.get(field, 'text')} is longer than {limit} characters.")
            )
    if draft.remarks is not None and len(draft.remarks) > 2000:
        draft.remarks = draft.remarks[:2000]
        found.append(Fault("remarks", "shortened", "The remark was cut to 2000 characters.", "warning"))


def _crosswise(draft: Draft, found: list[Fault]) -> None:
    weight, reels = draft.weight_net_kg, draft.reel_count
    if draft.diameter_mm is not None and draft.core_mm is not None and draft.diameter_mm <= draft.core_mm + 40:
        found.append(
            Fault("diameter_mm", "out_of_range", "The reel diameter must be at least 40 mm more than the core.")
        )
    if weight is not None and draft.weight_gross_kg is not None and weight > draft.weight_gross_kg:
        found.append(Fault("weight_net_kg", "conflict", "The net weight is above the gross weight."))
    if weight is not None and reels and weight > MAX_REEL_KG * reels:
        found.append(
            Fault(
                "weight_net_kg", "out_of_range", f"{weight / reels:,.0f} kg per reel: the limit is {MAX_REEL_KG:,} kg."
            )
        )
    sheets, w, h, gsm = draft.sheet_count, draft.sheet_w_mm, draft.sheet_l_mm, draft.gsm
    if weight is not None and weight > 0 and sheets and w and h and gsm:
        computed = Decimal(w) * h * gsm * sheets / 1_000_000_000
        if not computed / 2 <= weight <= computed * 2:
            found.append(
                Fault(
                    "weight_net_kg",
                    "conflict",
                    f"{sheets:,} sheets of this size weigh {computed:,.0f} kg, not {weight:,f} kg.",
                )
            )
        elif not computed * Decimal("0.9") <= weight <= computed * Decimal("1.1"):
            found.append(
                Fault(
                    "weight_net_kg",
                    "unusual",
                    f"{sheets:,} sheets of this size weigh about {computed:,.0f} kg.",
                    "warning",
                )
            )
    _money(draft, found)
    if not found or not any(f.severity == "error" for f in found):
        _unusual(draft, found)


def _money(draft: Draft, found: list[Fault]) -> None:
    per_t = draft.price_per_t = money_per_t(draft)
    if (
        per_t is not None
        and draft.price is not None
        and draft.price > 0
        and per_t > MAX_PRICE_PER_T * about_a_euro(draft.currency)
    ):
        found.append(
            Fault(
                "price",
                "out_of_range",
                f"The price would be {per_t:,f} per tonne; the limit is "
                f"{MAX_PRICE_PER_T * about_a_euro(draft.currency):,}.",
            )
        )
    if draft.price is not None and (draft.currency is None or draft.price_unit is None):
        what = "currency" if draft.currency is None else "price_unit"
        found.append(Fault(what, "unit_unknown", f"The price has no {LABELS[what]}."))


_NEAR_USUAL_CORES = frozenset(core + more for core in USUAL_CORES for more in range(-3, 4))


@lru_cache(maxsize=4096)
def _is_usual(gsm: Decimal, low: int, high: int) -> bool:
    return low * Decimal("0.7") <= gsm <= high * Decimal("1.3")


def _unusual(draft: Draft, found: list[Fault]) -> None:
    def warn(field: str, message: str) -> None:
        found.append(Fault(field, "unusual", message, "warning"))

    usual = grades.typical_gsm().get(draft.grade_code or "")
    if usual and draft.gsm is not None and not _is_usual(draft.gsm, *usual):
        warn("gsm", f"{draft.gsm:f} g/m² is unusual for this grade ({usual[0]}-{usual[1]}).")
    if draft.core_mm is not None and draft.core_mm not in _NEAR_USUAL_CORES:
        warn("core_mm", f"A core of {draft.core_mm} mm is unusual.")
    if draft.weight_net_kg is not None and not 50 <= draft.weight_net_kg <= 200_000:
        warn("weight_net_kg", f"A lot of {draft.weight_net_kg:f} kg is unusual.")
    if draft.caliper_um and draft.gsm is not None and not 150 <= draft.gsm * 1000 / draft.caliper_um <= 1400:
        warn("caliper_um", f"{draft.caliper_um} µm does not go with {draft.gsm:f} g/m².")
    per_t = draft.price_per_t
    if per_t is not None and not 100 <= per_t / about_a_euro(draft.currency) <= 5000:
        warn("price", f"A price of {per_t:f} per tonne is unusual.")
