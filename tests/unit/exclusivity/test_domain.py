"""The rules without a database."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from services.exclusivity.domain import (
    AutoDecision,
    Candidate,
    CloseReason,
    GrantOrigin,
    Item,
    Outcome,
    Window,
    WindowStatus,
    auto_interest,
    choose,
    in_force,
    opens_the_lot,
    reminders_due,
)
from shared.contracts.types import BuyerId, InterestId, ItemId, MillId, WindowId

NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
LOT = ItemId(UUID(int=1))
WINDOW = Window(
    id=WindowId(UUID(int=2)),
    version=1,
    item_id=LOT,
    mill_id=MillId(UUID(int=3)),
    listing_cycle=1,
    interest_id=InterestId(UUID(int=4)),
    buyer_id=BuyerId(UUID(int=5)),
    grant_number=3,
    max_grants=3,
    origin=GrantOrigin.HAND_OVER,
    status=WindowStatus.ACTIVE,
    outcome=None,
    reason=None,
    granted_at=NOW,
    expires_at=NOW + timedelta(hours=48),
    ended_at=None,
    extensions_used=0,
    extension_asked_for=None,
)
ITEM = Item(
    item_id=LOT,
    mill_id=MillId(UUID(int=3)),
    version=4,
    listing_cycle=2,
    status="available",
    tickets=0,
    live_interests=0,
)


def candidate(ticket: int, *, eligible: bool = True, until: datetime | None = None) -> Candidate:
    return Candidate(LOT, InterestId(uuid4()), ticket, eligible, until)


def test_choice_when_the_first_are_out_then_they_leave_with_their_reason_and_the_next_is_granted() -> None:
    blocked, late, third, fourth = candidate(1, eligible=False), candidate(2, until=NOW), candidate(3), candidate(4)
    choice = choose([fourth, third, late, blocked], now=NOW)
    assert choice.granted == third.interest_id
    assert choice.dropped == (
        (blocked.interest_id, CloseReason.INELIGIBLE),
        (late.interest_id, CloseReason.NOT_NEEDED),
    )


def test_choice_when_nobody_is_eligible_then_nobody_is_granted() -> None:
    assert choose([], now=NOW).granted is None
    assert choose([candidate(1, eligible=False)], now=NOW).granted is None


@pytest.mark.parametrize(
    ("later", "status", "expected"),
    [
        (timedelta(0), WindowStatus.ACTIVE, True),
        (timedelta(hours=48, microseconds=-1), WindowStatus.ACTIVE, True),
        (timedelta(hours=48), WindowStatus.ACTIVE, False),
        (timedelta(hours=1), WindowStatus.CLOSED, False),
    ],
    ids=["at once", "just before", "at the end", "given back"],
)
def test_right_when_time_passes_then_it_ends_at_its_end(later: timedelta, status: WindowStatus, expected: bool) -> None:
    assert in_force(replace(WINDOW, status=status), now=NOW + later) is expected


@pytest.mark.parametrize(
    ("grant_number", "outcome", "expected"),
    [
        (3, Outcome.EXPIRED, True),
        (3, Outcome.RELEASED, True),
        (3, Outcome.REVOKED, True),
        (3, Outcome.CONVERTED, False),
        (3, Outcome.CANCELLED, False),
        (2, Outcome.EXPIRED, False),
    ],
)
def test_lot_when_a_window_ends_then_only_the_last_without_a_deal_opens_it(
    grant_number: int, outcome: Outcome, expected: bool
) -> None:
    assert opens_the_lot(replace(WINDOW, grant_number=grant_number, outcome=outcome)) is expected


@pytest.mark.parametrize(
    ("hours", "expected"),
    [(0, ()), (23.9, ()), (24, (24,)), (44, (4, 24)), (47.9, (4, 24)), (48, ()), (50, ())],
)
def test_reminders_when_hours_have_passed_then_these_thresholds_are_due(
    hours: float, expected: tuple[int, ...]
) -> None:
    assert reminders_due(WINDOW, now=NOW + timedelta(hours=hours), thresholds=(24, 4)) == expected


@pytest.mark.parametrize(
    ("cycle", "status", "eligible", "asked_before", "needed", "expected"),
    [
        (2, "available", True, False, True, AutoDecision.REGISTER),
        (2, "pre_production", True, False, True, AutoDecision.REGISTER),
        (2, "available", False, False, True, AutoDecision.WAIT),
        (3, "sold", True, False, True, AutoDecision.WAIT),
        (1, "available", True, False, True, AutoDecision.DROP),
        (2, "sold", True, False, True, AutoDecision.DROP),
        (2, "available", True, True, True, AutoDecision.DROP),
        (2, "available", True, False, False, AutoDecision.DROP),
    ],
    ids=["free", "not made yet", "not admitted yet", "next cycle", "old cycle", "gone", "asked before", "too late"],
)
def test_automatic_interest_when_facts_are_these_then_the_decision_is_that(
    cycle: int, status: str, eligible: bool, asked_before: bool, needed: bool, expected: AutoDecision
) -> None:
    item = replace(ITEM, status=status)
    decision = auto_interest(item, listing_cycle=cycle, eligible=eligible, asked_before=asked_before, needed=needed)
    assert decision == expected
