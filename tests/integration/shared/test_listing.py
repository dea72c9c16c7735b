"""One declaration makes a list: filters, order, pages both ways and totals, and nothing of what is hidden."""

import base64
from collections.abc import AsyncIterator, Callable
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from shared.db import Database
from tests.integration.shared.reels import ROWS, shop, visitor
from tests.support.tokens import bearer

QUESTIONS: list[tuple[str, Callable[[dict[str, Any]], bool]]] = [
    ("grade=kraft", lambda r: r["grade"] == "kraft"),
    ("grade__ne=kraft", lambda r: r["grade"] not in ("kraft", None)),
    ("grade__in=kraft,sack", lambda r: r["grade"] == "kraft"),
    ("grade__nin=kraft", lambda r: r["grade"] == "liner"),
    ("grade__isnull=true", lambda r: r["grade"] is None),
    ("gsm__isnull=false", lambda r: r["gsm"] is not None),
    ("gsm__gt=80&gsm__lte=80.5", lambda r: r["gsm"] == Decimal("80.5")),
    ("width_mm__gte=1003&width_mm__lt=1004", lambda r: r["width_mm"] == 1003),
    ("made_on=2026-11-01", lambda r: r["made_on"] == date(2026, 11, 1)),
    ("listed_at__lte=2026-11-20T10:01:00%2B01:00", lambda r: r["listed_at"].minute <= 1),
    ("listed_at__lte=2026-11-20T10:01:00+01:00", lambda r: r["listed_at"].minute <= 1),
    ("is_open=true", lambda r: r["is_open"]),
    ("marks=FSC", lambda r: "FSC" in r["marks"]),
    ("marks__overlaps=PEFC,none", lambda r: "PEFC" in r["marks"]),
    ("maker__prefix=a", lambda r: r["maker"] == "Aa"),
    ("maker__contains=1%2B", lambda r: r["maker"] == "=1+1"),
    ("price__gte=590", lambda r: r["price"] is not None and r["price"] >= 590),
    ("q=whatever&is_open=false", lambda r: not r["is_open"]),
]


@pytest_asyncio.fixture(scope="module", loop_scope="session", name="scene")
async def a_shop() -> AsyncIterator[tuple[FastAPI, Database]]:
    async with shop() as scene:
        yield scene


@pytest_asyncio.fixture(loop_scope="session", name="client")
async def a_client(scene: tuple[FastAPI, Database]) -> AsyncIterator[httpx.AsyncClient]:
    async with visitor(scene[0]) as client:
        yield client


async def walk(client: httpx.AsyncClient, query: str, *, limit: int) -> tuple[list[str], list[str]]:
    """Ids read page by page to the end, and then back from there to the first page."""
    forward: list[str] = []
    page = (await client.get(f"/reels?limit={limit}{query}")).json()
    assert page["prev_cursor"] is None
    while True:
        forward += [one["id"] for one in page["items"]]
        if page["next_cursor"] is None:
            break
        page = (await client.get(f"/reels?limit={limit}{query}&cursor={page['next_cursor']}")).json()
    back = [one["id"] for one in page["items"]]
    while page["prev_cursor"] is not None:
        answer = await client.get(f"/reels?limit={limit}{query}&cursor={page['prev_cursor']}")
        page = answer.json()
        assert 'rel="next"' in answer.headers["link"]
        back = [one["id"] for one in page["items"]] + back
    return forward, back


def in_order(*keys: tuple[str, bool]) -> list[str]:
    """The ids in the order of Python: nulls last either way, the id as the last key in the last key's direction."""
    found = sorted(ROWS, key=lambda row: row["id"], reverse=keys[-1][1])
    for name, descending in reversed(keys):
        found.sort(key=lambda row: row[name] or 0 if name != "maker" else row[name].encode(), reverse=descending)
        found.sort(key=lambda row: row[name] is None)
    return [str(row["id"]) for row in found]


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ("", [("listed_at", True)]),
        ("&sort=listed_at", [("listed_at", False)]),
        ("&sort=gsm", [("gsm", False)]),
        ("&sort=-gsm,width_mm", [("gsm", True), ("width_mm", False)]),
        ("&sort=width_mm,-price,gsm", [("width_mm", False), ("price", True), ("gsm", False)]),
        ("&sort=-width_mm,-listed_at", [("width_mm", True), ("listed_at", True)]),
    ],
    ids=str,
)
async def test_pages_when_walked_forward_and_back_then_every_row_once_in_order(
    client: httpx.AsyncClient, query: str, keys: list[tuple[str, bool]]
) -> None:
    wanted = in_order(*keys)
    for limit in (1, 4, 35, 36, 50):
        assert await walk(client, query, limit=limit) == (wanted, wanted), limit


@pytest.mark.parametrize(
    ("query", "keep"),
    QUESTIONS,
    ids=str,
)
async def test_filter_when_asked_then_those_rows_and_their_number(
    client: httpx.AsyncClient, query: str, keep: Any
) -> None:
    wanted = {str(row["id"]) for row in ROWS if keep(row)}
    answer = await client.get(f"/reels?limit=3&{query}", headers={"Prefer": "return=total-count"})
    assert answer.json()["total_count"] == len(wanted) > 0
    assert answer.headers["preference-applied"] == "return=total-count"
    assert set((await walk(client, f"&{query}", limit=7))[0]) == wanted


