"""PostgreSQL goes away, refuses, or is full, under load: 503 meanwhile, and every acknowledged intent has its effect.

No process ends for it: PM2 would start it again and again, each time a little later.
"""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import ExitStack, suppress

import psycopg
import pytest
import pytest_asyncio

from tests.chaos.load import Ledger, Load
from tests.chaos.servers import SERVICES, Servers, SmallDisk
from tests.chaos.workers import Market, open_market
from tests.support.disk import full
from tests.support.wait import until

PROCESSES = {"api": ("catalog", "api"), "catalog": ("catalog",), "matching": ("matching",)}


def start_all(market: Market) -> Load:
    for name, (service, *roles) in PROCESSES.items():
        market.start(service, *roles, name=name, OFFCUT_RIG_POOL_WAIT_SECONDS="1")
    return Load({"api": f"http://127.0.0.1:{market.ports['api']}"}, market.intents, seed=1)


@pytest_asyncio.fixture(scope="module", loop_scope="session", name="place")
async def a_running_place(servers: Servers) -> AsyncIterator[Market]:
    with servers.database() as url:
        async with open_market(servers.redis_url, url) as market:
            start_all(market)
            yield market


async def refused(ledger: Ledger, *, times: int = 5) -> None:
    wanted = ledger.answers["503"] + times
    await until(lambda: ledger.answers["503"] >= wanted, deadline_s=20, what="answers that say 503")


async def accepted(ledger: Ledger, *, times: int = 20) -> None:
    wanted = ledger.answers["ok"] + times
    await until(lambda: ledger.answers["ok"] >= wanted, deadline_s=30, what="answers that say it worked")


async def complaints(market: Market, ledger: Ledger) -> list[str]:
    """Once it is quiet: answers that nobody should get, effects that are not right, processes that ended."""
    await market.quiet()
    judged = {service: await market.judge(service) for service in SERVICES}
    ended = {name: worker.poll() for name, worker in market.workers.items()}
    found = [*ledger.wrong, *[f"{service}: {verdict}" for service, verdict in judged.items() if not verdict.clean]]
    return found + [f"{name} ended: {status}" for name, status in ended.items() if status is not None]


def load_of(market: Market) -> Load:
    return Load({"api": f"http://127.0.0.1:{market.ports['api']}"}, market.intents, seed=1)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT], ids=["fast", "immediate"])
async def test_postgres_when_restarted_then_503_meanwhile_and_nothing_is_lost(
    place: Market, servers: Servers, how: signal.Signals
) -> None:
    async with load_of(place).flowing() as ledger:
        await asyncio.to_thread(servers.stop_postgres, how)
        try:
            await refused(ledger)
        finally:
            await asyncio.to_thread(servers.start_postgres)
        await accepted(ledger)
    assert await complaints(place, ledger) == []


async def test_backends_when_terminated_again_and_again_then_nothing_is_lost(place: Market) -> None:
    async with load_of(place).flowing() as ledger:
        for _ in range(8):
            await place.cut_backends()
            await accepted(ledger, times=10)
    assert await complaints(place, ledger) == []


async def test_postgres_when_read_only_for_a_while_then_503_and_everybody_goes_on(
    place: Market, servers: Servers
) -> None:
    async with load_of(place).flowing() as ledger:
        with servers.admin() as admin:
            admin.execute("ALTER SYSTEM SET default_transaction_read_only = on")
            admin.execute("SELECT pg_reload_conf()")
            try:
                await refused(ledger)
            finally:
                admin.execute("SET default_transaction_read_only = off")
                admin.execute("ALTER SYSTEM RESET default_transaction_read_only")
                admin.execute("SELECT pg_reload_conf()")
        await accepted(ledger)
    assert await complaints(place, ledger) == []


async def test_connections_when_somebody_else_takes_them_all_then_503_and_everybody_goes_on(
    place: Market, servers: Servers
) -> None:
    async with load_of(place).flowing() as ledger:
        with servers.admin() as admin, ExitStack() as greedy:
            # Those who are stopped cannot be quicker than we are.
            for name in PROCESSES:
                place.kill(name, signal.SIGSTOP)
            try:
                await place.cut_backends()
                await until(lambda: connected(admin) == 0, what="the end of all connections of the rig")
                with suppress(psycopg.OperationalError):
                    while True:
                        greedy.enter_context(servers.admin())
            finally:
                for name in PROCESSES:
                    place.kill(name, signal.SIGCONT)
            await refused(ledger)
        await accepted(ledger)
    assert await complaints(place, ledger) == []


@pytest.mark.mounts
async def test_disk_when_full_then_503_and_everybody_goes_on_once_there_is_room(
    servers: Servers, small_disk: SmallDisk
) -> None:
    # Relays of two databases cannot share streams, and those of ``place`` still run.
    streams_of_its_own = servers.redis_url.removesuffix("/0") + "/1"
    with servers.database(tablespace=small_disk.tablespace) as url:
        async with open_market(streams_of_its_own, url) as market:
            async with start_all(market).flowing() as ledger:
                with full(small_disk.folder):
                    await refused(ledger, times=10)
                await accepted(ledger)
            assert await complaints(market, ledger) == []


def connected(admin: psycopg.Connection) -> int:
    row = admin.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name ~ '^(catalog|matching)\\.(api|worker)$'"
    ).fetchone()
    return row[0] if row else 0
