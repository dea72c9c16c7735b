"""The API of catalog over HTTP, each request in its own transaction."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.catalog.handlers import on_windows_granted
from shared.db import Database
from tests.integration.catalog.conftest import Market, headers, told
from tests.integration.catalog.test_visibility import IN_TWO_DAYS
from tests.support.lots import granted

REEL: dict[str, Any] = {
    "grade_code": "TL_2",
    "form": "reel",
    "gsm": 120,
    "width_mm": 2100,
    "weight_net_kg": 8000.5,
    "location_country": "DE",
    "price": "0.45",
    "currency": "EUR",
    "price_unit": "per_kg",
}


async def create(http: httpx.AsyncClient, town: Market, **values: Any) -> dict[str, Any]:
    answer = await http.post("/items", json={**REEL, **values}, headers=headers("mill_user", town.mill))
    assert answer.status_code == 201, answer.text
    return answer.json()


async def act(http: httpx.AsyncClient, item: dict[str, Any], step: str, mill: UUID, **body: Any) -> httpx.Response:
    sent = headers("mill_user", mill, version=item["version"])
    return await http.post(f"/items/{item['id']}/{step}", json=body, headers=sent)


async def test_item_when_entered_by_hand_then_listed_with_price_per_tonne(
    http: httpx.AsyncClient, town: Market, db: Database
) -> None:
    item = await create(http, town, lot_ref="  H 7 ")
    assert (item["status"], item["price_per_t"], item["quality_class"], item["lot_key"]) == (
        "available", "450.00", "B", "ref:h 7",
    )  # fmt: skip
    async with db.transaction() as conn:
        listed = [event for event in await told(conn, "catalog.items.listed.v1") if event["mill_id"] == str(town.mill)]
    assert [one["item_id"] for event in listed for one in event["items"]] == [item["id"]]
    twice = await http.post("/items", json={**REEL, "lot_ref": "h 7"}, headers=headers("mill_user", town.mill))
    assert twice.status_code == 409


async def test_item_when_posted_twice_with_one_key_then_created_once(http: httpx.AsyncClient, town: Market) -> None:
    sent = headers("mill_user", town.mill)
    first = await http.post("/items", json=REEL, headers=sent)
    again = await http.post("/items", json=REEL, headers=sent)
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json() == first.json()
    assert len((await http.get("/items", headers=headers("mill_user", town.mill))).json()["items"]) == 1


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"gsm": 9999}, "gsm", "out_of_range"),
        ({"grade_code": "SHINY"}, "grade_code", "unknown_grade"),
        ({"width_mm": None}, "width_mm", "missing"),
        ({"form": "sheet"}, "sheet_w_mm", "missing"),
        ({"currency": None}, "currency", "missing"),
        ({"diameter_mm": 130, "core_mm": 100}, "diameter_mm", "contradiction"),
        ({"gsm": "NaN"}, "gsm", "finite_number"),
        ({"remarks": "a\u0001b"}, "remarks", "string_pattern_mismatch"),
        ({"shape": "round"}, "shape", "unknown_field"),
    ],
    ids=lambda value: str(value)[:30],
)
async def test_item_when_a_value_is_wrong_then_the_problem_names_it(
    http: httpx.AsyncClient, town: Market, change: dict[str, Any], field: str, code: str
) -> None:
    answer = await http.post("/items", json={**REEL, **change}, headers=headers("mill_user", town.mill))
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert {"pointer": f"#/{field}", "code": code}.items() <= answer.json()["errors"][0].items()


async def test_draft_when_listed_withdrawn_and_listed_again_then_cycles_and_states_follow(
    http: httpx.AsyncClient, town: Market
) -> None:
    item = await create(http, town, publish=False)
    assert item["status"] == "draft"
    buyer = headers("buyer_user", town.buyer)
    assert (await http.get(f"/items/{item['id']}", headers=buyer)).status_code == 404
    item = (await act(http, item, "listings", town.mill)).json()
    assert (item["status"], item["listing_cycle"]) == ("available", 1)
    refused = await act(http, item, "listings", town.mill)
    assert (refused.status_code, refused.json()["current_status"]) == (409, "available")
    item = (await act(http, item, "withdrawals", town.mill, reason="sold elsewhere")).json()
    assert item["status"] == "withdrawn"
    item = (await act(http, item, "listings", town.mill)).json()
    assert (item["status"], item["listing_cycle"]) == ("available", 2)
    item = (await act(http, item, "sales", town.mill, buyer_id=str(town.buyer))).json()
    assert item["status"] == "sold"
    bought = (await http.get(f"/items/{item['id']}", headers=buyer)).json()
    assert (bought["status"], bought["mill"]["id"]) == ("sold", str(town.mill))
    assert (await act(http, item, "listings", town.mill)).status_code == 409
    item = (await act(http, item, "listings", town.mill, cause="sale_cancelled", reason="buyer stepped back")).json()
    assert (item["status"], item["listing_cycle"]) == ("available", 3)
    again = (await http.get(f"/items/{item['id']}", headers=buyer)).json()
    assert again["mill"] is None


async def test_reserved_item_when_changed_withdrawn_or_sold_then_the_holder_is_safe(
    http: httpx.AsyncClient, town: Market, db: Database
) -> None:
    item = await create(http, town)
    window = granted(UUID(item["id"]), town.mill, town.buyer, expires_at=IN_TWO_DAYS)
    async with db.transaction() as conn:
        await on_windows_granted(conn, [window])
    item["version"] += 1
    sent = headers("mill_user", town.mill, version=item["version"])
    dearer = await http.patch(f"/items/{item['id']}", json={"price": "0.60"}, headers=sent)
    assert (dearer.status_code, dearer.json()["code"]) == (409, "item_reserved")
    noted = await http.patch(f"/items/{item['id']}", json={"remarks": "pick up by Friday"}, headers=sent)
    assert noted.status_code == 200
    item = noted.json()
    assert (await act(http, item, "sales", town.mill, buyer_id=str(town.other_buyer))).status_code == 409
    assert (await act(http, item, "withdrawals", town.mill, reason="changed plans")).status_code == 409
    sold = await act(http, item, "sales", town.mill, buyer_id=str(town.buyer))
    assert sold.json()["status"] == "sold"


async def test_change_when_version_is_missing_or_old_then_refused(http: httpx.AsyncClient, town: Market) -> None:
    item = await create(http, town)
    address = f"/items/{item['id']}"
    bare = await http.patch(address, json={"gsm": 125}, headers=headers("mill_user", town.mill))
    assert bare.status_code == 428
    fresh = await http.patch(address, json={"gsm": 125}, headers=headers("mill_user", town.mill, version=1))
    assert (fresh.json()["gsm"], fresh.headers["etag"]) == ("125", '"2-own_mill.0.0"')
    stale = await http.patch(address, json={"gsm": 130}, headers=headers("mill_user", town.mill, version=1))
    assert stale.status_code == 412
    cleared = await http.patch(address, json={"gsm": None}, headers=headers("mill_user", town.mill, version=2))
    assert cleared.status_code == 422
    same = await http.get(address, headers={**headers("mill_user", town.mill), "If-None-Match": fresh.headers["etag"]})
    assert same.status_code == 304


async def test_item_when_of_another_mill_then_not_found(http: httpx.AsyncClient, town: Market) -> None:
    item = await create(http, town)
    stranger = uuid4()
    assert (await http.get(f"/items/{item['id']}", headers=headers("mill_user", stranger))).status_code == 404
    assert (await act(http, item, "withdrawals", stranger, reason="mischief")).status_code == 404
    assert (await http.post("/items", json=REEL, headers=headers("buyer_user", town.buyer))).status_code == 403
    assert (await http.post("/items", json=REEL, headers=headers("mill_user", stranger))).status_code == 403


async def test_rules_when_replaced_then_published_and_in_force(
    http: httpx.AsyncClient, town: Market, db: Database
) -> None:
    item = await create(http, town)
    mill, buyer = headers("mill_user", town.mill, version=1), headers("buyer_user", town.buyer)
    del mill["Idempotency-Key"]
    shown = (await http.get("/visibility-rules", headers=mill)).json()["items"]
    assert [(one["mill_id"], one["version"], one["price"]) for one in shown] == [(str(town.mill), 1, "matched")]
    address, body = f"/visibility-rules/{town.mill}", {"blocked_buyers": [str(town.buyer)]}
    tried = (await http.put(address, json={**body, "dry_run": True}, headers=mill)).json()
    assert (tried["version"], tried["buyers_affected"]) == (1, 1)
    assert (await http.get(f"/items/{item['id']}", headers=buyer)).status_code == 200
    done = await http.put(address, json=body, headers=mill)
    assert (done.json()["version"], done.headers["etag"]) == (2, '"2"')
    assert (await http.get(f"/items/{item['id']}", headers=buyer)).status_code == 404
    async with db.transaction() as conn:
        told_now = [
            one for one in await told(conn, "catalog.visibility.changed.v1") if one["mill_id"] == str(town.mill)
        ]
    assert told_now[-1]["rules"]["blocked_buyers"] == [str(town.buyer)]
    assert (await http.put(address, json=body, headers=mill)).status_code == 412
    member = headers("mill_user", town.mill, version=2, org_role="member")
    assert (await http.put(address, json=body, headers=member)).status_code == 403
    stranger = headers("mill_user", uuid4(), version=2)
    assert (await http.put(address, json=body, headers=stranger)).status_code == 404
