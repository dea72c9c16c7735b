"""A mill's list and the market: what catalog answers to each row, what a preview says before, and how it is undone."""

from collections import Counter
from datetime import timedelta

from tests.support.desk import Desk, csv_list, desk_of, line
from tests.support.pump import installation

LOTS = [line(f"A{number}") for number in range(1, 21)]


def prices(lots: dict[str, dict[str, object]], *numbers: str) -> list[float]:
    return [float(str(lots[number]["price"])) for number in numbers]


async def first_list(desk: Desk) -> str:
    """Twenty lots; then a buyer holds the first, and the second is sold."""
    batch_id = await desk.send(csv_list(*LOTS))
    assert (await desk.batch(batch_id))["status"] == "committed"
    await desk.trading.ask("carta", "a1")
    await desk.sell("a2")
    return batch_id


def second_list() -> bytes:
    """The first is cheaper, the second still there, the third missing, the fifth dearer, one is new."""
    changed = {"A1": line("A1", price=450), "A5": line("A5", price=520)}
    kept = [changed.get(text.partition(";")[0], text) for text in LOTS if not text.startswith("A3;")]
    return csv_list(*kept, line("N1"))


async def test_list_when_the_market_has_moved_then_each_row_is_answered_as_the_preview_said() -> None:
    async with installation() as place, desk_of(place, "aumuehle") as desk:
        await first_list(desk)
        async with place.databases["ingestion"].transaction() as conn:
            await conn.execute("UPDATE organization_replica SET trusted = false")
        batch_id = await desk.send(second_list())
        waiting = await desk.batch(batch_id)
        assert waiting["status"] == "review_required"
        assert waiting["diff"] == {"create": 2, "update": 2, "unchanged": 16, "withdraw": 1}

        preview = (await desk.call("GET", f"/batches/{batch_id}/preview")).json()
        assert preview["expected"] == {
            "created": 1, "updated": 1, "confirmed": 16, "withdrawn": 1, "deferred": 1, "already_sold": 1,
        }  # fmt: skip
        told = {lot["lot_key"].removeprefix("ref:"): lot for lot in preview["lots"]}
        answer = await desk.call(
            "POST", f"/batches/{batch_id}/commits", version=waiting["version"], json={"invalid_rows": "block"}
        )
        assert (answer.status_code, answer.headers["retry-after"]) == (202, "1")
        await desk.trading.settle()
        rows = await desk.rows(batch_id)
        assert {number: (row["outcome"], row["outcome_reason"]) for number, row in rows.items()} == {
            number: (lot["expected"], lot["reason"]) for number, lot in told.items()
        }
        assert Counter(row["status"] for row in rows.values()) == {"applied": 19, "deferred": 1, "rejected": 1}

        await desk.trading.give_back("carta", "a1")
        lots = await desk.lots()
        assert prices(lots, "a1", "a5") == [450, 520]
        assert [lots[number]["status"] for number in ("a1", "a2", "a3")] == ["available", "sold", "withdrawn"]
        back = await desk.send(csv_list(line("A3")), list_mode="append")
        version = (await desk.batch(back))["version"]
        preview = (await desk.call("GET", f"/batches/{back}/preview")).json()
        assert preview["expected"] == {"relisted": 1}
        await desk.call("POST", f"/batches/{back}/commits", version=version, json={})
        await desk.trading.settle()
        again = (await desk.lots())["a3"]
        assert (again["status"], again["listing_cycle"]) == ("available", 2)
        assert (await desk.lots())["n1"]["status"] == "available"  # an append withdraws nothing
        assert await place.set_aside() == []


async def test_commit_when_undone_then_untouched_lots_are_as_before_and_the_rest_says_why_not() -> None:
    async with installation() as place, desk_of(place, "aumuehle") as desk:
        await first_list(desk)
        before = await desk.lots()
        batch_id = await desk.send(second_list())
        assert (await desk.batch(batch_id))["status"] == "committed"
        await desk.trading.ask("dosenhof", "a6")
        answer = await desk.undo(batch_id)
        assert (answer.status_code, answer.json()["status"], answer.headers["retry-after"]) == (202, "reverting", "1")
        done = await desk.batch(batch_id)
        assert (done["status"], done["counts"]["reverted"]) == ("reverted", 18)
        assert done["reasons"] == ["19 of 20 rows were undone.", "1 rows stay: a buyer holds their lots."]

        after = await desk.lots()
        assert prices(after, "a5") == prices(before, "a5") == [500]
        assert after["n1"]["status"] == "withdrawn"
        assert (after["a3"]["status"], after["a3"]["listing_cycle"]) == ("available", 2)
        assert after["a1"]["pending_change"] is None
        rows = await desk.rows(batch_id)
        assert rows["a6"]["undo"] == {"outcome": "rejected", "reason": "reserved"}
        assert (rows["a6"]["status"], rows["a5"]["status"]) == ("applied", "reverted")
        twice = await desk.undo(batch_id)
        assert (twice.status_code, twice.json()["current_status"]) == (409, "reverted")

        # What was undone is history: the same file is taken again, and does the same again.
        content = second_list().replace(b"A20;", b"A20 ;")
        again = await desk.batch(await desk.send(content))
        assert (again["diff"]["update"], again["diff"]["withdraw"]) == (2, 1)
        assert await place.set_aside() == []


async def test_undo_when_it_comes_late_or_meets_other_work_then_is_refused() -> None:
    async with installation() as place, desk_of(place, "aumuehle") as desk:
        batch_id = await desk.send(csv_list(*LOTS), settle=False)
        early = await desk.undo(batch_id)
        assert (early.status_code, early.json()["current_status"]) == (409, "committing")
        await desk.trading.settle()
        other = await desk.send(csv_list(*LOTS[1:]), settle=False)
        busy = await desk.undo(batch_id)
        assert (busy.status_code, busy.json()["code"]) == (409, "mill_busy")
        await desk.trading.settle()

        touched = await desk.undo(batch_id)
        assert touched.status_code == 202
        kept = await desk.batch(batch_id)
        assert (kept["status"], kept["reasons"]) == (
            "committed",
            ["0 of 20 rows were undone.", "20 rows stay: their lots were changed since."],
        )
        async with place.databases["ingestion"].transaction() as conn:
            await conn.execute(
                "UPDATE batch SET stages = (SELECT jsonb_agg(jsonb_set(s, '{at}',"
                " to_jsonb((s ->> 'at')::timestamptz - %(day)s::interval))) FROM jsonb_array_elements(stages) AS s)",
                {"day": timedelta(hours=24, seconds=1)},
            )
        late = await desk.undo(other)
        assert (late.status_code, late.json()["code"]) == (409, "too_late_to_undo")
        assert await place.set_aside() == []
