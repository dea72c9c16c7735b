"""All six services in one test process: their own handlers and jobs, with the wire left out.

Events get their numbers, and every subscriber applies them under its compare-and-set, as the real machinery does it;
only Redis and the loops are missing, so that a test decides what happens when.
"""

from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import pytest

from deploy.routes import NOWHERE
from shared import numbering
from shared.consumer import Subscription, operations, store
from shared.consumer.batch import Applier
from shared.consumer.envelope import Envelope, from_fields
from shared.contracts import SERVICES, groups_of
from shared.contracts.base import stream_of
from shared.db import Database
from shared.wire import FIELDS
from tests.support.database import fresh_url, opened
from tests.support.tokens import PUBLIC_KEY


def package_of(service: str) -> str:
    return "gateway" if service == "gateway" else f"services.{service}"


@contextmanager
def settings_of_nowhere() -> Generator[None]:
    """What handlers and jobs ask their settings for, read anew now and forgotten afterwards."""
    rooms: list[Any] = [import_module(f"{package_of(service)}.settings") for service in SERVICES]
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**NOWHERE, "OFFCUT_PUBLIC_KEY": PUBLIC_KEY}.items():
            patch.setenv(name, value)
        for room in rooms:
            room.settings.cache_clear()
        yield
    for room in rooms:
        room.settings.cache_clear()


@dataclass(frozen=True, slots=True)
class Installation:
    """The schemas of all services in one database of their own."""

    url: str
    databases: Mapping[str, Database]

    async def settle(self) -> int:
        """Bring every event to everybody until nobody has anything more to say; how many were brought."""
        brought = 0
        while moved := sum([await self.number(producer) + await self.deliver(producer) for producer in SERVICES]):
            brought += moved
        return brought

    async def number(self, producer: str) -> int:
        moved, count = 0, 1
        while count:
            async with self.databases[producer].transaction() as conn:
                head = await numbering.head_of(conn, producer)
                numbered = await numbering.give_numbers(conn, producer, head)
            count = len(numbered)
            moved += count
        return moved

    async def deliver(self, producer: str) -> int:
        events = await self.history(producer)
        return sum([await self.apply(group, stream_of(producer), events) for group in groups_of(producer)])

    async def history(self, producer: str) -> list[Envelope]:
        """Every event of a service, as it travels."""
        found: list[Envelope] = []
        async with self.databases[producer].transaction() as conn:
            head = await numbering.head_of(conn, producer)
            while rows := await numbering.sent_after(conn, found[-1].seq if found else 0):
                for row in rows:
                    envelope = from_fields(
                        stream_of(producer), dict(zip(FIELDS, row.values(str(head.epoch)), strict=True))
                    )
                    assert envelope is not None
                    found.append(envelope)
        return found

    async def apply(self, subscriber: str, stream: str, events: Sequence[Envelope]) -> int:
        """Let a subscriber apply what is new to it; how many events."""
        database = self.databases[subscriber]
        async with database.transaction() as conn:
            position = await store.position(conn, stream)
            if events:
                await store.adopt_epoch(conn, stream, events[0].epoch)
        fresh = [event for event in events if event.seq > position.applied_seq]
        if fresh:
            await Applier(database, stream, subscriptions_of(subscriber)).apply(fresh, singly=False)
        return len(fresh)

    async def set_aside(self) -> list[str]:
        """Why events are parked or dead; empty when all went well."""
        reasons: list[str] = []
        for service, database in self.databases.items():
            async with database.transaction() as conn:
                found = await conn.execute("SELECT type, last_error FROM parked")
                reasons += [f"{service} parked {row[0]}: {row[1]}" for row in await found.fetchall()]
                letters = await operations.dead_letters(conn, limit=100)
                reasons += [f"{service} gave up {letter.type}: {letter.error}" for letter in letters]
        return reasons


def subscriptions_of(service: str) -> tuple[Subscription, ...]:
    return import_module(f"{package_of(service)}.handlers").SUBSCRIPTIONS


@asynccontextmanager
async def installation() -> AsyncGenerator[Installation]:
    with settings_of_nowhere(), fresh_url(*SERVICES) as url:
        async with AsyncExitStack() as stack:
            databases = {service: await stack.enter_async_context(opened(url, service)) for service in SERVICES}
            yield Installation(url=url, databases=databases)
