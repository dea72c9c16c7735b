"""Ingestion at work on one list: ``python -m bench.list_rig FILE`` takes it in, reads it in the sandbox, stores it.

These are the steps of the real job with the real sandbox; only the clock between them is ours. The mill is not trusted,
so the list ends where a person would look at it.
"""

import asyncio
import os
import sys
import time
from datetime import date
from itertools import pairwise
from pathlib import Path
from uuid import UUID

import orjson
import uvloop

from bench.lists import as_csv
from bench.peers.tell import tell
from services.ingestion.packing import ROWS_PIECE, packed
from services.ingestion.parsing.decoding import decode
from services.ingestion.parsing.model import MillContext
from services.ingestion.parsing.reading import OpenList
from services.ingestion.reading import Question, Reader
from services.ingestion.settings import IngestionSettings
from services.ingestion.store.mills import Mill, save_mill
from services.ingestion.unpacking import Unpacker
from services.ingestion.usecases.process import begin_reading, finish_reading
from services.ingestion.usecases.profiles import Known
from services.ingestion.usecases.receive import IncomingList, receive_list
from services.ingestion.working import question_of
from shared import trace
from shared.contracts.base import ActorRef
from shared.db import Database, clock
from shared.process import settle

MILL = UUID(int=7)
LEASE_SECONDS = 600
NOTHING_KNOWN = Known({}, None)  # nobody taught us anything about these lists


async def prepare(database: Database) -> None:
    mill = Mill(
        organization_id=MILL, version=1, name="Mill", slug="mill", status="approved", country="DE", language="de",
        time_zone="Europe/Berlin", currency="EUR", trusted=False, sender_addresses=(), sender_domains=(),
    )  # fmt: skip
    async with database.transaction() as conn:
        await save_mill(conn, mill)


async def bring(database: Database, reader: Reader, name: str, content: bytes) -> dict[str, float]:
    """Take one list in, and read it; seconds per step."""
    marks = [time.perf_counter()]
    async with database.transaction() as conn:
        await receive_list(conn, IncomingList(MILL, "upload", name, content, "append"))
    async with database.transaction() as conn:
        work = await begin_reading(conn, lease_seconds=LEASE_SECONDS, now=await clock(conn))
    marks.append(time.perf_counter())
    if work is None:
        raise AssertionError("nothing was taken in")
    async with reader.list(work.content, question_of(work, NOTHING_KNOWN)) as read:
        marks.append(time.perf_counter())
        async with database.transaction() as conn:
            await finish_reading(conn, work, read, NOTHING_KNOWN)
    marks.append(time.perf_counter())
    steps = ("take in", "find its columns", "read and store")
    return {step: after - before for step, (before, after) in zip(steps, pairwise(marks), strict=True)}


def explain(question: Question, content: bytes) -> dict[str, float]:
    """What the child does and how its parent checks it, here once more: seconds for each."""
    marks = [time.perf_counter()]
    decode(content, mill=question.mill)
    marks.append(time.perf_counter())
    opened = OpenList(content, file_name=question.file_name, mill=question.mill, today=question.today)
    marks.append(time.perf_counter())
    _, *sets, _ = packed(opened)
    marks.append(time.perf_counter())
    unpacker = Unpacker()
    for one in sets:
        unpacker.rows(one.removeprefix(ROWS_PIECE))
    marks.append(time.perf_counter())
    decoded, begun, read, checked = (after - before for before, after in pairwise(marks))
    return {"decode": decoded, "find columns": begun - decoded, "read and write down": read, "check": checked}


async def run(name: str, content: bytes) -> None:
    settings = IngestionSettings.load()
    database = Database(settings.database_url, service="ingestion", process="bench", size_max=2)
    reader = Reader(settings)
    await database.open()
    try:
        await prepare(database)
        settle()
        with trace.tracing(trace.started(ActorRef(organization_id=MILL, via="http"))):
            await bring(database, reader, "warm.csv", as_csv(50))  # the sandbox is there, statements are prepared
            steps = await bring(database, reader, name, content)
        async with database.transaction() as conn:
            cursor = await conn.execute("SELECT status, counts FROM batch WHERE file_name = %(name)s", {"name": name})
            sys.stderr.buffer.write(orjson.dumps(await cursor.fetchone()) + b"\n")
    finally:
        await asyncio.gather(reader.close(), database.close())
    tell(steps, sum(steps.values()))


def main() -> None:
    path = Path(sys.argv[1])
    if os.environ.get("BENCH_EXPLAIN"):
        question = Question(path.name, MillContext(country="DE", language="de", currency="EUR"), date(2026, 1, 5))
        stages = explain(question, path.read_bytes())
        return tell(stages, sum(stages.values()))
    return uvloop.run(run(path.name, path.read_bytes()))


if __name__ == "__main__":
    main()
