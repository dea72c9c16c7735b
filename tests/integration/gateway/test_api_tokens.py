"""API tokens: scoped, exchanged at the door, revoked everywhere; and two gateways on one database."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import aiohttp
import pytest_asyncio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway import accounts
from gateway.main import build
from gateway.passwords import hash_password
from gateway.settings import GatewaySettings
from gateway.usecases.people import save_people
from shared.auth import verifier
from shared.contracts.gateway import Role
from shared.db import Database
from tests.integration.gateway.conftest import MILL, PASSWORD, bearer, signed_in
from tests.integration.gateway.people import Caller, Json, caller
from tests.support.ports import free_port
from tests.support.servers import serving
from tests.support.wait import until

OWNER, BUYER, OPERATOR = "anna@lindholz.example", "kauf@kartonage.example", "op@offcut.example"


async def echo(request: Request) -> Response:
    return JSONResponse({"authorization": request.headers["authorization"]})


UPSTREAM = Starlette(routes=[Route("/mvp/api/items", echo, methods=["GET", "POST"])])


@pytest_asyncio.fixture(scope="module", loop_scope="session", name="upstream", autouse=True)
async def an_upstream(config: GatewaySettings) -> AsyncIterator[None]:
    async with serving(UPSTREAM, config.upstream_ports["catalog"][0]):
        yield


@pytest_asyncio.fixture(scope="module", loop_scope="session", name="other")
async def another_gateway(
    config: GatewaySettings, client: aiohttp.ClientSession
) -> AsyncIterator[aiohttp.ClientSession]:
    """A second gateway process's app on the same database."""
    beside = config.model_copy(update={"port": free_port()})
    async with (
        serving(build(beside), beside.port),
        aiohttp.ClientSession(f"http://127.0.0.1:{beside.port}", cookie_jar=aiohttp.DummyCookieJar()) as session,
    ):
        yield session


async def made(owner: Caller, **wish: object) -> tuple[str, str]:
    answer = await owner.post("/api-tokens", {"name": "ERP", "scopes": ["items:read"], **wish})
    assert answer.status == 201, answer.body
    return str(answer.body["id"]), str(answer.body["secret"])


def program(client: aiohttp.ClientSession, secret: str) -> Caller:
    return Caller(client, {"Authorization": f"Bearer {secret}"})


async def test_token_when_used_then_the_service_gets_a_short_token_with_its_scopes(
    client: aiohttp.ClientSession, config: GatewaySettings
) -> None:
    _, secret = await made(await caller(client, OWNER))
    answer = await program(client, secret).get("/items")
    scheme, _, access = str(answer.body["authorization"]).partition(" ")
    actor = verifier(config.public_key).verify(access)
    assert (scheme, actor.scopes, actor.role) == ("Bearer", frozenset({"items:read"}), "mill_user")
    assert secret not in access


async def test_token_when_it_lacks_the_scope_then_403(client: aiohttp.ClientSession) -> None:
    _, secret = await made(await caller(client, OWNER))
    one = program(client, secret)
    for method, path in (("POST", "/items"), ("GET", "/batches"), ("GET", "/auth/me"), ("POST", "/api-tokens")):
        answer = await one.call(method, path, {} if method == "POST" else None, key=str(uuid4()))
        assert (answer.status, answer.body["code"]) == (403, "scope_missing"), path


async def test_token_when_made_then_the_secret_is_shown_once_and_kept_nowhere(
    client: aiohttp.ClientSession, db: Database
) -> None:
    owner, key = await caller(client, OWNER), str(uuid4())
    body = {"name": "Once", "scopes": ["items:read"]}
    first = await owner.call("POST", "/api-tokens", body, key=key)
    again = await owner.call("POST", "/api-tokens", body, key=key)
    secret = first.body["secret"]
    assert isinstance(secret, str)
    assert (again.body["id"], again.body["secret"]) == (first.body["id"], None)
    assert secret not in str((await owner.get("/api-tokens")).body)
    async with db.transaction() as conn:
        for table in ("api_token", "idempotency", "outbox"):
            found = await conn.execute(
                f"SELECT count(*) FROM {table} t WHERE t::text LIKE %(secret)s OR t::text LIKE %(hex)s",
                {"secret": f"%{secret}%", "hex": f"%{secret.encode().hex()}%"},
            )
            assert await found.fetchone() == (0,)


async def test_token_when_wishes_are_out_of_bounds_then_refused(client: aiohttp.ClientSession) -> None:
    owner = await caller(client, OWNER)
    wishes: tuple[Json, ...] = (
        {"scopes": ["everything:write"]}, {"scopes": []}, {"scopes": ["auth:write"]}, {"scopes": ["users:write"]},
        {"scopes": ["items:read"], "expires_in_days": 366}, {"scopes": ["items:read"], "networks": ["10.0.0.0/99"]},
        {"scopes": ["items:read"], "role": "admin"},
    )  # fmt: skip
    for wish in wishes:
        assert (await owner.post("/api-tokens", {"name": "X", **wish})).status == 422, wish


