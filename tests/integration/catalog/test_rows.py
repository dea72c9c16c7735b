"""What becomes of the rows of a list, on a real database."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

from services.catalog.handlers import (
    on_interests_registered,
    on_organizations_changed,
    on_rows_accepted,
    on_windows_closed,
    on_windows_granted,
)
from shared.contracts.exclusivity import InterestRegistered, WindowOutcome
from shared.contracts.gateway import OrganizationKind, OrganizationStatus
from shared.contracts.types import RowAction
from shared.db import Conn
from tests.integration.catalog.conftest import Market, forget, told
from tests.support.lots import LINER, closed, granted, lot, organization, row, rows_accepted

APPLIED, LISTED = "catalog.rows.applied.v1", "catalog.items.listed.v1"
CHANGED, UNLISTED = "catalog.items.changed.v1", "catalog.items.unlisted.v1"


async def outcomes(conn: Conn) -> list[tuple[str, str | None]]:
    """Outcome and reason of every row answered since the outbox was last emptied."""
    return [(one["outcome"], one["reason"]) for event in await told(conn, APPLIED) for one in event["rows"]]


async def first_item(conn: Conn, mill: UUID) -> UUID:
    """List one lot; its item."""
    await on_rows_accepted(conn, [rows_accepted(mill, row())])
    item_id = UUID((await told(conn, APPLIED))[0]["rows"][0]["item_id"])
    await forget(conn)
    return item_id


async def test_part_when_accepted_then_all_rows_are_answered_and_the_part_ends_with_its_listing(
    conn: Conn, market: Market
) -> None:
    await forget(conn)
    rows = [row(f"ref:{n}", values=lot(lot_ref=str(n))) for n in range(500)]
    await on_rows_accepted(conn, [rows_accepted(market.mill, *rows, part=2, parts=3)])
    events = await told(conn)
    assert [event["type"] for event in events] == [APPLIED, LISTED]
    assert {one["outcome"] for one in events[0]["rows"]} == {"created"}
    assert [one["row_id"] for one in events[0]["rows"]] == [str(one.row_id) for one in rows]
    assert (events[1]["part"], events[1]["parts"], len(events[1]["items"])) == (2, 3, 500)
    snapshot = events[1]["items"][0]
    assert snapshot["status"] == "available"
    assert snapshot["header_fingerprint"] == "list a"
    assert snapshot["values"]["gsm"] == "112"


async def test_part_when_it_comes_again_then_same_answers_and_no_effect(conn: Conn, market: Market) -> None:
    event = rows_accepted(market.mill, row(), row("ref:k-2", values=None, action=RowAction.WITHDRAW))
    await on_rows_accepted(conn, [event])
    first = await told(conn, APPLIED)
    await forget(conn)
    await on_rows_accepted(conn, [event])
    again = await told(conn)
    assert [one["type"] for one in again] == [APPLIED, LISTED]
    assert again[0]["rows"] == first[0]["rows"]
    assert again[1]["items"] == []
    cursor = await conn.execute("SELECT count(*), max(version) FROM item WHERE mill_id = %(m)s", {"m": market.mill})
    assert await cursor.fetchone() == (1, 1)


async def test_rows_when_lot_is_known_then_updated_confirmed_and_withdrawn(conn: Conn, market: Market) -> None:
    await on_rows_accepted(conn, [rows_accepted(market.mill, *(row(f"ref:{n}") for n in range(3)))])
    await forget(conn)
    await on_rows_accepted(
        conn,
        [
            rows_accepted(
                market.mill,
                row("ref:0", version=2, action=RowAction.UPDATE, values=lot(price=Decimal(400))),
                row("ref:1", version=2, action=RowAction.CONFIRM),
                row("ref:2", version=2, action=RowAction.WITHDRAW, values=None),
            )
        ],
    )
    assert await outcomes(conn) == [("updated", None), ("confirmed", None), ("withdrawn", None)]
    events = await told(conn)
    assert [event["type"] for event in events] == [APPLIED, CHANGED, UNLISTED, LISTED]
    assert sorted(events[1]["changed"].values()) == [[], ["price"]]
    assert events[2]["items"][0]["reason"] == "withdrawn"
    assert events[3]["items"] == []


async def test_withdrawn_lot_when_it_is_in_a_new_list_then_relisted_in_a_new_cycle(conn: Conn, market: Market) -> None:
    item_id = await first_item(conn, market.mill)
    gone = row(version=2, action=RowAction.WITHDRAW, values=None)
    back = row(version=3, action=RowAction.CREATE)
    await on_rows_accepted(conn, [rows_accepted(market.mill, gone), rows_accepted(market.mill, back)])
    assert await outcomes(conn) == [("withdrawn", None), ("relisted", None)]
    listed = (await told(conn, LISTED))[-1]["items"][0]
    assert (listed["item_id"], listed["listing_cycle"], listed["status"]) == (str(item_id), 2, "available")


async def test_row_when_older_than_what_was_applied_then_rejected(conn: Conn, market: Market) -> None:
    await on_rows_accepted(conn, [rows_accepted(market.mill, row(version=5))])
    await forget(conn)
    await on_rows_accepted(conn, [rows_accepted(market.mill, row(version=4, values=lot(gsm=Decimal(200))))])
    assert await outcomes(conn) == [("rejected", "superseded")]


async def test_reserved_item_when_list_changes_it_then_deferred_until_released(conn: Conn, market: Market) -> None:
    item_id = await first_item(conn, market.mill)
    window = granted(item_id, market.mill, market.buyer, expires_at=datetime.now(UTC) + timedelta(hours=48))
    await on_windows_granted(conn, [window])
    await on_rows_accepted(
        conn,
        [rows_accepted(market.mill, row(version=2, action=RowAction.UPDATE, values=lot(price=Decimal(390))))],
    )
    assert await outcomes(conn) == [("deferred", "reserved")]
    await forget(conn)
    await on_windows_closed(conn, [closed(window, WindowOutcome.EXPIRED)])
    events = await told(conn)
    assert [event["type"] for event in events] == ["catalog.item.released.v1", CHANGED]
    assert events[1]["items"][0]["values"]["price"] == "390"
    assert events[1]["items"][0]["status"] == "available"


async def test_reserved_item_when_list_misses_it_then_withdrawn_on_release(conn: Conn, market: Market) -> None:
    item_id = await first_item(conn, market.mill)
    window = granted(item_id, market.mill, market.buyer, expires_at=datetime.now(UTC) + timedelta(hours=48))
    await on_windows_granted(conn, [window])
    await on_rows_accepted(conn, [rows_accepted(market.mill, row(version=2, action=RowAction.WITHDRAW, values=None))])
    assert await outcomes(conn) == [("deferred", "reserved")]
    await forget(conn)
    await on_windows_closed(conn, [closed(window, WindowOutcome.RELEASED)])
    assert [event["type"] for event in await told(conn)] == [UNLISTED]


async def test_sold_lot_when_it_is_in_a_new_list_then_rejected(conn: Conn, market: Market) -> None:
    item_id = await first_item(conn, market.mill)
    window = granted(item_id, market.mill, market.buyer, expires_at=datetime.now(UTC) + timedelta(hours=48))
    await on_windows_granted(conn, [window])
    await on_windows_closed(conn, [closed(window, WindowOutcome.CONVERTED)])
    sold = (await told(conn, UNLISTED))[0]["items"][0]
    assert (sold["reason"], sold["buyer_id"]) == ("sold", str(market.buyer))
    await forget(conn)
    await on_rows_accepted(conn, [rows_accepted(market.mill, row(version=2, action=RowAction.UPDATE))])
    assert await outcomes(conn) == [("rejected", "already_sold")]


async def test_row_when_taken_back_then_item_is_as_before(conn: Conn, market: Market) -> None:
    await first_item(conn, market.mill)
    update = row(version=2, action=RowAction.UPDATE, values=lot(price=Decimal(300)))
    await on_rows_accepted(conn, [rows_accepted(market.mill, update)])
    await forget(conn)
    undo = row(version=2, action=RowAction.REVERT, values=None, row_id=update.row_id)
    await on_rows_accepted(conn, [rows_accepted(market.mill, undo)])
    assert await outcomes(conn) == [("reverted", None)]
    assert (await told(conn, CHANGED))[0]["items"][0]["values"]["price"] == "420"
    await forget(conn)
    await on_rows_accepted(conn, [rows_accepted(market.mill, undo)])
    assert await outcomes(conn) == [("reverted", None)]
    assert await told(conn, CHANGED) == []


async def test_created_row_when_taken_back_after_a_change_then_refused(conn: Conn, market: Market) -> None:
    create = row()
    await on_rows_accepted(conn, [rows_accepted(market.mill, create)])
    await on_rows_accepted(conn, [rows_accepted(market.mill, row(version=2, action=RowAction.CONFIRM))])
    await forget(conn)
    undo = row(version=3, action=RowAction.REVERT, values=None, row_id=create.row_id)
    await on_rows_accepted(conn, [rows_accepted(market.mill, undo)])
    assert await outcomes(conn) == [("rejected", "changed_since")]
    await forget(conn)
    await on_rows_accepted(conn, [rows_accepted(market.mill, undo)])  # sent again, it is judged by its first answer
    assert await outcomes(conn) == [("rejected", "changed_since")]


async def test_row_when_taken_back_while_a_buyer_waits_for_the_lot_then_refused(conn: Conn, market: Market) -> None:
    planned = row(values=lot(available_from=date.today() + timedelta(days=30)))
    await on_rows_accepted(conn, [rows_accepted(market.mill, planned)])
    item_id = UUID((await told(conn, APPLIED))[0]["rows"][0]["item_id"])
    interest = InterestRegistered(
        item_id=item_id, mill_id=market.mill, listing_cycle=1, interest_id=uuid4(), buyer_id=market.buyer,
        position=1, origin="person",
    )  # fmt: skip
    await on_interests_registered(conn, [interest])
    await forget(conn)
    undo = row(version=2, action=RowAction.REVERT, values=None, row_id=planned.row_id)
    await on_rows_accepted(conn, [rows_accepted(market.mill, undo)])
    assert await outcomes(conn) == [("rejected", "interest_registered")]


async def test_two_rows_of_one_lot_when_in_one_part_then_each_sees_what_the_one_before_left(
    conn: Conn, market: Market
) -> None:
    second = row(version=2, action=RowAction.UPDATE, values=lot(gsm=Decimal(125)))
    await on_rows_accepted(conn, [rows_accepted(market.mill, row(), second)])
    assert await outcomes(conn) == [("created", None), ("updated", None)]
    listed = (await told(conn, LISTED))[0]["items"]
    assert [(one["values"]["gsm"], one["version"]) for one in listed] == [("125", 2)]


async def test_future_lot_when_accepted_then_pre_production_with_its_date(conn: Conn, market: Market) -> None:
    start = (datetime.now(UTC) + timedelta(days=30)).date()
    await on_rows_accepted(conn, [rows_accepted(market.mill, row(values=lot(available_from=start)))])
    assert (await told(conn, LISTED))[0]["items"][0]["status"] == "pre_production"


async def test_rows_when_mill_is_not_known_yet_then_applied_and_completed_later(conn: Conn) -> None:
    mill = uuid4()
    await on_rows_accepted(conn, [rows_accepted(mill, row())])
    assert await outcomes(conn) == [("created", None)]
    await on_organizations_changed(conn, [organization(OrganizationKind.MILL, mill)])
    changed = await told(conn, "catalog.visibility.changed.v1")
    assert [(one["mill_id"], one["version"]) for one in changed] == [(str(mill), 1)]


async def test_mill_when_closed_then_its_items_are_withdrawn(conn: Conn, market: Market) -> None:
    await first_item(conn, market.mill)
    shut = organization(OrganizationKind.MILL, market.mill, version=2, status=OrganizationStatus.CLOSED)
    await on_organizations_changed(conn, [shut])
    assert [one["reason"] for event in await told(conn, UNLISTED) for one in event["items"]] == ["withdrawn"]


async def test_values_when_stored_then_read_back_the_same(conn: Conn, market: Market) -> None:
    await first_item(conn, market.mill)
    again = row(version=2, action=RowAction.UPDATE, values=LINER)
    await on_rows_accepted(conn, [rows_accepted(market.mill, again)])
    assert await outcomes(conn) == [("confirmed", None)]
