"""A small bus for tests: catalog publishes on its stream, matching listens; both are the real machinery."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import cast
from uuid import UUID

from redis.asyncio import Redis

from shared import outbox
from shared.consumer import Subscription, on
from shared.consumer.batch import LADDER_SECONDS, Applier, Fuse
from shared.consumer.reader import BLOCK_S, Reader
from shared.consumer.retries import Retrier
from shared.contracts.base import stream_of
from shared.contracts.catalog import ItemReleased
from shared.db import Conn, Database, fetch_all
from shared.locks import Locks
from shared.process import keep_going
from shared.relay import Relay
from shared.wire import Wire
from tests.support.database import fresh_url, opened
from tests.support.wait import until

STREAM = stream_of("catalog")
GROUP = "matching"
MILL = UUID(int=1)


def released(number: int, *, item: int = 0, cause: str = "") -> ItemReleased:
    """A small event of catalog: ``number`` tells it from others, ``item`` is its key."""
    return ItemReleased(item_id=UUID(int=item), mill_id=MILL, version=number, cause=cause)


@dataclass(frozen=True, slots=True)
class Effect:
    """One effect of one event, in the order of the commits."""

    place: int
    seq: int
    number: int
    key: str
    correlation_id: str


async def record(conn: Conn, events: Sequence[ItemReleased]) -> None:
    """The plain handler: one row per event, without any protection of its own against duplicates."""
    for event in events:
        await conn.execute(
            "INSERT INTO effect (seq, number, key, correlation_id)"
            " VALUES (%(seq)s, %(number)s, %(key)s, %(correlation_id)s)",
            {
                "seq": event.received().seq,
                "number": event.version,
                "key": event.key,
                "correlation_id": event.received().correlation_id,
            },
        )


RECORD = (on(ItemReleased, record),)


@dataclass(slots=True)
class Bus:
    """Both sides, and the servers between them."""

    url: str
    redis_url: str
    producer: Database
    subscriber: Database
    redis: Redis
    ladder: Sequence[float] = LADDER_SECONDS
    fuse: Fuse | None = None
    _running: list[asyncio.Task[None]] = field(default_factory=list["asyncio.Task[None]"])
    _closing: list[Callable[[], Awaitable[None]]] = field(default_factory=list[Callable[[], Awaitable[None]]])

    async def publish(self, *events: ItemReleased) -> None:
        async with self.producer.transaction() as conn:
            await outbox.add(conn, *events)

    async def publish_numbers(self, count: int, *, start: int = 1) -> None:
        await self.publish(*(released(number) for number in range(start, start + count)))

    def start_relay(self, groups: Sequence[str] = (GROUP,)) -> "Loops":
        return self._start(
            self.producer,
            lambda locks, wire, stop: [
                (
                    "relay",
                    Relay(self.producer, wire, groups=groups, wake=locks.wake_on(outbox.CHANNEL), stop=stop).run,
                )
            ],
        )

    def start_reader(self, subscriptions: Sequence[Subscription] = RECORD) -> "Loops":
        def parts(_: Locks, wire: Wire, stop: asyncio.Event) -> list[tuple[str, Callable[[], Awaitable[None]]]]:
            applier = Applier(self.subscriber, STREAM, subscriptions, ladder=self.ladder, fuse=self.fuse)
            reader = Reader(self.subscriber, wire, applier, producer="catalog", stop=stop)
            retrier = Retrier(self.subscriber, {STREAM: applier}, stop=stop)
            return [("reader:catalog", reader.run), ("retries", retrier.run)]

        return self._start(self.subscriber, parts)

    def _start(
        self,
        database: Database,
        parts: Callable[[Locks, Wire, asyncio.Event], list[tuple[str, Callable[[], Awaitable[None]]]]],
    ) -> "Loops":
        stop = asyncio.Event()
        locks = Locks(database, stop=stop)
        wire = Wire(self.redis_url, block_s=BLOCK_S)
        works = parts(locks, wire, stop)
        tasks = [
            asyncio.ensure_future(keep_going(name, lambda n=name, w=work: locks.while_held(n, w), stop=stop))
            for name, work in works
        ]
        loops = Loops(stop=stop, tasks=tasks, holding=asyncio.ensure_future(locks.run()), wire=wire)
        self._closing.append(loops.end)
        return loops

    async def close(self) -> None:
        for closing in self._closing:
            await closing()
        await self.redis.aclose()

    async def effects(self) -> list[Effect]:
        async with self.subscriber.transaction() as conn:
            return await fetch_all(
                conn, Effect, "SELECT place, seq, number, key, correlation_id FROM effect ORDER BY place", {}
            )

    async def numbers(self) -> list[int]:
        return [effect.number for effect in await self.effects()]

    async def wait_for(self, count: int, *, deadline_s: float = 15) -> list[int]:
        """The numbers of the effects once there are so many."""

        async def enough() -> bool:
            return await self.scalar("SELECT count(*) FROM effect") >= count

        await until(enough, deadline_s=deadline_s, what=f"{count} effects")
        return await self.numbers()

    async def entries(self) -> list[tuple[str, dict[str, str]]]:
        """The stream as it is."""
        return cast(list[tuple[str, dict[str, str]]], await self.redis.xrange(STREAM))

    async def append(self, fields: Mapping[str, str]) -> None:
        """Write an entry past the relay."""
        await self.redis.xadd(STREAM, {**fields})

    async def sent(self, count: int) -> None:
        """Wait until the stream holds so many entries."""

        async def enough() -> bool:
            return await self.redis.xlen(STREAM) >= count

        await until(enough, what=f"{count} entries in the stream")

    async def flush(self) -> None:
        """FLUSHALL, as an operator may do at any moment."""
        await self.redis.flushall()  # pyright: ignore[reportUnknownMemberType] – untyped in redis-py

    async def scalar(self, query: str, *, producer: bool = False) -> int:
        async with (self.producer if producer else self.subscriber).transaction() as conn:
            row = await (await conn.execute(query.encode())).fetchone()
        return row[0] if row else 0

    async def execute(self, query: str, *, producer: bool = False) -> None:
        async with (self.producer if producer else self.subscriber).transaction() as conn:
            await conn.execute(query.encode())


@dataclass(slots=True)
class Loops:
    """Loops that run in this process as those of a worker do."""

    stop: asyncio.Event
    tasks: list["asyncio.Task[None]"]
    holding: "asyncio.Task[None]"
    wire: Wire
    ended: bool = False

    async def end(self) -> None:
        """As SIGTERM does."""
        self.stop.set()
        await self.die()

    async def die(self) -> None:
        """As SIGKILL does, as far as a task can."""
        if self.ended:
            return
        self.ended = True
        if not self.stop.is_set():
            for task in self.tasks:
                task.cancel()
        else:
            await asyncio.wait(self.tasks, timeout=5)
            for task in self.tasks:
                task.cancel()
        self.holding.cancel()
        await asyncio.gather(*self.tasks, self.holding, return_exceptions=True)
        await self.wire.close()


@asynccontextmanager
async def small_bus(redis_url: str) -> AsyncGenerator[Bus]:
    """A fresh database with both schemas and an empty Redis: the server must be the test's own, it is flushed."""
    with fresh_url("catalog", "matching") as url:
        async with opened(url, "catalog") as producer, opened(url, "matching") as subscriber:
            redis: Redis = Redis.from_url(redis_url, decode_responses=True)  # pyright: ignore[reportUnknownMemberType] – untyped in redis-py
            bus = Bus(url=url, redis_url=redis_url, producer=producer, subscriber=subscriber, redis=redis)
            await bus.flush()
            await bus.execute(
                "CREATE TABLE effect (place bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, seq bigint NOT NULL,"
                " number integer NOT NULL, key text NOT NULL, correlation_id text NOT NULL)"
            )
            try:
                yield bus
            finally:
                await bus.close()
