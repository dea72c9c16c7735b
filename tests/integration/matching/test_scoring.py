"""What is matched, whatever the order in which items, requirements, organisations and rules arrive."""

import asyncio
from decimal import Decimal
from itertools import permutations
from uuid import UUID, uuid4

import pytest
from psycopg.errors import RaiseException

from services.matching import jobs
from services.matching.usecases.scoring import Limits
from shared.contracts.matching import MatchesFound
from shared.db import Database
from tests.integration.matching.scene import Scene, snapshot
from tests.support.database import opened, service_database


@pytest.mark.parametrize("order", list(permutations(["mill", "buyer", "wish", "item"])), ids="-".join)
@pytest.mark.parametrize("between", [True, False], ids=["scored between", "scored at the end"])
async def test_pair_is_found_once_in_any_order_of_arrival(order: tuple[str, ...], between: bool, scene: Scene) -> None:
    mill_id, buyer_id = uuid4(), uuid4()
    item = snapshot(mill_id)
    wish: UUID | None = None
    for step in order:
        if step == "mill":
            await scene.mill(mill_id)
        elif step == "buyer":
            await scene.buyer(buyer_id)
        elif step == "wish":
            wish = await scene.wish(buyer_id)
        else:
            await scene.list_items(item)
        if between:
            await scene.score()
    await scene.score()
    assert await scene.found() == [(wish, item.item_id, 1)]
    assert await scene.matches() == {(wish, item.item_id): "active"}


async def test_match_tells_score_explanation_and_what_exclusivity_needs(scene: Scene) -> None:
    mill_id, buyer_id = await scene.mill(), await scene.buyer()
    await scene.wish(buyer_id, auto_interest=True, cadence="on_match", valid_until="2099-12-31")
    batch_id, item = uuid4(), snapshot(mill_id)
    await scene.list_items(item, batch_id=batch_id)
    await scene.score()
    [event] = await scene.told(MatchesFound)
    [match] = event.matches
    assert (event.item_id, event.mill_id, event.listing_cycle, event.batch_id) == (item.item_id, mill_id, 1, batch_id)
    assert (match.buyer_id, match.score, match.auto_interest, match.cadence) == (
        buyer_id,
        Decimal(100),
        True,
        "on_match",
    )
    assert [line.criterion for line in match.explanation] == ["grade", "gsm", "form", "quality"]
    assert match.not_needed_after is not None
    assert match.not_needed_after.isoformat() == "2100-01-01T00:00:00+00:00"
    [row] = await scene.rows("SELECT correlation_id FROM outbox WHERE type = %(type)s", type=MatchesFound.TYPE)
    assert row[0] == "of this test"


async def test_same_item_listed_again_tells_nothing_new(scene: Scene) -> None:
    mill_id, buyer_id = await scene.mill(), await scene.buyer()
    await scene.wish(buyer_id)
    item = snapshot(mill_id)
    await scene.list_items(item)
    await scene.score()
    await scene.list_items(snapshot(mill_id, item_id=item.item_id, version=2))
    assert await scene.score() == 1
    assert len(await scene.found()) == 1


async def test_older_snapshot_changes_nothing(scene: Scene) -> None:
    mill_id, buyer_id = await scene.mill(), await scene.buyer()
    wish = await scene.wish(buyer_id)
    item = snapshot(mill_id, version=5)
    await scene.list_items(item)
    await scene.change_items(snapshot(mill_id, item_id=item.item_id, version=4, gsm=Decimal(80)))
    await scene.score()
    assert await scene.matches() == {(wish, item.item_id): "active"}


async def test_changed_item_that_fits_no_more_is_closed_and_opens_again_with_a_higher_version(scene: Scene) -> None:
    mill_id, buyer_id = await scene.mill(), await scene.buyer()
    wish = await scene.wish(buyer_id)
    item = snapshot(mill_id)
    await scene.list_items(item)
    await scene.score()
    await scene.change_items(snapshot(mill_id, item_id=item.item_id, version=2, gsm=Decimal(151)))
    await scene.score()
    assert await scene.closed() == [(wish, "no_longer_matches")]
    await scene.change_items(snapshot(mill_id, item_id=item.item_id, version=3))
    await scene.score()
    assert await scene.found() == [(wish, item.item_id, 1), (wish, item.item_id, 3)]


async def test_price_change_is_told_as_a_new_version(scene: Scene) -> None:
    mill_id, buyer_id = await scene.mill(), await scene.buyer()
    wish = await scene.wish(buyer_id, price_ceiling={"amount": "610"})
    item = snapshot(mill_id)
    await scene.list_items(item)
    await scene.score()
    await scene.change_items(snapshot(mill_id, item_id=item.item_id, version=2, price_per_t=Decimal(500)))
    await scene.score()
    assert await scene.found() == [(wish, item.item_id, 1), (wish, item.item_id, 2)]


