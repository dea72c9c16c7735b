"""Outbox, relay and subscriber under every order of steps that Hypothesis thinks of, with deaths at the named points.

Everything is real (PostgreSQL, Valkey, relay, reader, handlers) but time, which a rule lets pass, and death, which is
an exception that nothing catches: what was committed stays, what was in memory is gone. Model: the committed events.
Property: the effects are at any moment the first of them, in the order of their numbers, and all of them when quiet.
"""

import asyncio
import contextlib
import os
from collections.abc import Coroutine, Iterator
from typing import Any, ClassVar, TypeVar, cast

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from redis.asyncio import Redis

from shared import faults, outbox
from shared.consumer.batch import DEATHS_MAX, Applier
from shared.consumer.reader import Reader
from shared.db import Database
from shared.faults import Point, Remedy
from shared.relay import Relay
from shared.wire import Wire
from tests.chaos.servers import Servers
from tests.support.bus import GROUP, RECORD, STREAM, released

T = TypeVar("T")
EFFECT = (
    "CREATE TABLE effect (place bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, seq bigint NOT NULL,"
    " number integer NOT NULL, key text NOT NULL, correlation_id text NOT NULL)"
)
COUNT = "SELECT count(*) FROM effect"
QUIET_ROUNDS = 40
EXAMPLES = int(os.environ.get("OFFCUT_MACHINE_EXAMPLES", "150"))  # 30 steps each; more for a long run
DEADLY = tuple(Point)
DEATHS = st.sampled_from([None, None, *DEADLY])


class Died(BaseException):
    """This process is dead: nobody may catch it."""


class Hurrying(asyncio.SelectorEventLoop):
    """A loop whose time a test sets forward."""

    skipped = 0.0

    def time(self) -> float:
        return super().time() + self.skipped


class Bed:
    """The servers and the loop, made once; each example starts on empty tables and an empty Redis."""

    def __init__(self, url: str, redis_url: str) -> None:
        self.redis_url = redis_url
        self.loop = Hurrying()
        self.producer = Database(url, service="catalog", process="machine", size_max=3)
        self.subscriber = Database(url, service="matching", process="machine", size_max=3)
        self.redis: Redis = Redis.from_url(redis_url, decode_responses=True)  # pyright: ignore[reportUnknownMemberType] – untyped in redis-py
        self.wire = Wire(redis_url)
        self.run(self._open())

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    async def _open(self) -> None:
        await self.producer.open()
        await self.subscriber.open()
        await self.execute(self.subscriber, EFFECT)

    async def clear(self) -> None:
        await self.execute(self.producer, "TRUNCATE outbox, sent")
        await self.execute(self.producer, "UPDATE stream_head SET seq = 0, epoch = gen_random_uuid()")
        await self.execute(self.subscriber, "TRUNCATE subscription, parked, dead_letter, attempt, effect")
        await self.redis.flushall()  # pyright: ignore[reportUnknownMemberType] – untyped in redis-py

    async def execute(self, database: Database, query: str) -> None:
        async with database.transaction() as conn:
            await conn.execute(query.encode())

    async def column(self, database: Database, query: str) -> list[int]:
        async with database.transaction() as conn:
            return [row[0] for row in await (await conn.execute(query.encode())).fetchall()]

    def close(self) -> None:
        async def end() -> None:
            await self.producer.close()
            await self.subscriber.close()
            await self.wire.close()
            await self.redis.aclose()

        self.run(end())
        self.loop.close()


