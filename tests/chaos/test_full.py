"""Redis at its limit under load: requests succeed, events wait in PostgreSQL, and an operator is told."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from tests.chaos.load import Load
from tests.chaos.servers import SERVICES
from tests.chaos.workers import Market
from tests.support.wait import until


async def said(port: int, page: str) -> httpx.Response | None:
    async with httpx.AsyncClient() as client:
        try:
            return await client.get(f"http://127.0.0.1:{port}{page}")
        except httpx.TransportError:
            return None


async def alarm(market: Market) -> tuple[list[str], str]:
    """The troubles of catalog's worker, and its line on the figure that grows."""
    health, figures = await said(market.ports["catalog"], "/internal/health"), await said(
        market.ports["catalog"], "/metrics"
    )  # fmt: skip
    assert health is not None
    assert figures is not None
    body: dict[str, Any] = health.json()
    (line,) = [line for line in figures.text.splitlines() if line.startswith("offcut_relay_behind ")]
    return body["troubles"], line


async def test_redis_when_full_then_requests_succeed_and_an_alarm_says_so(market: Market) -> None:
    for service in SERVICES:
        market.start(service)
    market.start("catalog", "api", name="api")
    load = Load({"api": f"http://127.0.0.1:{market.ports['api']}"}, market.intents, seed=1)
    async with load.flowing() as ledger:
        await until(lambda: said(market.ports["catalog"], "/health/ready"), deadline_s=20, what="the worker to answer")
        assert (await alarm(market))[0] == []
        await market.redis.config_set("maxmemory", 1)  # pyright: ignore[reportUnknownMemberType] – untyped in redis-py
        try:
            before = ledger.answers.copy()
            await until(told_of(market), what="an alarm")
            await until(lambda: ledger.answers["ok"] > before["ok"] + 50, what="requests to succeed")
            assert ledger.answers["503"] == before["503"]
            troubles, line = await alarm(market)
            assert float(line.split()[1]) > 0, line
        finally:
            await market.redis.config_set("maxmemory", 0)  # pyright: ignore[reportUnknownMemberType] – untyped in redis-py
    assert "wait in PostgreSQL" in troubles[0]
    await market.quiet()
    await until(all_clear(market), what="the alarm to end")
    for service in SERVICES:
        assert (await market.judge(service)).clean


def told_of(market: Market) -> Callable[[], Awaitable[bool]]:
    async def told() -> bool:
        return any(trouble.startswith("redis is full") for trouble in (await alarm(market))[0])

    return told


def all_clear(market: Market) -> Callable[[], Awaitable[bool]]:
    async def clear() -> bool:
        return (await alarm(market))[0] == []

    return clear


async def test_events_when_no_relay_gives_them_numbers_then_the_health_page_says_so(market: Market) -> None:
    port = market.start("catalog", "consumer")
    await market.publish(3)
    async with market.databases["catalog"].transaction() as conn:
        await conn.execute("UPDATE outbox SET occurred_at = occurred_at - interval '1 minute'")
    health = await until(lambda: said(port, "/internal/health"), deadline_s=20, what="the worker to answer")
    assert health is not None
    assert any("no relay runs" in trouble for trouble in health.json()["troubles"]), health.json()


@pytest.mark.parametrize("policy", ["allkeys-lru", "volatile-ttl"])
async def test_worker_when_redis_evicts_keys_then_says_in_plain_words_why_it_does_not_start(
    market: Market, policy: str, capfd: pytest.CaptureFixture[str]
) -> None:
    await market.redis.config_set("maxmemory-policy", policy)  # pyright: ignore[reportUnknownMemberType] – untyped in redis-py
    try:
        market.start("catalog")
        assert await market.died("catalog") == 1
    finally:
        await market.redis.config_set("maxmemory-policy", "noeviction")  # pyright: ignore[reportUnknownMemberType] – untyped in redis-py
    told = capfd.readouterr().err
    assert f"maxmemory-policy {policy}" in told
    assert "Set it to noeviction" in told
    assert "Traceback" not in told
