"""The external extractor as it is on bad days: others go on, tries are bounded, and a good day is used at once."""

import asyncio
import os
import resource
import sys
import time
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest
import pytest_asyncio

from services.ingestion.extractor import Extractor, ExtractorFailed
from services.ingestion.settings import IngestionSettings
from shared.contracts.ingestion import RowsAccepted
from tests.integration.ingestion.market import Market, csv_list, usual_list
from tests.integration.ingestion.sheets import Desk, liner_sheet, said
from tests.support.extractor import HUGE_BYTES, Misbehaving, extractor_server
from tests.support.ports import free_port
from tests.support.redis import throwaway_redis
from tests.support.tokens import PUBLIC_KEY
from tests.support.wait import until

ROOT = Path(__file__).resolve().parents[3]
MIB = 1 << 20
BAD_DAYS = {
    "hang": "no answer within",
    "error": "status 500",
    "html": "text/html instead of JSON",
    "huge": "longer than",
    "bad_json": "not what was agreed",
}
OTHER_DAYS = {
    "drip": "no answer within",
    "wrong_shape": "values.0.value",
    "nan": "not what was agreed",
    "gzip": "compressed",
    "redirect": "status 302",
}


@pytest_asyncio.fixture(name="server", loop_scope="session")
async def running_server() -> AsyncIterator[Misbehaving]:
    async with extractor_server() as server:
        yield server


@pytest_asyncio.fixture(name="desk", loop_scope="session")
async def desk_with_extractor(market: Market, server: Misbehaving) -> AsyncIterator[Desk]:
    desk = Desk(market).with_settings(
        extractor_seconds=0.6, extractor_attempts_max=2, extractor_retry_seconds=30, extractor_failures_max=100
    )
    desk.extractor = Extractor(desk.market.settings, url=server.url)
    yield desk
    await desk.extractor.close()


async def test_extractor_when_it_answers_then_its_values_are_taken_in_our_units(
    desk: Desk, server: Misbehaving
) -> None:
    await desk.list_lot(desk.market.trusted, gsm=Decimal(112))
    content = liner_sheet()
    sheet = await desk.taken(content)

    assert (sheet["read_by"], sheet["status"]) == ("external", "review_required")
    assert content in server.bodies[0]
    assert said(sheet) == {
        ("112", "grammage", None): Decimal(112),
        ("112", "thickness", None): Decimal(165),
        ("112", "burst", None): Decimal(560),
        (None, "moisture", None): Decimal("7.5"),
    }
    assert [Decimal(one["confidence"]) for one in sheet["values"]] == [
        Decimal(n) for n in ("0.95", "0.95", "0.95", "0.8")
    ]


@pytest.mark.parametrize("day", BAD_DAYS)
async def test_extractor_when_it_misbehaves_then_is_asked_again_a_bounded_number_of_times(
    desk: Desk, server: Misbehaving, day: str
) -> None:
    server.does = day
    await desk.list_lot(desk.market.trusted, gsm=Decimal(112))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.monotonic()

    sheet = await desk.taken(liner_sheet())
    assert sheet["status"] == "received"
    assert BAD_DAYS[day] in sheet["reasons"][0]
    assert await desk.read() == 0, "it waits before it asks again"
    await desk.market.take(csv_list(*usual_list()))
    assert await desk.market.events(RowsAccepted), "a list is not held up"
    await desk.market.set_clock("clock_timestamp() + interval '31 seconds'")
    assert await desk.read() == 1

    done = await desk.get(sheet["id"])
    assert (done["status"], done["read_by"], server.asked) == ("approved", "own", 2)
    assert BAD_DAYS[day] in done["reasons"][0]
    assert said(done)["125", "sct", "CD"] == Decimal("2.3")
    assert time.monotonic() - began < 20
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60_000
    assert server.sent_bytes < 20 * MIB


async def test_extractor_when_it_misbehaves_in_other_ways_then_says_how(desk: Desk, server: Misbehaving) -> None:
    assert desk.extractor is not None
    for day, why in OTHER_DAYS.items():
        server.does = day
        with pytest.raises(ExtractorFailed, match=why):
            await desk.extractor.read(b"%PDF", file_name="a.pdf")
    assert server.asked == len(OTHER_DAYS), "no redirect is followed"


