"""A list comes in by upload, is read, compared, committed and answered."""

from typing import cast

from services.ingestion.usecases.commits import overdue, resend_parts
from shared.contracts.ingestion import BatchStatusChanged, RowAction, RowsAccepted
from tests.integration.ingestion.market import Market, csv_list, line, usual_list


async def test_list_of_a_trusted_mill_when_nothing_objects_then_is_committed_without_a_person(market: Market) -> None:
    batch_id = await market.take(csv_list(*usual_list()))
    batch = await market.batch(batch_id)
    assert batch["status"] == "committed", batch["reasons"]
    counts = cast(dict[str, int], batch["counts"])
    assert (counts["total"], counts["applied"]) == (20, 20)
    assert batch["changes"] == {"create": 20}
    assert [stage["name"] for stage in cast(list[dict[str, str]], batch["stages"])] == [
        "received", "parsing", "validating", "committing", "committed",
    ]  # fmt: skip
    shown = [event.status for event in await market.events(BatchStatusChanged)]
    assert shown == ["received", "committing", "committed"]


async def test_second_list_when_lots_changed_then_creates_updates_confirms_and_withdraws(market: Market) -> None:
    first = usual_list()
    await market.take(csv_list(*first))
    second = [*first[2:], line("L-002", width=1020, price=450), line("N-100")]
    await market.take(csv_list(*second))
    part = (await market.events(RowsAccepted))[-1]
    by_action: dict[str, list[str]] = {}
    for row in part.rows:
        by_action.setdefault(row.action, []).append(row.lot_key)
    assert by_action[RowAction.CREATE] == ["ref:n-100"]
    assert by_action[RowAction.UPDATE] == ["ref:l-002"]
    assert by_action[RowAction.WITHDRAW] == ["ref:l-001"]
    assert len(by_action[RowAction.CONFIRM]) == 18
    assert {row.version for row in part.rows if row.lot_key != "ref:n-100"} == {2}


async def test_list_of_another_kind_when_committed_then_leaves_the_other_lots_alone(market: Market) -> None:
    await market.take(csv_list(*usual_list()))
    header = "Pos;Sorte;g/m2;Breite mm;DM mm;Hülse mm;Rollen;Gewicht kg;Wahl;Preis EUR/t"
    other = csv_list(line("F-1"), line("F-2"), header=header)
    batch_id = await market.take(other)
    assert (await market.batch(batch_id))["changes"] == {"create": 2}


async def test_next_list_when_read_before_catalogs_snapshots_arrive_then_is_compared_with_the_answers(
    market: Market,
) -> None:
    lines = usual_list()
    await market.upload(csv_list(*lines))
    await market.upload(csv_list(*lines[1:]))
    await market.read_lists()
    assert len(await market.events(RowsAccepted)) == 1  # the second waits for the answers to the first
    await market.answer(await market.events(RowsAccepted), listed=False)
    await market.read_lists()
    second = (await market.events(RowsAccepted))[-1]
    assert [row.lot_key for row in second.rows if row.action == RowAction.WITHDRAW] == ["ref:l-001"]
    assert sum(row.action == RowAction.CONFIRM for row in second.rows) == 19


async def test_lot_when_its_row_cannot_be_read_then_stays_on_the_market(market: Market) -> None:
    lines = usual_list(40)
    await market.take(csv_list(*lines))
    batch_id = await market.take(csv_list(line("L-001", gsm="9999"), *lines[1:]))
    batch = await market.batch(batch_id)
    assert batch["status"] == "committed", batch["reasons"]
    assert batch["changes"] == {"confirm": 39}
    assert cast(dict[str, int], batch["counts"])["rejected"] == 1
    (bad,) = await market.rows(batch_id, status__in="rejected")
    assert cast(list[dict[str, str]], bad["problems"])[0]["field"] == "gsm"


async def test_list_of_1200_lots_when_committed_then_travels_in_three_parts(market: Market) -> None:
    await market.upload(csv_list(*usual_list(1200)))
    await market.read_lists()
    parts = await market.events(RowsAccepted)
    assert [(part.part, part.parts, len(part.rows)) for part in parts] == [(1, 3, 500), (2, 3, 500), (3, 3, 200)]


async def test_parts_without_an_answer_after_ten_minutes_are_sent_again_with_the_same_content(market: Market) -> None:
    await market.upload(csv_list(*usual_list(600)))
    await market.read_lists()
    parts = await market.events(RowsAccepted)
    await market.answer(parts[:1])
    async with market.db.transaction() as conn:
        assert await overdue(conn, after_seconds=600) == []
    await market.set_clock("clock_timestamp() + interval '11 minutes'")
    async with market.db.transaction() as conn:
        (late,) = await overdue(conn, after_seconds=600)
        assert await resend_parts(conn, batch_id=late.batch_id, mill_id=late.mill_id) == 1
    again = (await market.events(RowsAccepted))[-1]
    assert again.part == 2
    assert again.rows == parts[1].rows
    await market.answer([parts[1], again])
    assert (await market.batch(late.batch_id))["status"] == "committed"


async def test_equal_rows_without_a_number_when_read_then_are_two_lots(market: Market) -> None:
    batch_id = await market.take(csv_list(*usual_list(), line(""), line("")))
    assert (await market.batch(batch_id))["changes"] == {"create": 22}
    keys = [str(row["lot_key"]) for row in await market.rows(batch_id)]
    assert sorted(key[-2:] for key in keys if key.startswith("values:")) == [":1", ":2"]
