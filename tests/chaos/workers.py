"""Starts, kills and restarts the workers of ``tests/chaos/rig.py``, feeds them, and counts what came of it."""

import asyncio
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from redis.asyncio import Redis

from shared import outbox
from shared.db import Database
from tests.chaos.rig import KEYS, TABLE, released
from tests.support.database import fresh_url, opened
from tests.support.ports import free_port
from tests.support.tokens import PUBLIC_KEY
from tests.support.wait import until

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Intents without effect, effects beyond the first, effects without intent, and steps backwards within a key."""

    lost: int
    doubled: int
    phantom: int
    inversions: int

    @property
    def clean(self) -> bool:
        return self == Verdict(lost=0, doubled=0, phantom=0, inversions=0)


@dataclass(slots=True)
class Market:
    """``intents`` is the ledger, kept outside of the system: numbers whose transaction was acknowledged."""

    url: str
    redis_url: str
    databases: Mapping[str, Database]
    redis: Redis
    intents: list[int] = field(default_factory=list[int])
    workers: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict[str, "subprocess.Popen[bytes]"])
    ports: dict[str, int] = field(default_factory=dict[str, int])

    def start(self, service: str, *roles: str, name: str | None = None, **environment: str) -> int:
        """Start a worker of a service or its ``api``, ``name`` tells a second one; the port it answers on.

        One of a name that was started before takes the same port.
        """
        port = self.ports.setdefault(name or service, free_port())
        values = {
            "OFFCUT_RIG_SERVICE": service,
            "OFFCUT_RIG_DATABASE_URL": self.url,
            "OFFCUT_RIG_PORT": str(port),
            "OFFCUT_RIG_WORKER_PORT": str(port),
            "OFFCUT_REDIS_URL": self.redis_url,
            "OFFCUT_PUBLIC_KEY": PUBLIC_KEY,
            "OFFCUT_CURSOR_KEY": "none",
            "OFFCUT_LOG_LEVEL": "ERROR",
            **environment,
        }
        self.workers[name or service] = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.rig", service, *roles],
            cwd=ROOT,
            env={**os.environ, **values},
            pass_fds=[int(values["NODE_CHANNEL_FD"])] if "NODE_CHANNEL_FD" in values else [],
        )
        return port

    def kill(self, name: str, number: int = signal.SIGKILL) -> None:
        worker = self.workers[name]
        if worker.poll() is None:
            worker.send_signal(number)
        if number == signal.SIGKILL:
            worker.wait(5)

    async def died(self, name: str, *, deadline_s: float = 20) -> int:
        """Wait until a worker is gone; its exit code."""
        worker = self.workers[name]
        await until(lambda: worker.poll() is not None, deadline_s=deadline_s, what=f"{name} to die")
        return int(worker.returncode)

    async def publish(self, count: int, *, per_transaction: int = 25, cause: str = "") -> None:
        """Acknowledged intents go into the ledger after their commit."""
        wanted = len(self.intents) + count
        while len(self.intents) < wanted:
            first = len(self.intents) + 1
            numbers = range(first, min(first + per_transaction, wanted + 1))
            async with self.databases["catalog"].transaction() as conn:
                await outbox.add(conn, *[released(number, cause) for number in numbers])
            self.intents.extend(numbers)

    async def effects(self, service: str) -> list[int]:
        async with self.databases[service].transaction() as conn:
            rows = await (await conn.execute("SELECT number FROM effect ORDER BY place")).fetchall()
        return [row[0] for row in rows]

    async def count(self, service: str) -> int:
        async with self.databases[service].transaction() as conn:
            row = await (await conn.execute("SELECT count(*) FROM effect")).fetchone()
        return row[0] if row else 0

    async def quiet(self, *, deadline_s: float = 60) -> None:
        """Wait until every intent has come full circle."""

        async def through() -> bool:
            return min([await self.count(service) for service in self.databases]) >= len(self.intents)

        await until(through, deadline_s=deadline_s, what=f"{len(self.intents)} intents to come full circle")

    async def judge(self, service: str) -> Verdict:
        seen = await self.effects(service)
        counted = Counter(seen)
        return Verdict(
            lost=sum(1 for number in self.intents if number not in counted),
            doubled=sum(times - 1 for times in counted.values()),
            phantom=len(counted.keys() - set(self.intents)),
            inversions=sum(
                1
                for key in range(KEYS)
                for earlier, later in pairwise(number for number in seen if number % KEYS == key)
                if later < earlier
            ),
        )

    async def flush(self) -> None:
        await self.redis.flushall()  # pyright: ignore[reportUnknownMemberType] – untyped in redis-py

    async def cut_backends(self) -> None:
        """Terminate every connection of the rig's processes, as a restart of PostgreSQL would."""
        async with self.databases["catalog"].transaction() as conn:
            await conn.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND application_name NOT LIKE '%.test'"
            )

    async def close(self) -> None:
        for worker in self.workers.values():
            if worker.poll() is None:
                worker.send_signal(signal.SIGCONT)
                worker.kill()
            worker.wait(5)
        await self.redis.aclose()


@asynccontextmanager
async def open_market(redis_url: str | None, url_of_database: str | None = None) -> AsyncGenerator[Market]:
    """A database of two schemas, fresh or given, an empty Redis (``None``: none that answers); no worker runs yet."""
    url_of_redis = redis_url or f"redis://127.0.0.1:{free_port()}"
    with nullcontext(url_of_database) if url_of_database else fresh_url("catalog", "matching") as url:
        async with opened(url, "catalog") as catalog, opened(url, "matching") as matching:
            redis: Redis = Redis.from_url(url_of_redis)  # pyright: ignore[reportUnknownMemberType] – untyped in redis-py
            market = Market(url, url_of_redis, {"catalog": catalog, "matching": matching}, redis)
            for service in market.databases:
                async with catalog.transaction() as conn:
                    await conn.execute(TABLE.format(service).encode())
            try:
                if redis_url is not None:
                    await market.flush()
                yield market
            finally:
                await asyncio.shield(market.close())
