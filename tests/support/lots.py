"""Builders of catalog's nouns with sensible defaults."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from shared.contracts.exclusivity import WindowClosed, WindowExtended, WindowGranted, WindowOutcome
from shared.contracts.gateway import Contact, OrganizationChanged, OrganizationKind, OrganizationStatus
from shared.contracts.ingestion import AcceptedRow, RowsAccepted
from shared.contracts.matching import FoundMatch, MatchesFound
from shared.contracts.types import Form, LotValues, PriceUnit, QualityClass, RowAction

LINER = LotValues(
    grade_code="KL_BROWN",
    form=Form.REEL,
    gsm=Decimal("112"),
    weight_net_kg=Decimal("12500"),
    quality_class=QualityClass.A,
    location_country="DE",
    lot_ref="K-1",
    grade_raw="Kraftliner XP",
    product_name="Nordliner",
    width_mm=2450,
    diameter_mm=1250,
    core_mm=100,
    reel_count=5,
    price=Decimal("420"),
    currency="EUR",
    price_unit=PriceUnit.PER_T,
    price_per_t=Decimal("420.00"),
    location_place="Lindau hall 4",
)


def lot(**values: Any) -> LotValues:
    """A brown kraftliner in reels, with other values where they matter."""
    return replace(LINER, **values)


def row(
    key: str = "ref:k-1",
    *,
    action: RowAction = RowAction.CREATE,
    version: int = 1,
    values: LotValues | None = LINER,
    row_id: UUID | None = None,
) -> AcceptedRow:
    """An accepted row; ``values=None`` for withdraw and revert."""
    return AcceptedRow(row_id=row_id or uuid4(), lot_key=key, version=version, action=action, values=values)


def rows_accepted(mill_id: UUID, *rows: AcceptedRow, part: int = 1, parts: int = 1) -> RowsAccepted:
    """A part of a new batch."""
    return RowsAccepted(
        batch_id=uuid4(), mill_id=mill_id, part=part, parts=parts, header_fingerprint="list a", rows=rows
    )


def organization(
    kind: OrganizationKind, organization_id: UUID | None = None, *, version: int = 1, **members: Any
) -> OrganizationChanged:
    """An approved organisation in Germany."""
    given: dict[str, Any] = {
        "organization_id": organization_id or uuid4(),
        "version": version,
        "kind": kind,
        "name": f"{kind} {version}",
        "slug": f"{kind}-{version}",
        "status": OrganizationStatus.APPROVED,
        "country": "DE",
        "language": "de",
        "time_zone": "Europe/Berlin",
        "currency": "EUR",
        "contacts": (Contact(name="Desk", email="desk@example.org"),),
        **members,
    }
    return OrganizationChanged(**given)


def match_found(item_id: UUID, mill_id: UUID, buyer_id: UUID, *, score: int = 90, cycle: int = 1) -> MatchesFound:
    """One match of one buyer."""
    found = FoundMatch(
        match_id=uuid4(),
        requirement_id=uuid4(),
        requirement_title="Liner",
        buyer_id=buyer_id,
        score=Decimal(score),
        explanation=(),
        cadence="daily",
        version=1,
    )
    return MatchesFound(item_id=item_id, mill_id=mill_id, listing_cycle=cycle, matches=(found,))


def granted(
    item_id: UUID, mill_id: UUID, buyer_id: UUID, *, expires_at: datetime, number: int = 1, cycle: int = 1
) -> WindowGranted:
    """A window of 48 hours, or what the test says."""
    return WindowGranted(
        item_id=item_id,
        mill_id=mill_id,
        listing_cycle=cycle,
        window_id=uuid4(),
        buyer_id=buyer_id,
        interest_id=uuid4(),
        grant_number=number,
        max_grants=3,
        granted_at=datetime.now(UTC),
        expires_at=expires_at,
        origin="first_interest",
    )


def extended(window: WindowGranted, *, until: datetime) -> WindowExtended:
    """More time for the holder, from the mill."""
    return WindowExtended(
        item_id=window.item_id,
        mill_id=window.mill_id,
        listing_cycle=window.listing_cycle,
        window_id=window.window_id,
        buyer_id=window.buyer_id,
        old_expires_at=window.expires_at,
        expires_at=until,
        by="mill",
        reason="The sample is on its way.",
    )


def closed(window: WindowGranted, outcome: WindowOutcome, *, next_window_id: UUID | None = None) -> WindowClosed:
    """The end of a window."""
    return WindowClosed(
        item_id=window.item_id,
        mill_id=window.mill_id,
        listing_cycle=window.listing_cycle,
        window_id=window.window_id,
        buyer_id=window.buyer_id,
        outcome=outcome,
        closed_at=datetime.now(UTC),
        next_window_id=next_window_id,
        grants_remaining=3 - window.grant_number,
    )
