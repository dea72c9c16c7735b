"""Lists sent as rows, and with a mapping of their sender's choice."""

from typing import Any, cast
from uuid import uuid4

import pytest

from shared.contracts.ingestion import RowsAccepted
from tests.integration.ingestion.market import HEADER, Market, csv_list, line, usual_list
from tests.integration.ingestion.people import call, key
from tests.support.tokens import bearer

NAMES = HEADER.split(";")


def as_rows(*lines: str) -> list[dict[str, Any]]:
    """The same lots by column name, numbers as numbers."""
    return [
        {name: float(text) if text.isdigit() else text for name, text in zip(NAMES, one.split(";"), strict=True)}
        for one in lines
    ]


async def test_rows_when_sent_as_json_then_are_read_like_the_file_with_the_same_columns(market: Market) -> None:
    headers = bearer("mill_user", market.trusted)
    lines = usual_list()
    body = {"rows": as_rows(*lines), "file_name": "stock of today"}
    answer = await call(market, "POST", "/batches", headers | key(), body)
    assert (answer.status_code, answer.headers["retry-after"]) == (202, "1"), answer.text
    assert answer.headers["location"].endswith(answer.json()["id"])
    again = await call(market, "POST", "/batches", headers | key(), body)
    assert (again.json()["status"], again.json()["duplicate_of"]) == ("duplicate", answer.json()["id"])
    forced = await call(market, "POST", "/batches", headers | key(), body | {"force": True, "list_mode": "append"})
    assert (forced.json()["status"], forced.json()["list_mode"]) == ("received", "append")

    await market.read_lists()
    (part,) = await market.events(RowsAccepted)
    await market.answer([part])
    batch = await market.batch(answer.json()["id"])
    assert (batch["status"], batch["file_name"], batch["header_row"]) == ("committed", "stock of today", 1)
    await market.read_lists()
    await market.answer((await market.events(RowsAccepted))[1:])
    file = await market.take(csv_list(*lines))
    assert (await market.batch(file))["changes"] == {"confirm": 20}  # the very same lots, of the same kind of list


async def test_numbers_in_rows_when_they_have_three_decimals_then_are_what_they_are(market: Market) -> None:
    rows = [one | {"Weight kg": None, "Weight t": 5.125} for one in as_rows(*usual_list(12))]
    rows = [{name: value for name, value in one.items() if name != "Weight kg"} for one in rows]
    answer = await call(market, "POST", "/batches", bearer("mill_user", market.trusted) | key(), {"rows": rows})
    await market.read_lists()
    found = await market.rows(answer.json()["id"])
    assert {one["values"]["weight_net_kg"] for one in found if isinstance(one["values"], dict)} == {"5125.0"}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"rows": []}, 422, "validation_failed"),
        ({"rows": [{"Lot": True}]}, 422, "validation_failed"),
        ({"rows": [{"Lot": ["L-1"]}]}, 422, "validation_failed"),
        ({"rows": [{"Lot": "x" * 2001}]}, 422, "validation_failed"),
        ({"rows": [{f"c{n}": n for n in range(101)}]}, 422, "too_many_columns"),
        ({"rows": [{"Lot": "L-1"}], "listmode": "append"}, 422, "unknown_field"),
        ({"rows": [{"Lot": "L-1"}], "mapping_profile_id": str(uuid4())}, 422, "unknown_profile"),
        ({"rows": [{"Lot": "x" * 1900} for _ in range(600)]}, 413, "payload_too_large"),
    ],
)
async def test_rows_when_they_are_no_list_then_are_refused_with_words(
    market: Market, body: object, status: int, code: str
) -> None:
    answer = await call(market, "POST", "/batches", bearer("mill_user", market.trusted) | key(), body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_list_when_sent_in_another_way_then_is_refused(market: Market) -> None:
    headers = bearer("mill_user", market.trusted) | {"Content-Type": "text/csv"}
    async with market.client() as client:
        answer = await client.post("/batches", content=csv_list(line("L-1")), headers=headers | key())
        nothing = await client.post(
            "/batches",
            data={"list_mode": "append"},
            files={"list": b"x"},
            headers=bearer("mill_user", market.trusted) | key(),
        )
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")
    assert (nothing.status_code, nothing.json()["errors"][0]["pointer"]) == (422, "#/file")


async def test_list_when_sent_with_a_mapping_then_is_read_with_it_whatever_its_header(market: Market) -> None:
    headers = bearer("mill_user", market.trusted)
    profile_id = str(uuid4())
    meaning = {"name": "Web export", "headers": ["Q"], "columns": {"Zzyx": {"field": "width_mm", "unit": "cm"}}}
    await call(market, "PUT", f"/mapping-profiles/{profile_id}", headers, meaning)
    content = csv_list(*usual_list(), header=HEADER.replace("Width mm", "Zzyx"))
    content = content.replace(b";1010;", b";101;").replace(b";1020;", b";102;")
    answer = await market.upload(content, mapping_profile_id=profile_id)
    await market.read_lists()
    batch = await market.batch(answer.json()["id"])
    assert batch["mapping_profile"] == {"id": profile_id, "version": 1}
    columns = cast(list[dict[str, object]], batch["mapping"])
    (column,) = [one for one in columns if one["column"] == "Zzyx"]
    assert (column["field"], column["unit"], column["confidence"]) == ("width_mm", "cm", 1.0)
