"""Every status of a lot against every action of a list."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from services.catalog.domain.items import Item, Moment, dated, listed, status_on
from services.catalog.domain.rows import Announcement, Row, Source, apply_pending, decide
from shared.contracts.types import (
    BatchId,
    BuyerId,
    ItemId,
    ItemStatus,
    LotValues,
    MillId,
    RowAction,
    RowId,
    WindowId,
)
from tests.support.lots import LINER, lot

NOW = datetime(2026, 3, 28, 12, tzinfo=UTC)
MOMENT = Moment(now=NOW, time_zone="Europe/Berlin", listing_days=60)
SOURCE = Source(MillId(UUID(int=1)), BatchId(UUID(int=2)), "list a", MOMENT)
CHEAPER = lot(price=Decimal(300))


def item(status: ItemStatus, **members: object) -> Item:
    """The liner in a status, with what that status needs."""
    base = Item(
        item_id=ItemId(UUID(int=3)),
        mill_id=SOURCE.mill_id,
        lot_key="ref:k-1",
        version=4,
        listing_cycle=1,
        status=status,
        values=LINER,
        listed_at=NOW,
        confirmed_at=NOW,
        created_at=NOW,
        updated_at=NOW,
        lot_version=1,
    )
    if status == ItemStatus.RESERVED:
        held = {"window_id": WindowId(UUID(int=4)), "holder_id": BuyerId(UUID(int=5)), "reserved_until": NOW}
        base = replace(base, **held)
    return dated(replace(base, **members), MOMENT)


def row(action: RowAction, values: LotValues | None = LINER) -> Row:
    return Row(RowId(UUID(int=6)), "ref:k-1", 2, action, values, {}, ItemId(UUID(int=7)))


@pytest.mark.parametrize(
    ("status", "action", "values", "outcome", "after", "announce"),
    [
        ("available", "update", CHEAPER, "updated", "available", "changed"),
        ("available", "update", LINER, "confirmed", "available", "changed"),
        ("available", "confirm", None, "confirmed", "available", "changed"),
        ("available", "confirm", lot(grade_raw="kraftliner xp"), "confirmed", "available", "changed"),
        ("available", "withdraw", None, "withdrawn", "withdrawn", "unlisted"),
        ("draft", "update", CHEAPER, "updated", "draft", "none"),
        ("draft", "withdraw", None, "withdrawn", "withdrawn", "none"),
        ("pre_production", "update", LINER, "confirmed", "available", "listed"),
        ("reserved", "update", CHEAPER, "deferred", "reserved", "none"),
        ("reserved", "update", lot(remarks="by rail"), "updated", "reserved", "changed"),
        ("reserved", "withdraw", None, "deferred", "reserved", "none"),
        ("withdrawn", "create", LINER, "relisted", "available", "listed"),
        ("expired", "confirm", LINER, "relisted", "available", "listed"),
        ("withdrawn", "withdraw", None, "withdrawn", "withdrawn", "none"),
        ("sold", "update", CHEAPER, "rejected", "sold", "none"),
        ("sold", "withdraw", None, "rejected", "sold", "none"),
    ],
)
def test_row_when_lot_is_in_a_status_then_outcome(
    status: str, action: str, values: LotValues | None, outcome: str, after: str, announce: str
) -> None:
    found = decide(row(RowAction(action), values), item(ItemStatus(status)), SOURCE)
    assert found.item is not None
    assert (found.outcome, found.item.status, found.announce) == (outcome, after, announce)


@pytest.mark.parametrize(
    ("action", "values", "reason"),
    [("withdraw", None, "unknown_lot"), ("create", None, "values_missing"), ("confirm", None, "values_missing")],
)
def test_row_when_lot_is_unknown_and_nothing_can_be_made_then_rejected(
    action: str, values: LotValues | None, reason: str
) -> None:
    found = decide(row(RowAction(action), values), None, SOURCE)
    assert (found.outcome, found.reason, found.item) == ("rejected", reason, None)


def test_reserved_lot_when_a_later_list_repeats_what_stands_then_nothing_waits_any_more() -> None:
    waiting = decide(row(RowAction.UPDATE, CHEAPER), item(ItemStatus.RESERVED), SOURCE).item
    assert waiting is not None
    assert waiting.pending_change is not None
    confirmed = decide(replace(row(RowAction.CONFIRM), version=3), waiting, SOURCE).item
    assert confirmed is not None
    assert confirmed.pending_change is None
    assert apply_pending(confirmed, MOMENT) is None


def test_relisted_lot_when_it_had_grants_then_the_new_cycle_starts_without() -> None:
    fresh = listed(item(ItemStatus.WITHDRAWN, grants_used=3, opened=True), MOMENT, new_cycle=True)
    assert (fresh.listing_cycle, fresh.grants_used, fresh.opened, fresh.version) == (2, 0, False, 5)


def test_available_lot_when_its_date_moves_to_the_future_then_planned_again() -> None:
    later = lot(available_from=date(2026, 4, 20))
    found = decide(row(RowAction.UPDATE, later), item(ItemStatus.AVAILABLE), SOURCE)
    assert found.item is not None
    assert (found.item.status, found.announce) == (ItemStatus.PRE_PRODUCTION, Announcement.LISTED)


@pytest.mark.parametrize(
    ("zone", "status"),
    [("Europe/Berlin", "available"), ("America/New_York", "pre_production"), ("Nowhere", "available")],
)
def test_start_when_the_day_has_begun_at_the_mill_then_available(zone: str, status: str) -> None:
    at = replace(MOMENT, now=datetime(2026, 3, 28, 0, 30, tzinfo=UTC), time_zone=zone)
    assert status_on(lot(available_from=date(2026, 3, 28)), at) == status


def test_dates_when_clocks_change_then_the_day_still_begins_at_midnight() -> None:
    # Berlin moves to summer time on 29 March 2026.
    planned = item(ItemStatus.PRE_PRODUCTION, values=lot(available_from=date(2026, 3, 30)))
    assert planned.available_at == datetime(2026, 3, 29, 22, tzinfo=UTC)
    assert planned.expires_on == date(2026, 3, 30) + timedelta(days=60)
