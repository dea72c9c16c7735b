"""A failing event is set aside with what follows on its key; its neighbours go on; what cannot be read is given up."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

import pytest

from shared import faults, outbox
from shared.consumer import Reject, Subscription, on, operations
from shared.consumer.batch import DEATHS_MAX
from shared.contracts.catalog import ItemReleased
from shared.db import Conn
from tests.support.bus import STREAM, Bus, record, released
from tests.support.wait import until

QUICK = (0.01, 0.01, 0.01, 0.01, 0.01)


@dataclass
class Trap:
    """A handler that fails for some numbers, as often as it is told to."""

    fails: dict[int, int]  # number -> times it still fails
    error: type[Exception] = RuntimeError
    tries: list[int] = field(default_factory=list[int])

    async def handle(self, conn: Conn, events: Sequence[ItemReleased]) -> None:
        for event in events:
            self.tries.append(event.version)
            if self.fails.get(event.version, 0) > 0:
                self.fails[event.version] -= 1
                raise self.error(f"number {event.version}")
        await record(conn, events)

    @property
    def subscriptions(self) -> tuple[Subscription, ...]:
        return (on(ItemReleased, self.handle),)


async def test_event_when_its_handler_fails_then_neighbours_go_on_and_its_key_waits_in_order(bus: Bus) -> None:
    bus.ladder = QUICK
    trap = Trap({2: 3})  # in the batch, alone, and at the first retry
    await bus.publish(released(1, item=1), released(2, item=2), released(3, item=1), released(4, item=2))
    await bus.publish(released(5, item=2), released(6, item=3))
    bus.start_relay()
    bus.start_reader(trap.subscriptions)
    done = await bus.wait_for(6)
    assert done[:3] == [1, 3, 6]
    assert done[3:] == [2, 4, 5]
    assert await bus.scalar("SELECT count(*) FROM parked") == 0
    assert await bus.scalar("SELECT count(*) FROM attempt") == 0


async def test_event_when_every_try_fails_then_is_dead_and_its_waiters_go_on(bus: Bus) -> None:
    bus.ladder = QUICK
    trap = Trap({1: 1000})
    await bus.publish(released(1, item=1), released(2, item=1), released(3, item=2))
    bus.start_relay()
    bus.start_reader(trap.subscriptions)
    assert await bus.wait_for(2) == [3, 2]
    assert await bus.scalar("SELECT count(*) FROM dead_letter WHERE attempts = 6 AND error LIKE '%number 1%'") == 1
    assert await bus.scalar("SELECT count(*) FROM parked") == 0
    assert trap.tries.count(1) == 7  # once in the batch, once alone, five retries


async def test_event_when_a_rule_rejects_it_then_is_dead_at_once(bus: Bus) -> None:
    trap = Trap({2: 1000}, error=Reject)
    await bus.publish(released(1, item=1), released(2, item=1), released(3, item=1))
    bus.start_relay()
    bus.start_reader(trap.subscriptions)
    assert await bus.wait_for(2) == [1, 3]
    assert await bus.scalar("SELECT count(*) FROM dead_letter WHERE error LIKE 'Reject:%'") == 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("SET body = '{\"item_id\": 3}'", "body does not fit"),
        ("SET body = 'not json'", "body does not fit"),
        ("SET type = 'catalog.item.released.v9'", "no contract"),
        ("SET meta = '{}'", "attributes cannot be read"),
        ("SET meta = 'not json'", "attributes cannot be read"),
    ],
    ids=["wrong-body", "no-json", "unknown-version", "no-correlation", "no-attributes"],
)
async def test_event_when_unreadable_then_is_dead_and_the_stream_goes_on(bus: Bus, change: str, reason: str) -> None:
    await bus.publish(released(1), released(2), released(3))
    await bus.execute(f"UPDATE outbox {change} WHERE id = (SELECT min(id) + 1 FROM outbox)", producer=True)
    bus.start_relay()
    bus.start_reader()
    assert await bus.wait_for(2) == [1, 3]
    assert await bus.scalar(f"SELECT count(*) FROM dead_letter WHERE error LIKE '%{reason}%'") == 1


async def test_dead_letter_when_retried_then_has_its_effect_and_is_gone(bus: Bus) -> None:
    trap = Trap({1: 2}, error=Reject)
    await bus.publish(released(1), released(2))
    bus.start_relay()
    bus.start_reader(trap.subscriptions)
    assert await bus.wait_for(1) == [2]
    async with bus.subscriber.transaction() as conn:
        dead = await operations.dead_letters(conn, limit=10)
        assert await operations.retry_dead_letter(conn, dead[0].id)
    assert await bus.wait_for(2) == [2, 1]
    assert await bus.scalar("SELECT count(*) FROM dead_letter") == 0


async def test_dead_letter_when_dropped_then_is_gone_without_effect(bus: Bus) -> None:
    trap = Trap({1: 2}, error=Reject)
    await bus.publish(released(1), released(2))
    bus.start_relay()
    bus.start_reader(trap.subscriptions)
    await bus.wait_for(1)
    async with bus.subscriber.transaction() as conn:
        dead = await operations.dead_letters(conn, limit=10)
        assert await operations.drop_dead_letter(conn, dead[0].id)
        assert not await operations.drop_dead_letter(conn, dead[0].id)
    assert await bus.numbers() == [2]


async def test_event_when_three_processes_died_with_it_then_waits_for_one_more_try(bus: Bus) -> None:
    """The deaths themselves are real in tests/chaos; here the count they leave behind is read."""
    bus.ladder = QUICK
    trap = Trap({2: 1})
    await bus.publish(released(1), released(2, item=2), released(3))
    await bus.execute(f"INSERT INTO attempt (stream, seq, attempts) VALUES ('{STREAM}', 2, {DEATHS_MAX})")
    bus.start_relay()
    bus.start_reader(trap.subscriptions)
    assert await bus.wait_for(3) == [1, 3, 2]
    assert trap.tries.count(2) == 2  # in the batch, before anybody knew, and the last try
    assert await bus.scalar("SELECT count(*) FROM attempt") == 0


async def test_event_when_the_last_try_was_deadly_too_then_is_dead_unseen(bus: Bus) -> None:
    bus.ladder = (600.0,) * 5
    trap = Trap({2: 2})
    await bus.publish(released(1), released(2, item=2), released(3))
    bus.start_relay()
    bus.start_reader(trap.subscriptions)
    await bus.wait_for(2)
    await until(lambda: _parked(bus, 1), what="the event to be parked")
    tries = trap.tries.count(2)
    await bus.execute(f"INSERT INTO attempt (stream, seq, attempts) VALUES ('{STREAM}', 2, {DEATHS_MAX + 1})")
    await bus.execute("UPDATE parked SET next_attempt_at = NULL")
    await until(lambda: _dead(bus, 1), what="the event to be given up")
    assert trap.tries.count(2) == tries
    assert await bus.scalar("SELECT count(*) FROM dead_letter WHERE error LIKE '%4 processes died%'") == 1


async def test_attempt_when_counted_then_is_committed_before_the_handler_runs(bus: Bus) -> None:
    seen: list[int] = []
    trap = Trap({1: 1})

    async def look(conn: Conn, events: Sequence[ItemReleased]) -> None:
        async with bus.subscriber.transaction() as other:
            row = await (await other.execute("SELECT count(*) FROM attempt WHERE seq = 1 AND attempts = 1")).fetchone()
            seen.append(row[0] if row else -1)
        await trap.handle(conn, events)

    await bus.publish(released(1))
    bus.start_relay()
    bus.start_reader((on(ItemReleased, look),))
    assert await bus.wait_for(1) == [1]
    assert seen == [0, 1]  # not for a whole batch, then once alone
    assert await bus.scalar("SELECT count(*) FROM attempt") == 0


async def test_backend_when_terminated_in_a_handler_then_the_event_is_neither_parked_nor_lost(bus: Bus) -> None:
    calls: list[int] = []

    async def cut(conn: Conn, events: Sequence[ItemReleased]) -> None:
        calls.append(len(events))
        await record(conn, events)
        if len(calls) <= 2:
            await conn.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    await bus.publish(released(1), released(2))
    bus.start_relay()
    bus.start_reader((on(ItemReleased, cut),))
    assert await bus.wait_for(2) == [1, 2]
    assert await bus.scalar("SELECT (SELECT count(*) FROM parked) + (SELECT count(*) FROM dead_letter)") == 0


async def test_handler_when_it_publishes_then_the_chain_of_causes_goes_on(bus: Bus) -> None:
    async def answer(conn: Conn, events: Sequence[ItemReleased]) -> None:
        await record(conn, events)
        await outbox.add(conn, *[released(event.version + 100) for event in events])

    await bus.publish(released(1), released(2))
    await bus.publish(released(3))
    bus.start_relay()
    bus.start_reader((on(ItemReleased, answer),))
    await bus.wait_for(3)
    chains = [effect.correlation_id for effect in await bus.effects()]
    assert chains[0] == chains[1] != chains[2]
    async with bus.subscriber.transaction() as conn:
        rows = await (
            await conn.execute("SELECT correlation_id, meta::json ->> 'causation_id' FROM outbox ORDER BY id")
        ).fetchall()
    causes = await _event_ids(bus)
    assert rows == [(chains[0], str(causes[0])), (chains[1], str(causes[0])), (chains[2], str(causes[2]))]


async def test_parked_event_when_the_reader_parks_another_behind_it_then_both_come_in_order(bus: Bus) -> None:
    bus.ladder = (0.3,)
    trap = Trap({1: 2})
    await bus.publish(released(1, item=7))
    bus.start_relay()
    bus.start_reader(trap.subscriptions)
    await until(lambda: _parked(bus, 1), what="the event to be parked")
    await bus.publish_numbers(20, start=2)
    await bus.publish(released(22, item=7))
    done = await bus.wait_for(22)
    assert done.index(1) < done.index(22)


def test_faults_when_no_test_asked_for_them_then_do_nothing() -> None:
    for point in faults.Point:
        faults.reached(point)
    assert all(faults.on(remedy) for remedy in faults.Remedy)


async def _event_ids(bus: Bus) -> list[UUID]:
    async with bus.producer.transaction() as conn:
        rows = await (await conn.execute("SELECT event_id FROM sent ORDER BY seq")).fetchall()
    return [row[0] for row in rows]


async def _parked(bus: Bus, count: int) -> bool:
    return await bus.scalar("SELECT count(*) FROM parked") == count


async def _dead(bus: Bus, count: int) -> bool:
    return await bus.scalar("SELECT count(*) FROM dead_letter") == count
