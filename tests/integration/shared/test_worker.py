"""The worker as a process: it says when it is ready, answers on its port, and ends when told to."""

import os
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx
import pytest
from redis.asyncio import Redis

from tests.chaos.workers import Market, open_market
from tests.support.wait import until


@asynccontextmanager
async def one_worker(redis_url: str, **environment: str) -> AsyncGenerator[tuple[Market, str]]:
    async with open_market(redis_url) as market:
        port = market.start("catalog", **environment)
        yield market, f"http://127.0.0.1:{port}"


async def answer(url: str) -> httpx.Response | None:
    async with httpx.AsyncClient() as client:
        try:
            return await client.get(url)
        except httpx.TransportError:
            return None


async def test_worker_when_told_to_stop_then_ends_well_within_its_time(own_redis_url: str) -> None:
    async with one_worker(own_redis_url) as (market, url):
        await until(lambda: answer(f"{url}/health/ready"), what="the worker to answer")
        market.kill("catalog", signal.SIGTERM)
        assert await market.died("catalog", deadline_s=8) == 0


async def test_worker_when_ready_then_tells_pm2(own_redis_url: str) -> None:
    reading, writing = os.pipe()
    os.set_inheritable(writing, True)
    try:
        async with one_worker(own_redis_url, NODE_CHANNEL_FD=str(writing)):
            os.set_blocking(reading, False)

            def said() -> bytes:
                try:
                    return os.read(reading, 100)
                except BlockingIOError:
                    return b""

            assert await until(said, what="the word to PM2") == b'"ready"\n'
    finally:
        os.close(reading)
        os.close(writing)


async def test_worker_when_asked_then_shows_its_streams_jobs_and_troubles(own_redis_url: str) -> None:
    async with one_worker(own_redis_url) as (market, url):
        await until(lambda: answer(f"{url}/health/live"), what="the worker to answer")
        await until(lambda: _has_jobs(url), what="its jobs to have run")
        health = await answer(f"{url}/internal/health")
        assert health is not None
        body = health.json()
        assert body["troubles"] == []
        assert [state["stream"] for state in body["subscriptions"]] == ["events.matching"]
        async with market.databases["catalog"].transaction() as conn:
            await conn.execute("UPDATE subscription SET stopped = 'restored'")
        health = await answer(f"{url}/internal/health")
        assert health is not None
        assert health.json()["troubles"] == ["events.matching is stopped: restored"]
        figures = await answer(f"{url}/metrics")
        assert figures is not None
        assert "offcut_relay_leader 1.0" in figures.text


@pytest.mark.parametrize("policy", ["allkeys-lru", "volatile-ttl"])
async def test_worker_when_redis_evicts_keys_then_refuses_to_start_in_plain_words(
    own_redis_url: str, policy: str
) -> None:
    redis: Redis = Redis.from_url(own_redis_url)  # pyright: ignore[reportUnknownMemberType] – untyped in redis-py
    await redis.config_set("maxmemory-policy", policy)  # pyright: ignore[reportUnknownMemberType] – untyped in redis-py
    try:
        async with one_worker(own_redis_url) as (market, _):
            assert await market.died("catalog") == 1
    finally:
        await redis.config_set("maxmemory-policy", "noeviction")  # pyright: ignore[reportUnknownMemberType] – untyped in redis-py
        await redis.aclose()


async def test_worker_when_redis_is_away_then_starts_and_says_so() -> None:
    async with one_worker_without_redis() as url:
        health = await until(lambda: answer(f"{url}/internal/health"), what="the worker to answer")
        assert health is not None
        assert health.json()["troubles"][0].startswith("redis does not answer, events wait in the outbox")
        ready = await answer(f"{url}/health/ready")
        assert ready is not None
        assert ready.status_code == 503


@pytest.mark.parametrize("switch", ["OFFCUT_CRASH_AT=before_commit", "OFFCUT_REMEDY_OFF=refill"])
async def test_worker_when_a_test_switch_is_set_in_production_then_refuses_to_start(
    own_redis_url: str, switch: str
) -> None:
    name, _, value = switch.partition("=")
    async with one_worker(own_redis_url, **{name: value, "OFFCUT_ENVIRONMENT": "production"}) as (market, _):
        assert await market.died("catalog") == 1


@asynccontextmanager
async def one_worker_without_redis() -> AsyncGenerator[str]:
    async with open_market(None) as market:
        port = market.start("catalog")
        yield f"http://127.0.0.1:{port}"


async def _has_jobs(url: str) -> bool:
    health = await answer(f"{url}/internal/health")
    return health is not None and len(health.json()["jobs"]) == 2 and len(health.json()["subscriptions"]) == 1
