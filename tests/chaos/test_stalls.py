"""Processes that are stopped but not dead, and handlers that take their process with them."""

import signal
import time

import httpx

from tests.chaos.rig import GREEDY, KEYS, POISON, SEGFAULT, SLOW
from tests.chaos.servers import SERVICES
from tests.chaos.workers import Market
from tests.support.wait import until

TAKEOVER_S = 15
PAIRS = ("relay", "lasting", "reader")


async def test_relay_and_reader_when_stopped_in_their_transactions_then_are_replaced_and_fenced_off(
    market: Market,
) -> None:
    """Both lose their locks to a stand-by. A third pair, whose remedy is off, shows that nothing else would help."""
    for place in ("first", "second"):
        market.start("catalog", "relay", name=f"relay {place}")
        market.start("catalog", "consumer", name=f"lasting {place}", OFFCUT_REMEDY_OFF="lease")
        market.start("matching", name=f"reader {place}")
        for pair in PAIRS:
            await until(lambda pair=pair: _active(market, f"{pair} first"), deadline_s=20, what=f"{pair} to work")
    await market.publish(1, cause=SLOW)
    await until(lambda: _sessions(market, "matching", "query LIKE '%%pg_sleep(%%'"), what="a reader in a transaction")
    async with market.databases["catalog"].transaction() as conn:
        await conn.execute("LOCK TABLE sent IN SHARE MODE")
        await market.publish(20)
        await until(lambda: _sessions(market, "catalog", "wait_event = 'relation'"), what="a relay in a transaction")
        stopped = [f"{pair} first" for pair in PAIRS]
        for name in stopped:
            market.kill(name, signal.SIGSTOP)
        began = time.monotonic()
    for pair in ("relay", "reader"):
        await until(
            lambda pair=pair: _active(market, f"{pair} second"),
            deadline_s=TAKEOVER_S - (time.monotonic() - began),
            what=f"the other {pair} to take over",
        )
    await until(lambda: _count(market, 21), what="what the stopped ones had in hand")
    assert not await _active(market, "lasting second")
    for name in stopped:
        market.kill(name, signal.SIGCONT)
    await market.publish(50)
    await market.quiet()
    for service in SERVICES:
        assert (await market.judge(service)).clean


async def test_event_when_its_handler_kills_the_process_then_is_given_up_in_the_end(market: Market) -> None:
    market.start("catalog")
    market.start("matching")
    await market.publish(5)
    await market.quiet()
    await market.publish(1, cause=SEGFAULT)
    poisoned = market.intents.pop()
    deaths = 0
    while not await _dead_letters(market):
        if market.workers["matching"].poll() is not None:
            deaths += 1
            assert deaths <= 6
            market.start("matching")
        await until(lambda: _gone_or_given_up(market), deadline_s=30, what="a death, or a dead letter")
    market.intents.append(poisoned)
    await market.publish(20)
    await until(lambda: _count(market, 25), what="the neighbours to go on")
    assert deaths == 5  # twice in the batch, twice alone, and once more after a wait
    assert (await market.judge("matching")).lost == 1


async def test_event_when_deaths_are_not_counted_then_kills_for_ever(market: Market) -> None:
    market.start("catalog")
    await market.publish(1, cause=POISON)
    for _ in range(6):  # one more than it takes with the remedy
        market.start("matching", OFFCUT_REMEDY_OFF="deaths")
        assert await market.died("matching") == -signal.SIGKILL
    assert not await _dead_letters(market)


async def test_event_when_its_handler_wants_too_much_memory_then_waits_and_other_keys_go_on(market: Market) -> None:
    market.start("catalog")
    market.start("matching")
    await market.publish(1, cause=GREEDY)
    await market.publish(100)
    behind = [number for number in market.intents if number % KEYS == 1]
    await until(lambda: _count(market, len(market.intents) - len(behind)), what="the other keys to go on")
    assert set(market.intents) - set(await market.effects("matching")) == set(behind)
    assert market.workers["matching"].poll() is None


async def _active(market: Market, name: str) -> bool:
    """Whether this process holds a lock, by its own figures; one that is stopped says nothing."""
    async with httpx.AsyncClient(timeout=1) as client:
        try:
            text = (await client.get(f"http://127.0.0.1:{market.ports[name]}/metrics")).text
        except httpx.TransportError:
            return False
    return any(
        line.startswith(("offcut_relay_leader 1", "offcut_reader_active{")) and line.endswith(" 1.0")
        for line in text.splitlines()
    )


async def _sessions(market: Market, service: str, state: str) -> int:
    """How many connections of a service's workers are in such a state."""
    async with market.databases["matching"].transaction() as conn:
        row = await (
            await conn.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                f" AND application_name = '{service}.worker' AND state = 'active' AND {state}".encode()
            )
        ).fetchone()
    return row[0] if row else 0


async def _dead_letters(market: Market) -> bool:
    async with market.databases["matching"].transaction() as conn:
        row = await (await conn.execute("SELECT count(*) FROM dead_letter")).fetchone()
    return bool(row and row[0])


async def _gone_or_given_up(market: Market) -> bool:
    return market.workers["matching"].poll() is not None or await _dead_letters(market)


async def _count(market: Market, wanted: int) -> bool:
    return await market.count("matching") >= wanted
