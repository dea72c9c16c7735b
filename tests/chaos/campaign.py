"""A seeded run of kills, wipes and other harm under load, on processes that each have a stand-by.

A process is killed only with work in hand: it is stopped first, then looked at, and goes on if it was idle. A wipe
counts only when it takes entries with it that their reader has not applied.
"""

import asyncio
import random
import re
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import aiohttp
import psycopg
from redis.exceptions import ResponseError

from shared.faults import Point
from shared.worker import ROLES
from tests.chaos.door import BEFORE_ANSWER
from tests.chaos.load import Load
from tests.chaos.rig import POINTS, signal_of
from tests.chaos.servers import SERVICES, Servers
from tests.chaos.tally import KINDS, Tally
from tests.chaos.workers import Market
from tests.support.wait import until

SEATS = {  # kind -> service and what it does there; each is taken twice
    "api": ("catalog", ("api",)),
    "relay": ("catalog", ("relay",)),
    "reader": ("catalog", ("consumer",)),
    "worker": ("matching", ROLES),
}
READS = {"reader": ("matching", "catalog"), "worker": ("catalog", "matching")}  # kind -> producer, group
SENDS = {"relay": "catalog", "worker": "matching"}
WHERE = {  # who can die at a point
    Point.BEFORE_COMMIT: ("reader", "worker"),
    Point.AFTER_COMMIT_BEFORE_XACK: ("reader", "worker"),
    Point.AFTER_COMMIT_BEFORE_XADD: ("relay", "worker"),
    Point.AFTER_XADD: ("relay", "worker"),
    BEFORE_ANSWER: ("api",),
}
WIPES = ("everything", "a stream", "a group", "Redis restarted empty")
ACTIVE = re.compile(r"^offcut_(relay_leader|reader_active\{.*\}) 1\.0$", re.MULTILINE)
TRIES = 2000
BEHIND_MAX = 2000  # events; beyond that the next harm waits for the effects
Step = tuple[str, str]


