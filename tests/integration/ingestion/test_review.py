"""A person decides about a list: fix, exclude, map, commit, cancel."""

from typing import cast
from uuid import uuid4

import pytest

from shared.contracts.ingestion import RowsAccepted
from tests.integration.ingestion.market import Market, csv_list, line, usual_list
from tests.integration.ingestion.people import call, key, mill, reviewed
from tests.support.tokens import bearer


async def test_list_of_an_untrusted_mill_when_a_person_commits_it_then_is_sent(market: Market) -> None:
    batch_id, version = await reviewed(market, *usual_list())
    preview = (await call(market, "GET", f"/batches/{batch_id}/preview", mill(market))).json()
    assert preview["counts"] == {"create": 20}
    stale = await call(market, "POST", f"/batches/{batch_id}/commits", mill(market, version - 1) | key(), {})
    assert stale.status_code == 412
    done = await call(market, "POST", f"/batches/{batch_id}/commits", mill(market, version) | key(), {})
    assert (done.status_code, done.json()["status"]) == (202, "committing")
    await market.answer(await market.events(RowsAccepted))
    assert (await market.batch(batch_id))["status"] == "committed"
    actor = bearer("mill_user", market.untrusted)
    again = await call(market, "POST", f"/batches/{batch_id}/commits", actor | {"If-Match": '"99"'} | key(), {})
    assert again.status_code == 412


async def test_list_with_a_bad_row_when_it_may_not_be_left_out_then_the_commit_is_refused(market: Market) -> None:
    batch_id, version = await reviewed(market, *usual_list(), line("BAD-1", gsm=9999))
    refused = await call(
        market, "POST", f"/batches/{batch_id}/commits", mill(market, version) | key(), {"invalid_rows": "block"}
    )
    assert (refused.status_code, refused.json()["code"], refused.json()["invalid_rows"]) == (409, "invalid_rows", 1)
    taken = await call(
        market, "POST", f"/batches/{batch_id}/commits", mill(market, version) | key(), {"invalid_rows": "reject"}
    )
    assert taken.status_code == 202
    (part,) = await market.events(RowsAccepted)
    assert len(part.rows) == 20


async def test_bad_row_when_a_person_fixes_it_then_is_valid(market: Market) -> None:
    batch_id, version = await reviewed(market, *usual_list(), line("BAD-1", gsm=9999))
    (bad,) = await market.rows(batch_id, status__in="invalid")
    path = f"/batches/{batch_id}/rows"
    wrong = {"items": [{"row_id": bad["id"], "values": {"gsm": 5000}}, {"row_id": str(uuid4()), "excluded": True}]}
    answer = await call(market, "PATCH", path, mill(market, version), wrong)
    assert answer.status_code == 207
    by_row = {item["row_id"]: item for item in answer.json()["items"]}
    assert by_row[bad["id"]]["status"] == "invalid"
    assert sum(item["status"] is None for item in by_row.values()) == 1
    version = answer.json()["batch"]["version"]
    right = {"items": [{"row_id": bad["id"], "values": {"gsm": "199.5"}}]}
    answer = await call(market, "PATCH", path, mill(market, version), right)
    assert answer.json()["items"][0]["status"] in ("valid", "warning"), answer.json()
    assert answer.json()["batch"]["changes"] == {"create": 21}
    fixed = next(row for row in await market.rows(batch_id) if row["id"] == bad["id"])
    values = cast(dict[str, object], fixed["values"])
    assert (values["gsm"], values["lot_ref"], values["price_per_t"]) == ("199.5", "BAD-1", "500.00")


async def test_row_when_excluded_then_is_not_sent(market: Market) -> None:
    batch_id, version = await reviewed(market, *usual_list())
    row_id = (await market.rows(batch_id))[0]["id"]
    body = {"items": [{"row_id": row_id, "excluded": True}]}
    answer = await call(market, "PATCH", f"/batches/{batch_id}/rows", mill(market, version), body)
    assert answer.json()["items"][0]["status"] == "excluded"
    headers = mill(market, answer.json()["batch"]["version"]) | key()
    await call(market, "POST", f"/batches/{batch_id}/commits", headers, {})
    (part,) = await market.events(RowsAccepted)
    assert len(part.rows) == 19
    assert row_id not in {str(row.row_id) for row in part.rows}


async def test_list_when_cancelled_then_is_over(market: Market) -> None:
    batch_id, version = await reviewed(market, *usual_list())
    path = f"/batches/{batch_id}/cancellations"
    done = await call(market, "POST", path, mill(market, version) | key(), {"reason": "wrong week"})
    assert (done.json()["status"], done.json()["reasons"]) == ("cancelled", ["wrong week"])
    late = await call(market, "POST", f"/batches/{batch_id}/commits", mill(market, done.json()["version"]) | key(), {})
    assert (late.status_code, late.json()["current_status"]) == (409, "cancelled")


async def test_mapping_when_a_person_sets_it_then_is_remembered_for_lists_of_this_kind(market: Market) -> None:
    header = "Lot;Grade;gsm;Zzyx;Dia mm;Core mm;Reels;Weight kg;Quality class;Price EUR/t"
    response = await market.upload(csv_list(*usual_list(), header=header))
    await market.read_lists()
    batch_id = response.json()["id"]
    batch = await market.batch(batch_id)
    assert batch["status"] in ("mapping_required", "review_required")
    assert batch["reasons"]
    headers = bearer("mill_user", market.trusted) | {"If-Match": f'"{batch["version"]}"'}
    path = f"/batches/{batch_id}/mapping"
    unknown = await call(market, "PUT", path, headers, {"columns": {"Nope": {"field": "width_mm"}}})
    assert (unknown.status_code, unknown.json()["code"]) == (422, "unknown_columns")
    answer = await call(market, "PUT", path, headers, {"columns": {"Zzyx": {"field": "width_mm", "unit": "mm"}}})
    assert answer.status_code == 202, answer.text
    await market.read_lists()
    assert (await market.batch(batch_id))["status"] == "committing"
    await market.answer(await market.events(RowsAccepted))
    next_list = await market.take(csv_list(*usual_list(22), header=header))
    assert (await market.batch(next_list))["status"] == "committed"


@pytest.mark.parametrize("body", [b"{", b'{"invalid_rows": NaN}', b'{"invalid_rows": "\\u0000"}', b"[]", b'{"x": 1}'])
async def test_broken_json_when_sent_then_is_refused_with_words(market: Market, body: bytes) -> None:
    batch_id, version = await reviewed(market, *usual_list())
    headers = mill(market, version) | key() | {"Content-Type": "application/json"}
    async with market.client() as client:
        response = await client.post(f"/batches/{batch_id}/commits", content=body, headers=headers)
    assert response.status_code in (400, 422)
    assert response.json()["code"] in ("malformed_request", "validation_failed", "unknown_field")
