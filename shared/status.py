"""What a worker says about itself on its loopback port: alive, ready, figures, and what an operator should look at."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

import orjson
import psycopg
import uvicorn
from psycopg_pool import PoolTimeout
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from shared import metrics, numbering, outbox
from shared.consumer import parking
from shared.consumer.letters import Letters
from shared.db import Conn, Database, fetch_all
from shared.personal import People, Personal, nothing
from shared.scheduler import Job
from shared.serve import listening
from shared.version import STARTED_AT, VERSION
from shared.wire import WIRE_ERRORS, Mark, Wire

WITHOUT_NUMBER_S = 15.0  # a relay that was stopped is replaced sooner

Troubles = Callable[[Conn], Awaitable[list[str]]]


async def no_troubles(_: Conn) -> list[str]:
    """Of a service with nothing to say besides what the machinery knows."""
    return []


@dataclass(frozen=True, slots=True)
class SubscriptionState:
    """One stream this service reads. ``stopped``: why it waits for an operator."""

    stream: str
    applied_seq: int
    epoch: UUID | None
    stopped: str | None


@dataclass(frozen=True, slots=True)
class JobState:
    """The last run of one job. ``failures``: in a row, up to now."""

    name: str
    last_run_at: datetime | None
    last_done: int | None
    failures: int
    last_error: str | None


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything the machinery of one schema knows about itself."""

    head: Mark
    outbox_waiting: int
    outbox_oldest_s: float
    parked: int
    dead: int
    subscriptions: list[SubscriptionState]
    jobs: list[JobState]

    def troubles(self) -> list[str]:
        """What somebody should look at, in plain words; empty when all is well."""
        found = [f"{state.stream} is stopped: {state.stopped}" for state in self.subscriptions if state.stopped]
        if self.outbox_oldest_s > WITHOUT_NUMBER_S:
            found.append(f"{self.outbox_waiting} events wait for {self.outbox_oldest_s:.0f} s: no relay runs")
        found += [f"job {job.name} failed {job.failures} times: {job.last_error}" for job in self.jobs if job.failures]
        if self.dead:
            found.append(f"dead letters: {self.dead}, see bin/events dead list")
        return found


async def picture(conn: Conn, service: str) -> Picture:
    """Read the figures of one schema."""
    waiting, age_s = await outbox.pending(conn)
    aside = await parking.set_aside(conn)
    return Picture(
        head=await numbering.head_of(conn, service),
        outbox_waiting=waiting,
        outbox_oldest_s=age_s,
        parked=aside.parked,
        dead=aside.dead,
        subscriptions=await fetch_all(
            conn,
            SubscriptionState,
            "SELECT stream, applied_seq, epoch, stopped FROM subscription ORDER BY stream",
            {},
        ),
        jobs=await fetch_all(
            conn,
            JobState,
            "SELECT name, last_run_at, last_done, failures, last_error FROM job ORDER BY name",
            {},
        ),
    )


class Status:
    """Answers for one worker. It is ready when both servers answer; a worker without Redis still does its jobs."""

    def __init__(
        self,
        database: Database,
        wire: Wire,
        *,
        roles: tuple[str, ...],
        jobs: Sequence[Job],
        public_key: str,
        troubles: Troubles = no_troubles,
        personal: Personal = nothing,
        unsent: Callable[[], str | None] = lambda: None,
    ) -> None:
        self._database = database
        self._wire = wire
        self._roles = roles
        self._jobs = jobs
        self._troubles = troubles
        self._unsent = unsent  # why this process's relay cannot send
        self._letters = Letters(database, public_key=public_key)
        self._people = People(database, public_key=public_key, personal=personal)

    async def live(self, _: Request) -> Response:
        return _json({"status": "ok"})

    async def ready(self, _: Request) -> Response:
        problems = [problem for problem in (await self._postgres(), await self._redis()) if problem is not None]
        return _json({"status": "waiting" if problems else "ok", "problems": problems}, status=503 if problems else 200)

    async def figures(self, _: Request) -> Response:
        return Response(metrics.exposition(), media_type=metrics.CONTENT_TYPE)

    async def health(self, _: Request) -> Response:
        try:
            async with self._database.transaction() as conn:
                found = await picture(conn, self._database.service)
                due = await self._oldest_due(conn)
                own = await self._troubles(conn)
        except (psycopg.Error, PoolTimeout) as error:
            return _json({"status": "down", "troubles": [f"postgresql: {type(error).__name__}"]}, status=503)
        redis = await self._redis()
        wire = redis or self._unsent()
        troubles = [*([wire] if wire else []), *found.troubles(), *own]
        return _json(
            {
                "status": "trouble" if troubles else "ok",
                "troubles": troubles,
                "roles": self._roles,
                "version": VERSION,
                "started_at": STARTED_AT,
                "redis": "away" if redis else "ok",
                "oldest_due": due,
                **asdict(found),
            }
        )

    async def _oldest_due(self, conn: Conn) -> dict[str, object] | None:
        """The deadline that comes first, or should have been kept first; ``None`` when nothing is due ever."""
        found = [(due, job.name) for job in self._jobs if job.next_due and (due := await job.next_due(conn))]
        if not found:
            return None
        due, name = min(found)
        return {"job": name, "at": due}

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/health/live", self.live),
                Route("/health/ready", self.ready),
                Route("/metrics", self.figures),
                Route("/internal/health", self.health),
                *self._letters.routes(),
                *self._people.routes(),
            ]
        )

    async def _postgres(self) -> str | None:
        try:
            async with self._database.transaction() as conn:
                await conn.execute("SELECT 1")
        except (psycopg.Error, PoolTimeout) as error:
            return f"postgresql does not answer: {type(error).__name__}"
        return None

    async def _redis(self) -> str | None:
        try:
            await self._wire.ping()
        except WIRE_ERRORS as error:
            return f"redis does not answer, events wait in the outbox: {type(error).__name__}"
        return None


class _Server(uvicorn.Server):
    """Leaves the signals to ``shared.process``."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


@asynccontextmanager
async def serve_status(status: Status, *, port: int) -> AsyncGenerator[None]:
    """Serve on loopback while the worker runs."""
    config = uvicorn.Config(
        status.app(), http="httptools", lifespan="off", log_config=None, access_log=False, server_header=False
    )
    server = _Server(config)
    serving = asyncio.ensure_future(server.serve(sockets=[listening(port)]))
    try:
        yield
    finally:
        server.should_exit = True
        await serving


def _json(body: object, *, status: int = 200) -> Response:
    return Response(orjson.dumps(body, default=str), status_code=status, media_type="application/json")
