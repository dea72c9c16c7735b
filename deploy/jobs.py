"""`bin/jobs`: the timetable of all services, and running one job now."""

import sys
import time
from collections.abc import Sequence
from datetime import datetime
from importlib import import_module
from importlib.util import find_spec
from typing import Annotated, NamedTuple

import psycopg
import typer
from psycopg.rows import namedtuple_row
from rich.table import Table

from deploy.layout import SERVICES, Layout
from deploy.screen import CONSOLE, fail, say
from shared.scheduler import Job

RUN_SECONDS_MAX = 120

app = typer.Typer(add_completion=False, help="The timed jobs of all services.")


class Run(NamedTuple):
    """What a service noted of a job's last run; `last_error` is None when it went well."""

    name: str
    last_run_at: datetime | None
    last_done: int | None
    last_took_ms: int | None
    failures: int
    last_error: str | None


@app.command("list")
def show() -> None:
    """Show every job, how often it runs and how its last run went."""
    known = Layout.of_environment().secrets()
    table = Table("service", "job", "every", "last run", "took", "did", "failures", box=None, pad_edge=False)
    for service in SERVICES:
        runs = _last_runs(known.get(f"OFFCUT_{service.upper()}_DATABASE_URL"))
        for job in jobs_of(service):
            run = runs.get(job.name)
            table.add_row(service, job.name, _period(job.seconds), *(_outcome(run) if run else ("never", "", "", "")))
    CONSOLE.print(table)


@app.command("run")
def run_now(
    service: Annotated[str, typer.Argument(help=f"One of: {' '.join(SERVICES)}")],
    job: Annotated[str, typer.Argument(help="A name that `bin/jobs list` shows")],
) -> None:
    """Wake a job in the running worker of its service, wait for the end of that run, and say what it did."""
    names = [known.name for known in jobs_of(service)] if service in SERVICES else []
    if job not in names:
        there = f"{service} has: {' '.join(names)}" if names else f"the services are: {' '.join(SERVICES)}"
        fail(f"no job {service} {job}; {there}")
        sys.exit(2)
    url = Layout.of_environment().secrets().get(f"OFFCUT_{service.upper()}_DATABASE_URL")
    if url is None:
        fail("Offcut was never started here: run bin/up first.")
        sys.exit(1)
    try:
        run = wake(url, service, job)
    except psycopg.OperationalError as refused:
        fail(f"the database does not answer; is Offcut running? {refused}")
        sys.exit(1)
    if run is None:
        fail(f"{service}-worker has not run it within {RUN_SECONDS_MAX} s; see `pm2 describe {service}-worker`")
        sys.exit(1)
    if run.last_error:
        fail(f"{service} {job} failed after {run.last_took_ms} ms: {run.last_error}")
        sys.exit(1)
    say(f"{service} {job}: {run.last_done} done in {run.last_took_ms} ms")


def jobs_of(service: str) -> Sequence[Job]:
    """Return the service's own table of jobs and the housekeeping that every service has."""
    room = "gateway.jobs" if service == "gateway" else f"services.{service}.jobs"
    rooms = [name for name in (room, "shared.housekeeping") if find_spec(name)]
    return [job for name in rooms for job in import_module(name).JOBS]


def wake(url: str, service: str, job: str) -> Run | None:
    """Ask the worker to run a job now; return the run that began after the question, or None when there was none."""
    with psycopg.connect(url, autocommit=True, connect_timeout=5) as conn:
        asked = conn.execute("SELECT clock_timestamp()").fetchone()
        conn.execute("SELECT pg_notify(%(channel)s, '')", {"channel": f"{service}.job.{job}"})
        give_up = time.monotonic() + RUN_SECONDS_MAX
        while time.monotonic() < give_up:
            run = _last_runs_of(conn).get(job)
            if run is not None and run.last_run_at is not None and asked is not None and run.last_run_at >= asked[0]:
                return run
            time.sleep(0.1)
    return None


def _last_runs(url: str | None) -> dict[str, Run]:
    """Return the last runs by job, or nothing when the database cannot be asked."""
    if url is None:
        return {}
    try:
        with psycopg.connect(url, autocommit=True, connect_timeout=5) as conn:
            return _last_runs_of(conn)
    except psycopg.OperationalError:
        return {}


def _last_runs_of(conn: psycopg.Connection) -> dict[str, Run]:
    with conn.cursor(row_factory=namedtuple_row) as cursor:
        cursor.execute("SELECT name, last_run_at, last_done, last_took_ms, failures, last_error FROM job")
        return {row[0]: Run(*row) for row in cursor}


def _period(seconds: float) -> str:
    for unit, length in (("h", 3600), ("min", 60)):
        if seconds >= length and seconds % length == 0:
            return f"{seconds / length:g} {unit}"
    return f"{seconds:g} s"


def _outcome(run: Run) -> tuple[str, str, str, str]:
    at = run.last_run_at.strftime("%Y-%m-%d %H:%M:%SZ") if run.last_run_at else "never"
    took = "" if run.last_took_ms is None else f"{run.last_took_ms} ms"
    done = "" if run.last_done is None else str(run.last_done)
    return at, took, done, f"{run.failures}: {run.last_error}" if run.failures else ""


if __name__ == "__main__":
    app()
