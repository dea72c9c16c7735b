"""Signing in, staying signed in, being signed out."""

import asyncio

import aiohttp
import pytest

from gateway.settings import GatewaySettings
from shared.db import Database, fetch_all
from tests.integration.gateway.conftest import PASSWORD, bearer, signed_in
from tests.support.wait import until


async def me(client: aiohttp.ClientSession, headers: dict[str, str]) -> tuple[int, dict[str, object]]:
    async with client.get("/mvp/api/auth/me", headers=headers) as response:
        return response.status, await response.json()


async def refreshed(client: aiohttp.ClientSession, token: str) -> tuple[int, dict[str, str]]:
    async with client.post("/mvp/api/auth/refresh", json={"refresh_token": token}) as response:
        return response.status, await response.json()


async def test_login_when_password_fits_then_tokens_say_who_it_is(client: aiohttp.ClientSession) -> None:
    status, body = await me(client, bearer(await signed_in(client, "ANNA@lindholz.example")))
    assert (status, body["role"], body["email"]) == (200, "mill_user", "anna@lindholz.example")


@pytest.mark.parametrize("email", ["anna@lindholz.example", "nobody@lindholz.example"], ids=["known", "unknown"])
async def test_login_when_wrong_then_known_and_unknown_read_the_same(client: aiohttp.ClientSession, email: str) -> None:
    async with client.post("/mvp/api/auth/login", json={"email": email, "password": "wrong"}) as response:
        body = await response.json()
    assert (response.status, body["code"]) == (401, "wrong_credentials")
    assert body["detail"] == "E-mail address and password do not fit together; check both."


async def test_login_when_failed_five_times_then_it_pauses(client: aiohttp.ClientSession) -> None:
    answers: list[int] = []
    retry_after = None
    for _ in range(6):
        credentials = {"email": "guess@kartonage.example", "password": "wrong"}
        async with client.post("/mvp/api/auth/login", json=credentials) as response:
            answers.append(response.status)
            retry_after = response.headers.get("Retry-After")
    assert answers == [401] * 5 + [429]
    assert retry_after is not None
    assert 0 < int(retry_after) <= 60


async def test_refresh_when_two_tabs_are_quick_then_both_get_the_same_successor(client: aiohttp.ClientSession) -> None:
    tokens = await signed_in(client, "kauf@kartonage.example")
    both = await asyncio.gather(*(refreshed(client, tokens["refresh_token"]) for _ in range(2)))
    assert [status for status, _ in both] == [200, 200]
    assert both[0][1]["refresh_token"] == both[1][1]["refresh_token"] != tokens["refresh_token"]


async def test_refresh_when_an_old_token_comes_back_then_the_whole_session_ends(
    client: aiohttp.ClientSession, db: Database, config: GatewaySettings
) -> None:
    tokens = await signed_in(client, "kauf@kartonage.example")
    _, following = await refreshed(client, tokens["refresh_token"])
    async with db.transaction() as conn:  # the grace time passes
        await conn.execute(
            "UPDATE refresh_token SET replaced_at = replaced_at - make_interval(secs => %(passed)s)",
            {"passed": config.refresh_grace_seconds + 1},
        )
    assert (await refreshed(client, tokens["refresh_token"]))[0] == 401
    assert (await refreshed(client, following["refresh_token"]))[0] == 401

    async def refused() -> bool:
        return (await me(client, bearer(following)))[0] == 401

    await until(refused, deadline_s=2, what="every token of the session to be refused")


async def test_logout_when_done_then_the_access_token_stops_within_two_seconds(client: aiohttp.ClientSession) -> None:
    tokens = await signed_in(client, "anna@lindholz.example")
    other = await signed_in(client, "anna@lindholz.example")
    async with client.post("/mvp/api/auth/logout", headers=bearer(tokens)) as response:
        assert response.status == 204

    async def refused() -> bool:
        return (await me(client, bearer(tokens)))[0] == 401

    await until(refused, deadline_s=2, what="the ended session to be refused")
    assert (await me(client, bearer(other)))[0] == 200


async def test_organizations_when_mill_asks_then_only_its_own(client: aiohttp.ClientSession) -> None:
    headers = bearer(await signed_in(client, "anna@lindholz.example"))
    async with client.get("/mvp/api/organizations", headers=headers) as response:
        assert [one["slug"] for one in (await response.json())["items"]] == ["lindholz"]
    headers = bearer(await signed_in(client, "op@offcut.example"))
    async with client.get("/mvp/api/organizations?limit=2", headers=headers) as response:
        first = await response.json()
    async with client.get(f"/mvp/api/organizations?limit=2&cursor={first['next_cursor']}", headers=headers) as response:
        second = await response.json()
    assert [one["slug"] for one in first["items"] + second["items"]] == ["kartonage", "lindholz", "operator"]
    assert second["next_cursor"] is None


class Published:
    def __init__(self, type: str, body: str) -> None:
        self.type, self.body = type, body


async def test_organizations_when_saved_then_a_snapshot_is_published_without_secrets(
    db: Database, market: dict[str, object]
) -> None:
    assert market
    async with db.transaction() as conn:
        rows = await fetch_all(conn, Published, "SELECT type, body FROM outbox ORDER BY id", {})
    assert {row.type for row in rows} == {"gateway.organization.changed.v1", "gateway.user.changed.v1"}
    assert len(rows) == 6
    assert not any("argon2" in row.body or PASSWORD in row.body for row in rows)