async def test_extractor_when_it_is_well_again_then_reads_what_waits(desk: Desk, server: Misbehaving) -> None:
    server.does = "error"
    waiting = await desk.taken(liner_sheet())
    server.does = "good"
    assert (await desk.taken(liner_sheet("Another")))["read_by"] == "external", "others do not wait with it"
    await desk.market.set_clock("clock_timestamp() + interval '31 seconds'")
    await desk.read()
    assert (await desk.get(waiting["id"]))["read_by"] == "external"


async def test_extractor_when_it_hangs_for_many_then_is_left_alone_and_nobody_queues_behind_it(
    desk: Desk, server: Misbehaving
) -> None:
    server.does = "hang"
    settings = desk.market.settings.model_copy(update={"extractor_failures_max": 2, "extractor_rest_seconds": 1.5})
    careful = Extractor(settings, url=server.url)
    for _ in range(2):
        with pytest.raises(ExtractorFailed, match="no answer"):
            await careful.read(b"%PDF", file_name="a.pdf")
    began = time.monotonic()
    for _ in range(20):
        with pytest.raises(ExtractorFailed, match="left alone"):
            await careful.read(b"%PDF", file_name="a.pdf")
    assert time.monotonic() - began < settings.extractor_rest_seconds
    assert server.asked == 2
    server.does = "good"

    async def well() -> bool:
        try:
            return bool((await careful.read(b"%PDF", file_name="a.pdf")).values)
        except ExtractorFailed:
            return False

    await until(well, deadline_s=10, what="the rest to end")
    await careful.close()


async def test_worker_when_killed_while_the_extractor_reads_then_the_sheet_is_read_once_by_another(
    desk: Desk, server: Misbehaving
) -> None:
    server.does = "hang"
    sheet = (await desk.upload(liner_sheet())).json()
    with throwaway_redis() as redis:
        environment = {
            "PATH": os.environ["PATH"],
            "OFFCUT_INGESTION_DATABASE_URL": desk.market.settings.database_url,
            "OFFCUT_INGESTION_WORKER_PORT": str(free_port()),
            "OFFCUT_INGESTION_EXTRACTOR_URL": server.url,
            "OFFCUT_INGESTION_LEASE_SECONDS": "1",
            "OFFCUT_REDIS_URL": redis,
            "OFFCUT_PUBLIC_KEY": PUBLIC_KEY,
            "OFFCUT_CURSOR_KEY": "tests",
        }
        worker = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "services.ingestion.worker", "scheduler", cwd=ROOT, env=environment
        )
        try:
            await until(lambda: _asked(server), deadline_s=30, what="the worker to ask the extractor")
        finally:
            worker.kill()
            await worker.wait()
    assert (await desk.get(sheet["id"]))["status"] == "extracting"
    server.does = "good"
    await until(desk.read, deadline_s=20, what="the lease to end")
    assert (await desk.get(sheet["id"]))["read_by"] == "external"
    assert server.asked == 2
    assert await desk.read() == 0


async def _asked(server: Misbehaving) -> bool:
    return server.asked > 0


async def test_extractor_when_nobody_listens_then_sheets_that_cannot_be_read_fail_with_a_reason(
    market: Market,
) -> None:
    desk = Desk(market).with_settings(extractor_attempts_max=1)
    desk.extractor = Extractor(desk.market.settings, url="http://127.0.0.1:9/extract")
    sheet = await desk.taken(liner_sheet()[:300])
    await desk.extractor.close()
    assert (sheet["status"], sheet["read_by"]) == ("failed", None)
    assert "damaged" in sheet["reasons"][0]


async def test_limits_when_switched_off_then_one_bad_day_holds_everything_up(
    market: Market, server: Misbehaving
) -> None:
    """The same faults without their remedies: what the limits are there for."""

    def without(**limits: object) -> Extractor:
        settings: IngestionSettings = market.settings.model_copy(update=limits)
        return Extractor(settings, url=server.url)

    server.does = "hang"
    patient = without(extractor_seconds=3600.0)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(patient.read(b"%PDF", file_name="a.pdf"), 2)
    await patient.close()
    server.does = "huge"
    greedy = without(extractor_answer_bytes_max=1 << 40)
    with pytest.raises(ExtractorFailed):
        await greedy.read(b"%PDF", file_name="a.pdf")
    await greedy.close()
    assert server.sent_bytes == HUGE_BYTES
