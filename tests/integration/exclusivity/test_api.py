"""The routes: who may, what he sees, and how refusals read."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI
from psycopg.errors import UniqueViolation

from services.exclusivity.main import build
from shared.auth import public
from shared.db import Database
from shared.service import Transaction, router
from tests.integration.exclusivity import market
from tests.support.database import service_database
from tests.support.doors import api_client
from tests.support.tokens import bearer, token

BASE = "/mvp/api"


@pytest_asyncio.fixture(loop_scope="session")
async def own() -> AsyncIterator[Database]:
    async with service_database("exclusivity") as db:
        yield db


@pytest.fixture
def app() -> FastAPI:
    return build()


@pytest_asyncio.fixture(loop_scope="session")
async def http(app: FastAPI, own: Database) -> AsyncIterator[httpx.AsyncClient]:
    async with api_client(app, own) as client:
        yield client


class Scene:
    """One lot, its mill, and three buyers."""

    def __init__(self, http: httpx.AsyncClient, lot: market.Lot, buyers: list[UUID]) -> None:
        self.http, self.lot, self.buyers = http, lot, buyers
        self.first, self.second, self.third = (bearer("buyer_user", one) for one in buyers)
        self.mill = bearer("mill_user", lot.mill_id)
        self.admin = bearer("admin", uuid4())

    async def ask(self, who: dict[str, str], **body: object) -> httpx.Response:
        return await self.post("/interests", who, {"item_id": str(self.lot.item_id), **body})

    async def post(
        self, path: str, who: dict[str, str], body: object = None, *, version: int | None = None
    ) -> httpx.Response:
        headers = {**who, "Idempotency-Key": str(uuid4())}
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        return await self.http.post(path, headers=headers, json=body)

    async def get(self, path: str, who: dict[str, str]) -> Any:
        return (await self.http.get(path, headers=who)).json()


@pytest_asyncio.fixture(loop_scope="session")
async def scene(own: Database, http: httpx.AsyncClient) -> Scene:
    async with own.transaction() as conn:
        lot = await market.lot(conn, await market.mill(conn))
        return Scene(http, lot, await market.buyers(conn, 3))


async def test_interest_when_posted_then_first_holds_and_second_sees_only_his_own_place(scene: Scene) -> None:
    made = await scene.ask(scene.first)
    assert (made.status_code, made.json()["status"], made.json()["position"]) == (201, "granted", 1)
    late = (await scene.ask(scene.second)).json()
    assert (late["status"], late["position"], late["window_id"]) == ("queued", 2, None)
    page = await scene.get("/interests", scene.second)
    assert [one["id"] for one in page["items"]] == [late["id"]]
    assert page["items"][0]["position"] == 2
    assert page["items"][0]["buyer"] is None
    again = await scene.ask(scene.second)
    assert (again.status_code, again.json()["code"]) == (409, "already_interested")


async def test_interest_when_repeated_with_the_same_key_then_the_answer_is_the_same(scene: Scene) -> None:
    headers = {**scene.first, "Idempotency-Key": str(uuid4())}
    body = {"item_id": str(scene.lot.item_id)}
    first = await scene.http.post("/interests", headers=headers, json=body)
    second = await scene.http.post("/interests", headers=headers, json=body)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert second.headers["idempotency-replayed"] == "true"


async def test_interest_when_request_is_wrong_then_the_problem_says_what_to_change(scene: Scene) -> None:
    item = {"item_id": str(scene.lot.item_id)}
    keyless = await scene.http.post("/interests", headers=scene.first, json=item)
    assert (keyless.status_code, keyless.json()["code"]) == (400, "idempotency_key_required")
    for who, body, status, code in (
        (scene.mill, item, 403, "not_allowed"),
        (scene.admin, item, 403, "not_allowed"),
        (scene.first, {"item_id": str(uuid4())}, 404, "not_found"),
        (scene.first, {**item, "mill_id": str(uuid4())}, 422, "unknown_field"),
        (scene.first, {**item, "not_needed_after": "2030-01-01T00:00:00"}, 422, "validation_failed"),
        ({"Authorization": f"Bearer {token('buyer_user', scene.buyers[0], suspended=True)}"}, item, 403,
         "organization_suspended"),
    ):  # fmt: skip
        refused = await scene.post("/interests", who, body)
        assert (refused.status_code, refused.json()["code"]) == (status, code), body


async def test_queue_when_mill_looks_then_buyers_are_anonymous_until_granted(scene: Scene) -> None:
    await scene.ask(scene.first)
    await scene.ask(scene.second)
    queue = (await scene.get(f"/interests?item_id={scene.lot.item_id}", scene.mill))["items"]
    assert [one["buyer"]["id"] for one in queue] == [str(scene.buyers[0]), None]
    assert queue[1]["buyer"] == {"label": "Buyer 2", "country": "DE", "segment": "converter", "id": None, "name": None}
    other = bearer("mill_user", uuid4())
    assert (await scene.get(f"/interests?item_id={scene.lot.item_id}", other))["items"] == []
    assert (await scene.get("/interests", scene.mill))["code"] == "invalid_filter"
    page = await scene.get(f"/interests?item_id={scene.lot.item_id}&limit=1", scene.admin)
    rest = await scene.get(f"/interests?item_id={scene.lot.item_id}&limit=1&cursor={page['next_cursor']}", scene.admin)
    assert [page["items"][0]["position"], rest["items"][0]["position"]] == [1, 2]
    assert rest["next_cursor"] is None


async def test_withdrawal_when_queued_then_others_move_up_and_holder_is_told_to_release(scene: Scene) -> None:
    held, queued, last = [(await scene.ask(who)).json() for who in (scene.first, scene.second, scene.third)]
    assert (await scene.post(f"/interests/{queued['id']}/withdrawals", scene.first)).status_code == 404
    left = await scene.post(f"/interests/{queued['id']}/withdrawals", scene.second)
    assert (left.status_code, left.json()["close_reason"], left.json()["position"]) == (200, "withdrawn", None)
    [own] = (await scene.get("/interests", scene.third))["items"]
    assert (own["id"], own["position"]) == (last["id"], 2)
    for interest_id, who in ((held["id"], scene.first), (queued["id"], scene.second)):
        refused = await scene.post(f"/interests/{interest_id}/withdrawals", who)
        assert (refused.status_code, refused.json()["code"]) == (409, "state_conflict")


async def test_window_when_granted_then_both_sides_see_each_other_and_nobody_else_sees_it(
    scene: Scene, own: Database
) -> None:
    window_id = (await scene.ask(scene.first)).json()["window_id"]
    await scene.ask(scene.second)
    seen = await scene.get(f"/windows/{window_id}", scene.first)
    assert seen["counterparty"]["id"] == str(scene.lot.mill_id)
    assert seen["counterparty"]["contact"]["email"] == f"desk@{scene.lot.mill_id}.test"
    assert 48 * 3600 - 60 < seen["expires_in_seconds"] <= 48 * 3600
    assert [one["entry"] for one in seen["timeline"]] == ["granted"]
    theirs = await scene.get(f"/windows/{window_id}", scene.mill)
    assert theirs["counterparty"]["id"] == str(scene.buyers[0])
    for stranger in (scene.second, bearer("mill_user", uuid4())):
        assert (await scene.get(f"/windows/{window_id}", stranger))["code"] == "not_found"
        assert (await scene.get("/windows", stranger))["items"] == []
    [listed] = (await scene.get(f"/windows?status=active&item_id={scene.lot.item_id}", scene.mill))["items"]
    assert listed["id"] == window_id
    async with own.transaction() as conn:
        await market.move_clock(conn, timedelta(hours=48, seconds=1))
    ended = await scene.get(f"/windows/{window_id}", scene.first)
    assert (ended["status"], ended["outcome"], ended["expires_in_seconds"]) == ("closed", "expired", 0)
    assert (await scene.get("/windows?status=active", scene.mill))["items"] == []
    refused = await scene.post(f"/windows/{window_id}/releases", scene.first, version=1)
    assert (refused.status_code, refused.json()["code"]) == (409, "state_conflict")


async def test_release_when_holder_gives_back_then_next_holds_in_the_same_transaction(scene: Scene) -> None:
    window_id = (await scene.ask(scene.first)).json()["window_id"]
    await scene.ask(scene.second)
    assert (await scene.post(f"/windows/{window_id}/releases", scene.mill, version=1)).status_code == 403
    assert (await scene.post(f"/windows/{window_id}/releases", scene.second, version=1)).status_code == 404
    assert (await scene.post(f"/windows/{window_id}/releases", scene.first)).status_code == 428
    assert (await scene.post(f"/windows/{window_id}/releases", scene.first, version=7)).status_code == 412
    released = await scene.post(f"/windows/{window_id}/releases", scene.first, version=1)
    assert (released.status_code, released.json()["outcome"]) == (200, "released")
    assert released.headers["etag"] == '"2-holder"'
    [own] = (await scene.get("/windows?status=active", scene.second))["items"]
    assert own["grant_number"] == 2


async def test_extension_when_holder_asks_then_the_mill_may_give_it_once(scene: Scene) -> None:
    window_id = (await scene.ask(scene.first)).json()["window_id"]
    path = f"/windows/{window_id}/extensions"
    asked = (await scene.post(path, scene.first, {"reason": "sample is on its way"}, version=1)).json()
    assert (asked["extension_requested"], asked["extensions_used"], asked["version"]) == (True, 0, 2)
    assert (await scene.post(path, scene.first, {}, version=2)).status_code == 409
    assert (await scene.post(path, scene.mill, {}, version=2)).status_code == 422
    given = (await scene.post(path, scene.mill, {"reason": "agreed by phone"}, version=2)).json()
    assert (given["extensions_used"], given["extensions_left"], given["extension_requested"]) == (1, 0, False)
    assert 72 * 3600 - 60 < given["expires_in_seconds"] <= 72 * 3600
    assert (await scene.post(path, scene.mill, {"reason": "once more"}, version=3)).status_code == 409
    entries = [(one["entry"], one["by"]) for one in given["timeline"]]
    assert entries == [("granted", "system"), ("extension_requested", "holder"), ("extended", "mill")]


async def test_revocation_when_mill_owner_or_admin_ends_it_then_the_reason_is_kept(scene: Scene) -> None:
    window_id = (await scene.ask(scene.first)).json()["window_id"]
    path, reason = f"/windows/{window_id}/revocations", {"reason": "lot was damaged"}
    member = bearer("mill_user", scene.lot.mill_id, org_role="member")
    assert (await scene.post(path, member, reason, version=1)).status_code == 403
    assert (await scene.post(path, scene.first, reason, version=1)).status_code == 403
    assert (await scene.post(path, bearer("mill_user", uuid4()), reason, version=1)).status_code == 404
    revoked = (await scene.post(path, scene.mill, reason, version=1)).json()
    assert (revoked["outcome"], revoked["reason"]) == ("revoked", "lot was damaged")


@pytest.mark.parametrize(("losses", "status"), [(1, 200), (2, 409)])
async def test_request_when_it_loses_a_race_then_it_is_rolled_back_and_tried_once_more(
    app: FastAPI, http: httpx.AsyncClient, own: Database, losses: int, status: int
) -> None:
    mill_id = uuid4()
    tries: list[int] = []
    racing = router(racing=True)

    @racing.post("/races", dependencies=[public])
    async def race(conn: Transaction) -> dict[str, int]:
        tries.append(len(tries))
        await conn.execute(
            "INSERT INTO rule_replica (mill_id, version, rules) VALUES (%(id)s, 1, '{}')", {"id": mill_id}
        )
        if len(tries) <= losses:
            raise UniqueViolation
        return {"tries": len(tries)}

    app.include_router(racing, prefix=BASE)
    assert (await http.post("/races", json={})).status_code == status
    assert len(tries) == 2
    async with own.transaction() as conn:
        cursor = await conn.execute("SELECT count(*) FROM rule_replica WHERE mill_id = %(id)s", {"id": mill_id})
        assert await cursor.fetchone() == (2 - losses,)
