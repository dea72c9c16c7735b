"""An undo on its way: asked again when nobody answers, and not ended by answers to something else."""

from services.ingestion.usecases.commits import overdue, resend_parts
from shared.contracts.ingestion import BatchStatusChanged, RowAction, RowsAccepted
from tests.integration.ingestion.market import Market, csv_list, usual_list
from tests.integration.ingestion.people import call, key
from tests.support.tokens import bearer


async def test_undo_when_a_part_is_not_answered_then_is_sent_again_and_ends_once(market: Market) -> None:
    batch_id = await market.take(csv_list(*usual_list(600)))
    commit = await market.events(RowsAccepted)
    headers = bearer("mill_user", market.trusted) | {"If-Match": f'"{(await market.batch(batch_id))["version"]}"'}
    asked = await call(market, "POST", f"/batches/{batch_id}/reversions", headers | key(), {"reason": "wrong week"})
    assert (asked.status_code, asked.json()["status"], asked.json()["reasons"]) == (202, "reverting", ["wrong week"])
    undo = (await market.events(RowsAccepted))[2:]
    assert [(part.part, part.parts, len(part.rows)) for part in undo] == [(1, 2, 500), (2, 2, 100)]
    assert {(row.action, row.values, row.version) for part in undo for row in part.rows} == {
        (RowAction.REVERT, None, 2)
    }

    await market.upload(csv_list(*usual_list(599)))
    await market.read_lists()
    assert len(await market.events(RowsAccepted)) == 4  # the next list waits until it is known what is for sale
    await market.answer([*commit, undo[0]], listed=False)  # late copies of the answers to the commit say nothing here
    assert (await market.batch(batch_id))["status"] == "reverting"
    await market.set_clock("clock_timestamp() + interval '11 minutes'")
    async with market.db.transaction() as conn:
        (late,) = await overdue(conn, after_seconds=600)
        assert await resend_parts(conn, batch_id=late.batch_id, mill_id=late.mill_id) == 1
    again = (await market.events(RowsAccepted))[-1]
    assert again.rows == undo[1].rows
    await market.answer([undo[1], again], listed=False)
    done = await market.batch(batch_id)
    assert (done["status"], done["reasons"]) == ("reverted", ["600 von 600 Zeilen wurden zurückgenommen."])
    told = [event.status for event in await market.events(BatchStatusChanged) if event.batch_id == batch_id]
    assert told[-2:] == ["reverting", "reverted"]

    await market.read_lists()
    assert (await market.events(RowsAccepted))[-1].rows[0].action == RowAction.CREATE  # nothing is for sale any more
