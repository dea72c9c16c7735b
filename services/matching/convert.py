"""Between the border and the domain: bodies, stored columns and snapshots of the same requirement, lot and match."""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from services.matching.domain.model import Bounds, Requirement, SheetFormat
from services.matching.domain.rules import Line
from services.matching.schemas import (
    Ceiling,
    DiameterRange,
    GsmRange,
    RequirementBody,
    RequirementView,
    Sheet,
    WeightRange,
    WidthRange,
)
from services.matching.store.requirements import RequirementRow, Terms
from shared.contracts.catalog import ItemSnapshot
from shared.contracts.types import BuyerId, Certification, Defect, Form, QualityClass, RequirementId

CUT_TRIM_DEFAULT_MM = 20  # what a buyer of reels usually lets fall beside the knives


def terms_of(body: RequirementBody) -> Terms:
    """The columns of a body; every list without repetitions."""
    width, sheet, diameter, ceiling = body.width_mm, body.sheet_mm, body.diameter_mm, body.price_ceiling
    accepted = body.accepted_defects
    return Terms(
        title=body.title,
        families=sorted(set(body.families)),
        grade_codes=sorted(set(body.grade_codes)),
        product_forms=sorted({form.value for form in body.product_forms}),
        gsm_min=body.gsm.min,
        gsm_max=body.gsm.max,
        width_min_mm=width.min if width else None,
        width_max_mm=width.max if width else None,
        cut_widths_mm=sorted(set(body.cut_widths_mm)),
        max_trim_mm=CUT_TRIM_DEFAULT_MM if body.cut_widths_mm and body.max_trim_mm is None else body.max_trim_mm,
        sheet_w_mm=sheet.w if sheet else None,
        sheet_l_mm=sheet.l if sheet else None,
        sheet_trim_mm=sheet.max_trim_mm if sheet else None,
        diameter_min_mm=diameter.min if diameter else None,
        diameter_max_mm=diameter.max if diameter else None,
        core_mm=sorted(set(body.core_mm)),
        weight_min_kg=body.weight_kg.min,
        weight_max_kg=body.weight_kg.max,
        quality_floor=body.quality_floor,
        accepted_defects=None if accepted is None else sorted({defect.value for defect in accepted}),
        price_ceiling=ceiling.amount if ceiling else None,
        price_currency=ceiling.currency if ceiling else "EUR",
        ship_from_countries=sorted(set(body.ship_from_countries)),
        certifications=sorted({label.value for label in body.certifications}),
        deliver_to=body.deliver_to,
        valid_until=body.valid_until,
        cadence=body.cadence.value,
        auto_interest=body.auto_interest,
    )


def view_of(row: RequirementRow, *, live_matches: int) -> RequirementView:
    """What the owner reads: the body he could send again, and what we know of it."""
    width = WidthRange(min=row.width_min_mm, max=row.width_max_mm)
    diameter = DiameterRange(min=row.diameter_min_mm, max=row.diameter_max_mm)
    sheet = None
    if row.sheet_w_mm is not None and row.sheet_l_mm is not None:
        sheet = Sheet(w=row.sheet_w_mm, l=row.sheet_l_mm, max_trim_mm=row.sheet_trim_mm or 0)
    return RequirementView.model_validate(
        {
            "id": row.id,
            "buyer_id": row.buyer_id,
            "version": row.version,
            "status": row.status,
            "paused": row.status == "paused",
            "live_matches": live_matches,
            "created_at": row.created_at,
            "updated_at": row.updated_at,
            "title": row.title,
            "families": row.families,
            "grade_codes": row.grade_codes,
            "product_forms": row.product_forms,
            "gsm": GsmRange(min=row.gsm_min, max=row.gsm_max),
            "width_mm": width if width != WidthRange() else None,
            "cut_widths_mm": row.cut_widths_mm,
            "max_trim_mm": row.max_trim_mm,
            "sheet_mm": sheet,
            "diameter_mm": diameter if diameter != DiameterRange() else None,
            "core_mm": row.core_mm,
            "weight_kg": WeightRange(min=row.weight_min_kg, max=row.weight_max_kg),
            "quality_floor": row.quality_floor,
            "accepted_defects": row.accepted_defects,
            "price_ceiling": _ceiling(row),
            "ship_from_countries": row.ship_from_countries,
            "certifications": row.certifications,
            "deliver_to": row.deliver_to,
            "valid_until": row.valid_until,
            "cadence": row.cadence,
            "auto_interest": row.auto_interest,
        }
    )


