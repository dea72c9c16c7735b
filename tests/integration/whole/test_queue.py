"""A buyer's place in the queue is one truth: a lot of catalog says what exclusivity says, whatever has happened."""

import pytest_asyncio

from services.catalog.main import build as build_catalog
from services.exclusivity.main import build as build_exclusivity
from shared.contracts.types import RowAction
from tests.support.doors import api_client
from tests.support.pump import Installation, installation
from tests.support.tokens import bearer
from tests.support.trading import BUYERS, Trading, actor_of

Places = dict[str, int | None]


@pytest_asyncio.fixture(loop_scope="session", name="trading")
async def a_market_with_one_lot():
    async with installation() as place:
        trading = Trading(place)
        await trading.found()
        for buyer in BUYERS:
            await trading.want(buyer, "Liner")
        await trading.list_lots("aumuehle", ("A1", RowAction.CREATE, 20))
        yield trading


async def told(place: Installation, item_id: object) -> tuple[Places, Places]:
    """The places of the buyers who have one: by the lot, and by the list of interests."""
    by_lot, by_queue = Places(), Places()
    async with (
        api_client(build_catalog(), place.databases["catalog"]) as catalog,
        api_client(build_exclusivity(), place.databases["exclusivity"]) as exclusivity,
    ):
        for buyer in BUYERS:
            headers = bearer("buyer_user", actor_of(buyer).organization_id)
            path = f"/interests?item_id={item_id}&status__in=queued,granted"
            for interest in (await exclusivity.get(path, headers=headers)).json()["items"]:
                by_queue[buyer] = interest["position"]
            for path in (f"/items/{item_id}", "/items"):
                seen = (await catalog.get(path, headers=headers)).json()
                mine = (seen["items"][0] if path == "/items" else seen)["my"]["interest"]
                if mine is not None:
                    assert by_lot.setdefault(buyer, mine["position"]) == mine["position"]
    return by_lot, by_queue


async def test_place_in_the_queue_when_buyers_come_and_go_then_the_lot_says_what_the_queue_says(trading: Trading):
    item_id = (await trading.items())["A1"]
    interests = {buyer: await trading.ask(buyer, "A1") for buyer in ("carta", "dosenhof", "etikett")}
    assert await told(trading.place, item_id) == ({"carta": 1, "dosenhof": 2, "etikett": 3},) * 2

    # Ids are made before the queue is entered: the order of the tickets decides.
    async with trading.place.databases["catalog"].transaction() as conn:
        await conn.execute(
            "UPDATE relation SET interest_id = 'ffffffff-ffff-7fff-bfff-ffffffffffff' WHERE interest_ticket = 2"
        )
    by_lot, by_queue = await told(trading.place, item_id)
    assert by_lot == by_queue
    async with trading.place.databases["catalog"].transaction() as conn:
        kept = {"id": interests["dosenhof"]}
        await conn.execute("UPDATE relation SET interest_id = %(id)s WHERE interest_ticket = 2", kept)

    await trading.leave("dosenhof", interests["dosenhof"])
    assert await told(trading.place, item_id) == ({"carta": 1, "etikett": 2},) * 2
    await trading.give_back("carta", "A1")
    assert await told(trading.place, item_id) == ({"etikett": 1},) * 2
    await trading.ask("dosenhof", "A1")
    assert await told(trading.place, item_id) == ({"etikett": 1, "dosenhof": 2},) * 2
