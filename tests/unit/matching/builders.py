"""One lot and one requirement that fit each other; a test changes what it is about."""

from dataclasses import asdict, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from services.matching.convert import replica_of
from services.matching.domain.model import Bounds, Lot, Requirement
from services.matching.store.items import ItemRow
from services.matching.store.requirements import RequirementRow, Terms
from shared.contracts.types import BuyerId, Form, ItemId, MillId, QualityClass, RequirementId
from tests.support.market import SampleLot

MILL = MillId(UUID(int=1))
BUYER = BuyerId(UUID(int=2))
REQUIREMENT = UUID(int=4)

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


def lot_of(sample: SampleLot) -> Lot:
    """The lot of a sample list, by the way it takes in production: snapshot, stored columns, lot."""
    kept: dict[str, Any] = replica_of(sample.snapshot())
    kept.pop("version")
    return ItemRow(sold_to=None, **kept).lot


def stored(terms: Terms) -> RequirementRow:
    """Terms as the database gives them back."""
    now = datetime(2026, 11, 21, tzinfo=UTC)
    return RequirementRow(
        **asdict(terms),
        id=REQUIREMENT,
        number=1,
        buyer_id=BUYER,
        version=1,
        status="active",
        created_at=now,
        updated_at=now,
    )