def _ceiling(row: RequirementRow) -> Ceiling | None:
    return None if row.price_ceiling is None else Ceiling(amount=row.price_ceiling, currency=row.price_currency)


def requirement_of(terms: Terms, *, requirement_id: UUID, buyer_id: UUID) -> Requirement:
    """The requirement as the rules read it."""
    sheet = None
    if terms.sheet_w_mm is not None and terms.sheet_l_mm is not None:
        sheet = SheetFormat(terms.sheet_w_mm, terms.sheet_l_mm, trim_max_mm=terms.sheet_trim_mm or 0)
    accepted = terms.accepted_defects
    return Requirement(
        id=RequirementId(requirement_id),
        buyer_id=BuyerId(buyer_id),
        title=terms.title,
        grade_codes=frozenset(terms.grade_codes),
        families=frozenset(terms.families),
        forms=frozenset(map(Form, terms.product_forms)),
        gsm=Bounds(terms.gsm_min, terms.gsm_max),
        width_mm=_bounds(terms.width_min_mm, terms.width_max_mm),
        cut_widths_mm=tuple(terms.cut_widths_mm),
        trim_max_mm=terms.max_trim_mm or 0,
        sheet=sheet,
        diameter_mm=_bounds(terms.diameter_min_mm, terms.diameter_max_mm),
        core_mm=frozenset(terms.core_mm),
        weight_kg=_bounds(terms.weight_min_kg, terms.weight_max_kg),
        quality_floor=QualityClass(terms.quality_floor),
        accepted_defects=None if accepted is None else frozenset(map(Defect, accepted)),
        price_ceiling=terms.price_ceiling,
        price_currency=terms.price_currency,
        countries=frozenset(terms.ship_from_countries),
        certifications=frozenset(map(Certification, terms.certifications)),
    )


def requirement_in(row: RequirementRow) -> Requirement:
    """The requirement of a stored row."""
    return requirement_of(row, requirement_id=row.id, buyer_id=row.buyer_id)


def _bounds(low: int | None, high: int | None) -> Bounds:
    return Bounds(None if low is None else Decimal(low), None if high is None else Decimal(high))


def replica_of(item: ItemSnapshot) -> dict[str, object]:
    """What matching keeps of an item, by column of ``item_replica``."""
    values = item.values
    return {
        "item_id": item.item_id,
        "mill_id": item.mill_id,
        "version": item.version,
        "listing_cycle": item.listing_cycle,
        "status": item.status.value,
        "grade_code": values.grade_code,
        "form": values.form.value,
        "gsm": values.gsm,
        "weight_kg": values.weight_net_kg,
        "quality": values.quality_class.value,
        "country": values.location_country,
        "width_mm": values.width_mm,
        "sheet_w_mm": values.sheet_w_mm,
        "sheet_l_mm": values.sheet_l_mm,
        "diameter_mm": values.diameter_mm,
        "core_mm": values.core_mm,
        "certifications": sorted({label.value for label in values.certification}),
        "defects": sorted({defect.value for defect in values.defects}),
        "price_per_t": values.price_per_t,
        "currency": values.currency,
    }


def explanation_of(lines: Sequence[Line]) -> list[dict[str, object]]:
    """An explanation as it is stored, published and answered."""
    return [
        {
            "criterion": line.criterion,
            "required": line.required,
            "offered": line.offered,
            "result": line.verdict.value,
            "weight": line.weight,
        }
        for line in lines
    ]
