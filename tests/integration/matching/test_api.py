"""The routes: who may, what he sees, and how refusals read."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import pytest_asyncio

from services.matching.main import build
from services.matching.schemas import RequirementChange, RequirementCreate, RequirementPatch
from shared.contracts.gateway import OrganizationKind, OrganizationStatus
from shared.contracts.matching import RequirementChanged
from tests.integration.matching.scene import WISH, Scene
from tests.support.doors import api_client
from tests.support.tokens import bearer, token

BASE = "/mvp/api"


@pytest_asyncio.fixture(loop_scope="session")
async def http(scene: Scene) -> AsyncIterator[httpx.AsyncClient]:
    async with api_client(build(), scene.db) as client:
        yield client


def keyed(who: dict[str, str]) -> dict[str, str]:
    return {**who, "Idempotency-Key": str(uuid4())}


async def posted(http: httpx.AsyncClient, who: dict[str, str], **wanted: Any) -> Any:
    answer = await http.post("/requirements", headers=keyed(who), json={**WISH, **wanted})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_requirement_when_posted_then_stored_told_and_readable(http: httpx.AsyncClient, scene: Scene) -> None:
    buyer_id = await scene.buyer()
    who = bearer("buyer_user", buyer_id)
    made = await http.post("/requirements", headers=keyed(who), json={**WISH, "gsm": {"min": 112.5, "max": "140"}})
    body = made.json()
    assert (made.status_code, made.headers["etag"]) == (201, '"1"')
    assert (body["status"], body["version"], body["gsm"]) == ("active", 1, {"min": "112.50", "max": "140.00"})
    read = await http.get(made.headers["location"].removeprefix(BASE), headers=who)
    assert read.json() == body
    [told] = await scene.told(RequirementChanged)
    assert (told.requirement_id, told.buyer_id, told.status) == (UUID(body["id"]), buyer_id, "active")


async def test_same_key_twice_makes_one_requirement(http: httpx.AsyncClient, scene: Scene) -> None:
    who = keyed(bearer("buyer_user", await scene.buyer()))
    first = await http.post("/requirements", headers=who, json=WISH)
    second = await http.post("/requirements", headers=who, json=WISH)
    assert second.headers["idempotency-replayed"] == "true"
    assert first.json() == second.json()
    assert len((await http.get("/requirements", headers=who)).json()["items"]) == 1


@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        ({"gsm": {"min": 150, "max": 125}}, "validation_failed", "#/gsm"),
        ({"gsm": {"min": 9999}}, "validation_failed", "#/gsm/min"),
        ({"gsm": {"min": 80.123}}, "validation_failed", "#/gsm/min"),
        ({"grade_codes": ["TL_9"]}, "validation_failed", "#/grade_codes/0"),
        ({"grade_codes": ["OTHER"]}, "validation_failed", "#/grade_codes/0"),
        ({"families": ["cardboard"]}, "validation_failed", "#/families/0"),
        ({"grade_codes": []}, "validation_failed", "#/"),
        ({"product_forms": []}, "validation_failed", "#/product_forms"),
        ({"ship_from_countries": ["Germany"]}, "validation_failed", "#/ship_from_countries/0"),
        ({"ship_from_countries": ["XX"]}, "validation_failed", "#/ship_from_countries/0"),
        ({"quality_floor": "BROKE"}, "validation_failed", "#/quality_floor"),
        ({"core_mm": [0]}, "validation_failed", "#/core_mm/0"),
        ({"cut_widths_mm": [0]}, "validation_failed", "#/cut_widths_mm/0"),
        ({"price_ceiling": {"amount": "-1"}}, "validation_failed", "#/price_ceiling/amount"),
        ({"weight_kg": {"min": 10**12}}, "validation_failed", "#/weight_kg/min"),
        ({"title": "x" * 121}, "validation_failed", "#/title"),
        ({"colour": "white"}, "unknown_field", "#/colour"),
        ({"valid_until": "2020-01-01"}, "validation_failed", "#/valid_until"),
    ],
)
async def test_requirement_that_is_not_valid_is_refused_with_the_place(
    changes: dict[str, Any], code: str, pointer: str, http: httpx.AsyncClient, scene: Scene
) -> None:
    who = keyed(bearer("buyer_user", await scene.buyer()))
    answer = await http.post("/requirements", headers=who, json={**WISH, **changes})
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"][0]["pointer"] == pointer


async def test_doors_that_are_closed(http: httpx.AsyncClient, scene: Scene) -> None:
    buyer_id = await scene.buyer()
    who = bearer("buyer_user", buyer_id)
    mill = bearer("mill_user", await scene.mill())
    made = await posted(http, who)
    path = f"/requirements/{made['id']}"
    other = bearer("buyer_user", await scene.buyer())
    assert (await http.get("/requirements", headers=mill)).status_code == 403
    assert (await http.post("/match-runs", headers=keyed(who), json={"scope": "all"})).status_code == 403
    assert (await http.get("/requirements")).status_code == 401
    for answer in (
        await http.get(path, headers=other),
        await http.patch(path, headers={**other, "If-Match": '"1"'}, json={"title": "mine"}),
        await http.delete(path, headers={**other, "If-Match": '"1"'}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert (await http.post("/requirements", headers=who, json=WISH)).json()["code"] == "idempotency_key_required"
    stranger = await http.post("/requirements", headers=keyed(who), json={**WISH, "buyer_id": str(uuid4())})
    assert stranger.status_code == 422
    await scene.organization(buyer_id, OrganizationKind.BUYER, version=2, status=OrganizationStatus.SUSPENDED)
    refused = await http.post("/requirements", headers=keyed(who), json=WISH)
    assert (refused.status_code, refused.json()["code"]) == (403, "organization_suspended")
    suspended = {"Authorization": f"Bearer {token('buyer_user', buyer_id, suspended=True)}", "If-Match": '"1"'}
    assert (await http.patch(path, headers=suspended, json={"title": "x"})).status_code == 403
    assert (await http.get(path, headers=suspended)).status_code == 200


async def test_admin_names_the_buyer_and_sees_all(http: httpx.AsyncClient, scene: Scene) -> None:
    buyer_id, admin = await scene.buyer(), bearer("admin", uuid4())
    without = await http.post("/requirements", headers=keyed(admin), json=WISH)
    assert without.status_code == 422
    unknown = await http.post("/requirements", headers=keyed(admin), json={**WISH, "buyer_id": str(uuid4())})
    assert unknown.status_code == 422
    made = await posted(http, admin, buyer_id=str(buyer_id))
    assert made["buyer_id"] == str(buyer_id)
    await posted(http, bearer("buyer_user", await scene.buyer()))
    assert len((await http.get("/requirements", headers=admin)).json()["items"]) == 2
    mine = await http.get("/requirements", headers=admin, params={"buyer_id": str(buyer_id)})
    assert [one["id"] for one in mine.json()["items"]] == [made["id"]]


async def test_change_is_a_merge_and_needs_the_version_that_was_seen(http: httpx.AsyncClient, scene: Scene) -> None:
    who = bearer("buyer_user", await scene.buyer())
    made = await posted(http, who, price_ceiling={"amount": "610.50"}, core_mm=[76], valid_until="2099-12-31")
    path = f"/requirements/{made['id']}"

    async def patch(version: int | None, **body: Any) -> httpx.Response:
        headers = who if version is None else {**who, "If-Match": f'"{version}"'}
        return await http.patch(path, headers=headers, json=body)

    assert (await patch(None, title="x")).status_code == 428
    assert (await patch(7, title="x")).status_code == 412
    changed = await patch(1, gsm={"max": 160}, price_ceiling=None, core_mm=[150, 76], title="Wider")
    body = changed.json()
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
    assert (body["gsm"], body["price_ceiling"], body["core_mm"]) == (
        {"min": "125.00", "max": "160.00"},
        None,
        [76, 150],
    )
    assert (body["title"], body["valid_until"], body["quality_floor"]) == ("Wider", "2099-12-31", "B")
    assert (await patch(2, title="Wider")).json()["version"] == 2  # nothing changed
    assert (await patch(2, gsm={"min": 170})).json()["errors"][0]["pointer"] == "#/gsm"
    assert (await patch(2, status="archived")).json()["code"] == "unknown_field"
    assert (await patch(2, grade_codes=None)).status_code == 422
    assert (await patch(2, paused=True)).json()["status"] == "paused"
    assert (await patch(3, paused=False)).json()["status"] == "active"
    assert (await http.delete(path, headers={**who, "If-Match": '"4"'})).status_code == 204
    ended = await patch(5, title="again")
    assert (ended.status_code, ended.json()["current_status"]) == (409, "archived")


def test_patch_knows_every_member_of_a_requirement() -> None:
    assert set(RequirementPatch.model_fields) == set(RequirementChange.model_fields)
    assert set(RequirementCreate.model_fields) == set(RequirementChange.model_fields) | {"buyer_id"}


async def test_active_requirements_of_a_buyer_are_limited(http: httpx.AsyncClient, scene: Scene) -> None:
    buyer_id = await scene.buyer()
    who = bearer("buyer_user", buyer_id)
    await scene.rows(
        """
        INSERT INTO requirement (id, buyer_id, title, families, grade_codes, product_forms, cut_widths_mm, core_mm,
            quality_floor, price_currency, ship_from_countries, certifications, cadence, auto_interest, created_at,
            updated_at)
        SELECT gen_random_uuid(), %(buyer)s, 'one of many', '{}', '{TL_2}', '{reel}', '{}', '{}', 'B', 'EUR', '{}',
            '{}', 'daily', false, clock(), clock()
        FROM generate_series(1, 200) RETURNING id
        """,
        buyer=buyer_id,
    )
    full = await http.post("/requirements", headers=keyed(who), json=WISH)
    assert (full.status_code, full.json()["code"]) == (409, "too_many_requirements")
    paused = await posted(http, who, paused=True)
    resumed = await http.patch(
        f"/requirements/{paused['id']}", headers={**who, "If-Match": '"1"'}, json={"paused": False}
    )
    assert resumed.status_code == 409
    await posted(http, bearer("buyer_user", await scene.buyer()))


async def test_pages_hold_every_requirement_once(http: httpx.AsyncClient, scene: Scene) -> None:
    who = bearer("buyer_user", await scene.buyer())
    made = [(await posted(http, who))["id"] for _ in range(5)]
    seen: list[str] = []
    cursor: str | None = None
    while True:
        params = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = (await http.get("/requirements", headers=who, params=params)).json()
        seen += [one["id"] for one in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == made[::-1]