async def test_total_when_long_then_counted_to_a_limit(
    client: httpx.AsyncClient, scene: tuple[FastAPI, Database]
) -> None:
    db = scene[1]
    async with db.transaction() as conn:
        await conn.execute(
            "INSERT INTO reel (id, maker, listed_at, is_open, width_mm, marks)"
            " SELECT gen_random_uuid(), 'many', now(), true, 1, '{}' FROM generate_series(1, 10001)"
        )
    many = (await client.get("/reels?maker=many&limit=1", headers={"Prefer": "return=total-count"})).json()
    unasked = await client.get("/reels?maker=many&limit=1")
    async with db.transaction() as conn:
        await conn.execute("DELETE FROM reel WHERE maker = 'many'")
    assert many["total_count"] == {"gte": 10_000}
    assert unasked.json()["total_count"] is None
    assert "preference-applied" not in unasked.headers


async def test_field_when_hidden_then_it_cannot_be_probed(client: httpx.AsyncClient) -> None:
    buyer = bearer("buyer_user", uuid4())
    unknown = (await client.get("/reels?nothing=1", headers=buyer)).json()
    for query in ("cost=1", "cost__gt=1", "sort=cost"):
        refused = await client.get(f"/reels?{query}", headers=buyer)
        assert (refused.status_code, refused.json()["code"]) == (400, "invalid_filter")
        assert refused.json()["detail"].replace("cost", "nothing").startswith(unknown["detail"][:40])
        assert "cost" not in refused.json()["detail"].replace("'cost'", "")
    assert (await client.get("/reels?cost=1")).json()["items"]
    # In the rows where a buyer does not see the price, it is null for him: to find, to leave out and to sort by.
    open_ones = {str(row["id"]) for row in ROWS if row["is_open"] and row["price"] is not None}
    found = (await client.get("/reels?price__gt=0&limit=200", headers=buyer)).json()["items"]
    assert {one["id"] for one in found} == open_ones
    none = (await client.get("/reels?price__isnull=true&limit=200", headers=buyer)).json()["items"]
    assert {one["id"] for one in none} == {str(row["id"]) for row in ROWS} - open_ones
    ordered = (await client.get("/reels?sort=price&limit=200", headers=buyer)).json()["items"]
    assert {one["id"] for one in ordered[: len(open_ones)]} == open_ones


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("colour=red", "one of: cost, grade"),
        ("gsm__like=1", "use one of"),
        ("gsm=many", "112.5"),
        ("gsm=NaN", "112.5"),
        ("grade=glass", "kraft, liner, sack"),
        ("is_open=1", "true or false"),
        ("width_mm=99999999999999999999", "2450"),
        ("made_on=yesterday", "2026-11-21"),
        ("listed_at__gt=2026-11-20T09:00:00", "2026-11-21T09:00:00Z"),
        ("maker__in=,", "1 to 100 values"),
        ("sort=marks", "no order"),
        ("sort=gsm,-gsm", "different fields"),
        ("sort=", "different fields"),
        ("maker=a%00b", "NUL"),
        ("&".join(f"gsm__gt={n}" for n in range(21)), "at most 20"),
    ],
)
async def test_question_when_it_makes_no_sense_then_told_what_does(
    client: httpx.AsyncClient, query: str, said: str
) -> None:
    answer = await client.get(f"/reels?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_filter")
    assert said in answer.json()["detail"]


async def test_cursor_when_of_another_question_or_opened_then_refused_and_tells_nothing(
    client: httpx.AsyncClient,
) -> None:
    cursor = (await client.get("/reels?limit=1&sort=-maker")).json()["next_cursor"]
    for query in ("", "&sort=maker", "&sort=-maker&gsm=80", "&sort=-maker,gsm"):
        refused = await client.get(f"/reels?limit=1{query}&cursor={cursor}")
        assert (refused.status_code, refused.json()["code"]) == (400, "invalid_cursor")
    assert (await client.get(f"/reels?limit=9&sort=-maker&cursor={cursor}")).status_code == 200
    assert (await client.get("/reels?limit=1000000000")).status_code == 422
    opened = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    assert ROWS[0]["maker"].encode() not in opened  # sealed: not even the value that is sorted by


async def test_facets_when_asked_then_counted_over_all_pages_and_only_what_is_seen(client: httpx.AsyncClient) -> None:
    page = (await client.get("/reels?limit=1&facets=grade,gsm&maker=B")).json()
    mine = [row for row in ROWS if row["maker"] == "B"]
    assert {one["value"]: one["count"] for one in page["facets"]["grade"]} == {"kraft": 3, "liner": 3}
    assert [(one["value"], one["count"]) for one in page["facets"]["gsm"]] == [("80", 3), ("80.5", 3)]
    assert len(mine) == 9
    follows = await client.get(f"/reels?limit=1&maker=B&cursor={page['next_cursor']}")
    assert (follows.status_code, follows.json()["facets"]) == (200, None)
    buyer = bearer("buyer_user", uuid4())
    seen = (await client.get("/reels?limit=1&facets=price", headers=buyer)).json()["facets"]["price"]
    assert {one["value"] for one in seen} == {str(row["price"]) for row in ROWS if row["is_open"] and row["price"]}
    for query in ("facets=cost", "facets=nothing", "facets="):
        refused = await client.get(f"/reels?{query}", headers=buyer)
        assert (refused.status_code, refused.json()["code"]) == (400, "invalid_filter")
