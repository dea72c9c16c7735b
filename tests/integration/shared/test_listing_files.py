"""Lists as files, and as the document describes them."""

import csv
import io
from collections.abc import AsyncIterator

import httpx
import openpyxl
import pytest_asyncio
from fastapi import FastAPI

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


async def test_page_when_the_whole_list_is_described_then_its_fields_are_in_the_document(
    scene: tuple[FastAPI, Database],
) -> None:
    operation = scene[0].openapi()["paths"]["/mvp/api/reels"]["get"]
    named = {one["name"]: one for one in operation["parameters"]}
    assert {*REELS.fields, "sort", "limit", "cursor", "facets", "Prefer"} == set(named)
    assert named["grade"]["schema"]["enum"] == ["kraft", "liner", "sack"]
    assert {"application/json", "text/csv"} < set(operation["responses"]["200"]["content"])