class Machine(RuleBasedStateMachine):
    """One relay, one reader, and a reader from before that was only stopped, not dead."""

    bed: ClassVar[Bed]
    off: ClassVar[Remedy | None] = None

    def __init__(self) -> None:
        super().__init__()
        self.committed: list[int] = []
        self.next = 1
        self.relay: Relay | None = None
        self.reader: Reader | None = None
        self.stopped: Reader | None = None
        self.deadly: Point | None = None
        self.done = self.blamed = 0  # effects, and deaths of readers since the last of them
        self._patch = pytest.MonkeyPatch()
        self._patch.setattr(faults, "reached", self._reached)
        self._patch.setattr(faults, "on", self._on)
        self.bed.run(self.bed.clear())

    def _on(self, remedy: Remedy) -> bool:
        return remedy is not self.off

    def _reached(self, point: Point) -> None:
        if point is self.deadly:
            self.deadly = None
            raise Died

    @rule(count=st.integers(1, 4), key=st.integers(0, 2))
    def publish(self, count: int, key: int) -> None:
        numbers = range(self.next, self.next + count)
        self.next += count

        async def work() -> None:
            async with self.bed.producer.transaction() as conn:
                await outbox.add(conn, *(released(number, item=key) for number in numbers))

        self.bed.run(work())
        self.committed += numbers

    @rule()
    def take_back(self) -> None:
        """A transaction that is rolled back: its ids are gone, its numbers must not be."""

        async def work() -> None:
            async with self.bed.producer.transaction() as conn:
                await outbox.add(conn, released(0))
                raise Died

        with contextlib.suppress(Died):
            self.bed.run(work())

    @rule()
    def publish_across(self) -> None:
        """Two transactions at once: the one that wrote first commits last, and numbers are given in between."""
        first, second = self.next, self.next + 1
        self.next += 2

        async def work() -> None:
            async with self.bed.producer.transaction() as slow:
                await outbox.add(slow, released(first))
                async with self.bed.producer.transaction() as quick:
                    await outbox.add(quick, released(second))
                await self._relay_round()

        self.bed.run(work())
        self.committed += [second, first]

    @rule(deadly=DEATHS)
    def relay_works(self, deadly: Point | None) -> None:
        self._live(deadly, self._relay_round(), "relay")

    @rule(deadly=DEATHS)
    def reader_works(self, deadly: Point | None) -> None:
        """Dies twice at most without an effect: a third death is put down to the event, which is set aside."""
        blames = deadly is Point.BEFORE_COMMIT and self.blamed >= DEATHS_MAX - 1
        self._live(None if blames else deadly, self._reader_round(), "reader")
        before, (self.done,) = self.done, self.bed.run(self.bed.column(self.bed.subscriber, COUNT))
        self.blamed = 0 if self.done > before else self.blamed + (self.reader is None)

    @precondition(lambda self: self.reader is not None)
    @rule()
    def another_takes_over(self) -> None:
        """The reader is stopped, and believes that it is the active one when it goes on."""
        self.stopped, self.reader = self.reader, None

    @precondition(lambda self: self.stopped is not None)
    @rule()
    def the_stopped_one_goes_on(self) -> None:
        assert self.stopped is not None
        self.bed.run(self.stopped.round())

    @rule()
    def time_passes(self) -> None:
        self.bed.loop.skipped += 2.5

    @rule(what=st.sampled_from(["all", "stream", "group", "entries", "notes"]))
    def redis_forgets(self, what: str) -> None:
        async def work() -> None:
            redis = self.bed.redis
            if what == "all":
                await redis.flushall()  # pyright: ignore[reportUnknownMemberType] – untyped in redis-py
            elif what == "stream":
                await redis.delete(STREAM)
            elif what == "notes":
                await redis.delete("refill:catalog", "sent:catalog", "head:catalog")
            elif await redis.exists(STREAM):
                if what == "group":
                    await redis.xgroup_destroy(STREAM, GROUP)
                else:
                    entries = cast(list[tuple[str, dict[str, str]]], await redis.xrange(STREAM))
                    await redis.xdel(STREAM, *[entry_id for entry_id, _ in entries[1::2]], "0-1")

        self.bed.run(work())

    @invariant()
    def effects_are_the_first_events_in_order(self) -> None:
        numbered = self.bed.run(self.bed.column(self.bed.producer, "SELECT body FROM sent ORDER BY seq"))
        sent = [int(str(body).partition('"version":')[2].partition(",")[0]) for body in numbered]
        done = self.bed.run(self.bed.column(self.bed.subscriber, "SELECT number FROM effect ORDER BY place"))
        assert set(sent) <= set(self.committed)
        assert len(sent) == len(set(sent)), f"numbers given twice: {sent}"
        assert done == sent[: len(done)], f"effects {done} of {sent}"

    def teardown(self) -> None:
        """Let everybody work in peace: every event has its effect."""
        try:
            self._settle()
        finally:
            self._patch.undo()

    def _settle(self) -> None:
        done: list[int] = []
        for _ in range(QUIET_ROUNDS):
            self.time_passes()
            self.relay_works(None)
            self.reader_works(None)
            done = self.bed.run(self.bed.column(self.bed.subscriber, "SELECT number FROM effect ORDER BY place"))
            if len(done) >= len(self.committed):
                break
        self.effects_are_the_first_events_in_order()
        assert sorted(done) == sorted(self.committed), f"lost: {sorted(set(self.committed) - set(done))}"

    async def _relay_round(self) -> None:
        if self.relay is None:
            stop = asyncio.Event()
            self.relay = Relay(self.bed.producer, self.bed.wire, groups=(GROUP,), wake=asyncio.Event(), stop=stop)
            await self.relay.begin()
        await self.relay.round()

    async def _reader_round(self) -> None:
        if self.reader is None:
            applier = Applier(self.bed.subscriber, STREAM, RECORD)
            stop = asyncio.Event()
            self.reader = Reader(self.bed.subscriber, self.bed.wire, applier, producer="catalog", stop=stop)
            await self.reader.begin()
        await self.reader.round()

    def _live(self, deadly: Point | None, work: Coroutine[Any, Any, None], who: str) -> None:
        self.deadly = deadly
        try:
            self.bed.run(work)
        except Died:
            setattr(self, who, None)
        finally:
            self.deadly = None


@pytest.fixture(scope="module")
def bed(servers: Servers) -> Iterator[Bed]:
    with servers.database() as url:
        made = Bed(url, servers.redis_url)
        yield made
        made.close()


def explore(bed: Bed, *, off: Remedy | None, examples: int) -> None:
    """Play many lives of the bus; raises ``AssertionError`` with the shortest one that breaks the promise."""
    machine = type("Explored", (Machine,), {"bed": bed, "off": off})
    run_state_machine_as_test(  # pyright: ignore[reportUnknownMemberType] – untyped in Hypothesis
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=30,
            deadline=None,
            derandomize=True,
            database=None,
            phases=(Phase.generate,) if off else (Phase.generate, Phase.shrink),
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )


def test_events_when_steps_deaths_and_losses_come_in_any_order_then_effects_are_a_prefix(bed: Bed) -> None:
    assert explore(bed, off=None, examples=EXAMPLES) is None  # a step that breaks the promise raises


@pytest.mark.parametrize("remedy", [Remedy.REFILL, Remedy.COMPARE_AND_SET])  # the others need processes: test_stalls
def test_machine_when_a_remedy_is_off_then_notices(bed: Bed, remedy: Remedy) -> None:
    with pytest.raises(AssertionError, match=r"lost|effects"):
        explore(bed, off=remedy, examples=EXAMPLES)
