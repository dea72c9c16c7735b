"""A list is stored while it is read: whoever decides about it meanwhile does not wait, and nothing of it stays."""

from collections.abc import AsyncGenerator

import pytest

from services.ingestion.domain.batches import BatchStatus
from services.ingestion.packing import packed
from services.ingestion.parsing.model import MillContext, UnreadableFile
from services.ingestion.parsing.reading import OpenList
from services.ingestion.store import progress
from services.ingestion.unpacking import ListRead
from services.ingestion.usecases.process import TakenOver, Work, begin_reading, finish_reading
from services.ingestion.usecases.profiles import Known
from shared.db import clock
from tests.integration.ingestion.market import Market, csv_list, usual_list
from tests.support.lists import TODAY

LONG = 2500  # three sets of rows


async def cancelled_half_way(market: Market, work: Work) -> AsyncGenerator[bytes]:
    """What the sandbox says of a list that somebody cancels when its first rows are stored."""
    opened = OpenList(work.content, file_name="a.csv", mill=MillContext("DE", "de", "EUR"), today=TODAY)
    for number, piece in enumerate(packed(opened)):
        if number == 2:
            async with market.db.transaction() as person:
                await person.execute("SET LOCAL lock_timeout = '1s'")
                moved = await progress.move(person, batch_id=work.claim.batch_id, target=BatchStatus.CANCELLED)
                assert moved is not None
        yield piece


async def test_list_when_cancelled_while_it_is_stored_then_nobody_waits_and_nothing_of_it_stays(market: Market) -> None:
    assert (await market.upload(csv_list(*usual_list(LONG)))).status_code == 202
    async with market.db.transaction() as conn:
        work = await begin_reading(conn, lease_seconds=60, now=await clock(conn))
    assert work is not None
    read = await ListRead.begun(cancelled_half_way(market, work), UnreadableFile("crash", "It cannot be read."))

    with pytest.raises(TakenOver):
        async with market.db.transaction() as conn:
            await finish_reading(conn, work, read, Known({}, None))

    async with market.db.transaction() as conn:
        rows = await (await conn.execute("SELECT count(*) FROM batch_row")).fetchone()
        status = await (await conn.execute("SELECT status FROM batch")).fetchone()
    assert rows == (0,)
    assert status == ("cancelled",)
