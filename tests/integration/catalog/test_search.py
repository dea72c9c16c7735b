"""Questions to the list of items over HTTP: what is allowed, what is found, and in which order."""

import csv
import io
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import httpx
import pytest

from services.catalog.handlers import on_rows_accepted
from shared.contracts.ingestion import AcceptedRow
from shared.contracts.types import Certification, Defect
from shared.db import Database
from tests.integration.catalog.conftest import Market, headers, told
from tests.support.lots import lot, row, rows_accepted


async def stock(db: Database, town: Market, rows: Sequence[AcceptedRow]) -> list[str]:
    async with db.transaction() as conn:
        await on_rows_accepted(conn, [rows_accepted(town.mill, *rows)])
        return [one["item_id"] for one in (await told(conn, "catalog.rows.applied.v1"))[-1]["rows"]]


@pytest.mark.parametrize(
    "question",
    [
        "lot_key=x", "created_at__gte=2026-01-01T00:00:00Z", "sort=lot_key", "colour__sounds=red", "gsm=heavy",
        "gsm=NaN", "nothing=1", "sort=gsm,width_mm,form,status", "sort=defects", "batch_id__isnull=true",
        "width_mm=99999999999999999999", "available_from=tomorrow",
    ],
)  # fmt: skip
async def test_question_when_not_allowed_then_invalid_filter(
    http: httpx.AsyncClient, town: Market, question: str
) -> None:
    answer = await http.get(f"/items?{question}", headers=headers("buyer_user", town.buyer))
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_filter")


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("gsm__gte=110&gsm__lte=140", ["112", "125"]),
        ("grade_code__in=TL_2,TL_3", ["125"]),
        ("grade_code__nin=TL_2", ["90", "112"]),
        ("grade_code__prefix=kl", ["90", "112"]),
        ("width_mm__isnull=true", []),
        ("gsm__ne=112", ["90", "125"]),
        ("defects__overlaps=WATER,SHADE", ["90"]),
        ("defects=SHADE", ["90"]),
        ("certification__contains=FSC,PEFC", ["125"]),
        ("available_from__isnull=false", []),
        ("q=nordliner", ["90", "112", "125"]),
        ("q=nowhere", []),
        ("mill_id__ne=00000000-0000-0000-0000-000000000000", ["90", "112", "125"]),
    ],
)
async def test_question_when_asked_then_answers_with_what_fits(
    http: httpx.AsyncClient, town: Market, db: Database, question: str, found: list[str]
) -> None:
    await stock(
        db,
        town,
        [
            row("ref:a"),
            row("ref:b", values=lot(gsm=Decimal("90.0"), defects=(Defect.SHADE,))),
            row(
                "ref:c",
                values=lot(gsm=Decimal(125), grade_code="TL_2", certification=(Certification.PEFC, Certification.FSC)),
            ),
        ],
    )
    answer = await http.get(f"/items?{question}&sort=gsm", headers=headers("mill_user", town.mill))
    assert [item["gsm"] for item in answer.json()["items"]] == found


@pytest.mark.parametrize("sort", ["", "&sort=gsm", "&sort=-gsm,width_mm", "&sort=diameter_mm", "&sort=-available_from"])
@pytest.mark.parametrize("role", ["mill_user", "buyer_user"])
async def test_pages_when_followed_then_every_item_once_in_order(
    http: httpx.AsyncClient, town: Market, db: Database, sort: str, role: str
) -> None:
    rows = [
        row(f"ref:{n}", values=lot(gsm=Decimal(100 + n % 3), diameter_mm=None if n % 4 == 0 else 1000 + n % 2))
        for n in range(11)
    ]
    made = await stock(db, town, rows)
    sent = headers(role, town.mill if role == "mill_user" else town.buyer)
    address, seen = f"/items?limit=3{sort}", list[dict[str, Any]]()
    whole = (await http.get(f"/items?limit=200{sort}", headers=sent)).json()["items"]
    for _ in range(60):
        answer = await http.get(address, headers=sent)
        seen += answer.json()["items"]
        cursor = answer.json()["next_cursor"]
        if cursor is None:
            break
        assert f"cursor={cursor}" in answer.headers["link"]
        address = f"/items?limit=3{sort}&cursor={cursor}"
    assert [item["id"] for item in seen] == [item["id"] for item in whole]
    assert set(made) <= {item["id"] for item in seen}


async def test_cursor_when_filters_change_then_refused(http: httpx.AsyncClient, town: Market, db: Database) -> None:
    await stock(db, town, [row(f"ref:{n}") for n in range(3)])
    sent = headers("mill_user", town.mill)
    cursor = (await http.get("/items?limit=1", headers=sent)).json()["next_cursor"]
    answer = await http.get(f"/items?limit=1&gsm=112&cursor={cursor}", headers=sent)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_cursor")


async def test_file_when_a_buyer_takes_it_then_nothing_more_than_his_list_shows(
    http: httpx.AsyncClient, town: Market, db: Database
) -> None:
    await stock(
        db, town, [row(f"ref:{n}", values=lot(product_name="=Secret Liner", lot_ref=f"-{n}a")) for n in range(3)]
    )
    for role, organization in (("buyer_user", town.buyer), ("mill_user", town.mill)):
        sent = headers(role, organization)
        shown = (await http.get("/items?limit=200", headers=sent)).json()["items"]
        file = await http.get("/items?limit=1", headers={**sent, "Accept": "text/csv"})
        lines = list(csv.DictReader(io.StringIO(file.content.decode("utf-8-sig"))))
        assert [line["id"] for line in lines] == [item["id"] for item in shown]
        for line, item in zip(lines, shown, strict=True):
            assert not [name for name in item["redacted"] if line.get(name)]
            assert line["gsm"] == item["gsm"]
        assert ("'=Secret Liner" in file.text) == (role == "mill_user")
        assert "\n=" not in file.text


async def test_reference_data_when_known_already_then_not_sent_again(http: httpx.AsyncClient, town: Market) -> None:
    sent = headers("buyer_user", town.buyer)
    answer = await http.get("/reference-data", headers=sent)
    assert answer.headers["cache-control"] == "private, max-age=300"
    assert {"KL_BROWN", "OTHER"} <= {grade["code"] for grade in answer.json()["grades"]}
    same = await http.get("/reference-data", headers={**sent, "If-None-Match": answer.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")
