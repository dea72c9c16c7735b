"""One request, one transaction; one key, one effect; every failure a problem that says what to change."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated
from uuid import uuid4

import httpx
import psycopg
import pytest
import pytest_asyncio
from fastapi import FastAPI, Response
from psycopg import sql
from pydantic import BaseModel, ConfigDict, Field

from shared.auth import MillActor, public
from shared.config import ServiceSettings
from shared.contracts.ingestion import RatesChanged
from shared.db import Conn, Database
from shared.filtering import Field as FilterField
from shared.filtering import Kind, Listing
from shared.idempotency import Keyed
from shared.keyset import Found, Question
from shared.listing import Asked, listed
from shared.outbox import add
from shared.paging import Page
from shared.preconditions import ExpectedVersion, check_version
from shared.service import Transaction, create_app, router
from tests.support.database import service_database
from tests.support.tokens import PUBLIC_KEY, bearer, token

things = router("things")
MILL = uuid4()


class Thing(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: Annotated[str, Field(max_length=20)]
    weight: float = 0


@things.post("/things", status_code=201)
async def post(body: Thing, _: MillActor, conn: Transaction, key: Keyed) -> Thing:
    await conn.execute("INSERT INTO thing (name) VALUES (%(name)s)", {"name": body.name})
    await add(conn, RatesChanged.model_validate({"dated": "2026-11-20", "base": "EUR", "per_base": {}}))
    assert key
    if body.name == "slow":
        await conn.execute("SELECT pg_sleep(0.3)")
    return body


@things.post("/late", dependencies=[public])
async def late(conn: Transaction) -> dict[str, str]:
    """The answer is ready, and then the commit fails."""
    await conn.execute("INSERT INTO checked_late (thing) VALUES ('nothing of that name')")
    return {"status": "looks fine"}


THINGS = Listing({"name": FilterField(Kind.TEXT, "name")}, id="name", id_kind=Kind.TEXT)


async def listed_things(conn: Conn, question: Question) -> Found[Thing]:
    return await question.fetch(conn, Thing, "SELECT {mark}, name FROM thing WHERE true {filters} {order}", {})


@things.get("/things", response_model=Page[Thing])
async def many(_: MillActor, asked: Annotated[Asked, listed(THINGS)]) -> Page[Thing] | Response:
    return await asked.answer(listed_things, lambda thing: thing)


@things.put("/things/{number}")
async def put(number: int, _: MillActor, version: ExpectedVersion) -> int:
    check_version(3, version)
    return number


@pytest_asyncio.fixture(scope="module", loop_scope="session", name="db")
async def a_database() -> AsyncIterator[Database]:
    async with service_database("catalog") as db:
        async with db.transaction() as conn:
            await conn.execute("CREATE TABLE thing (name text PRIMARY KEY)")
            await conn.execute("CREATE TABLE checked_late (thing text REFERENCES thing DEFERRABLE INITIALLY DEFERRED)")
        yield db


@pytest_asyncio.fixture(scope="module", loop_scope="session", name="app")
async def an_app(db: Database) -> AsyncIterator[FastAPI]:
    settings = ServiceSettings.model_validate(
        {"service": "catalog", "database_url": db.url, "port": 1, "worker_port": 1, "redis_url": "redis://nowhere",
         "public_key": PUBLIC_KEY, "cursor_key": "secret"}
    )  # fmt: skip
    app = create_app(settings, title="Things", routers=[things])
    async with app.router.lifespan_context(app):
        yield app


@pytest_asyncio.fixture(loop_scope="session", name="client")
async def a_client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://test/mvp/api", headers=bearer("mill_user", MILL)
    ) as client:
        yield client


async def names(db: Database) -> list[str]:
    async with db.transaction() as conn:
        cursor = await conn.execute("SELECT name FROM thing ORDER BY name")
        return [row[0] for row in await cursor.fetchall()]


async def test_commit_when_it_fails_then_the_answer_is_not_a_success(client: httpx.AsyncClient) -> None:
    answer = await client.post("/late")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "checked_late" not in answer.text  # nothing of the database's own words


async def test_key_when_repeated_then_one_effect_and_the_same_answer(client: httpx.AsyncClient, db: Database) -> None:
    key = {"Idempotency-Key": str(uuid4())}
    first = await client.post("/things", json={"name": "once"}, headers=key)
    second = await client.post("/things", json={"name": "once"}, headers=key)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert second.headers["idempotency-replayed"] == "true"
    other = await client.post("/things", json={"name": "twice"}, headers=key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert (await names(db)).count("once") == 1


async def test_key_when_the_first_request_still_runs_then_409(client: httpx.AsyncClient, db: Database) -> None:
    key = {"Idempotency-Key": str(uuid4())}
    both = await asyncio.gather(*(client.post("/things", json={"name": "slow"}, headers=key) for _ in range(2)))
    assert sorted(answer.status_code for answer in both) == [201, 409]
    assert next(one for one in both if one.status_code == 409).json()["code"] == "request_in_progress"
    assert (await names(db)).count("slow") == 1


async def test_key_when_the_request_is_refused_then_nothing_is_kept(client: httpx.AsyncClient, db: Database) -> None:
    key = {"Idempotency-Key": str(uuid4())}
    assert (await client.post("/things", json={"name": "x" * 21}, headers=key)).status_code == 422
    assert (await client.post("/things", json={"name": "short"}, headers=key)).status_code == 201
    assert "short" in await names(db)


async def test_key_when_missing_then_the_problem_says_so(client: httpx.AsyncClient) -> None:
    answer = await client.post("/things", json={"name": "keyless"})
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_required")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b'{"name": "a", "weight": NaN}', 400, "malformed_request"),
        (b'{"name": "a", "weight": 1e999}', 400, "malformed_request"),
        (b'{"name": "\\ud800"}', 400, "malformed_request"),
        (b'{"name": "a\\u0000"}', 400, "malformed_request"),
        (b'{"name": ', 400, "malformed_request"),
        (b"[" * 100_000, 400, "malformed_request"),
        (b'{"name": "a", "role": "admin"}', 422, "unknown_field"),
        (b'{"weight": "heavy"}', 422, "validation_failed"),
        (b"[]", 422, "validation_failed"),
        (b'"' + b"x" * (1 << 20) + b'"', 413, "payload_too_large"),
    ],
    ids=[
        "nan",
        "infinity",
        "surrogate",
        "nul",
        "cut off",
        "deep",
        "unknown member",
        "wrong type",
        "array",
        "too large",
    ],
)
async def test_body_when_hostile_then_a_clear_problem(
    client: httpx.AsyncClient, body: bytes, status: int, code: str
) -> None:
    headers = {"Idempotency-Key": str(uuid4()), "Content-Type": "application/json"}
    answer = await client.post("/things", content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ({"Authorization": ""}, "not_authenticated"),
        ({"Authorization": "Bearer a.b.c"}, "not_authenticated"),
        ({"Authorization": f"Bearer {token('mill_user', MILL, expires_in_seconds=-60)}"}, "token_expired"),
        ({"Authorization": f"Bearer {token('mill_user', MILL, aud='other')}"}, "not_authenticated"),
        ({"Authorization": f"Bearer {'x' * 5000}"}, "not_authenticated"),
    ],
    ids=["none", "garbage", "expired", "other audience", "too long"],
)
async def test_token_when_not_ours_then_401(client: httpx.AsyncClient, header: dict[str, str], code: str) -> None:
    answer = await client.get("/things", headers=header)
    assert (answer.status_code, answer.json()["code"]) == (401, code)


async def test_role_when_another_is_needed_then_403_names_it(client: httpx.AsyncClient) -> None:
    answer = await client.get("/things", headers=bearer("buyer_user", uuid4()))
    assert answer.status_code == 403
    assert "mill_user" in answer.json()["detail"]


@pytest.mark.parametrize(("limit", "status"), [("0", 422), ("201", 422), ("1000000000", 422), ("200", 200)])
async def test_limit_when_out_of_range_then_422(client: httpx.AsyncClient, limit: str, status: int) -> None:
    assert (await client.get(f"/things?limit={limit}")).status_code == status


async def test_cursor_when_forged_then_400(client: httpx.AsyncClient) -> None:
    answer = await client.get("/things?cursor=AAAAAAAAAAAAAAAAAAAAAA")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_cursor")


async def test_if_match_when_missing_or_stale_then_428_or_412(client: httpx.AsyncClient) -> None:
    assert (await client.put("/things/1")).status_code == 428
    stale = await client.put("/things/1", headers={"If-Match": '"2"'})
    assert (stale.status_code, stale.headers["etag"]) == (412, '"3"')
    assert (await client.put("/things/1", headers={"If-Match": '"3-matched"'})).status_code == 200


async def test_database_when_it_breaks_off_then_503_and_the_next_request_works(
    client: httpx.AsyncClient, db: Database
) -> None:
    with psycopg.connect(db.url, autocommit=True) as admin:
        admin.execute(
            sql.SQL(
                "SELECT pg_terminate_backend(pid, 5000)"  # and wait until they are gone
                " FROM pg_stat_activity WHERE application_name = 'catalog.api'"
            )
        )
    assert (await client.get("/things")).status_code == 200
