"""Matches as buyers, mills and operators see them; feedback; match runs."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from shared.contracts.matching import MatchesFound
from tests.integration.matching.scene import Scene, snapshot
from tests.integration.matching.test_api import http, keyed
from tests.support.tokens import bearer

__all__ = ["http"]


class Lot:
    """One lot that three buyers want, the first of them most."""

    def __init__(self, scene: Scene, mill_id: UUID, item_id: UUID, buyers: list[UUID], wishes: list[UUID]) -> None:
        self.scene, self.mill_id, self.item_id, self.buyers, self.wishes = scene, mill_id, item_id, buyers, wishes
        self.mill = bearer("mill_user", mill_id)
        self.first, self.second, self.third = (bearer("buyer_user", one) for one in buyers)

    @classmethod
    async def of(cls, scene: Scene) -> "Lot":
        mill_id = await scene.mill()
        buyers = [await scene.buyer(country=country) for country in ("DE", "IT", "FR")]
        wishes = [await scene.wish(buyers[0])]
        wishes += [await scene.wish(one, grade_codes=[], families=["containerboard"]) for one in buyers[1:]]
        item = snapshot(mill_id)
        await scene.list_items(item)
        await scene.score()
        return cls(scene, mill_id, item.item_id, buyers, wishes)


async def listed(http: httpx.AsyncClient, who: dict[str, str], **params: Any) -> list[dict[str, Any]]:
    answer = await http.get("/matches", headers=who, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def test_buyer_sees_his_own_match_with_every_reason(http: httpx.AsyncClient, scene: Scene) -> None:
    lot = await Lot.of(scene)
    [match] = await listed(http, lot.second)
    assert (match["item_id"], match["requirement_id"]) == (str(lot.item_id), str(lot.wishes[1]))
    assert (match["status"], match["score"], match["band"], match["redacted"]) == ("active", "88.6", "good", [])
    assert match["explanation"][0] == {
        "criterion": "grade",
        "required": "containerboard",
        "offered": "TL_2",
        "result": "near",
        "weight": 25,
    }
    assert await listed(http, bearer("buyer_user", uuid4())) == []


async def test_mill_sees_numbered_buyers_and_bands_of_its_own_lots_only(http: httpx.AsyncClient, scene: Scene) -> None:
    lot = await Lot.of(scene)
    seen = await listed(http, lot.mill, item_id=str(lot.item_id))
    assert [
        (one["band"], one["score"], one["explanation"], one["buyer_id"], one["requirement_id"]) for one in seen
    ] == [
        ("strong", None, None, None, None),
        ("good", None, None, None, None),
        ("good", None, None, None, None),
    ]
    assert sorted(one["buyer"] for one in seen) == sorted(
        f"Buyer {number}, {country}, corrugator" for number, country in await numbered(lot)
    )
    assert seen[0]["redacted"] == ["requirement_id", "buyer_id", "score", "explanation"]
    text = str(seen)
    assert not any(str(hidden) in text for hidden in (*lot.buyers, *lot.wishes))
    assert await listed(http, bearer("mill_user", await scene.mill())) == []
    probing = await http.get("/matches", headers=lot.mill, params={"requirement_id": str(lot.wishes[0])})
    assert (probing.status_code, probing.json()["code"]) == (400, "invalid_filter")


async def numbered(lot: Lot) -> list[tuple[int, str]]:
    rows = await lot.scene.rows(
        "SELECT o.country FROM match m JOIN organization_replica o ON o.organization_id = m.buyer_id ORDER BY m.id"
    )
    return [(number, row[0]) for number, row in enumerate(rows, 1)]


async def test_number_of_a_buyer_stays_when_more_come(http: httpx.AsyncClient, scene: Scene) -> None:
    lot = await Lot.of(scene)
    before = {one["id"]: one["buyer"] for one in await listed(http, lot.mill)}
    for _ in range(3):
        await scene.wish(await scene.buyer())
    await scene.wish(lot.buyers[2])
    await scene.score()
    after = {one["id"]: one["buyer"] for one in await listed(http, lot.mill)}
    assert len(after) == 7
    assert {match: after[match] for match in before} == before
    assert len(set(after.values())) == 6


async def test_admin_sees_all_and_pages_are_best_first(http: httpx.AsyncClient, scene: Scene) -> None:
    lot = await Lot.of(scene)
    admin = bearer("admin", uuid4())
    first = (await http.get("/matches", headers=admin, params={"limit": 2})).json()
    second = (await http.get("/matches", headers=admin, params={"limit": 2, "cursor": first["next_cursor"]})).json()
    seen = [*first["items"], *second["items"]]
    assert [one["score"] for one in seen] == ["100.0", "88.6", "88.6"]
    assert {one["buyer_id"] for one in seen} == {str(buyer) for buyer in lot.buyers}
    only = await listed(http, admin, requirement_id=str(lot.wishes[2]))
    assert [one["buyer_id"] for one in only] == [str(lot.buyers[2])]


async def test_dismissed_match_leaves_and_relevant_brings_it_back(http: httpx.AsyncClient, scene: Scene) -> None:
    lot = await Lot.of(scene)
    [match] = await listed(http, lot.first)
    path = f"/matches/{match['id']}/feedback"
    gone = await http.put(path, headers=lot.first, json={"verdict": "dismissed", "reason": "too heavy"})
    assert (gone.status_code, gone.json()["status"], gone.json()["version"]) == (200, "dismissed", 2)
    assert await scene.closed() == [(lot.wishes[0], "dismissed")]
    again = await http.put(path, headers=lot.first, json={"verdict": "dismissed"})
    assert (again.json()["status"], again.json()["version"]) == ("dismissed", 2)
    assert await listed(http, lot.first, status="active") == []
    back = await http.put(path, headers=lot.first, json={"verdict": "relevant"})
    assert (back.json()["status"], back.json()["version"]) == ("active", 3)
    last = (await scene.told(MatchesFound))[-1].matches[0]
    assert (last.match_id, last.version, last.buyer_id) == (UUID(match["id"]), 3, lot.buyers[0])


async def test_dismissed_match_is_not_told_again_when_scored_again(http: httpx.AsyncClient, scene: Scene) -> None:
    lot = await Lot.of(scene)
    [match] = await listed(http, lot.first)
    await http.put(f"/matches/{match['id']}/feedback", headers=lot.first, json={"verdict": "dismissed"})
    told = len(await scene.found())
    await scene.change(lot.buyers[0], lot.wishes[0], price_ceiling={"amount": "605"})
    await scene.score()
    assert len(await scene.found()) == told
    assert (await scene.matches())[lot.wishes[0], lot.item_id] == "dismissed"


async def test_feedback_on_what_is_not_mine_or_over_is_refused(http: httpx.AsyncClient, scene: Scene) -> None:
    lot = await Lot.of(scene)
    [match] = await listed(http, lot.first)
    path = f"/matches/{match['id']}/feedback"
    verdict = {"verdict": "dismissed"}
    assert (await http.put(path, headers=lot.second, json=verdict)).status_code == 404
    assert (await http.put(path, headers=lot.mill, json=verdict)).status_code == 403
    assert (await http.put(path, headers=lot.first, json={"verdict": "so so"})).status_code == 422
    await scene.rows("UPDATE match SET status = 'interested' RETURNING id")
    asked = await http.put(path, headers=lot.first, json=verdict)
    assert (asked.status_code, asked.json()["current_status"]) == (409, "interested")
    await scene.archive(lot.buyers[0], lot.wishes[0])
    await scene.score()
    over = await http.put(path, headers=lot.first, json=verdict)
    assert (over.status_code, over.json()["current_status"]) == (409, "closed")
    [closed] = await listed(http, lot.first, status="closed")
    assert closed["closed_reason"] == "requirement_inactive"


@pytest.mark.parametrize("scope", ["all", "item", "requirement", "changed_since"])
async def test_match_run_finds_what_was_lost_and_says_when_it_is_through(
    scope: str, http: httpx.AsyncClient, scene: Scene
) -> None:
    lot = await Lot.of(scene)
    await scene.rows("DELETE FROM match WHERE requirement_id = %(lost)s RETURNING id", lost=lot.wishes[0])
    target = {
        "all": {},
        "item": {"item_id": str(lot.item_id)},
        "requirement": {"requirement_id": str(lot.wishes[0])},
        "changed_since": {"since": "2020-01-01T00:00:00Z"},
    }[scope]
    admin = bearer("admin", uuid4())
    asked = await http.post("/match-runs", headers=keyed(admin), json={"scope": scope, **target})
    assert (asked.status_code, asked.json()["status"]) == (202, "running")
    path = asked.headers["location"].removeprefix("/mvp/api")
    await scene.score()
    done = (await http.get(path, headers=admin)).json()
    assert (done["status"], done["found"], done["closed"]) == ("completed", 1, 0)
    [run] = await scene.runs()
    assert (run.scope, str(run.run_id), run.found) == (scope, done["id"], 1)


async def test_match_run_needs_the_target_of_its_scope(http: httpx.AsyncClient, scene: Scene) -> None:
    admin = bearer("admin", uuid4())
    for body in (
        {"scope": "item"},
        {"scope": "all", "item_id": str(uuid4())},
        {"scope": "changed_since", "since": "2026-01-01T00:00:00"},
    ):
        assert (await http.post("/match-runs", headers=keyed(admin), json=body)).status_code == 422
    for scope in ("item", "requirement"):
        body = {"scope": scope, f"{scope}_id": str(uuid4())}
        assert (await http.post("/match-runs", headers=keyed(admin), json=body)).status_code == 404
    assert (await http.get(f"/match-runs/{uuid4()}", headers=admin)).status_code == 404
    await http.post("/match-runs", headers=keyed(admin), json={"scope": "all"})
    await scene.score()
    assert [run.items for run in await scene.runs()] == [0]  # over nothing, and through
