"""One lot and one requirement that fit each other; a test changes what it is about."""

from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from services.matching.domain.model import Bounds, Lot, Requirement
from shared.contracts.types import BuyerId, Form, ItemId, MillId, QualityClass, RequirementId

MILL = MillId(UUID(int=1))
BUYER = BuyerId(UUID(int=2))

_LOT = Lot(
    item_id=ItemId(UUID(int=3)),
    mill_id=MILL,
    grade_code="TL_2",
    family="containerboard",
    form=Form.REEL,
    gsm=Decimal("135.00"),
    weight_kg=Decimal("21349.0"),
    quality=QualityClass.A,
    country="DE",
    width_mm=2450,
    diameter_mm=1250,
    core_mm=100,
    price_per_t=Decimal(600),
    currency="EUR",
)

_REQUIREMENT = Requirement(
    id=RequirementId(UUID(int=4)),
    buyer_id=BUYER,
    title="Testliner",
    grade_codes=frozenset({"TL_2"}),
    forms=frozenset({Form.REEL}),
    gsm=Bounds(Decimal(125), Decimal(150)),
    quality_floor=QualityClass.B,
)


def a_lot(**changes: Any) -> Lot:
    return replace(_LOT, **changes)


def a_requirement(**changes: Any) -> Requirement:
    return replace(_REQUIREMENT, **changes)
