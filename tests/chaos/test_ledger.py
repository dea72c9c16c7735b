"""Kills, wipes and cut connections under load, judged by a ledger outside of the system: 0 lost, 0 doubled, in order.

``bin/test chaos --kills N --wipes M --seed S`` sets what the environment says here.
"""

import os
import random
import signal
from collections.abc import Callable, Mapping

import pytest

from shared.faults import Point
from tests.chaos.campaign import Campaign, plan
from tests.chaos.door import BEFORE_ANSWER
from tests.chaos.load import Load
from tests.chaos.rig import POINTS, signal_of
from tests.chaos.servers import SERVICES, Servers, running_servers
from tests.chaos.tally import KINDS
from tests.chaos.workers import Market, Verdict, open_market
from tests.support.wait import until

KILLS = int(os.environ.get("OFFCUT_CHAOS_KILLS", "20"))
WIPES = int(os.environ.get("OFFCUT_CHAOS_WIPES", "2"))
SEED = int(os.environ.get("OFFCUT_CHAOS_SEED", "20250304"))
BURST = 300


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Prints past pytest: a long run shows that it goes on."""

    def spoken(line: str) -> None:
        with capsys.disabled():
            print(line, flush=True)  # noqa: T201

    return spoken


async def campaign(
    market: Market, servers: Servers, say: Callable[[str], None], *, kills: int, wipes: int
) -> tuple[Campaign, Mapping[str, Verdict]]:
    """Run it to its end and print what was done and what came of it, also when it fails on its way."""
    title = f"chaos --kills {kills} --wipes {wipes} --seed {SEED}, {servers.versions()}"
    say(f"\n{title}")
    run = Campaign(market, servers, SEED, say)
    try:
        await run.run(plan(kills=kills, wipes=wipes, chance=random.Random(SEED)))
    finally:
        verdicts = {service: await market.judge(service) for service in SERVICES}
        say(run.tally.table(title, run.load.ledger, verdicts))
    return run, verdicts


async def test_events_when_processes_die_and_redis_is_wiped_under_load_then_the_ledger_is_clean(
    market: Market, servers: Servers, say: Callable[[str], None]
) -> None:
    run, verdicts = await campaign(market, servers, say, kills=KILLS, wipes=WIPES)
    assert all(verdict.clean for verdict in verdicts.values()), verdicts
    assert not run.load.ledger.wrong
    assert run.tally.kills >= KILLS
    assert min(run.tally.by_kind[kind] for kind in KINDS) >= KILLS // 10
    assert min(run.tally.by_point[point] for point in POINTS) >= KILLS // 10
    assert run.tally.wipes.total() == WIPES


@pytest.mark.host_servers
async def test_events_when_the_servers_are_the_hosts_then_the_ledger_is_clean_too(say: Callable[[str], None]) -> None:
    """PostgreSQL and Redis as Debian packs them are years older than those that come with us."""
    with running_servers("host") as servers, servers.database() as url:
        async with open_market(servers.redis_url, url) as market:
            _, verdicts = await campaign(market, servers, say, kills=10, wipes=1)
    assert all(verdict.clean for verdict in verdicts.values()), verdicts


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


async def test_death_before_the_answer_when_requests_are_repeated_with_new_keys_then_events_are_doubled(
    market: Market,
) -> None:
    for service in SERVICES:
        market.start(service)
    for name in ("one", "two"):
        market.start("catalog", "api", name=name)
    addresses = {name: f"http://127.0.0.1:{market.ports[name]}" for name in ("one", "two")}
    load = Load(addresses, market.intents, seed=SEED, new_keys=True)
    async with load.flowing():
        market.workers["one"].send_signal(signal_of(BEFORE_ANSWER))
        assert await market.died("one") == -signal.SIGKILL
    await market.quiet()
    assert (await market.judge("matching")).doubled > 0


async def _entries(market: Market, count: int) -> bool:
    return await market.redis.xlen("events.catalog") >= count
