"""Timed jobs run on time, alone where they must, and go on after failures."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from shared.db import Conn, Database
from shared.locks import Locks
from shared.scheduler import Job, Runner, every
from tests.support.wait import until


@dataclass
class Work:
    """A job that notes its runs; ``todo`` is what each next run answers, ``fails`` how often it fails first."""

    name: str
    todo: list[int] = field(default_factory=list[int])
    fails: int = 0
    runs: int = 0
    at_once: int = 0
    most_at_once: int = 0

    async def run(self, database: Database) -> int:
        self.runs += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            async with database.transaction() as conn:
                await conn.execute("SELECT pg_sleep(0.01)")
            if self.fails:
                self.fails -= 1
                raise RuntimeError("not today")
            return self.todo.pop(0) if self.todo else 0
        finally:
            self.at_once -= 1

    def job(self, **options: object) -> Job:
        made = every(seconds=float(str(options.pop("seconds", 60))), run=self.run)
        return Job(**{**{name: getattr(made, name) for name in Job.__slots__}, "name": self.name, **options})  # type: ignore[arg-type] – the names are those of the fields


@asynccontextmanager
async def running(db: Database, job: Job, *, runners: int = 1) -> AsyncGenerator[None]:
    stop = asyncio.Event()
    tasks: list[asyncio.Future[None]] = []
    holding: list[asyncio.Future[None]] = []
    for _ in range(runners):
        locks = Locks(db, stop=stop)
        tasks.append(asyncio.ensure_future(Runner(job, db, locks, stop=stop).run()))
        holding.append(asyncio.ensure_future(locks.run()))
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait(tasks, timeout=2)
        for task in (*tasks, *holding):
            task.cancel()
        await asyncio.gather(*tasks, *holding, return_exceptions=True)


async def count(db: Database, query: str) -> int:
    async with db.transaction() as conn:
        row = await (await conn.execute(query.encode())).fetchone()
    return row[0] if row else 0


async def test_job_when_it_did_something_then_runs_again_at_once_and_is_recorded(db: Database) -> None:
    work = Work("busy", todo=[3, 2, 1])
    async with running(db, work.job()):
        await until(lambda: work.runs == 4, what="four runs")
        await until(lambda: count(db, "SELECT count(*) FROM job_run WHERE job = 'busy'"), what="records")
    assert await count(db, "SELECT sum(done) FROM job_run WHERE job = 'busy'") == 6
    assert await count(db, "SELECT count(*) FROM job WHERE name = 'busy' AND last_run_at IS NOT NULL") == 1


async def test_job_when_it_finds_nothing_then_leaves_no_history(db: Database) -> None:
    work = Work("idle")
    async with running(db, work.job(seconds=0.02)):
        await until(lambda: work.runs > 10, what="ten runs")
    assert await count(db, "SELECT count(*) FROM job_run WHERE job = 'idle'") == 0
    assert await count(db, "SELECT count(*) FROM job WHERE name = 'idle'") == 1


async def test_job_when_it_fails_then_is_tried_again_and_the_failure_is_kept(db: Database) -> None:
    work = Work("frail", fails=2, todo=[1])
    async with running(db, work.job(seconds=0.02)):
        await until(lambda: work.runs >= 4, what="tries after the failures")
    assert await count(db, "SELECT count(*) FROM job_run WHERE job = 'frail' AND error LIKE '%not today%'") == 2
    assert await count(db, "SELECT failures FROM job WHERE name = 'frail'") == 0


async def test_exclusive_job_when_three_workers_run_it_then_one_at_a_time(db: Database) -> None:
    work = Work("alone", todo=[1] * 30)
    async with running(db, work.job(seconds=0.01), runners=3):
        await until(lambda: work.runs > 40, what="forty runs")
    assert work.most_at_once == 1


async def test_shared_job_when_three_workers_run_it_then_all_do(db: Database) -> None:
    work = Work("together", todo=[1] * 60)
    async with running(db, work.job(seconds=0.01, exclusive=False), runners=3):
        await until(lambda: work.runs > 60, what="sixty runs")
    assert work.most_at_once > 1


async def test_job_when_notified_then_runs_long_before_its_period(db: Database) -> None:
    work = Work("woken")
    async with running(db, work.job(seconds=600, wake_on="doorbell")):
        await until(lambda: work.runs >= 1, what="the first run")
        before = work.runs
        async with db.transaction() as conn:
            await conn.execute("SELECT pg_notify('catalog.doorbell', '')")
        await until(lambda: work.runs > before, deadline_s=2, what="the run after the notification")


async def test_job_when_a_deadline_comes_sooner_than_its_period_then_runs_on_time(db: Database) -> None:
    work = Work("punctual")

    async def next_due(conn: Conn) -> datetime | None:
        row = await (await conn.execute("SELECT clock() + interval '50 milliseconds'")).fetchone()
        return row[0] if row else None

    async with running(db, work.job(seconds=600, next_due=next_due)):
        await until(lambda: work.runs >= 5, deadline_s=3, what="runs at their deadlines")
