"""Who takes part: the backbone, its statements without the framework, Celery. Each publishes and has effects."""

import asyncio
import importlib
import subprocess
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol, cast

import psycopg
import uvloop
from uuid_utils.compat import uuid7

from bench import processes
from bench.arena import Place, until
from bench.peers import raw
from bench.rig import released
from shared import outbox
from shared.db import Database
from shared.wire import FIELDS
from tests.support.ports import free_port

SET = 100  # events per publishing transaction
Running = dict[str, "subprocess.Popen[bytes]"]
Moments = dict[int, float]  # number of an event -> seconds since the epoch


@dataclass(frozen=True, slots=True)
class Handed:
    """When the publisher began to hand over each event, and when it had its answer: committed, or sent."""

    called: Moments = field(default_factory=Moments)
    answered: Moments = field(default_factory=Moments)


class Contestant(Protocol):
    """One way of bringing events to their effects. ``publish`` returns when the last is handed over."""

    name: str

    def start(self, place: Place) -> Running: ...

    def publish(self, numbers: range) -> None: ...

    def publish_paced(self, numbers: range, *, per_second: float) -> Handed: ...

    def close(self) -> None: ...


@contextmanager
def running(contestant: Contestant, place: Place) -> Generator[Running]:
    """Start its processes, and end them whatever happens."""
    processes_of_it = contestant.start(place)
    try:
        yield processes_of_it
    finally:
        contestant.close()
        processes.stop(processes_of_it.values())


def ticks(numbers: range, *, per_second: float) -> Iterator[tuple[int, float]]:
    """Numbers, and how many seconds to wait before each: a late one is not waited for."""
    began = time.monotonic()
    for place, number in enumerate(numbers):
        yield number, max(0.0, began + place / per_second - time.monotonic())


class Ours:
    """The real relay and the real reader, each in its worker process."""

    name = "ours"

    def start(self, place: Place) -> Running:
        self._runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
        self._database = Database(place.database_url, service="catalog", process="bench", size_max=1)
        self._runner.run(self._database.open())
        return start_workers(place)

    def publish(self, numbers: range) -> None:
        self._runner.run(self._publish(numbers))

    async def _publish(self, numbers: range) -> None:
        for first in range(numbers.start, numbers.stop, SET):
            events = [released(number) for number in range(first, min(first + SET, numbers.stop))]
            async with self._database.transaction() as conn:
                await outbox.add(conn, *events)

    def publish_paced(self, numbers: range, *, per_second: float) -> Handed:
        return self._runner.run(self._publish_paced(numbers, per_second))

    async def _publish_paced(self, numbers: range, per_second: float) -> Handed:
        handed = Handed()
        for number, pause in ticks(numbers, per_second=per_second):
            await asyncio.sleep(pause)
            handed.called[number] = time.time()
            async with self._database.transaction() as conn:
                await outbox.add(conn, released(number))
                await conn.commit()
                handed.answered[number] = time.time()
        return handed

    def close(self) -> None:
        self._runner.run(self._database.close())
        self._runner.close()


def start_workers(place: Place) -> Running:
    """A relay of catalog and a reader of matching."""
    environment = {
        "OFFCUT_RIG_DATABASE_URL": place.database_url,
        "OFFCUT_REDIS_URL": place.redis_url,
        "OFFCUT_RIG_PORT": "0",
        "OFFCUT_PUBLIC_KEY": "none",
        "OFFCUT_CURSOR_KEY": "none",
        "OFFCUT_LOG_LEVEL": "WARNING",
    }
    roles = {"relay": ("catalog", "relay"), "reader": ("matching", "consumer")}
    return {
        name: processes.start(
            ["bench.rig", service, role],
            environment={
                **environment,
                "OFFCUT_RIG_SERVICE": service,
                "OFFCUT_RIG_WORKER_PORT": str(free_port()),
            },
            log=place.logs / f"{name}.log",
        )
        for name, (service, role) in roles.items()
    }


class Raw:
    """The same statements by psycopg and redis-py alone, each loop in a process of its own."""

    name = "limit"

    def __init__(self, *, outbox_first: bool = True) -> None:
        self._roles = ("relay", "reader") if outbox_first else ("reader",)

    def start(self, place: Place) -> Running:
        self._conn = psycopg.connect(place.database_url)
        self._redis = raw.open_redis(place.redis_url)
        return {
            role: processes.start(
                ["bench.peers.raw", role], environment=addresses(place), log=place.logs / f"raw-{role}.log"
            )
            for role in self._roles
        }

    def publish(self, numbers: range) -> None:
        for first in range(numbers.start, numbers.stop, SET):
            chosen = range(first, min(first + SET, numbers.stop))
            bodies = [released(number).model_dump_json() for number in chosen]
            raw.publish(self._conn, chosen, [uuid7() for _ in chosen], bodies)

    def publish_paced(self, numbers: range, *, per_second: float) -> Handed:
        """A transaction, then the stream: no outbox between them, and an event lost when we die between the two."""
        handed = Handed()
        for number, pause in ticks(numbers, per_second=per_second):
            time.sleep(pause)
            handed.called[number] = time.time()
            event, event_id = released(number), uuid7()
            raw.publish(self._conn, [number], [event_id], [event.model_dump_json()])
            handed.answered[number] = time.time()
            head = (str(number), raw.EPOCH, str(event_id), event.TYPE, event.key)
            values = (*head, datetime.now(UTC).isoformat(), raw.META % number, event.model_dump_json())
            self._redis.xadd(raw.STREAM, {**dict(zip(FIELDS, values, strict=True))})
        return handed

    def close(self) -> None:
        self._conn.close()
        self._redis.close()


class CeleryTasks(Protocol):
    """What bench/peers/celery_tasks.py offers; it is imported late, because only the benchmark has Celery."""

    def send_to(self, broker: str) -> None: ...

    insert: "Task"
    nothing: "Task"


class Task(Protocol):
    """One Celery task, to be sent."""

    def delay(self, *arguments: object) -> object: ...


class WithCelery:
    """Celery on the same Redis: a task per event."""

    name = "celery"

    def start(self, place: Place) -> Running:
        self._tasks = cast(CeleryTasks, importlib.import_module("bench.peers.celery_tasks"))
        self._tasks.send_to(place.redis_url)
        self._told = place.logs / "told.txt"
        environment = {**addresses(place), "BENCH_TOLD": str(self._told)}
        log = place.logs / "celery.log"
        return {"celery": processes.start(["bench.peers.celery_tasks"], environment=environment, log=log)}

    def publish(self, numbers: range) -> None:
        for number in numbers:
            self._tasks.insert.delay(str(uuid7()), released(number).model_dump_json())

    def publish_paced(self, numbers: range, *, per_second: float) -> Handed:
        """Send the task that does nothing."""
        handed = Handed()
        for number, pause in ticks(numbers, per_second=per_second):
            time.sleep(pause)
            handed.called[number] = time.time()
            self._tasks.nothing.delay(number)
            handed.answered[number] = time.time()
        return handed

    def moments(self, count: int) -> Moments:
        """When each of so many tasks that do nothing ran."""
        until(lambda: len(self._lines()) >= count, deadline_s=60, what=lambda: f"{count} tasks to run")
        return {int(number): float(when) for number, when in (line.split() for line in self._lines())}

    def _lines(self) -> list[str]:
        return self._told.read_text().splitlines() if self._told.exists() else []

    def close(self) -> None: ...


def addresses(place: Place) -> Mapping[str, str]:
    return {"BENCH_DATABASE_URL": place.database_url, "BENCH_REDIS_URL": place.redis_url}
