"""A subscriber that got the present state knows as much as one that has heard everything."""

from collections.abc import AsyncIterator
from importlib import import_module

import pytest
import pytest_asyncio

from shared import numbering
from shared.consumer import operations
from shared.contracts import SERVICES, subscribers_of
from shared.contracts.base import stream_of
from tests.support.pump import Installation, installation, package_of
from tests.support.trading import Trading

OPEN = "status IN ('available', 'pre_production', 'reserved')"
ORGANIZATIONS = "SELECT * FROM organization_replica"
# What each service keeps of others and works with. Versions of items and matches are left out: a reservation and an
# interest count one up and are not told to all. Of what has ended a snapshot says that it has, not what it was like.
KEPT = {
    "ingestion": (
        ORGANIZATIONS,
        "SELECT mill_id, lot_key, item_id, lot FROM lot_replica WHERE listed",
        "SELECT item_id, buyer_id, window_id FROM holder_replica WHERE expires_at IS NOT NULL",
    ),
    "catalog": (
        ORGANIZATIONS,
        "SELECT match_id, item_id, buyer_id, listing_cycle, score FROM match_replica WHERE live",
        "SELECT item_id, buyer_id, match_id, match_score, interest_id, interest_ticket, window_id, window_expires_at,"
        " former_holder, purchaser"
        " FROM relation WHERE num_nonnulls(match_id, interest_id, window_id) > 0 OR former_holder",
    ),
    "matching": (
        ORGANIZATIONS,
        "SELECT * FROM rule_replica",
        "SELECT * FROM rate_replica",
        "SELECT * FROM interest_replica WHERE live",
        f"SELECT (to_jsonb(i) - '{{version,status,updated_at}}'::text[])::text FROM item_replica AS i WHERE {OPEN}",
    ),
    "exclusivity": (
        ORGANIZATIONS,
        "SELECT * FROM user_replica",
        "SELECT * FROM rule_replica",
        f"SELECT item_id, mill_id, listing_cycle, {OPEN} FROM item_replica",
        "SELECT match_id, item_id, buyer_id, score FROM match_replica WHERE status IN ('pending', 'registered')",
    ),
    "newsletter": (
        ORGANIZATIONS,
        "SELECT * FROM user_replica",
        "SELECT * FROM rule_replica",
        f"SELECT item_id, mill_id, version, listing_cycle, status, lot, reserved_until FROM item_replica WHERE {OPEN}",
        "SELECT * FROM requirement_replica",
        "SELECT match_id, item_id, buyer_id, requirement_title, score, explanation FROM match_replica WHERE live",
        "SELECT * FROM interest_replica WHERE live",
        "SELECT * FROM window_replica WHERE live",
        "SELECT * FROM rate_replica",
    ),
}


async def kept(place: Installation, service: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    async with place.databases[service].transaction() as conn:
        for query in KEPT[service]:
            rows = await (await conn.execute(query.encode())).fetchall()
            found[query] = sorted(map(str, rows))
    return found


async def publish(place: Installation, producer: str) -> int:
    """As ``bin/events snapshot`` does it; the number after which the snapshots come."""
    async with place.databases[producer].transaction() as conn:
        head = await numbering.hold_head(conn, producer)
        await import_module(f"{package_of(producer)}.snapshots").publish_snapshots(conn)
    await place.number(producer)
    return head.seq


async def hear(place: Installation, origin: Installation, up_to: dict[str, int]) -> None:
    """Let every subscriber hear each stream from its beginning up to a number."""
    for producer in SERVICES:
        events = [event for event in await origin.history(producer) if event.seq <= up_to[producer]]
        for subscriber in subscribers_of(producer):
            await place.apply(subscriber, stream_of(producer), events)


async def go_on(place: Installation, origin: Installation, heads: dict[str, int]) -> None:
    """Let every subscriber go on after the given numbers, as an operator's command does."""
    for producer in SERVICES:
        events = await origin.history(producer)
        for subscriber in subscribers_of(producer):
            stream, seq = stream_of(producer), heads[producer]
            async with place.databases[subscriber].transaction() as conn:
                await operations.go_on_from(conn, stream, seq=seq, epoch=events[0].epoch)
            await place.apply(subscriber, stream, events)


@pytest_asyncio.fixture(scope="module", loop_scope="session", name="traded")
async def a_traded_place() -> AsyncIterator[tuple[Installation, dict[str, int], dict[str, int]]]:
    """A market after three days; how far each stream was after the first, and where the snapshots begin."""
    async with installation() as place:
        trading = Trading(place)
        await trading.play(1)
        first = {producer: len(await place.history(producer)) for producer in SERVICES}
        for day in (2, 3):
            await trading.play(day)
        assert await place.set_aside() == []
        heads = {producer: await publish(place, producer) for producer in SERVICES}
        yield place, first, heads


@pytest.mark.parametrize("before", ["nothing", "the first day"])
async def test_replica_when_built_from_snapshots_then_equals_one_that_has_heard_everything(
    traded: tuple[Installation, dict[str, int], dict[str, int]], before: str
) -> None:
    origin, first, heads = traded
    async with installation() as told, installation() as anew:
        await hear(told, origin, heads)
        if before == "the first day":
            await hear(anew, origin, first)
        await go_on(anew, origin, heads)
        for service, queries in KEPT.items():
            known, learnt = await kept(told, service), await kept(anew, service)
            for query in queries:
                assert learnt[query] == known[query], f"{service}: {query}"
                assert known[query], f"{service}: nothing to compare in {query}"
        assert await anew.set_aside() == []


async def test_subscriber_when_up_to_date_then_snapshots_change_nothing(
    traded: tuple[Installation, dict[str, int], dict[str, int]],
) -> None:
    origin, _, _ = traded
    before = {service: await kept(origin, service) for service in KEPT}
    mails = await count(origin, "newsletter", "delivery")
    assert await origin.settle() > 0
    for service, queries in KEPT.items():
        after = await kept(origin, service)
        for query in queries:
            assert after[query] == before[service][query], f"{service}: {query}"
    assert await count(origin, "newsletter", "delivery") == mails


async def count(place: Installation, service: str, table: str) -> int:
    async with place.databases[service].transaction() as conn:
        row = await (await conn.execute(f"SELECT count(*) FROM {table}".encode())).fetchone()
    return row[0] if row else 0
