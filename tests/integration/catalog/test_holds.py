"""Windows of exclusivity as catalog mirrors them, in every order in which they can arrive."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from services.catalog.handlers import (
    on_items_opened,
    on_rows_accepted,
    on_windows_closed,
    on_windows_extended,
    on_windows_granted,
)
from shared.contracts.exclusivity import ItemOpened, WindowOutcome
from shared.contracts.types import RowAction
from shared.db import Conn
from tests.integration.catalog.conftest import Market, forget, told
from tests.support.lots import closed, extended, granted, row, rows_accepted

RESERVED, RELEASED = "catalog.item.reserved.v1", "catalog.item.released.v1"
UNTIL = datetime.now(UTC) + timedelta(hours=48)


async def one_item(conn: Conn, market: Market) -> UUID:
    await on_rows_accepted(conn, [rows_accepted(market.mill, row())])
    item_id = UUID((await told(conn, "catalog.rows.applied.v1"))[-1]["rows"][0]["item_id"])
    await forget(conn)
    return item_id


async def state(conn: Conn, item_id: UUID) -> tuple[Any, ...]:
    cursor = await conn.execute(
        "SELECT status, holder_id, grants_used, opened FROM item WHERE item_id = %(id)s", {"id": item_id}
    )
    found = await cursor.fetchone()
    assert found is not None
    return found


async def test_window_when_handed_over_then_item_never_becomes_free(conn: Conn, market: Market) -> None:
    item_id = await one_item(conn, market)
    first = granted(item_id, market.mill, market.buyer, expires_at=UNTIL)
    second = granted(item_id, market.mill, market.other_buyer, expires_at=UNTIL, number=2)
    await on_windows_granted(conn, [first])
    await on_windows_closed(conn, [closed(first, WindowOutcome.EXPIRED, next_window_id=second.window_id)])
    assert (await state(conn, item_id))[0] == "reserved"
    await on_windows_granted(conn, [second])
    assert await state(conn, item_id) == ("reserved", market.other_buyer, 2, False)
    assert [event["type"] for event in await told(conn)] == [RESERVED, RESERVED]


async def test_window_when_ended_without_successor_then_released(conn: Conn, market: Market) -> None:
    item_id = await one_item(conn, market)
    window = granted(item_id, market.mill, market.buyer, expires_at=UNTIL)
    await on_windows_granted(conn, [window])
    await on_windows_closed(conn, [closed(window, WindowOutcome.RELEASED)])
    assert await state(conn, item_id) == ("available", None, 1, False)
    assert [(event["type"], event.get("cause")) for event in await told(conn)] == [
        (RESERVED, None),
        (RELEASED, "released"),
    ]


async def ends(conn: Conn, item_id: UUID) -> tuple[Any, ...]:
    cursor = await conn.execute(
        """
        SELECT i.reserved_until, r.window_expires_at, i.version
        FROM item AS i JOIN relation AS r ON r.item_id = i.item_id WHERE i.item_id = %(id)s
        """,
        {"id": item_id},
    )
    found = await cursor.fetchone()
    assert found is not None
    return found


async def test_window_when_extended_then_item_is_held_until_the_later_end(conn: Conn, market: Market) -> None:
    item_id = await one_item(conn, market)
    window, later = granted(item_id, market.mill, market.buyer, expires_at=UNTIL), UNTIL + timedelta(hours=24)
    await on_windows_granted(conn, [window])
    more = extended(window, until=later)
    await on_windows_extended(conn, [more, more])
    assert await ends(conn, item_id) == (later, later, 3)
    told_of = [(event["type"], datetime.fromisoformat(event["until"])) for event in await told(conn)]
    assert told_of == [(RESERVED, UNTIL), (RESERVED, later)]


async def test_extension_when_the_window_is_over_then_ignored(conn: Conn, market: Market) -> None:
    item_id = await one_item(conn, market)
    first = granted(item_id, market.mill, market.buyer, expires_at=UNTIL)
    second = granted(item_id, market.mill, market.buyer, expires_at=UNTIL, number=2)
    await on_windows_granted(conn, [first])
    await on_windows_closed(conn, [closed(first, WindowOutcome.RELEASED, next_window_id=second.window_id)])
    await on_windows_granted(conn, [second])
    await on_windows_extended(conn, [extended(first, until=UNTIL + timedelta(hours=24))])
    assert (await ends(conn, item_id))[:2] == (UNTIL, UNTIL)


async def test_grant_when_item_was_withdrawn_meanwhile_then_ignored(conn: Conn, market: Market) -> None:
    item_id = await one_item(conn, market)
    await on_rows_accepted(conn, [rows_accepted(market.mill, row(version=2, action=RowAction.WITHDRAW, values=None))])
    await forget(conn)
    late = granted(item_id, market.mill, market.buyer, expires_at=UNTIL)
    await on_windows_granted(conn, [late])
    await on_windows_closed(conn, [closed(late, WindowOutcome.CANCELLED)])
    assert (await state(conn, item_id))[0] == "withdrawn"
    assert await told(conn) == []


async def test_grant_when_of_an_earlier_cycle_then_ignored(conn: Conn, market: Market) -> None:
    item_id = await one_item(conn, market)
    gone, back = row(version=2, action=RowAction.WITHDRAW, values=None), row(version=3)
    await on_rows_accepted(conn, [rows_accepted(market.mill, gone, back)])
    await on_windows_granted(conn, [granted(item_id, market.mill, market.buyer, expires_at=UNTIL, cycle=1)])
    assert (await state(conn, item_id))[0] == "available"


async def test_window_when_item_is_unknown_then_kept_as_a_relation(conn: Conn, market: Market) -> None:
    stranger = granted(uuid4(), market.mill, market.buyer, expires_at=UNTIL)
    await on_windows_granted(conn, [stranger])
    cursor = await conn.execute("SELECT window_id FROM relation WHERE item_id = %(id)s", {"id": stranger.item_id})
    assert await cursor.fetchone() == (stranger.window_id,)


async def test_item_when_all_grants_are_used_then_open(conn: Conn, market: Market) -> None:
    item_id = await one_item(conn, market)
    opened = ItemOpened(item_id=item_id, mill_id=market.mill, listing_cycle=1, grants_used=3)
    await on_items_opened(conn, [opened])
    assert await state(conn, item_id) == ("available", None, 3, True)
