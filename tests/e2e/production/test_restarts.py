"""Production settings behind nginx: whatever is restarted, nobody notices.

A longer run, with a restart of all services one after another: `OFFCUT_RESTART_ROUNDS=3 bin/test e2e -k restarts`.
"""

import asyncio
import os
import socket
import time
from contextlib import AsyncExitStack
from uuid import uuid4

import aiohttp
import psycopg
import pytest

from deploy.layout import SERVICES
from tests.support.production import LOT, Place
from tests.support.sse import Follower
from tests.support.wait import until

pytestmark = pytest.mark.nginx
ROUNDS = int(os.environ.get("OFFCUT_RESTART_ROUNDS", "1"))
RESTARTED = {service: (service,) for service in SERVICES} | ({"everything": SERVICES} if ROUNDS > 1 else {})


async def test_gateway_behind_nginx_sees_the_address_of_who_asks(place: Place) -> None:
    body = {"email": "nobody@nowhere.example", "password": "a guess of mine"}
    headers = {"X-Forwarded-For": "6.6.6.6"}
    elsewhere = aiohttp.TCPConnector(ssl=place.nginx.trust, local_addr=("127.0.0.9", 0), family=socket.AF_INET)
    async with (
        aiohttp.ClientSession(place.nginx.address, connector=elsewhere) as session,
        session.post("/mvp/api/auth/login", json=body, headers=headers) as answer,
    ):
        assert answer.status == 401
    url = place.system.layout.secrets()["OFFCUT_GATEWAY_DATABASE_URL"]
    with psycopg.connect(url) as conn:
        found = conn.execute("SELECT key FROM login_failure").fetchall()
    assert {key.split()[-1] for (key,) in found} == {"127.0.0.9"}  # per account and for all accounts together


@pytest.mark.parametrize("what", [*RESTARTED])
async def test_restart_of_a_service_fails_no_request(place: Place, what: str) -> None:
    before = set(place.drafts())
    command = " && ".join(f'pm2 restart "{service}-*"' for service in RESTARTED[what])
    ledger = await place.under_load(" && ".join([command] * ROUNDS))
    assert not ledger.failures, f"{len(ledger.failures)} of {ledger.total}: {ledger.failures[:5]}"
    assert {path.split()[0] for path in ledger.answers} == {"GET", "POST", "PATCH"}
    made = [ref for ref in place.drafts() if ref not in before]
    assert sorted(made) == sorted(ledger.made)  # none lost, none twice, none that nobody asked for
    print(f"{what}: {ledger.total} requests, {len(ledger.failures)} failed")  # noqa: T201 - read in long runs


async def test_live_clients_hear_everything_once_and_soon_whatever_gateway_they_ask(place: Place) -> None:
    """One behind nginx, one at each gateway; then the gateways and their worker are restarted under them."""
    headers = {"Authorization": place.market.bearer("mill")}
    made: dict[str, float] = {}

    async def publish() -> None:
        key = {"Idempotency-Key": uuid4().hex}
        async with place.session.post("/mvp/api/items", json=LOT, headers={**headers, **key}) as answer:
            assert answer.status == 201, await answer.text()
            made[(await answer.json())["id"]] = time.monotonic()

    async with AsyncExitStack() as stack:
        sessions = [place.session]
        for port in place.system.layout.gateway_ports:
            sessions.append(await stack.enter_async_context(aiohttp.ClientSession(f"http://127.0.0.1:{port}")))
        followers = [Follower(one, headers, query="?types=catalog.items.listed") for one in sessions]
        tasks = [asyncio.create_task(one.run()) for one in followers]
        try:
            await until(lambda: all(one.connections for one in followers), deadline_s=10, what="live clients")
            for _ in range(10):
                await publish()
            await until(lambda: all(made.keys() <= one.heard.keys() for one in followers), deadline_s=10, what="news")
            delays = [one.heard[item][0] - at for one in followers for item, at in made.items()]
            assert max(delays) < 1, sorted(delays)[-3:]
            began = time.monotonic()
            restart = asyncio.create_task(asyncio.to_thread(place.system.shell, 'pm2 restart "gateway-*"'))
            while not restart.done():
                await publish()
            assert restart.result().returncode == 0
            took = time.monotonic() - began
            await publish()
            await until(
                lambda: all(made.keys() <= one.heard.keys() for one in followers), deadline_s=30, what="the rest"
            )
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    assert [[item for item in made if len(one.heard[item]) != 1] for one in followers] == [[], [], []]
    assert all(one.connections > 1 for one in followers)
    print(f"{len(made)} events, slowest {max(delays):.3f} s before the restart of {took:.1f} s")  # noqa: T201 - read in long runs