async def test_crowded_item_keeps_its_best_buyers(scene: Scene) -> None:
    mill_id = await scene.mill()
    limits = Limits(items=500, requirements=50, matches_per_item=2)
    item = snapshot(mill_id)
    await scene.list_items(item)
    fair = await scene.wish(await scene.buyer(), grade_codes=[], families=["containerboard"])
    await scene.score(limits)
    good = [await scene.wish(await scene.buyer()), await scene.wish(await scene.buyer())]
    await scene.score(limits)
    live = {pair[0] for pair, status in (await scene.matches()).items() if status == "active"}
    assert live == set(good)
    assert (fair, "no_longer_matches") in await scene.closed()


async def test_two_workers_taking_turns_see_each_others_requirements(own: Database, scene: Scene) -> None:
    async with opened(own.url, "matching") as standby:
        mill_id, buyer_id = await scene.mill(), await scene.buyer()
        await scene.score()
        await scene.score(db=standby)
        wishes: list[UUID] = []
        for turn in range(4):
            wishes.append(await scene.wish(buyer_id))
            await scene.score(db=standby if turn % 2 else own)
        item = snapshot(mill_id)
        await scene.list_items(item)
        await scene.score(db=standby)
        await scene.change(buyer_id, wishes[0], paused=True)
        await scene.score(db=own)
        await scene.change_items(snapshot(mill_id, item_id=item.item_id, version=2, width_mm=2000))
        await scene.score(db=standby)
    assert {pair[0] for pair, status in (await scene.matches()).items() if status == "active"} == set(wishes[1:])


async def test_scoring_that_fails_at_its_commit_is_done_again_and_misses_nothing(scene: Scene) -> None:
    mill_id, buyer_id = await scene.mill(), await scene.buyer()
    await scene.score()
    first = await scene.wish(buyer_id)
    async with scene.db.transaction() as conn:
        await conn.execute("CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$")
        await conn.execute(
            "CREATE CONSTRAINT TRIGGER refused AFTER DELETE ON requirement_queue DEFERRABLE INITIALLY DEFERRED"
            " FOR EACH ROW EXECUTE FUNCTION refuse()"
        )
    with pytest.raises(RaiseException, match="no"):
        await scene.score()
    async with scene.db.transaction() as conn:
        await conn.execute("DROP TRIGGER refused ON requirement_queue")
    second = await scene.wish(buyer_id)
    await scene.score()
    item = snapshot(mill_id)
    await scene.list_items(item)
    await scene.score()
    assert set(await scene.matches()) == {(first, item.item_id), (second, item.item_id)}


async def test_items_and_requirements_arriving_while_scoring_runs_are_all_matched_once(scene: Scene) -> None:
    mill_id = await scene.mill()
    buyers = [await scene.buyer() for _ in range(4)]
    stop = asyncio.Event()

    async def keep_scoring(db: Database) -> None:
        while not stop.is_set():
            await scene.score(Limits(items=3, requirements=2, matches_per_item=500), db=db)

    async def wishes() -> list[UUID]:
        return [await scene.wish(buyers[number % 4]) for number in range(20)]

    async def lots() -> list[UUID]:
        made: list[UUID] = []
        for _ in range(20):
            item = snapshot(mill_id)
            await scene.list_items(item)
            made.append(item.item_id)
        return made

    async with opened(scene.db.url, "matching") as standby:
        scorers = [asyncio.create_task(keep_scoring(db)) for db in (scene.db, standby)]
        wanted, offered = await asyncio.gather(wishes(), lots())
        stop.set()
        await asyncio.gather(*scorers)
        await scene.score()
    told = await scene.found()
    assert sorted(told) == sorted((wish, item, 1) for wish in wanted for item in offered)


async def test_matching_away_and_back_catches_up_once(scene: Scene) -> None:
    mill_id, buyer_id = await scene.mill(), await scene.buyer()
    wish = await scene.wish(buyer_id)
    await scene.score()
    items = [snapshot(mill_id) for _ in range(7)]
    batch_id = uuid4()
    await scene.list_items(*items[:4], batch_id=batch_id, part=1, parts=2)
    await scene.list_items(*items[4:], batch_id=batch_id, part=2, parts=2)
    async with opened(scene.db.url, "matching") as restarted:  # a new process, with nothing in memory
        await scene.score(Limits(items=3, requirements=1, matches_per_item=9), db=restarted)
    assert sorted(await scene.found()) == sorted((wish, item.item_id, 1) for item in items)
    assert [run.items for run in await scene.runs()] == [7]


async def test_database_of_its_own_starts_empty() -> None:
    async with service_database("matching") as db:
        assert await jobs.score(db) == 0
