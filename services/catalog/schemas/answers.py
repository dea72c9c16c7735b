"""The shapes of catalog's answers."""

from datetime import date
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from shared.contracts.types import (
    Certification,
    Defect,
    Form,
    Grain,
    ItemStatus,
    PriceUnit,
    QualityClass,
    SurplusReason,
)
from shared.contracts.visibility import Disclosure
from shared.instants import Instant


class RulesOut(BaseModel):
    """``buyers_affected`` only after a change or a dry run."""

    mill_id: UUID
    version: int
    blocked_buyers: list[UUID]
    allowed_countries: list[str]
    blocked_countries: list[str]
    allowed_segments: list[str]
    price: Disclosure
    identity: Disclosure
    updated_at: Instant
    buyers_affected: int | None = None


class MillOut(BaseModel):
    id: UUID
    name: str
    slug: str


class ContactOut(BaseModel):
    name: str
    email: str
    phone: str | None


class HolderOut(BaseModel):
    """Who holds the window; for the mill and the operator."""

    id: UUID
    name: str
    country: str
    contacts: list[ContactOut]


class Exclusivity(BaseModel):
    """``open``: nobody holds it any more, and everybody may ask."""

    grants_used: int
    max_grants: int
    open: bool


class MyMatch(BaseModel):
    id: UUID
    score: str


class MyInterest(BaseModel):
    id: UUID
    position: int | None


class MyWindow(BaseModel):
    id: UUID
    expires_at: Instant


class Mine(BaseModel):
    """What the asking buyer has to do with the item."""

    match: MyMatch | None
    interest: MyInterest | None
    window: MyWindow | None


class ItemOut(BaseModel):
    """An item as the caller may see it. Hidden members are ``null`` and named in ``redacted``.

    Numbers with a unit that is not whole are texts, so that nothing is lost on the way.
    """

    model_config = ConfigDict(extra="forbid")

    id: UUID
    version: int
    status: ItemStatus
    listing_cycle: int
    mill: MillOut | None
    lot_ref: str | None
    product_name: str | None
    grade_code: str
    grade_raw: str | None
    form: Form
    gsm: str
    width_mm: int | None
    sheet_w_mm: int | None
    sheet_l_mm: int | None
    grain: Grain | None
    diameter_mm: int | None
    core_mm: int | None
    caliper_um: int | None
    reel_count: int | None
    pallet_count: int | None
    sheet_count: int | None
    weight_band: str
    weight_net_kg: str | None
    weight_gross_kg: str | None
    quality_class: QualityClass | None
    surplus_reason: SurplusReason | None
    defects: list[Defect] | None
    colour: str | None
    brightness_iso: str | None
    certification: list[Certification] | None
    price: str | None
    currency: str | None
    price_unit: PriceUnit | None
    price_per_t: str | None
    incoterm: str | None
    location_country: str
    location_place: str | None
    available_from: date | None
    valid_until: date | None
    expires_on: date | None
    listed_at: Instant | None
    reserved_until: Instant | None
    exclusivity: Exclusivity | None
    remarks: str | None
    lot_key: str | None
    batch_id: UUID | None
    header_fingerprint: str | None
    created_at: Instant | None
    updated_at: Instant | None
    my: Mine
    redacted: list[str]


class SheetValueOut(BaseModel):
    """One property of the paper; ``gsm`` null: of every grammage of the sheet."""

    model_config = ConfigDict(extra="allow")

    property: str
    gsm: str | None
    value: str
    unit: str


class SheetOut(BaseModel):
    """An approved data sheet. ``file_name`` and ``file`` are for whoever may have the PDF."""

    model_config = ConfigDict(extra="allow")

    id: UUID
    file_name: str | None
    file: str | None
    values: list[SheetValueOut]


class ItemDetail(ItemOut):
    """With what only the page of one item shows. ``source_values``: the row as the mill wrote it."""

    contacts: list[ContactOut] | None
    source_values: dict[str, str] | None
    holder: HolderOut | None
    datasheets: list[SheetOut] | None


class Grade(BaseModel):
    code: str
    family: str
    meaning: str


class ReferenceData(BaseModel):
    """Codes with what they mean; ``units`` by the member that is given in them."""

    grades: list[Grade]
    families: dict[str, str]
    quality_classes: dict[str, str]
    defects: dict[str, str]
    surplus_reasons: dict[str, str]
    units: dict[str, str]
    weight_bands: list[str]
    currencies: list[str]
    incoterms: list[str]
    countries: list[str]
    forms: list[str]
    grains: list[str]
    certifications: list[str]
    price_units: list[str]
    item_statuses: list[str]
