"""What items can be asked by: the fields, and which part of an item each belongs to.

An owner (the operator, the mill itself) asks by every field of every item. A buyer asks by what he sees: a field of a
part that is hidden from him in a row is null there, and a field that only owners have does not exist for him.
"""

from enum import StrEnum
from typing import LiteralString

from shared.contracts.gateway import Role
from shared.contracts.visibility import DETAIL, IDENTITY, OWN, PRICE, RESERVATION
from shared.filtering import Field, Kind, Listing


class Section(StrEnum):
    """Part of an item that is shown or hidden as a whole."""

    TEASER = "teaser"
    DETAIL = "detail"
    PRICE = "price"
    IDENTITY = "identity"
    OWN = "own"


# When a buyer sees a part of an item: visible_fields in SQL, held against it by a test.
SEEN: dict[Section, LiteralString] = {
    Section.TEASER: "true",
    Section.DETAIL: "v.viewer >= 3",
    Section.PRICE: "(v.viewer >= 6 OR rules.price = 'all_buyers' OR (rules.price = 'matched' AND v.viewer >= 3))",
    Section.IDENTITY: (
        "(v.viewer >= 6 OR rules.identity = 'all_buyers' OR (rules.identity = 'matched' AND v.viewer >= 3))"
    ),
    Section.OWN: "false",
}


def section_of(field: str) -> Section:
    """Which part of an item a field belongs to."""
    if field in OWN:
        return Section.OWN
    if field in IDENTITY or field == "mill_id":
        return Section.IDENTITY
    if field in PRICE:
        return Section.PRICE
    return Section.DETAIL if field in DETAIL or field in RESERVATION else Section.TEASER


def _fields(kind: Kind, *names: LiteralString, nullable: bool = True) -> dict[str, Field]:
    return {name: _field(kind, name, nullable) for name in names}


def _field(kind: Kind, name: LiteralString, nullable: bool) -> Field:
    section = section_of(name)
    return Field(
        kind,
        "i." + name,
        nullable=nullable,
        hidden_from=frozenset({Role.BUYER_USER}) if section == Section.OWN else frozenset(),
        seen={} if section == Section.TEASER else {Role.BUYER_USER: SEEN[section]},
    )


FIELDS: dict[str, Field] = {
    **_fields(Kind.TEXT, "status", "grade_code", "form", "weight_band", "location_country", nullable=False),
    **_fields(Kind.TEXT, "quality_class", "surplus_reason", "grain", "colour", "product_name"),
    **_fields(Kind.TEXT, "currency", "price_unit", "incoterm", "lot_ref", "location_place", "grade_raw"),
    **_fields(Kind.TEXT, "lot_key", "header_fingerprint"),
    **_fields(Kind.INTEGER, "listing_cycle", "width_mm", "sheet_w_mm", "sheet_l_mm", "diameter_mm", "core_mm"),
    **_fields(Kind.INTEGER, "caliper_um", "reel_count", "pallet_count", "sheet_count"),
    **_fields(Kind.NUMBER, "gsm", nullable=False),
    **_fields(Kind.NUMBER, "weight_net_kg", "weight_gross_kg", "brightness_iso", "price", "price_per_t"),
    **_fields(Kind.DATE, "available_from", "valid_until", "expires_on"),
    **_fields(Kind.INSTANT, "listed_at", nullable=False),
    **_fields(Kind.INSTANT, "reserved_until", "created_at", "updated_at"),
    **_fields(Kind.ID, "mill_id", "batch_id"),
    **_fields(Kind.SET, "certification", "defects"),
}

ITEMS = Listing(
    FIELDS,
    id="i.item_id",
    sort="-listed_at",
    also=("q",),
    facets=("grade_code", "form", "gsm", "width_mm", "location_country", "status", "quality_class", "weight_band"),
)
