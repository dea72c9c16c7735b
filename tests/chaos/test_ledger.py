"""Kills, wipes and cut connections under load, judged by a ledger outside of the system: 0 lost, 0 doubled, in order.

``OFFCUT_CHAOS_SEED`` repeats a run, ``OFFCUT_CHAOS_ROUNDS`` makes it longer than the short part that CI runs.
"""

import os
import random
import signal

import pytest

from shared.faults import Point
from tests.chaos.workers import Market
from tests.support.wait import until

SEED = int(os.environ.get("OFFCUT_CHAOS_SEED", "20250304"))
ROUNDS = int(os.environ.get("OFFCUT_CHAOS_ROUNDS", "1"))
SERVICES = ("catalog", "matching")
BURST = 300


async def kill_with_work_in_flight(market: Market, victim: str) -> None:
    await market.publish(BURST)
    if await market.in_flight():
        market.kills_in_flight += 1
    market.kill(victim)
    market.start(victim)


async def die_at(market: Market, victim: str, point: Point) -> None:
    market.kill(victim)
    market.start(victim, OFFCUT_CRASH_AT=f"{point}:1")
    await market.publish(BURST)
    assert await market.died(victim) == -signal.SIGKILL
    market.kills_in_flight += 1
    market.start(victim)


async def wipe_with_a_backlog(market: Market) -> None:
    await market.publish(BURST)
    assert await market.in_flight()
    await market.flush()


async def test_events_when_workers_die_and_redis_is_wiped_under_load_then_the_ledger_is_clean(market: Market) -> None:
    chance = random.Random(SEED)
    print(f"OFFCUT_CHAOS_SEED={SEED} OFFCUT_CHAOS_ROUNDS={ROUNDS}")  # noqa: T201 - repeats the run
    for service in SERVICES:
        market.start(service)
    for _ in range(ROUNDS):
        steps = [
            *[("die", service, point) for service in SERVICES for point in Point],
            *[("kill", service, None) for service in SERVICES for _ in range(6)],
            *[("wipe", "", None)] * 2,
            *[("cut", "", None)] * 2,
        ]
        chance.shuffle(steps)
        for what, victim, point in steps:
            if what == "die" and point is not None:
                await die_at(market, victim, point)
            elif what == "kill":
                await kill_with_work_in_flight(market, victim)
            elif what == "wipe":
                await wipe_with_a_backlog(market)
            else:
                await market.publish(BURST)
                await market.cut_backends()
    await market.quiet()
    assert market.kills_in_flight >= 20 * ROUNDS
    for service in SERVICES:
        assert (await market.judge(service)).clean, await market.judge(service)


async def test_wipe_when_refill_is_switched_off_then_events_are_missing(market: Market) -> None:
    """The wipe of the ledger test proves something: without its remedy the same is wrong."""
    market.start("catalog", OFFCUT_REMEDY_OFF="refill")
    market.start("matching", OFFCUT_REMEDY_OFF="refill")
    await market.publish(50)
    await market.quiet()
    market.kill("matching")
    await market.publish(BURST)
    await until(lambda: _entries(market, 50 + BURST), what="the relay to send all")
    await market.flush()
    market.start("matching", OFFCUT_REMEDY_OFF="refill")
    await market.publish(50)
    with pytest.raises(AssertionError, match="full circle"):
        await market.quiet(deadline_s=8)
    assert (await market.judge("matching")).lost >= BURST


async def test_death_before_acknowledging_when_the_compare_and_set_is_off_then_events_are_doubled(
    market: Market,
) -> None:
    market.start("catalog")
    market.start("matching", OFFCUT_REMEDY_OFF="compare_and_set", OFFCUT_CRASH_AT=f"{Point.AFTER_COMMIT_BEFORE_XACK}:1")
    await market.publish(50)
    assert await market.died("matching") == -signal.SIGKILL
    market.start("matching", OFFCUT_REMEDY_OFF="compare_and_set")
    await market.quiet()
    assert (await market.judge("matching")).doubled > 0


async def _entries(market: Market, count: int) -> bool:
    return await market.redis.xlen("events.catalog") >= count
