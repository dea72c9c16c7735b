"""Single bad events die alone; when many die in a short time the stream stops, and goes on after the repair."""

import pytest

from shared.consumer import Reject, operations, parking
from shared.consumer.batch import Fuse
from tests.integration.shared.test_failures import Trap
from tests.support.bus import STREAM, Bus, released
from tests.support.wait import until


async def stopped(bus: Bus) -> str:
    async with bus.subscriber.transaction() as conn:
        row = await (await conn.execute("SELECT stopped FROM subscription")).fetchone()
    return (row[0] if row else None) or ""


async def test_stream_when_too_many_events_die_then_stops_and_goes_on_after_the_repair(bus: Bus) -> None:
    bus.fuse = Fuse(deaths=3, seconds=600)
    trap = Trap(dict.fromkeys(range(1, 21), 1000), error=Reject)
    bus.start_relay()
    bus.start_reader(trap.subscriptions)
    await bus.publish(*(released(number, item=number) for number in range(1, 21)))
    reason = await until(lambda: stopped(bus), what="the stream to stop")
    assert "3 events died within 600 s" in reason
    assert "runbook" in reason
    assert await bus.scalar("SELECT count(*) FROM dead_letter") == 3
    assert await bus.scalar("SELECT applied_seq FROM subscription") == 3
    trap.fails.clear()
    async with bus.subscriber.transaction() as conn:
        assert await operations.retry_dead_letters(conn) == 3
        assert await operations.resume(conn, STREAM)
        assert not await operations.resume(conn, STREAM)
    assert sorted(await bus.wait_for(20)) == list(range(1, 21))
    assert await stopped(bus) == ""


@pytest.mark.parametrize(("deaths", "seconds"), [(3, 0.000001), (30, 600)], ids=["long-ago", "few"])
async def test_stream_when_few_die_or_slowly_then_goes_on(bus: Bus, deaths: int, seconds: float) -> None:
    bus.fuse = Fuse(deaths=deaths, seconds=seconds)
    trap = Trap(dict.fromkeys(range(1, 6), 1000), error=Reject)
    await bus.publish(*(released(number, item=number) for number in range(1, 9)))
    bus.start_relay()
    bus.start_reader(trap.subscriptions)
    assert await bus.wait_for(3) == [6, 7, 8]
    assert await stopped(bus) == ""


async def test_parked_event_when_its_stream_is_stopped_then_waits(bus: Bus) -> None:
    bus.ladder = (0.01,) * 5
    trap = Trap({1: 2})
    await bus.publish(released(1))
    bus.start_relay()
    bus.start_reader(trap.subscriptions)
    await bus.wait_for(1)
    await bus.execute(f"UPDATE subscription SET stopped = 'by hand' WHERE stream = '{STREAM}'")
    await bus.execute(
        "INSERT INTO parked (stream, seq, epoch, event_id, type, key, meta, body, occurred_at)"
        " SELECT stream, 99, epoch, gen_random_uuid(), 'x', 'k', '{}', '{}', now() FROM subscription"
    )
    async with bus.subscriber.transaction() as conn:
        assert await parking.due(conn, [STREAM], limit=10) == []
        assert await operations.resume(conn, STREAM)
        assert [event.seq for event in await parking.due(conn, [STREAM], limit=10)] == [99]
