"""Saved mappings: learned, used, counted, edited, archived, and each version kept."""

from uuid import uuid4

from shared.contracts.ingestion import RowsAccepted
from tests.integration.ingestion.market import HEADER, Market, csv_list, usual_list
from tests.integration.ingestion.people import call, mill
from tests.support.tokens import bearer

ODD = HEADER.replace("Width mm", "Zzyx")
WIDTH = {"Zzyx": {"field": "width_mm", "unit": "mm"}}


async def mapped(market: Market, batch_id: str, **more: object) -> None:
    batch = await market.batch(batch_id)
    headers = bearer("mill_user", market.trusted) | {"If-Match": f'"{batch["version"]}"'}
    answer = await call(market, "PUT", f"/batches/{batch_id}/mapping", headers, {"columns": WIDTH, **more})
    assert (answer.status_code, answer.headers["retry-after"]) == (202, "1"), answer.text
    await market.read_lists()


async def test_mapping_when_saved_then_is_listed_with_its_use_and_success(market: Market) -> None:
    owner = bearer("mill_user", market.trusted)
    first = (await market.upload(csv_list(*usual_list(), header=ODD))).json()["id"]
    await market.read_lists()
    await mapped(market, first, save_as_profile=True)
    await market.answer(await market.events(RowsAccepted))
    (shown,) = (await call(market, "GET", "/mapping-profiles", owner)).json()["items"]
    assert shown["columns"] == {"zzyx": {"field": "width_mm", "unit": "mm"}}
    assert (shown["use_count"], shown["success_rate"], shown["headers"][3]) == (1, 1.0, "Zzyx")
    cancelled = (await market.upload(csv_list(*usual_list(3), header=ODD))).json()["id"]
    await market.read_lists()
    version = (await market.batch(cancelled))["version"]
    headers = owner | {"If-Match": f'"{version}"', "Idempotency-Key": str(uuid4())}
    await call(market, "POST", f"/batches/{cancelled}/cancellations", headers, {"reason": "wrong week"})
    (shown,) = (await call(market, "GET", "/mapping-profiles", owner)).json()["items"]
    assert (shown["use_count"], shown["success_rate"]) == (2, 0.5)
    assert (await call(market, "GET", "/mapping-profiles", mill(market))).json()["items"] == []
    other = await call(market, "GET", f"/mapping-profiles/{shown['id']}", mill(market))
    assert other.status_code == 404


async def test_mapping_when_not_saved_then_counts_for_this_list_only(market: Market) -> None:
    first = (await market.upload(csv_list(*usual_list(), header=ODD))).json()["id"]
    await market.read_lists()
    await mapped(market, first, save_as_profile=False)
    assert (await market.batch(first))["status"] == "committing"
    await market.answer(await market.events(RowsAccepted))
    second = (await market.upload(csv_list(*usual_list(22), header=ODD))).json()["id"]
    await market.read_lists()
    assert (await market.batch(second))["status"] in ("mapping_required", "review_required")
    assert (await call(market, "GET", "/mapping-profiles", bearer("admin", market.operator))).json()["items"] == []


async def test_mapping_when_edited_by_hand_then_every_version_is_kept_and_the_newest_counts(market: Market) -> None:
    owner, path = bearer("mill_user", market.trusted), f"/mapping-profiles/{uuid4()}"
    body = {"name": "Weekly", "headers": ODD.split(";"), "columns": {"Zzyx": {"field": "width_mm", "unit": "cm"}}}
    made = await call(market, "PUT", path, owner, body)
    assert (made.status_code, made.headers["etag"]) == (201, '"1"')
    blind = await call(market, "PUT", path, owner, body)
    assert (blind.status_code, blind.json()["code"]) == (428, "if_match_required")
    right = body | {"columns": WIDTH, "grades": {"Zebraliner": "TL_2"}, "decimal": "."}
    stale = await call(market, "PUT", path, owner | {"If-Match": '"7"'}, right)
    assert stale.status_code == 412
    done = await call(market, "PUT", path, owner | {"If-Match": '"1"'}, right)
    assert (done.status_code, done.json()["version"]) == (200, 2)
    kept = (await call(market, "GET", path, owner)).json()["history"]
    assert [one["columns"]["zzyx"]["unit"] for one in kept] == ["mm", "cm"]
    batch_id = await market.take(csv_list(*usual_list(), header=ODD))
    batch = await market.batch(batch_id)
    assert batch["status"] == "committed", batch["reasons"]

    twin = await call(market, "PUT", f"/mapping-profiles/{uuid4()}", owner, body)
    assert (twin.status_code, twin.json()["code"]) == (409, "profile_exists")
    foreign = await call(market, "PUT", path, mill(market, 2), body)
    assert foreign.status_code == 404
    gone = await call(market, "PUT", path, owner | {"If-Match": '"2"'}, right | {"status": "archived"})
    assert gone.json()["status"] == "archived"
    late = (await market.upload(csv_list(*usual_list(21), header=ODD))).json()["id"]
    await market.read_lists()
    assert (await market.batch(late))["mapping_profile"] is None


async def test_mapping_when_it_means_nothing_then_is_refused_with_what_there_is(market: Market) -> None:
    owner, path = bearer("mill_user", market.trusted), f"/mapping-profiles/{uuid4()}"
    for wrong, kind in (
        ({"columns": {"Zzyx": {"field": "widht_mm"}}}, "width_mm"),
        ({"columns": {"Zzyx": {"field": "width_mm", "unit": "furlong"}}}, "cm"),
        ({"grades": {"Zebraliner": "ZEBRA"}}, "TL_2"),
    ):
        answer = await call(market, "PUT", path, owner, {"name": "x", **wrong})
        assert (answer.status_code, answer.json()["code"]) == (422, "unknown_meaning")
        assert kind in answer.json()["allowed"]
