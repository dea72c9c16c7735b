"""Value types that cross the wire: units, enumerations of the paper trade, and the lot itself.

Canonical units everywhere: g/m², mm, µm, kg, tonne (1000 kg). Money is a decimal with its currency, never a float.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import NewType
from uuid import UUID

OrganizationId = NewType("OrganizationId", UUID)
MillId = NewType("MillId", UUID)
BuyerId = NewType("BuyerId", UUID)
UserId = NewType("UserId", UUID)
BatchId = NewType("BatchId", UUID)
RowId = NewType("RowId", UUID)
ItemId = NewType("ItemId", UUID)
RequirementId = NewType("RequirementId", UUID)
MatchId = NewType("MatchId", UUID)
InterestId = NewType("InterestId", UUID)
WindowId = NewType("WindowId", UUID)


class Form(StrEnum):
    """How the paper lies in the warehouse."""

    REEL = "reel"
    SHEET = "sheet"


class QualityClass(StrEnum):
    """Best first. ``BROKE`` is paper for repulping only and never matches a requirement."""

    PRIME = "PRIME"
    A = "A"
    B = "B"
    C = "C"
    BROKE = "BROKE"


class SurplusReason(StrEnum):
    """Why the mill has the lot left over."""

    SIDE_RUN = "SIDE_RUN"
    OVERRUN = "OVERRUN"
    CANCELLED = "CANCELLED"
    OFF_SPEC = "OFF_SPEC"
    OLD_STOCK = "OLD_STOCK"
    ODD_SIZE = "ODD_SIZE"
    TRIAL = "TRIAL"
    CUSTOMER_RETURN = "CUSTOMER_RETURN"
    TRANSPORT_DAMAGE = "TRANSPORT_DAMAGE"
    PRE_PRODUCTION = "PRE_PRODUCTION"
    STUB = "STUB"


class Defect(StrEnum):
    """What is wrong with a lot."""

    EDGE_DAMAGE = "EDGE_DAMAGE"
    CORE_DAMAGE = "CORE_DAMAGE"
    OUT_OF_ROUND = "OUT_OF_ROUND"
    TELESCOPED = "TELESCOPED"
    WATER = "WATER"
    WRAPPER_DAMAGE = "WRAPPER_DAMAGE"
    SHADE = "SHADE"
    GSM_OUT = "GSM_OUT"
    MOISTURE = "MOISTURE"
    CALIPER_OUT = "CALIPER_OUT"
    COATING = "COATING"
    HOLES_SPOTS = "HOLES_SPOTS"
    WRINKLES = "WRINKLES"
    SPLICES = "SPLICES"
    SOFT_WOUND = "SOFT_WOUND"
    DIRTY_END = "DIRTY_END"
    CURL = "CURL"
    LOW_STRENGTH = "LOW_STRENGTH"
    PRINTED = "PRINTED"
    MIXED = "MIXED"


class Certification(StrEnum):
    """Forest and environmental labels; FSC and PEFC never stand for each other."""

    FSC = "FSC"
    PEFC = "PEFC"
    EU_ECOLABEL = "EU_ECOLABEL"
    BLUE_ANGEL = "BLUE_ANGEL"
    NORDIC_SWAN = "NORDIC_SWAN"


class Grain(StrEnum):
    """Machine direction of a sheet along its long (LG) or short (SG) side."""

    LONG = "long"
    SHORT = "short"


class PriceUnit(StrEnum):
    """What one price buys, as the mill wrote it."""

    PER_T = "per_t"
    PER_KG = "per_kg"
    PER_100KG = "per_100kg"
    PER_LB = "per_lb"
    PER_CWT = "per_cwt"
    PER_SHORT_TON = "per_short_ton"
    PER_LONG_TON = "per_long_ton"
    PER_1000_SHEETS = "per_1000_sheets"
    PER_REAM = "per_ream"
    PER_MSF = "per_msf"
    PER_M2 = "per_m2"


class ItemStatus(StrEnum):
    """States of a surplus item. ``reserved`` mirrors exclusivity, which alone decides who holds a window."""

    DRAFT = "draft"
    PRE_PRODUCTION = "pre_production"
    AVAILABLE = "available"
    RESERVED = "reserved"
    SOLD = "sold"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class RowAction(StrEnum):
    """What the list asks catalog to do with one lot."""

    CREATE = "create"
    UPDATE = "update"
    CONFIRM = "confirm"
    WITHDRAW = "withdraw"
    REVERT = "revert"


class RowOutcome(StrEnum):
    """Catalog's answer to one accepted row."""

    CREATED = "created"
    UPDATED = "updated"
    CONFIRMED = "confirmed"
    RELISTED = "relisted"
    WITHDRAWN = "withdrawn"
    DEFERRED = "deferred"
    REVERTED = "reverted"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class LotValues:
    """What a lot is, in canonical units: the noun that travels from a mill's list to a buyer's newsletter.

    ``None`` means "not stated" everywhere. ``lot_ref`` is ``None`` when the mill gave no number; identity is then made
    from the values (``lot_key`` of the row that carries it). ``price`` is as written, in ``currency`` per
    ``price_unit``; ``price_per_t`` is the same money per tonne. No price is legal ("on request").
    """

    grade_code: str
    form: Form
    gsm: Decimal  # g/m²
    weight_net_kg: Decimal  # whole line, not one reel
    quality_class: QualityClass
    location_country: str  # ISO 3166-1 alpha-2
    lot_ref: str | None = None
    grade_raw: str | None = None  # the grade as the mill wrote it
    product_name: str | None = None
    width_mm: int | None = None  # reel width
    sheet_w_mm: int | None = None
    sheet_l_mm: int | None = None
    grain: Grain | None = None
    diameter_mm: int | None = None
    core_mm: int | None = None  # inner diameter of the core
    caliper_um: int | None = None
    reel_count: int | None = None
    pallet_count: int | None = None
    sheet_count: int | None = None
    weight_gross_kg: Decimal | None = None
    colour: str | None = None
    brightness_iso: Decimal | None = None  # ISO 2470, %
    certification: tuple[Certification, ...] = ()
    surplus_reason: SurplusReason | None = None
    defects: tuple[Defect, ...] = ()
    price: Decimal | None = None
    currency: str | None = None  # ISO 4217
    price_unit: PriceUnit | None = None
    price_per_t: Decimal | None = None
    incoterm: str | None = None
    location_place: str | None = None
    available_from: date | None = None  # in the future: a pre-production lot
    valid_until: date | None = None
    remarks: str | None = None


NON_MATERIAL = frozenset({"lot_ref", "grade_raw", "product_name", "pallet_count", "remarks"})
"""Fields that may change while a buyer holds the lot: it is still the lot he wants, at the same terms."""


def ref_key(lot_ref: str | None) -> str | None:
    """The key of a lot by the number its mill gave it, wherever it was typed; ``None`` without a number.

    Case and blanks do not make another lot: one entered by hand and its row in the next list are the same.
    """
    if lot_ref is None or not lot_ref.strip():
        return None
    return "ref:" + " ".join(lot_ref.split()).casefold()
