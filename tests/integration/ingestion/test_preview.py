"""What a commit would do: the figures of the whole list at once, its lots page by page."""

from collections import Counter
from typing import Any, cast
from uuid import UUID

from tests.integration.ingestion.market import Market, csv_list, line, usual_list
from tests.integration.ingestion.people import call, reviewed
from tests.support.tokens import bearer

LOTS = 230


async def test_preview_when_the_list_is_long_then_its_pages_add_up_to_the_figures(market: Market) -> None:
    await market.take(csv_list(*usual_list(LOTS)))
    await market.execute("UPDATE organization_replica SET trusted = false")
    await market.execute("UPDATE lot_replica SET status = 'reserved' WHERE lot_key IN ('ref:l-005', 'ref:l-006')")
    await market.execute("UPDATE lot_replica SET listed = false, status = 'sold' WHERE lot_key = 'ref:l-007'")
    lines = [*usual_list(LOTS)[5:], line("NEW-1"), line("BAD-1", gsm=9999)]
    lines[0], lines[9] = lines[0].replace(";500", ";520"), lines[9].replace(";500", ";510")
    response = await market.upload(csv_list(*lines), list_mode="snapshot")
    await market.read_lists()
    path = f"/batches/{UUID(response.json()['id'])}/preview"

    first = await page_of(market, path)
    assert first["counts"] == {"create": 2, "update": 2, "confirm": 222, "withdraw": 5}
    assert first["expected"] == {
        "created": 1, "updated": 1, "confirmed": 222, "withdrawn": 4, "deferred": 2, "already_sold": 1,
    }  # fmt: skip
    assert (len(first["lots"]), first["prev_cursor"]) == (200, None)
    last = await page_of(market, f"{path}?cursor={first['next_cursor']}")
    assert (len(last["lots"]), last["next_cursor"], last["counts"], last["expected"]) == (31, None, None, None)
    lots = [*first["lots"], *last["lots"]]
    assert Counter(lot["action"] for lot in lots) == first["counts"]
    assert (
        Counter("already_sold" if lot["reason"] == "already_sold" else lot["expected"] for lot in lots)
        == (first["expected"])
    )
    assert {lot["lot_key"]: lot["changes"] for lot in lots if lot["action"] == "update"} == {
        "ref:l-006": {"price": ["500", "520"]}, "ref:l-015": {"price": ["500", "510"]},
    }  # fmt: skip
    assert {lot["lot_ref"] for lot in lots[-5:]} == {"L-001", "L-002", "L-003", "L-004", "L-005"}
    assert all(lot["row_id"] for lot in lots)
    assert await walked(market, path) == lots


async def test_preview_when_the_list_is_short_then_is_whole(market: Market) -> None:
    batch_id, version = await reviewed(market, *usual_list(60))
    whole = await page_of(market, f"/batches/{batch_id}/preview")
    assert (len(whole["lots"]), whole["next_cursor"], whole["version"]) == (60, None, version)
    assert whole["counts"] == {"create": 60}


async def walked(market: Market, path: str) -> list[dict[str, Any]]:
    """All lots, ten by ten."""
    page = await page_of(market, f"{path}?limit=10")
    lots = page["lots"]
    while page["next_cursor"] is not None:
        page = await page_of(market, f"{path}?limit=10&cursor={page['next_cursor']}")
        assert 1 <= len(page["lots"]) <= 10
        lots += page["lots"]
    return lots


async def page_of(market: Market, path: str) -> dict[str, Any]:
    answer = await call(market, "GET", path, bearer("admin", market.operator))
    assert answer.status_code == 200, answer.text
    assert 'rel="first"' in answer.headers["link"]
    return cast(dict[str, Any], answer.json())
