"""The border between an item and its row: flat columns on one side, nested values with their types on the other."""

from dataclasses import asdict, fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypedDict, Unpack
from uuid import UUID

from pydantic import TypeAdapter

from services.catalog.domain.items import Item, PendingChange
from shared.contracts.types import (
    BatchId,
    BuyerId,
    Certification,
    Defect,
    Form,
    Grain,
    ItemId,
    ItemStatus,
    LotValues,
    MillId,
    PriceUnit,
    QualityClass,
    SurplusReason,
    WindowId,
)

_PENDING: TypeAdapter[PendingChange] = TypeAdapter(PendingChange)
_VALUE_NAMES = tuple(field.name for field in fields(LotValues))
_STATE_NAMES = tuple(field.name for field in fields(Item) if field.name not in ("values", "pending_change"))


class ItemRow(TypedDict):
    """The columns of ``item`` as the driver gives them."""

    item_id: UUID
    mill_id: UUID
    lot_key: str
    version: int
    listing_cycle: int
    status: str
    grade_code: str
    form: str
    gsm: Decimal
    weight_net_kg: Decimal
    quality_class: str
    location_country: str
    lot_ref: str | None
    grade_raw: str | None
    product_name: str | None
    width_mm: int | None
    sheet_w_mm: int | None
    sheet_l_mm: int | None
    grain: str | None
    diameter_mm: int | None
    core_mm: int | None
    caliper_um: int | None
    reel_count: int | None
    pallet_count: int | None
    sheet_count: int | None
    weight_gross_kg: Decimal | None
    colour: str | None
    brightness_iso: Decimal | None
    certification: list[str]
    surplus_reason: str | None
    defects: list[str]
    price: Decimal | None
    currency: str | None
    price_unit: str | None
    price_per_t: Decimal | None
    incoterm: str | None
    location_place: str | None
    available_from: date | None
    valid_until: date | None
    remarks: str | None
    source_values: dict[str, str]
    batch_id: UUID | None
    header_fingerprint: str | None
    lot_version: int
    pending_change: dict[str, object] | None
    listed_at: datetime
    confirmed_at: datetime
    available_at: datetime | None
    expires_on: date | None
    expires_at: datetime | None
    window_id: UUID | None
    holder_id: UUID | None
    reserved_until: datetime | None
    grants_used: int
    max_grants: int
    opened: bool
    sold_to: UUID | None
    sold_at: datetime | None
    closed_reason: str | None
    created_at: datetime
    updated_at: datetime


def item_of(**row: Unpack[ItemRow]) -> Item:
    """The item of a row."""
    return Item(
        item_id=ItemId(row["item_id"]),
        mill_id=MillId(row["mill_id"]),
        lot_key=row["lot_key"],
        version=row["version"],
        listing_cycle=row["listing_cycle"],
        status=ItemStatus(row["status"]),
        values=_values_of(row),
        listed_at=row["listed_at"],
        confirmed_at=row["confirmed_at"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        lot_version=row["lot_version"],
        source_values=row["source_values"],
        batch_id=BatchId(row["batch_id"]) if row["batch_id"] else None,
        header_fingerprint=row["header_fingerprint"],
        pending_change=_PENDING.validate_python(row["pending_change"]) if row["pending_change"] else None,
        available_at=row["available_at"],
        expires_on=row["expires_on"],
        expires_at=row["expires_at"],
        window_id=WindowId(row["window_id"]) if row["window_id"] else None,
        holder_id=BuyerId(row["holder_id"]) if row["holder_id"] else None,
        reserved_until=row["reserved_until"],
        grants_used=row["grants_used"],
        max_grants=row["max_grants"],
        opened=row["opened"],
        sold_to=BuyerId(row["sold_to"]) if row["sold_to"] else None,
        sold_at=row["sold_at"],
        closed_reason=row["closed_reason"],
    )


def _values_of(row: ItemRow) -> LotValues:
    return LotValues(
        grade_code=row["grade_code"],
        form=Form(row["form"]),
        gsm=row["gsm"],
        weight_net_kg=row["weight_net_kg"],
        quality_class=QualityClass(row["quality_class"]),
        location_country=row["location_country"],
        lot_ref=row["lot_ref"],
        grade_raw=row["grade_raw"],
        product_name=row["product_name"],
        width_mm=row["width_mm"],
        sheet_w_mm=row["sheet_w_mm"],
        sheet_l_mm=row["sheet_l_mm"],
        grain=Grain(row["grain"]) if row["grain"] else None,
        diameter_mm=row["diameter_mm"],
        core_mm=row["core_mm"],
        caliper_um=row["caliper_um"],
        reel_count=row["reel_count"],
        pallet_count=row["pallet_count"],
        sheet_count=row["sheet_count"],
        weight_gross_kg=row["weight_gross_kg"],
        colour=row["colour"],
        brightness_iso=row["brightness_iso"],
        certification=tuple(map(Certification, row["certification"])),
        surplus_reason=SurplusReason(row["surplus_reason"]) if row["surplus_reason"] else None,
        defects=tuple(map(Defect, row["defects"])),
        price=row["price"],
        currency=row["currency"],
        price_unit=PriceUnit(row["price_unit"]) if row["price_unit"] else None,
        price_per_t=row["price_per_t"],
        incoterm=row["incoterm"],
        location_place=row["location_place"],
        available_from=row["available_from"],
        valid_until=row["valid_until"],
        remarks=row["remarks"],
    )


def record_of(item: Item) -> dict[str, Any]:
    """The columns of an item, for JSON; decimals are left to the encoder, which must write them as text."""
    record: dict[str, Any] = {name: getattr(item, name) for name in _STATE_NAMES}
    record.update((name, getattr(item.values, name)) for name in _VALUE_NAMES)
    record["pending_change"] = asdict(item.pending_change) if item.pending_change else None
    return record
