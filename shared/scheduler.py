"""Timed work of a service: the ``JOBS`` tuple at the bottom of its ``jobs.py``, and the loop that runs it."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from shared import metrics, trace
from shared.db import Conn, Database, clock, execute
from shared.locks import Locks
from shared.process import wait_any

Run = Callable[[Database], Awaitable[int]]
NextDue = Callable[[Conn], Awaitable[datetime | None]]

BACK_OFF_MAX_S = 300.0
IDLE_RECORD_S = 10.0  # runs that found nothing are noted this often, in place

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """One line of a service's timetable."""

    name: str
    seconds: float
    run: Run
    wake_on: str | None = None
    next_due: NextDue | None = None
    exclusive: bool = True

    @property
    def lock(self) -> str:
        """Name of the advisory lock of an exclusive job."""
        return f"job:{self.name}"

    @property
    def channel(self) -> str:
        """NOTIFY here and it runs at once: ``bin/jobs run``."""
        return f"job.{self.name}"


def every(
    *,
    seconds: float,
    run: Run,
    wake_on: str | None = None,
    next_due: NextDue | None = None,
    exclusive: bool = True,
) -> Job:
    """Run ``run`` at least every ``seconds``; it answers how many things it did, and after more than 0 runs again.

    ``wake_on``: a NOTIFY channel of the own schema (``db.notify``) that makes it run at once.
    ``next_due``: the next deadline, so that it runs on time; ``None`` when nothing is due.
    ``exclusive``: one runner over all workers, by advisory lock; otherwise every worker runs it, and it claims its
    rows with SKIP LOCKED.
    """
    return Job(
        name=getattr(run, "__name__", "job"),
        seconds=seconds,
        run=run,
        wake_on=wake_on,
        next_due=next_due,
        exclusive=exclusive,
    )


class Runner:
    """Runs one job of one service until ``stop``; a failure is retried at the next period, later each time."""

    def __init__(self, job: Job, database: Database, locks: Locks, *, stop: asyncio.Event) -> None:
        self._job = job
        self._database = database
        self._locks = locks
        self._stop = stop
        self._wakes = [locks.wake_on(channel) for channel in (job.channel, job.wake_on) if channel is not None]
        self._failures = 0
        self._recorded_at = float("-inf")

    async def run(self) -> None:
        """Wait for the lock if the job wants one, then run it again and again."""
        if self._job.exclusive:
            await self._locks.while_held(self._job.lock, self._loop)
        else:
            await self._loop()

    async def _loop(self) -> None:
        while not self._stop.is_set():
            asked = self._wakes[0].is_set()
            for wake in self._wakes:
                wake.clear()
            if not await self.once(record=asked):
                await wait_any(*self._wakes, self._stop, seconds=await self._pause())

    async def once(self, *, record: bool) -> int:
        """One run; how many things it did, 0 when it failed. ``record``: note it even if it found nothing."""
        job = self._job
        started_at = datetime.now(UTC)
        began = time.perf_counter()
        done, error = 0, None
        try:
            with trace.tracing(trace.started(trace.TIMER)):
                done = await job.run(self._database)
            self._failures = 0
        except Exception as failure:  # a door: the next period tries again
            self._failures += 1
            error = f"{type(failure).__name__}: {failure}"
            log.exception("job failed", extra={"job": job.name, "failures": self._failures})
        took_s = time.perf_counter() - began
        metrics.JOB_SECONDS.labels(job.name).observe(took_s)
        metrics.JOB_RUNS.labels(job.name, "failed" if error else "did" if done else "idle").inc()
        metrics.JOB_DONE.labels(job.name).inc(done)
        if done or error or record or began - self._recorded_at > IDLE_RECORD_S:
            self._recorded_at = began
            await self._record(started_at, took_s=took_s, done=done, error=error)
        return done

    async def _pause(self) -> float:
        """Seconds until the next run: the period, or the next deadline if that is sooner; longer after failures."""
        job = self._job
        if self._failures:
            return min(job.seconds * 2 ** min(self._failures - 1, 10), max(BACK_OFF_MAX_S, job.seconds))
        if job.next_due is None:
            return job.seconds
        async with self._database.transaction() as conn:
            due = await job.next_due(conn)
            if due is None:
                return job.seconds
            wait = due - await clock(conn)
        metrics.JOB_LATE_SECONDS.labels(job.name).set(max(-wait / timedelta(seconds=1), 0))
        return min(max(wait / timedelta(seconds=1), 0.01), job.seconds)

    async def _record(self, started_at: datetime, *, took_s: float, done: int, error: str | None) -> None:
        values = {
            "job": self._job.name,
            "started_at": started_at,
            "took_ms": round(took_s * 1000),
            "done": done,
            "error": error,
            "failures": self._failures,
        }
        try:
            async with self._database.transaction() as conn:
                await _record(conn, values, history=bool(done or error))
        except Exception:  # a door: the run is over, only its note is missing
            log.warning("run could not be recorded", extra={"job": self._job.name}, exc_info=True)


async def _record(conn: Conn, values: Mapping[str, object], *, history: bool) -> None:
    await execute(
        conn,
        """
        INSERT INTO job (name, last_run_at, last_done, last_took_ms, failures, last_error)
        VALUES (%(job)s, %(started_at)s, %(done)s, %(took_ms)s, %(failures)s, %(error)s)
        ON CONFLICT (name) DO UPDATE
        SET last_run_at = excluded.last_run_at, last_done = excluded.last_done, last_took_ms = excluded.last_took_ms,
            failures = excluded.failures, last_error = excluded.last_error
        """,
        values,
    )
    if history:
        await execute(
            conn,
            """
            INSERT INTO job_run (job, started_at, ended_at, done, error)
            VALUES (%(job)s, %(started_at)s, %(started_at)s + make_interval(secs => %(took_ms)s / 1000.0),
                    %(done)s, %(error)s)
            """,
            values,
        )
