"""Lists as files, and as the document describes them."""

import csv
import io
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import openpyxl
import pytest
import pytest_asyncio
from fastapi import FastAPI

from shared import export, listing
from shared.db import Database
from tests.integration.shared.reels import REELS, ROWS, shop, visitor


@pytest_asyncio.fixture(scope="module", loop_scope="session", name="scene")
async def a_shop() -> AsyncIterator[tuple[FastAPI, Database]]:
    async with shop() as scene:
        yield scene


@pytest_asyncio.fixture(loop_scope="session", name="client")
async def a_client(scene: tuple[FastAPI, Database]) -> AsyncIterator[httpx.AsyncClient]:
    async with visitor(scene[0]) as client:
        yield client


async def test_file_when_csv_is_accepted_then_every_row_with_formulas_defused(client: httpx.AsyncClient) -> None:
    answer = await client.get("/reels?limit=1&sort=maker", headers={"Accept": "text/csv"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="reels.csv"'
    lines = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(lines) == len(ROWS)
    assert {line["maker"] for line in lines} == {"Aa", "'=1+1", "-7", "B"}
    assert {line["place.town"] for line in lines} == {"'=Graz", ""}
    assert {line["marks"] for line in lines} == {"", "FSC", "FSC; PEFC"}
    assert {line["gsm"] for line in lines} == {"80", "80.5", ""}
    asked = "text/csv;q=0.5, application/json"
    assert (await client.get("/reels", headers={"Accept": asked})).headers["content-type"] == "application/json"


async def test_file_when_xlsx_is_accepted_then_numbers_are_numbers_and_the_filters_hold(
    client: httpx.AsyncClient,
) -> None:
    accept = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    answer = await client.get("/reels?grade=kraft&sort=-gsm", headers={"Accept": accept})
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).worksheets[0]
    table = list(sheet.values)
    assert table[0][:4] == ("id", "maker", "grade", "gsm")
    assert len(table) - 1 == sum(row["grade"] == "kraft" for row in ROWS)
    assert table[1][3] == 80.5
    assert {str(row[1]) for row in table[1:]} == {"Aa", "'=1+1", "-7", "B"}


@pytest.mark.parametrize("sort", ["maker", "-gsm,made_on", "listed_at"])
@pytest.mark.parametrize("kind", list(export.Format))
async def test_file_when_the_list_is_longer_then_says_so_and_leads_on_row_by_row(
    scene: tuple[FastAPI, Database], client: httpx.AsyncClient, kind: export.Format, sort: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(export, "ROWS_MAX", 10)
    monkeypatch.setattr(export, "ROWS_PER_PAGE", 4)
    wanted = [row["id"] for row in (await client.get(f"/reels?limit=200&sort={sort}")).json()["items"]]
    headers = {"Accept": kind.media_type}
    path, found, files = f"/reels?sort={sort}", list[str](), 0
    while path:
        answer = await client.get(path, headers=headers)
        ids = first_column(kind, answer.content)
        onward = answer.links.get("next")
        assert (answer.headers.get("X-Export-Truncated") == "10") == (onward is not None)
        if onward is not None:
            said = ids.pop()
            assert said.startswith("The file ends here, the list does not")
            assert "/mvp/api/reels?" in said
        assert len(ids) == 10 or onward is None
        found, files = found + ids, files + 1
        path = onward["url"].removeprefix("/mvp/api") if onward else ""
    assert (found, files) == (wanted, -(-len(ROWS) // 10))
    whole = await client.get("/reels?maker=Aa", headers=headers)
    assert "X-Export-Truncated" not in whole.headers
    assert len(first_column(kind, whole.content)) == sum(row["maker"] == "Aa" for row in ROWS)


async def test_file_when_rows_are_added_while_it_is_read_then_the_next_begins_behind_its_last(
    scene: tuple[FastAPI, Database], client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More rows come in front of the cut than a file should have: none of those behind it is lost for that."""
    monkeypatch.setattr(export, "ROWS_MAX", 8)
    monkeypatch.setattr(export, "ROWS_PER_PAGE", 4)
    wanted = [row["id"] for row in (await client.get("/reels?limit=200&sort=width_mm")).json()["items"]]
    read, added = listing.Asked._reading, list[str]()  # pyright: ignore[reportPrivateUsage] – between two of its pages

    def reading(self: listing.Asked, fetch: Any) -> Any:
        inner = read(self, fetch)

        async def page(question: Any) -> Any:
            if question.start is not None and question.until is not None and not added:
                added.append(str(uuid4()))
                async with scene[1].transaction() as conn:
                    await conn.execute(
                        "INSERT INTO reel (id, maker, width_mm, listed_at, is_open, marks)"
                        " VALUES (%(id)s, 'New', 1001, now(), true, '{}')", {"id": added[0]},
                    )  # fmt: skip
            return await inner(question)

        return page

    monkeypatch.setattr(listing.Asked, "_reading", reading)
    path, found = "/reels?sort=width_mm", list[str]()
    while path:
        answer = await client.get(path, headers={"Accept": "text/csv"})
        onward = answer.links.get("next")
        found += first_column(export.Format.CSV, answer.content)[: -1 if onward else None]
        path = onward["url"].removeprefix("/mvp/api") if onward else ""
    async with scene[1].transaction() as conn:
        await conn.execute("DELETE FROM reel WHERE maker = 'New'")
    assert [one for one in found if one not in added] == wanted


def first_column(kind: export.Format, content: bytes) -> list[str]:
    """Without its title."""
    if kind is export.Format.CSV:
        return [line[0] for line in csv.reader(io.StringIO(content.decode("utf-8-sig")))][1:]
    return [str(row[0]) for row in openpyxl.load_workbook(io.BytesIO(content)).worksheets[0].values][1:]


async def test_page_when_the_whole_list_is_described_then_its_fields_are_in_the_document(
    scene: tuple[FastAPI, Database],
) -> None:
    operation = scene[0].openapi()["paths"]["/mvp/api/reels"]["get"]
    named = {one["name"]: one for one in operation["parameters"]}
    assert {*REELS.fields, "sort", "limit", "cursor", "facets", "Prefer"} == set(named)
    assert named["grade"]["schema"]["enum"] == ["kraft", "liner", "sack"]
    assert {"application/json", "text/csv"} < set(operation["responses"]["200"]["content"])
