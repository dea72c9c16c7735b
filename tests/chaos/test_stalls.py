"""Processes that are stopped but not dead, and handlers that take their process with them."""

import asyncio
import signal

from tests.chaos.rig import POISON, SLOW
from tests.chaos.workers import Market
from tests.support.wait import until


async def test_reader_when_stopped_inside_its_transaction_then_is_replaced_and_fenced_off(market: Market) -> None:
    market.start("catalog")
    market.start("matching", name="first")
    await market.publish(10)
    await market.quiet()
    market.start("matching", name="second")
    await market.publish(1, cause=SLOW)
    await market.publish(20)
    await until(lambda: _in_transaction(market), what="the reader to be inside its transaction")
    market.kill("first", signal.SIGSTOP)
    async with asyncio.timeout(25):  # 10 s of silence, a second to ask, the slow handler itself twice
        await market.quiet()
    market.kill("first", signal.SIGCONT)
    await market.publish(50)
    await market.quiet()
    for service in ("catalog", "matching"):
        assert (await market.judge(service)).clean


async def test_event_when_its_handler_kills_the_process_then_is_given_up_after_the_third_time(market: Market) -> None:
    market.start("catalog")
    market.start("matching")
    await market.publish(5)
    await market.quiet()
    await market.publish(1, cause=POISON)
    poisoned = market.intents.pop()
    deaths = 0
    while not await _dead_letters(market):
        if market.workers["matching"].poll() is not None:
            deaths += 1
            assert deaths <= 5
            market.start("matching")
        await until(lambda: _gone_or_given_up(market), deadline_s=20, what="a death, or a dead letter")
    market.intents.append(poisoned)
    await market.publish(20)
    await until(lambda: _count(market, 25), what="the neighbours to go on")
    assert deaths == 4  # in the batch, and three times alone
    assert (await market.judge("matching")).lost == 1


async def _in_transaction(market: Market) -> bool:
    async with market.databases["matching"].transaction() as conn:
        row = await (
            await conn.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND application_name = 'matching.worker' AND query LIKE '%%pg_sleep%%' AND state = 'active'"
            )
        ).fetchone()
    return bool(row and row[0])


async def _dead_letters(market: Market) -> bool:
    async with market.databases["matching"].transaction() as conn:
        row = await (await conn.execute("SELECT count(*) FROM dead_letter")).fetchone()
    return bool(row and row[0])


async def _gone_or_given_up(market: Market) -> bool:
    return market.workers["matching"].poll() is not None or await _dead_letters(market)


async def _count(market: Market, wanted: int) -> bool:
    return await market.count("matching") >= wanted
