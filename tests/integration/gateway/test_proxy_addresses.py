"""Whose word the gateway takes for where a request comes from: throttles count by that address."""

import aiohttp
import pytest

from gateway.main import build
from gateway.settings import GatewaySettings
from shared.db import Database
from tests.integration.gateway.conftest import settings_for
from tests.support.ports import free_port
from tests.support.servers import serving


@pytest.mark.parametrize(
    ("trusted", "said", "counted"),
    [
        ((), "6.6.6.6", "127.0.0.1"),
        (("10.0.0.1",), "6.6.6.6", "127.0.0.1"),
        (("127.0.0.1",), "6.6.6.6", "6.6.6.6"),
        (("127.0.0.1",), "a lie, 6.6.6.6", "6.6.6.6"),
        (("127.0.0.1",), "", "127.0.0.1"),
    ],
)
async def test_address_when_a_header_names_one_then_only_the_configured_proxy_is_believed(
    config: GatewaySettings, db: Database, trusted: tuple[str, ...], said: str, counted: str
) -> None:
    keys = config.model_dump(include={"public_key", "private_key"})
    own = settings_for(config.database_url, **keys, port=free_port(), trusted_proxies=trusted)
    async with db.transaction() as conn:
        await conn.execute("DELETE FROM login_failure")
    guess = {"email": "nobody@nowhere.example", "password": "a guess of mine"}
    async with (
        serving(build(own), own.port),
        aiohttp.ClientSession(f"http://127.0.0.1:{own.port}") as session,
        session.post("/mvp/api/auth/login", json=guess, headers={"X-Forwarded-For": said}) as answer,
    ):
        assert answer.status == 401
    async with db.transaction() as conn:
        found = await (await conn.execute("SELECT key FROM login_failure")).fetchall()
    assert {key.rpartition(" ")[2] for (key,) in found} == {counted}
