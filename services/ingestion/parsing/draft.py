"""A lot while it is being read, and what it becomes when nothing is wrong with it."""

from dataclasses import dataclass, fields
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from enum import Enum
from typing import cast

from services.ingestion.parsing.units import price_per_t
from shared.contracts.types import Certification, Defect, Form, Grain, LotValues, PriceUnit, QualityClass, SurplusReason

TENTH = Decimal("0.1")
CENT = Decimal("0.01")

LABELS = {
    "lot_ref": "lot number",
    "grade_code": "grade",
    "form": "form (reel or sheet)",
    "gsm": "grammage",
    "width_mm": "reel width",
    "sheet_w_mm": "sheet width",
    "sheet_l_mm": "sheet length",
    "diameter_mm": "reel diameter",
    "core_mm": "core",
    "caliper_um": "thickness",
    "reel_count": "number of reels",
    "pallet_count": "number of pallets",
    "sheet_count": "number of sheets",
    "weight_net_kg": "weight",
    "weight_gross_kg": "gross weight",
    "price": "price",
    "currency": "currency",
    "price_unit": "price unit",
    "quality_class": "quality class",
    "available_from": "availability date",
    "location_country": "country",
    "brightness_iso": "brightness",
    "valid_until": "end of the offer",
    "product_name": "product name",
    "certification": "certificate",
}


@dataclass(slots=True)
class Draft:
    """A lot while it is being read: canonical units, ``None`` for what is not known (yet)."""

    lot_ref: str | None = None
    grade_raw: str | None = None
    grade_code: str | None = None
    product_name: str | None = None
    form: Form | None = None
    gsm: Decimal | None = None
    width_mm: int | None = None
    sheet_w_mm: int | None = None
    sheet_l_mm: int | None = None
    grain: Grain | None = None
    diameter_mm: int | None = None
    core_mm: int | None = None
    caliper_um: int | None = None
    reel_count: int | None = None
    pallet_count: int | None = None
    sheet_count: int | None = None
    weight_net_kg: Decimal | None = None
    weight_gross_kg: Decimal | None = None
    quality_class: QualityClass | None = None
    colour: str | None = None
    brightness_iso: Decimal | None = None
    certification: tuple[Certification, ...] = ()
    surplus_reason: SurplusReason | None = None
    defects: tuple[Defect, ...] = ()
    price: Decimal | None = None
    currency: str | None = None
    price_unit: PriceUnit | None = None
    incoterm: str | None = None
    location_country: str | None = None
    location_place: str | None = None
    available_from: date | None = None
    valid_until: date | None = None
    remarks: str | None = None
    price_per_t: Decimal | None = None  # follows from price, unit and grammage


DRAFT_FIELDS = tuple(f.name for f in fields(Draft) if f.name != "price_per_t")


@dataclass(frozen=True, slots=True)
class Fault:
    """A broken rule before it knows its row and column."""

    field: str | None
    code: str
    message: str
    severity: str = "error"
    suggestion: str | None = None


def rounded(value: Decimal) -> int:
    return int(value.quantize(Decimal(1), ROUND_HALF_UP))


def tenth(value: Decimal) -> Decimal:
    return value.quantize(TENTH, ROUND_HALF_UP)


def money_per_t(draft: Draft) -> Decimal | None:
    if draft.price is None or draft.price_unit is None or not draft.gsm or draft.gsm <= 0:
        return None
    if draft.price_unit in (PriceUnit.PER_1000_SHEETS, PriceUnit.PER_REAM) and not (
        draft.sheet_w_mm and draft.sheet_l_mm
    ):
        return None
    per_t = price_per_t(
        draft.price, draft.price_unit, gsm=draft.gsm, sheet_w_mm=draft.sheet_w_mm, sheet_l_mm=draft.sheet_l_mm
    )
    return None if per_t is None else per_t.quantize(CENT, ROUND_HALF_UP)


def settled(draft: Draft) -> LotValues:
    """The lot as it travels. Only for a draft whose faults hold no error."""
    grade, form, gsm = draft.grade_code, draft.form, draft.gsm
    weight, country = draft.weight_net_kg, draft.location_country
    if grade is None or form is None or gsm is None or weight is None or country is None:
        raise ValueError("a draft with faults is no lot")
    priced = draft.price is not None
    reel = form is Form.REEL
    return LotValues(
        grade_code=grade,
        form=form,
        gsm=gsm,
        weight_net_kg=weight,
        quality_class=draft.quality_class or QualityClass.B,
        location_country=country,
        lot_ref=draft.lot_ref,
        grade_raw=draft.grade_raw,
        product_name=draft.product_name,
        width_mm=draft.width_mm if reel else None,
        sheet_w_mm=None if reel else draft.sheet_w_mm,
        sheet_l_mm=None if reel else draft.sheet_l_mm,
        grain=draft.grain,
        diameter_mm=draft.diameter_mm,
        core_mm=draft.core_mm,
        caliper_um=draft.caliper_um,
        reel_count=draft.reel_count,
        pallet_count=draft.pallet_count,
        sheet_count=draft.sheet_count,
        weight_gross_kg=draft.weight_gross_kg,
        colour=draft.colour,
        brightness_iso=draft.brightness_iso,
        certification=draft.certification,
        surplus_reason=draft.surplus_reason,
        defects=draft.defects,
        price=draft.price,
        currency=draft.currency if priced else None,
        price_unit=draft.price_unit if priced else None,
        price_per_t=draft.price_per_t if priced else None,
        incoterm=draft.incoterm,
        location_place=draft.location_place,
        available_from=draft.available_from,
        valid_until=draft.valid_until,
        remarks=draft.remarks,
    )


def as_json(value: object) -> object:
    """A value of a lot as JSON knows it: decimals and dates as text, sets as lists."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Enum):
        return cast(str, value.value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return [as_json(v) for v in cast(tuple[object, ...], value)]
    return value
