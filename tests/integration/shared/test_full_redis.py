"""Redis at its memory limit: nothing published is refused, and a subscriber that is away does not stop the others."""

from collections.abc import AsyncGenerator

import pytest_asyncio

from tests.support.bus import GROUP, STREAM, Bus, released
from tests.support.wait import until

MEGABYTE = 1 << 20
BODY = "x" * 40_000


@pytest_asyncio.fixture(loop_scope="session")
async def small(bus: Bus) -> AsyncGenerator[Bus]:
    """The bus with 6 MB of room in Redis."""
    used = int((await bus.redis.info("memory"))["used_memory"])  # pyright: ignore[reportUnknownMemberType] – untyped in redis-py
    await bus.redis.config_set("maxmemory", used + 6 * MEGABYTE)  # pyright: ignore[reportUnknownMemberType] – untyped in redis-py
    yield bus
    await bus.redis.config_set("maxmemory", 0)  # pyright: ignore[reportUnknownMemberType] – untyped in redis-py


async def publish(bus: Bus, first: int, last: int) -> None:
    for start in range(first, last + 1, 20):
        await bus.publish(*(released(number, cause=BODY) for number in range(start, min(start + 20, last + 1))))


async def test_events_when_redis_is_full_then_wait_in_postgresql_and_arrive_once_somebody_reads(small: Bus) -> None:
    small.start_relay()
    await publish(small, 1, 400)  # 16 MB
    await until(lambda: _numbered(small, 400), what="numbers for all")
    small.start_reader()
    assert await small.wait_for(400, deadline_s=40) == list(range(1, 401))


async def test_events_when_a_dead_subscriber_fills_redis_then_the_live_one_gets_them(small: Bus) -> None:
    await small.redis.xgroup_create(STREAM, "dead", id="0", mkstream=True)
    small.start_relay(groups=(GROUP, "dead"))
    small.start_reader()
    await publish(small, 1, 400)
    assert await small.wait_for(400, deadline_s=40) == list(range(1, 401))


async def _numbered(bus: Bus, seq: int) -> bool:
    return await bus.scalar("SELECT seq FROM stream_head", producer=True) == seq
