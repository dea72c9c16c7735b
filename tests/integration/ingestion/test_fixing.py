"""Many rows changed at once: a column's words replaced, explained for later lists, rows taken out together."""

from typing import Any, cast
from uuid import UUID

from shared.contracts.ingestion import RowsAccepted
from tests.integration.ingestion.market import HEADER, Market, csv_list, line, usual_list
from tests.integration.ingestion.people import call, key, mill, reviewed

ODD = "Zebraliner"


async def fix(market: Market, batch_id: UUID, version: int, **body: object) -> dict[str, Any]:
    answer = await call(market, "PATCH", f"/batches/{batch_id}/rows", mill(market, version), body)
    assert answer.status_code == 207, answer.text
    return answer.json()


async def test_word_when_replaced_in_a_column_then_every_row_is_fixed_and_later_lists_know_it(market: Market) -> None:
    lines = [*usual_list(), line("Z-1", grade=ODD), line("Z-2", grade=ODD.upper()), line("Y-1", grade="Yakboard")]
    batch_id, version = await reviewed(market, *lines)
    replaced = {"column": "Grade", "find": ODD, "replace": "Kraftliner brown"}
    answer = await fix(market, batch_id, version, find_replace=replaced, remember=True)
    assert {item["status"] for item in answer["items"]} <= {"valid", "warning"}
    assert (len(answer["items"]), answer["batch"]["counts"]["invalid"]) == (2, 1)
    assert answer["remembered"] == {"zebraliner": "KL_BROWN"}, answer["remembered"]
    fixed = [row for row in await market.rows(batch_id) if str(row["lot_key"]).startswith("ref:z")]
    assert {cast(dict[str, str], row["values"])["grade_code"] for row in fixed} == {"KL_BROWN"}

    # Another layout of the same mill, weeks later: the word is known.
    header = HEADER.replace("Reels", "Rolls").replace("Dia mm", "Diameter (mm)")
    response = await market.upload(
        csv_list(*usual_list(5), line("Z-9", grade=ODD), header=header), mill=market.untrusted
    )
    await market.read_lists()
    rows = await market.rows(response.json()["id"])
    assert [cast(dict[str, str], row["values"])["grade_code"] for row in rows if row["lot_key"] == "ref:z-9"] == [
        "KL_BROWN"
    ]
    # Another mill may mean something else.
    response = await market.upload(csv_list(line("Z-9", grade=ODD), line("Z-8")))
    await market.read_lists()
    strange = await market.rows(response.json()["id"], status__in="invalid")
    assert [row["lot_key"] for row in strange] == ["ref:z-9"]


async def test_cells_when_replaced_in_part_then_each_row_says_what_became_of_it(market: Market) -> None:
    header = HEADER.replace("Width mm", "Width cm")
    lines = [text.replace(";1010;", ";101;") for text in usual_list()]
    lines = [
        ";".join([*parts[:3], str(100 + n), *parts[4:]]) for n, parts in enumerate(one.split(";") for one in lines)
    ]
    lines.append("B-1;Testliner 2;120;12O;1200;100;5;4560;A;500")  # the letter O
    response = await market.upload(csv_list(*lines, header=header), mill=market.untrusted)
    await market.read_lists()
    batch_id = UUID(response.json()["id"])
    version = cast(int, (await market.batch(batch_id))["version"])
    bad = {"column": "Width cm", "find": "12O", "replace": "twelve"}
    answer = await fix(market, batch_id, version, find_replace=bad)
    (refused,) = answer["items"]
    assert (refused["status"], "is not a number" in refused["detail"]) == ("invalid", True)
    good = {"column": "width CM", "find": "O", "replace": "0", "match": "contains"}
    answer = await fix(market, batch_id, answer["batch"]["version"], find_replace=good)
    (row,) = [one for one in await market.rows(batch_id) if one["lot_key"] == "ref:b-1"]
    assert cast(dict[str, object], row["values"])["width_mm"] == 1200  # read in the unit of its column
    assert answer["batch"]["counts"]["invalid"] == 0


async def test_rows_when_excluded_by_a_cell_then_none_of_them_is_sent(market: Market) -> None:
    batch_id, version = await reviewed(market, *usual_list(), line("K-1", price=777), line("K-2", price=777))
    out = {"field": "price", "find": "777", "excluded": True}
    answer = await fix(market, batch_id, version, find_replace=out)
    assert [item["status"] for item in answer["items"]] == ["excluded", "excluded"]
    nothing = await call(
        market,
        "PATCH",
        f"/batches/{batch_id}/rows",
        mill(market, answer["batch"]["version"]),
        {"find_replace": {"field": "price", "find": "778", "replace": "1"}},
    )
    assert (nothing.status_code, nothing.json()["code"]) == (422, "nothing_found")
    headers = mill(market, answer["batch"]["version"]) | key()
    await call(market, "POST", f"/batches/{batch_id}/commits", headers, {})
    (part,) = await market.events(RowsAccepted)
    assert len(part.rows) == 20


async def test_missing_lot_when_a_person_says_it_is_still_there_then_it_is_not_withdrawn(market: Market) -> None:
    first, version = await reviewed(market, *usual_list())
    await call(market, "POST", f"/batches/{first}/commits", mill(market, version) | key(), {})
    await market.answer(await market.events(RowsAccepted))
    batch_id, version = await reviewed(market, *usual_list()[2:])
    proposed = [row for row in await market.rows(batch_id) if row["action"] == "withdraw"]
    assert [row["lot_key"] for row in proposed] == ["ref:l-001", "ref:l-002"]
    answer = await fix(market, batch_id, version, items=[{"row_id": proposed[0]["id"], "excluded": True}])
    assert (answer["items"][0]["status"], answer["batch"]["diff"]["withdraw"]) == ("excluded", 1)
    wrong = await fix(
        market, batch_id, answer["batch"]["version"], items=[{"row_id": proposed[0]["id"], "values": {"gsm": 90}}]
    )
    assert wrong["items"][0]["detail"]
    headers = mill(market, wrong["batch"]["version"]) | key()
    await call(market, "POST", f"/batches/{batch_id}/commits", headers, {})
    part = (await market.events(RowsAccepted))[-1]
    assert [row.lot_key for row in part.rows if row.action == "withdraw"] == ["ref:l-002"]


async def test_grade_when_given_to_one_row_and_remembered_then_its_word_is_known(market: Market) -> None:
    batch_id, version = await reviewed(market, *usual_list(), line("Z-1", grade=ODD))
    (bad,) = await market.rows(batch_id, status__in="invalid")
    edits = [{"row_id": bad["id"], "values": {"grade_code": "TL_3"}}]
    answer = await fix(market, batch_id, version, items=edits, remember=True)
    assert answer["remembered"] == {"zebraliner": "TL_3"}
    response = await market.upload(csv_list(line("Z-2", grade=ODD), line("Z-3")), mill=market.untrusted)
    await market.read_lists()
    rows = await market.rows(response.json()["id"])
    assert [cast(dict[str, str], row["values"])["grade_code"] for row in rows if row["lot_key"] == "ref:z-2"] == [
        "TL_3"
    ]
