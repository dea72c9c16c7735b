"""Rows that were not listed, given back as a file: correct the cells, send it again, and exactly they are listed."""

import csv
import io
from typing import cast
from uuid import UUID

import pytest
from python_calamine import CalamineWorkbook

from services.ingestion.usecases import giving_back
from shared.contracts.ingestion import RowAction, RowsAccepted
from tests.integration.ingestion.market import HEADER, Market, csv_list, line, usual_list
from tests.integration.ingestion.people import call, key, mill
from tests.support.tokens import bearer

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SECTIONS = """Lot;g/m2;Breite mm;Gewicht kg;Preis EUR/t;Bemerkung
Testliner 2;;;;;
S-1;120;1500;5700;500;=2+5
S-2;12O;1500;5700;500;-
S-3;120;1500;5700;500;+49 681
"""


async def given_back(market: Market, batch_id: str, accept: str, **filters: str) -> bytes:
    async with market.client() as client:
        answer = await client.get(
            f"/batches/{batch_id}/rows",
            params=filters,
            headers=bearer("mill_user", market.untrusted) | {"Accept": accept},
        )
    assert answer.headers["content-type"].startswith(accept)
    assert answer.headers["content-disposition"].startswith("attachment")
    return answer.content


def cells(content: bytes, accept: str) -> list[list[object]]:
    if accept == XLSX:
        return [
            list(row) for row in CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
        ]
    return [list(row) for row in csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))]


async def commit(market: Market, batch_id: str) -> None:
    version = cast(int, (await market.batch(batch_id))["version"])
    before = len(await market.events(RowsAccepted))
    headers = mill(market, version) | key()
    answer = await call(market, "POST", f"/batches/{batch_id}/commits", headers, {"invalid_rows": "reject"})
    assert answer.status_code == 202, answer.text
    await market.answer((await market.events(RowsAccepted))[before:])


@pytest.mark.parametrize("accept", ["text/csv", XLSX])
async def test_rejected_rows_when_corrected_and_sent_again_then_exactly_they_are_listed(
    market: Market, accept: str
) -> None:
    lines = [*usual_list(), line("BAD-1", gsm=9999), line("BAD-2", grade="=Zebra()"), line("BAD-3", price="")]
    response = await market.upload(csv_list(*lines), mill=market.untrusted)
    await market.read_lists()
    batch_id = response.json()["id"]
    await commit(market, batch_id)

    table = cells(await given_back(market, batch_id, accept), accept)
    assert table[0] == [*HEADER.split(";"), "Offcut: why not listed"]
    assert [row[0] for row in table[1:]] == ["BAD-1", "BAD-2"]
    assert "9.999" in str(table[1][-1])
    assert table[2][1] == "'=Zebra()"
    table[1][2], table[2][1] = "199", "Testliner 3"
    corrected = "\r\n".join(";".join(f'"{cell}"' for cell in row) for row in table).encode()
    again = await market.upload(corrected, mill=market.untrusted, list_mode="append")
    await market.read_lists()
    await commit(market, again.json()["id"])
    part = (await market.events(RowsAccepted))[-1]
    assert [(row.lot_key, row.action) for row in part.rows] == [
        ("ref:bad-1", RowAction.CREATE),
        ("ref:bad-2", RowAction.CREATE),
    ]
    assert [str(row.values.gsm) for row in part.rows if row.values] == ["199.0", "120.0"]
    one, two = await market.batch(batch_id), await market.batch(again.json()["id"])
    assert one["header_fingerprint"] == two["header_fingerprint"]


async def test_rows_when_given_back_then_carry_what_their_section_said_and_calculate_nothing(market: Market) -> None:
    response = await market.upload(SECTIONS.encode(), mill=market.untrusted)
    await market.read_lists()
    batch_id = response.json()["id"]
    table = cells(await given_back(market, batch_id, "text/csv", status__in="valid,warning,invalid"), "text/csv")
    heading = [str(name) for name in table[0]]
    rows = {str(row[0]): dict(zip(heading, row, strict=True)) for row in table[1:]}
    assert set(rows) == {"S-1", "S-2", "S-3"}
    assert {row["Grade"] for row in rows.values()} == {"Testliner 2"}
    assert (rows["S-1"]["Bemerkung"], rows["S-3"]["Bemerkung"]) == ("'=2+5", "'+49 681")
    corrected = "\r\n".join(";".join(str(cell) for cell in row) for row in table).replace("12O", "120").encode()
    again = await market.upload(corrected, mill=market.untrusted, list_mode="append")
    await market.read_lists()
    found = await market.rows(again.json()["id"])
    values = [cast(dict[str, str], row["values"]) for row in found]
    assert [(one["lot_ref"], one["grade_code"], one.get("remarks")) for one in values] == [
        ("S-1", "TL_2", "=2+5"), ("S-2", "TL_2", None), ("S-3", "TL_2", "+49 681"),
    ]  # fmt: skip


async def test_template_when_filled_in_then_is_read_without_a_question(market: Market) -> None:
    for accept in ("text/csv", XLSX):
        async with market.client() as client:
            headers = bearer("mill_user", market.trusted) | {"Accept": accept}
            answer = await client.get("/mapping-profiles", headers=headers)
        (names,) = cells(answer.content, accept)
        assert names[:4] == ["Lot no", "Grade", "Form", "gsm (g/m2)"]
    lots = [
        [
            "T-1",
            "Testliner 2",
            "reel",
            120,
            1500,
            "",
            "",
            1200,
            100,
            5,
            "",
            5700,
            "A",
            "brown",
            500,
            "EXW",
            "Trier",
            "FSC",
        ],
        ["T-2", "Offset", "sheet", 90, "", 700, 1000, "", "", "", 4, 2520, "B", "white", 720, "FCA", "Trier", "PEFC"],
    ]
    rows = [[*row, "", ""] for row in lots]
    content = "\n".join("\t".join(str(cell) for cell in row) for row in [names, *rows]).encode()
    response = await market.upload(content)
    await market.read_lists()
    batch = await market.batch(UUID(response.json()["id"]))
    assert batch["review_reasons"] == []
    assert batch["status"] == "committing", batch["reasons"]


async def test_rejected_rows_when_more_than_one_file_holds_then_it_says_so_and_leads_to_the_next(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(giving_back, "ROWS_MAX", 2)
    lines = [*usual_list(), *(line(f"BAD-{n}", gsm=9999) for n in range(1, 4))]
    response = await market.upload(csv_list(*lines), mill=market.untrusted)
    await market.read_lists()
    headers = bearer("mill_user", market.untrusted) | {"Accept": "text/csv"}
    async with market.client() as client:
        first = await client.get(f"/batches/{response.json()['id']}/rows", headers=headers)
        assert first.headers["X-Export-Truncated"] == "2"
        rest = await client.get(first.links["next"]["url"].removeprefix("/mvp/api"), headers=headers)
    assert "X-Export-Truncated" not in rest.headers
    assert [row[0] for one in (first, rest) for row in cells(one.content, "text/csv")[1:]] == [
        "BAD-1",
        "BAD-2",
        "BAD-3",
    ]
