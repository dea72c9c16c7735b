"""One works, the others stand by; whoever takes over repeats nothing and leaves nothing out."""

import asyncio
from collections.abc import Sequence

import pytest

from shared.consumer import on
from shared.contracts.catalog import ItemReleased
from shared.db import Conn, Database
from shared.locks import Locks
from tests.support.bus import STREAM, Bus, record
from tests.support.wait import until


async def test_two_readers_and_two_relays_when_running_then_each_event_has_one_effect(bus: Bus) -> None:
    for _ in range(2):
        bus.start_relay()
        bus.start_reader()
    for start in range(1, 2001, 100):
        await bus.publish_numbers(100, start=start)
    assert await bus.wait_for(2000) == list(range(1, 2001))


async def test_reader_when_it_dies_with_a_batch_in_hand_then_the_standby_takes_over(bus: Bus) -> None:
    holding = asyncio.Event()

    async def hang(conn: Conn, events: Sequence[ItemReleased]) -> None:
        await record(conn, events)
        holding.set()
        await asyncio.Event().wait()

    bus.start_relay()
    first = bus.start_reader((on(ItemReleased, hang),))
    await bus.publish_numbers(20)
    await asyncio.wait_for(holding.wait(), 10)
    bus.start_reader()
    assert await bus.numbers() == []
    await first.die()
    assert await bus.wait_for(20) == list(range(1, 21))


@pytest.mark.parametrize("suspect", [False, True])
async def test_batch_when_a_process_died_with_it_then_is_tried_whole_once_more_and_then_singly(
    bus: Bus, suspect: bool
) -> None:
    """Most deaths have nothing to do with the events in hand: one by one each of 500 would wait for the others."""
    holding = asyncio.Event()
    sizes: list[int] = []

    async def hang(conn: Conn, events: Sequence[ItemReleased]) -> None:
        holding.set()
        await asyncio.Event().wait()

    async def measure(conn: Conn, events: Sequence[ItemReleased]) -> None:
        sizes.append(len(events))
        await record(conn, events)

    bus.start_relay()
    await bus.publish_numbers(20)
    await bus.sent(20)
    first = bus.start_reader((on(ItemReleased, hang),))
    await asyncio.wait_for(holding.wait(), 10)
    if suspect:
        await bus.execute(f"INSERT INTO attempt (stream, seq, attempts) VALUES ('{STREAM}', 7, 1)")
    await first.die()
    bus.start_reader((on(ItemReleased, measure),))
    assert await bus.wait_for(20) == list(range(1, 21))
    assert sizes == ([1] * 20 if suspect else [20])
    assert await bus.scalar("SELECT count(*) FROM attempt") == 0


async def test_relay_when_it_dies_then_the_standby_goes_on_from_the_cursor(bus: Bus) -> None:
    first = bus.start_relay()
    bus.start_reader()
    await bus.publish_numbers(20)
    await bus.wait_for(20)
    bus.start_relay()
    await first.die()
    await bus.publish_numbers(20, start=21)
    assert await bus.wait_for(40) == list(range(1, 41))


async def test_lock_when_its_session_is_cut_then_the_work_is_cancelled_and_another_gets_it(db: Database) -> None:
    log: list[str] = []

    async def contend(name: str, locks: Locks) -> None:
        async def work() -> None:
            log.append(f"{name} begins")
            try:
                await asyncio.Event().wait()
            finally:
                log.append(f"{name} ends")

        await locks.while_held("one", work)

    one, two = Locks(db, stop=asyncio.Event()), Locks(db, stop=asyncio.Event())
    tasks = [asyncio.ensure_future(task) for task in (one.run(), contend("first", one))]
    await until(lambda: log == ["first begins"], what="the first to begin")
    tasks += [asyncio.ensure_future(task) for task in (two.run(), contend("second", two))]
    async with db.transaction() as conn:
        await conn.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
    await until(lambda: len(log) >= 3, what="somebody else to begin")
    assert log[1] == "first ends"
    assert log[2].endswith("begins")
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_notify_when_sent_then_wakes_whoever_listens_at_once(db: Database) -> None:
    locks = Locks(db, stop=asyncio.Event())
    woken = locks.wake_on("doorbell")
    running = asyncio.ensure_future(locks.run())
    await asyncio.wait_for(woken.wait(), 5)  # once at the start: something may have been missed
    for _ in range(3):
        woken.clear()
        async with db.transaction() as conn:
            await conn.execute("SELECT pg_notify('catalog.doorbell', '')")
        await asyncio.wait_for(woken.wait(), 1)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