async def test_token_when_used_from_elsewhere_then_403(client: aiohttp.ClientSession) -> None:
    owner = await caller(client, OWNER)
    _, near = await made(owner, networks=["127.0.0.0/8"])
    _, far = await made(owner, networks=["192.0.2.0/24", "2001:db8::/32"])
    assert (await program(client, near).get("/items")).status == 200
    assert (await program(client, far).get("/items")).status == 403


async def test_token_when_invented_or_expired_then_401(client: aiohttp.ClientSession, db: Database) -> None:
    token_id, secret = await made(await caller(client, OWNER))
    for wrong in ("off_", "off_" + "a" * 51, secret[:-1] + ("0" if secret[-1] != "0" else "1"), secret + "x"):
        assert (await program(client, wrong).get("/items")).status == 401
    async with db.transaction() as conn:
        await conn.execute("UPDATE api_token SET expires_at = clock() WHERE id = %(id)s", {"id": token_id})
    assert (await program(client, secret).get("/items")).status == 401


async def test_tokens_when_of_another_company_then_not_there(
    client: aiohttp.ClientSession, market: dict[str, UUID]
) -> None:
    owner, buyer, operator = [await caller(client, one) for one in (OWNER, BUYER, OPERATOR)]
    token_id, _ = await made(owner)
    path = f"/api-tokens/{token_id}"
    assert token_id not in str((await buyer.get(f"/api-tokens?organization_id={market['lindholz']}")).body)
    assert token_id in str((await operator.get("/api-tokens?limit=200")).body)
    statuses = [(await one.call("DELETE", path)).status for one in (Caller(client), buyer, operator, owner)]
    assert statuses == [401, 404, 204, 404]


async def test_token_when_revoked_then_both_gateways_refuse_it_within_two_seconds(
    client: aiohttp.ClientSession, other: aiohttp.ClientSession
) -> None:
    owner = await caller(client, OWNER)
    token_id, secret = await made(owner)
    both = [program(client, secret), program(other, secret)]
    assert [(await one.get("/items")).status for one in both] == [200, 200]
    assert (await owner.call("DELETE", f"/api-tokens/{token_id}")).status == 204

    async def refused() -> bool:
        return [(await one.get("/items")).status for one in both] == [401, 401]

    await until(refused, deadline_s=2, what="both gateways to refuse the token")


async def test_session_when_ended_at_one_gateway_then_the_other_refuses_it_within_two_seconds(
    client: aiohttp.ClientSession, other: aiohttp.ClientSession
) -> None:
    headers = bearer(await signed_in(client, OWNER))
    there = Caller(other, headers)
    assert (await there.get("/auth/me")).status == 200
    assert (await Caller(client, headers).call("POST", "/auth/logout")).status == 204

    async def refused() -> bool:
        return (await there.get("/auth/me")).body.get("code") == "token_revoked"

    await until(refused, deadline_s=2, what="the other gateway to refuse the session")


async def test_user_when_shut_out_at_one_gateway_then_the_other_refuses_him_within_two_seconds(
    client: aiohttp.ClientSession, other: aiohttp.ClientSession, db: Database
) -> None:
    leaver = accounts.Member(email="leaver@lindholz.example", name="Lea Ver", org_role="member")
    [person] = accounts.people_of(MILL.model_copy(update={"users": (leaver,)}), Role.MILL_USER)
    async with db.transaction() as conn:
        await save_people(conn, [person], {person.user_id: hash_password(PASSWORD)}, actor=accounts.COMMAND)
    there = Caller(other, bearer(await signed_in(client, leaver.email)))
    assert (await there.get("/auth/me")).status == 200
    owner, path = await caller(client, OWNER), f"/users/{person.user_id}"
    body = {"status": "inactive", "reason": "has left"}
    assert (await owner.call("PUT", f"{path}/status", body, etag=(await owner.get(path)).etag)).status == 200

    async def refused() -> bool:
        return (await there.get("/auth/me")).body.get("code") == "token_revoked"

    await until(refused, deadline_s=2, what="the other gateway to refuse the user")


async def test_company_when_suspended_then_its_programs_write_nothing_anywhere_within_two_seconds(
    client: aiohttp.ClientSession, other: aiohttp.ClientSession, market: dict[str, UUID]
) -> None:
    _, secret = await made(await caller(client, BUYER), scopes=["items:read", "items:write"])
    there, operator = program(other, secret), await caller(client, OPERATOR)
    assert (await there.post("/items", {})).status == 200
    path = f"/organizations/{market['kartonage']}"
    body = {"status": "suspended", "reason": "does not pay"}
    done = await operator.call("PUT", f"{path}/status", body, etag=(await operator.get(path)).etag)

    async def refused() -> bool:
        return (await there.post("/items", {})).body.get("code") == "organization_suspended"

    await until(refused, deadline_s=2, what="the other gateway to refuse writes")
    assert (await there.get("/items")).status == 200
    body = {"status": "approved", "reason": "has paid"}
    assert (await operator.call("PUT", f"{path}/status", body, etag=done.etag)).status == 200

    async def back() -> bool:
        return (await there.post("/items", {})).status == 200

    await until(back, deadline_s=2, what="writes to be taken again")
