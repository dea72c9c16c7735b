"""Who may see what of an item: pure rules, used by every channel (API, newsletter, live updates, export).

A viewer has one class per item, the strongest that applies. Absence closes: without a rule set nothing is shown to
another organisation.
"""

from enum import IntEnum, StrEnum
from uuid import UUID

from shared.contracts.base import WireModel


class Viewer(IntEnum):
    """Strongest last, so classes can be compared."""

    ANONYMOUS = 0
    OTHER_MILL = 1
    OTHER_BUYER = 2
    MATCHED = 3
    QUEUED = 4
    FORMER_HOLDER = 5
    HOLDER = 6
    PURCHASER = 7
    OWN_MILL = 8
    ADMIN = 9


class Disclosure(StrEnum):
    """From when on a mill shows a class of fields to buyers."""

    WINDOW = "window"
    MATCHED = "matched"
    ALL_BUYERS = "all_buyers"


class RuleSet(WireModel):
    """A mill's rules. Empty ``allowed_countries`` and ``allowed_segments``: any. Blocked beats allowed."""

    blocked_buyers: tuple[UUID, ...] = ()
    allowed_countries: tuple[str, ...] = ()
    blocked_countries: tuple[str, ...] = ()
    allowed_segments: tuple[str, ...] = ()
    price: Disclosure = Disclosure.MATCHED
    identity: Disclosure = Disclosure.WINDOW


def buyer_allowed(rules: RuleSet | None, *, buyer_id: UUID, country: str, segment: str | None) -> bool:
    """Whether a buyer may know of this mill's items at all. ``None`` (no known rules): nobody may."""
    if rules is None or buyer_id in rules.blocked_buyers or country in rules.blocked_countries:
        return False
    if rules.allowed_countries and country not in rules.allowed_countries:
        return False
    return not rules.allowed_segments or (segment is not None and segment in rules.allowed_segments)


TEASER = frozenset({
    "id", "version", "status", "listing_cycle", "grade_code", "form", "gsm", "width_mm", "sheet_w_mm", "sheet_l_mm",
    "diameter_mm", "core_mm", "weight_band", "location_country", "available_from", "listed_at", "my", "redacted",
})  # fmt: skip
"""What every allowed buyer sees."""

DETAIL = frozenset({
    "weight_net_kg", "weight_gross_kg", "reel_count", "pallet_count", "sheet_count", "quality_class", "defects",
    "surplus_reason", "certification", "caliper_um", "grain", "colour", "brightness_iso", "product_name", "expires_on",
    "valid_until", "exclusivity", "datasheets",
})  # fmt: skip
PRICE = frozenset({"price", "currency", "price_unit", "price_per_t", "incoterm"})
IDENTITY = frozenset({"mill", "lot_ref", "location_place", "grade_raw", "remarks", "contacts"})
RESERVATION = frozenset({"reserved_until"})
OWN = frozenset({"source_values", "lot_key", "batch_id", "header_fingerprint", "created_at", "updated_at", "holder"})


def visible_fields(viewer: Viewer, rules: RuleSet | None) -> frozenset[str]:
    """The members of an item that a viewer class may see; everything else is ``null`` and named in ``redacted``."""
    if viewer >= Viewer.OWN_MILL:
        return TEASER | DETAIL | PRICE | IDENTITY | RESERVATION | OWN
    if rules is None or viewer < Viewer.OTHER_BUYER:
        return frozenset()
    if viewer in (Viewer.HOLDER, Viewer.PURCHASER):
        return TEASER | DETAIL | PRICE | IDENTITY | RESERVATION
    fields = TEASER
    if viewer >= Viewer.MATCHED:
        fields |= DETAIL | RESERVATION
    if _disclosed(rules.price, viewer):
        fields |= PRICE
    if _disclosed(rules.identity, viewer):
        fields |= IDENTITY
    if viewer == Viewer.FORMER_HOLDER:
        fields |= frozenset({"mill", "contacts"})
    return fields


def sees_datasheet_file(viewer: Viewer) -> bool:
    """Whether the PDF itself is shown: it names the mill, so only who knows the mill anyway may have it."""
    return viewer >= Viewer.HOLDER


def _disclosed(disclosure: Disclosure, viewer: Viewer) -> bool:
    if disclosure == Disclosure.ALL_BUYERS:
        return viewer >= Viewer.OTHER_BUYER
    return disclosure == Disclosure.MATCHED and viewer >= Viewer.MATCHED


def shown_status(viewer: Viewer, status: str) -> bool:
    """Whether an item in this status is shown at all: strangers see only what they could still ask for."""
    if viewer >= Viewer.OWN_MILL:
        return True
    if viewer >= Viewer.MATCHED:
        return status in ("available", "pre_production", "reserved", "sold")
    return viewer == Viewer.OTHER_BUYER and status in ("available", "pre_production")
