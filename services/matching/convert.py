"""Between the border and the domain: a request body becomes a requirement, a catalog snapshot becomes a lot."""

from decimal import Decimal
from uuid import UUID

from services.matching.domain.model import Bounds, Lot, Requirement, SheetFormat
from services.matching.schemas import DiameterRange, GsmRange, RequirementBody, WeightRange, WidthRange
from shared.contracts.grades import FAMILY_OF
from shared.contracts.types import BuyerId, ItemId, LotValues, MillId, QualityClass, RequirementId

CUT_TRIM_DEFAULT_MM = 20
_GSM_PLACES = Decimal("0.01")
_WEIGHT_PLACES = Decimal("0.1")


def requirement_of(body: RequirementBody, *, requirement_id: UUID, buyer_id: UUID) -> Requirement:
    """The requirement that a body describes; cut widths without an allowed trim get the usual 20 mm."""
    sheet, ceiling = body.sheet_mm, body.price_ceiling
    return Requirement(
        id=RequirementId(requirement_id),
        buyer_id=BuyerId(buyer_id),
        title=body.title,
        grade_codes=frozenset(body.grade_codes),
        families=frozenset(body.families),
        forms=frozenset(body.product_forms),
        gsm=_bounds(body.gsm),
        width_mm=_bounds(body.width_mm),
        cut_widths_mm=tuple(sorted(set(body.cut_widths_mm))),
        trim_max_mm=CUT_TRIM_DEFAULT_MM if body.max_trim_mm is None else body.max_trim_mm,
        sheet=SheetFormat(w_mm=sheet.w, l_mm=sheet.l, trim_max_mm=sheet.max_trim_mm) if sheet else None,
        diameter_mm=_bounds(body.diameter_mm),
        core_mm=frozenset(body.core_mm),
        weight_kg=_bounds(body.weight_kg),
        quality_floor=QualityClass(body.quality_floor),
        accepted_defects=None if body.accepted_defects is None else frozenset(body.accepted_defects),
        price_ceiling=ceiling.amount if ceiling else None,
        price_currency=ceiling.currency if ceiling else "EUR",
        countries=frozenset(body.ship_from_countries),
        certifications=frozenset(body.certifications),
    )


def _bounds(given: GsmRange | WidthRange | DiameterRange | WeightRange | None) -> Bounds:
    if given is None:
        return Bounds()
    return Bounds(
        min=None if given.min is None else Decimal(given.min), max=None if given.max is None else Decimal(given.max)
    )


def lot_of(values: LotValues, *, item_id: UUID, mill_id: UUID) -> Lot:
    """A lot as matching compares it: g/m² to two decimals, kg to one."""
    return Lot(
        item_id=ItemId(item_id),
        mill_id=MillId(mill_id),
        grade_code=values.grade_code,
        family=FAMILY_OF.get(values.grade_code),
        form=values.form,
        gsm=values.gsm.quantize(_GSM_PLACES),
        weight_kg=values.weight_net_kg.quantize(_WEIGHT_PLACES),
        quality=values.quality_class,
        country=values.location_country,
        width_mm=values.width_mm,
        sheet_w_mm=values.sheet_w_mm,
        sheet_l_mm=values.sheet_l_mm,
        diameter_mm=values.diameter_mm,
        core_mm=values.core_mm,
        certifications=frozenset(values.certification),
        defects=frozenset(values.defects),
        price_per_t=values.price_per_t,
        currency=values.currency,
    )