def plan(*, kills: int, wipes: int, chance: random.Random) -> list[Step]:
    """A tenth of the kills at each named point, the rest evenly over the kinds of process; in any order."""
    at_points = [("point", point) for point in POINTS for _ in range(kills // 10)]
    steps: list[Step] = [
        *at_points,
        *[("kill", KINDS[n % len(KINDS)]) for n in range(kills - len(at_points))],
        *[("wipe", WIPES[n % len(WIPES)]) for n in range(wipes)],
        *[("cut", "")] * wipes,
        *[("stall", "reader" if n % 2 else "relay") for n in range(wipes // 5)],
        *[("postgres", "immediate" if n % 2 else "fast") for n in range(wipes // 5)],
    ]
    chance.shuffle(steps)
    return steps


@dataclass(slots=True)
class Campaign:
    """One run. ``say`` gets a line now and then."""

    market: Market
    servers: Servers
    seed: int
    say: Callable[[str], None]
    tally: Tally = field(default_factory=Tally)
    began: float = field(default_factory=time.monotonic)
    chance: random.Random = field(init=False)
    load: Load = field(init=False)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        for kind in SEATS:
            for seat in seats(kind):
                self.start(seat)
        addresses = {seat: f"http://127.0.0.1:{self.market.ports[seat]}" for seat in seats("api")}
        self.load = Load(addresses, self.market.intents, seed=self.seed)

    def start(self, seat: str) -> None:
        service, roles = SEATS[seat[:-2]]
        self.market.start(service, *roles, name=seat)

    def alive(self, kind: str) -> list[str]:
        return [seat for seat in seats(kind) if self.market.workers[seat].poll() is None]

    async def run(self, steps: Sequence[Step]) -> None:
        doings = {"point": self.die_at, "kill": self.kill, "wipe": self.wipe, "cut": self.cut, "stall": self.stall,
                  "postgres": self.restart_postgres}  # fmt: skip
        async with self.load.flowing() as ledger:
            for number, (what, whom) in enumerate(steps, 1):
                await until(self.keeps_up, deadline_s=120, what="effects to follow, whatever was done before")
                await doings[what](whom)
                assert not ledger.wrong, ledger.wrong[0]
                if number % 10 == 0 or number == len(steps):
                    passed = time.monotonic() - self.began
                    self.say(f"{passed:5.0f} s  {number}/{len(steps)} steps, {self.tally.kills} kills,"
                             f" {self.tally.wipes.total()} wipes, {len(ledger.intents)} intents")  # fmt: skip
        await until(self.at_rest, deadline_s=60, what="everything to come to rest")

    async def kill(self, kind: str) -> None:
        for _ in range(TRIES):
            for seat in await self.working(kind):
                self.market.workers[seat].send_signal(signal.SIGSTOP)
                if await self.has_work(kind, seat):
                    self.market.kill(seat)
                    self.tally.died(kind)
                    return self.start(seat)
                self.market.workers[seat].send_signal(signal.SIGCONT)
                self.tally.idle += 1
            await asyncio.sleep(self.chance.uniform(0.001, 0.02))
        raise AssertionError(f"no {kind} was ever seen at work")

    async def die_at(self, point: str) -> None:
        kind = self.chance.choice(WHERE[point])
        armed: set[str] = set()

        async def somebody_died() -> bool:
            for seat in set(await self.working(kind)) - armed:
                self.market.workers[seat].send_signal(signal_of(point))
                armed.add(seat)
            return len(self.alive(kind)) < 2

        await until(somebody_died, deadline_s=30, what=f"a {kind} to die {point}")
        for seat in armed.intersection(self.alive(kind)):
            self.market.workers[seat].send_signal(signal_of(None))
        for seat in set(seats(kind)) - set(self.alive(kind)):
            assert self.market.workers[seat].wait() == -signal.SIGKILL
            self.tally.died(kind, point)
            self.start(seat)

    async def wipe(self, what: str) -> None:
        kind = self.chance.choice(sorted(READS))
        producer, group = READS[kind]
        stream = f"events.{producer}"
        await until(lambda: self.working(kind), deadline_s=30, what=f"a {kind} at work")
        stopped = self.alive(kind)
        for seat in stopped:
            self.market.workers[seat].send_signal(signal.SIGSTOP)
        try:
            await until(lambda: self._unread(producer, group), deadline_s=6, what="entries that nobody has read")
            if what == "everything":
                await self.market.flush()
            elif what == "a stream":
                await self.market.redis.delete(stream)
            elif what == "a group":
                await self.market.redis.xgroup_destroy(stream, group)
            else:
                await asyncio.to_thread(self.servers.restart_redis_empty)
                await self.market.redis.connection_pool.disconnect()
        finally:
            for seat in stopped:
                self.market.workers[seat].send_signal(signal.SIGCONT)
        self.tally.wipes[what] += 1

    async def cut(self, _: str) -> None:
        await self.market.cut_backends()
        self.tally.others["all connections cut"] += 1

    async def stall(self, kind: str) -> None:
        """Stop the one that works for longer than it keeps its lock; meanwhile the other takes over."""
        for _ in range(TRIES):
            [*working] = await self.working(kind)
            for seat in working:
                self.market.workers[seat].send_signal(signal.SIGSTOP)
                if await self.has_work(kind, seat):
                    break
                self.market.workers[seat].send_signal(signal.SIGCONT)
            else:
                await asyncio.sleep(self.chance.uniform(0.001, 0.02))
                continue
            break
        else:
            raise AssertionError(f"no {kind} was ever seen at work")
        try:
            await until(lambda: self._others_work(kind, seat), deadline_s=15, what=f"another {kind} to take over")
        finally:
            self.market.workers[seat].send_signal(signal.SIGCONT)
        self.tally.others[f"{kind} stopped until another took over"] += 1

    async def restart_postgres(self, how: str) -> None:
        number = signal.SIGQUIT if how == "immediate" else signal.SIGINT
        await asyncio.to_thread(self.servers.stop_postgres, number)
        await asyncio.to_thread(self.servers.start_postgres)
        self.tally.others[f"PostgreSQL restarted ({how})"] += 1

    async def working(self, kind: str) -> list[str]:
        """Those that hold a lock of their kind, or take requests."""
        found: list[str] = []
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=1)) as session:
            for seat in self.alive(kind):
                try:
                    async with session.get(f"http://127.0.0.1:{self.market.ports[seat]}/metrics") as answer:
                        text = await answer.text()
                except (aiohttp.ClientError, TimeoutError):
                    continue
                if self.load.waiting[seat] if kind == "api" else ACTIVE.search(text):
                    found.append(seat)
        self.chance.shuffle(found)
        return found

    async def has_work(self, kind: str, seat: str) -> bool:
        """Entries delivered and not acknowledged; events not numbered or not sent; requests not answered."""
        if kind == "api":
            return self.load.waiting[seat] > 0
        try:
            return (kind in READS and await self._in_hand(*READS[kind]) > 0) or (
                kind in SENDS and await self._unsent(SENDS[kind])
            )
        except (psycopg.OperationalError, ResponseError):
            return False  # just cut, or just wiped

    async def _others_work(self, kind: str, seat: str) -> bool:
        return bool(set(await self.working(kind)) - {seat})

    async def _in_hand(self, producer: str, group: str) -> int:
        pending = await self.market.redis.xpending(f"events.{producer}", group)
        return int(pending["pending"])

    async def _unsent(self, service: str) -> bool:
        sent = await self.market.redis.get(f"sent:{service}")
        return await self._figure(
            service,
            f"SELECT (EXISTS (SELECT FROM outbox) OR seq > {int(sent.split()[0]) if sent else 0})::integer"
            " FROM stream_head",
        ) > 0  # fmt: skip

    async def _unread(self, producer: str, group: str) -> bool:
        newest = await self.market.redis.xrevrange(f"events.{producer}", count=1)
        applied = await self._figure(
            group, f"SELECT coalesce(max(applied_seq), 0) FROM subscription WHERE stream = 'events.{producer}'"
        )
        return any(fields is not None and int(fields[b"seq"]) > applied for _, fields in newest or ())

    async def keeps_up(self) -> bool:
        return sum([await self._behind(service) for service in SERVICES]) < BEHIND_MAX

    async def at_rest(self) -> bool:
        """Nothing waits anywhere, and nothing was set aside."""
        waiting = 0
        for service in SERVICES:
            waiting += await self._behind(service) + await self._figure(
                service, "SELECT (SELECT count(*) FROM parked) + (SELECT count(*) FROM dead_letter)"
            )
        return waiting == 0

    async def _behind(self, service: str) -> int:
        """Events of a service that have no effect yet."""
        other = "matching" if service == "catalog" else "catalog"
        published = await self._figure(service, "SELECT seq + (SELECT count(*) FROM outbox) FROM stream_head")
        return published - await self._figure(other, "SELECT coalesce(max(applied_seq), 0) FROM subscription")

    async def _figure(self, service: str, query: str) -> int:
        async with self.market.databases[service].transaction() as conn:
            row = await (await conn.execute(query.encode())).fetchone()
        return int(row[0]) if row else 0


def seats(kind: str) -> tuple[str, str]:
    return f"{kind}-1", f"{kind}-2"
