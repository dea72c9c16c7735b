"""What time does to items."""

from datetime import UTC, date, datetime

from services.catalog.handlers import on_organizations_changed, on_rows_accepted
from services.catalog.jobs import JOBS
from services.catalog.store.items import next_available, next_expiry
from services.catalog.usecases.timers import expire_items, open_due_items
from shared.contracts.gateway import OrganizationKind
from shared.db import Conn
from tests.integration.catalog.conftest import Market, forget, told
from tests.support.lots import lot, organization, row, rows_accepted

LISTED, UNLISTED = "catalog.items.listed.v1", "catalog.items.unlisted.v1"


async def at(conn: Conn, moment: datetime) -> None:
    """Let the database's clock show this moment for the rest of the transaction."""
    await conn.execute(
        "CREATE OR REPLACE FUNCTION clock() RETURNS timestamptz LANGUAGE sql VOLATILE AS $$ SELECT"
        " current_setting('test.now')::timestamptz $$"
    )
    await conn.execute("SELECT set_config('test.now', %(now)s, true)", {"now": moment.isoformat()})


async def test_planned_item_when_its_day_begins_at_the_mill_then_available(conn: Conn, market: Market) -> None:
    await at(conn, datetime(2026, 6, 1, 12, tzinfo=UTC))
    values = lot(available_from=date(2026, 6, 10))
    await on_rows_accepted(conn, [rows_accepted(market.mill, row(values=values))])
    # Midnight in Berlin in summer is 22:00 UTC of the day before.
    assert await next_available(conn) == datetime(2026, 6, 9, 22, tzinfo=UTC)
    await forget(conn)
    just_before = datetime(2026, 6, 9, 21, 59, 59, tzinfo=UTC)
    await at(conn, just_before)
    assert await open_due_items(conn, now=just_before, limit=10) == 0
    then = datetime(2026, 6, 9, 22, tzinfo=UTC)
    await at(conn, then)
    assert await open_due_items(conn, now=then, limit=10) == 1
    events = await told(conn)
    assert [event["type"] for event in events] == [LISTED]
    assert events[0]["items"][0]["status"] == "available"
    assert events[0]["batch_id"] is None
    assert await open_due_items(conn, now=then, limit=10) == 0


async def test_planned_item_when_mill_moves_to_another_time_zone_then_its_moment_moves(
    conn: Conn, market: Market
) -> None:
    await at(conn, datetime(2026, 6, 1, 12, tzinfo=UTC))
    await on_rows_accepted(conn, [rows_accepted(market.mill, row(values=lot(available_from=date(2026, 6, 10))))])
    moved = organization(OrganizationKind.MILL, market.mill, version=2, time_zone="Europe/Helsinki")
    await on_organizations_changed(conn, [moved])
    assert await next_available(conn) == datetime(2026, 6, 9, 21, tzinfo=UTC)


async def test_item_when_nobody_confirmed_it_for_60_days_then_expired(conn: Conn, market: Market) -> None:
    await at(conn, datetime(2026, 1, 10, 12, tzinfo=UTC))
    await on_rows_accepted(conn, [rows_accepted(market.mill, row())])
    assert (await told(conn, LISTED))[0]["items"][0]["expires_on"] == "2026-03-11"
    due = datetime(2026, 3, 11, 23, tzinfo=UTC)  # the end of that day in Berlin
    assert await next_expiry(conn) == due
    await at(conn, due)
    assert await expire_items(conn, now=due, limit=10) == 1
    assert [one["reason"] for event in await told(conn, UNLISTED) for one in event["items"]] == ["expired"]
    assert await expire_items(conn, now=due, limit=10) == 0


async def test_item_when_confirmed_then_expiry_counts_from_it(conn: Conn, market: Market) -> None:
    await at(conn, datetime(2026, 1, 10, 12, tzinfo=UTC))
    await on_rows_accepted(conn, [rows_accepted(market.mill, row())])
    await at(conn, datetime(2026, 2, 10, 12, tzinfo=UTC))
    await on_rows_accepted(conn, [rows_accepted(market.mill, row(version=2))])
    assert await next_expiry(conn) == datetime(2026, 4, 11, 22, tzinfo=UTC)


async def test_item_when_offer_ends_earlier_then_expires_with_the_offer(conn: Conn, market: Market) -> None:
    await at(conn, datetime(2026, 1, 10, 12, tzinfo=UTC))
    await on_rows_accepted(conn, [rows_accepted(market.mill, row(values=lot(valid_until=date(2026, 1, 31))))])
    assert await next_expiry(conn) == datetime(2026, 1, 31, 23, tzinfo=UTC)


def test_timetable_when_read_then_both_jobs_know_their_next_deadline() -> None:
    assert [(job.name, job.next_due) for job in JOBS] == [
        ("open_due_items", next_available),
        ("expire_items", next_expiry),
    ]
