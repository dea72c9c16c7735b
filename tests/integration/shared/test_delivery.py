"""Every published event has its effect once and in order, whatever happens to Redis on the way."""

import asyncio
from collections.abc import Sequence

from redis.asyncio import Redis

from shared.consumer import Envelope, on_any
from shared.db import Conn
from tests.support.bus import GROUP, STREAM, Bus, released
from tests.support.wait import until


def counting(up_to: int) -> list[int]:
    return list(range(1, up_to + 1))


async def test_events_when_both_sides_run_then_have_their_effect_in_order(bus: Bus) -> None:
    bus.start_relay()
    bus.start_reader()
    await bus.publish_numbers(1200)
    await bus.publish_numbers(300, start=1201)
    assert await bus.wait_for(1500) == counting(1500)
    assert [effect.seq for effect in await bus.effects()] == counting(1500)


async def test_events_when_the_transaction_is_rolled_back_then_leave_no_gap(bus: Bus) -> None:
    bus.start_relay()
    bus.start_reader()
    await bus.publish_numbers(2)
    async with bus.producer.transaction() as conn:
        await conn.execute("SELECT nextval(pg_get_serial_sequence('outbox', 'id'))")
        await conn.rollback()
    await bus.publish_numbers(1, start=3)
    assert await bus.wait_for(3) == [1, 2, 3]
    assert [effect.seq for effect in await bus.effects()] == [1, 2, 3]


async def test_effect_when_both_sides_idle_then_follows_the_commit_within_half_a_second(bus: Bus) -> None:
    bus.start_relay()
    bus.start_reader()
    await bus.publish_numbers(1)
    await bus.wait_for(1)
    await bus.publish_numbers(1, start=2)
    await bus.wait_for(2, deadline_s=0.5)  # the polls alone would take longer on average


async def test_stream_when_flushed_with_a_backlog_then_is_sent_again(bus: Bus) -> None:
    bus.start_relay()
    reader = bus.start_reader()
    await bus.publish_numbers(100)
    await bus.wait_for(100)
    await reader.end()
    await bus.publish_numbers(700, start=101)
    await bus.sent(800)
    await bus.flush()
    bus.start_reader()
    assert await bus.wait_for(800) == counting(800)


async def test_stream_when_flushed_after_the_last_event_then_the_idle_reader_notices(bus: Bus) -> None:
    bus.start_relay()
    reader = bus.start_reader()
    await bus.publish_numbers(5)
    await bus.wait_for(5)
    await reader.end()
    await bus.publish_numbers(5, start=6)
    await bus.sent(10)
    await bus.redis.delete(STREAM)
    bus.start_reader()
    assert await bus.wait_for(10) == counting(10)


async def test_stream_when_flushed_while_the_reader_blocks_then_the_next_events_arrive(bus: Bus) -> None:
    bus.start_relay()
    bus.start_reader()
    await bus.publish_numbers(5)
    await bus.wait_for(5)
    await bus.flush()
    await bus.publish_numbers(5, start=6)
    assert await bus.wait_for(10) == counting(10)


async def test_group_when_destroyed_then_is_made_again_and_nothing_is_doubled(bus: Bus) -> None:
    bus.start_relay()
    bus.start_reader()
    await bus.publish_numbers(50)
    await bus.wait_for(50)
    await bus.redis.xgroup_destroy(STREAM, GROUP)
    await bus.publish_numbers(50, start=51)
    assert await bus.wait_for(100) == counting(100)


async def test_entries_when_some_are_lost_then_only_they_are_missed_and_asked_for(bus: Bus) -> None:
    relay = bus.start_relay()
    await bus.publish_numbers(20)
    await bus.sent(20)
    entries = await bus.entries()
    await bus.redis.xdel(STREAM, *[entry_id for entry_id, _ in entries[5:9]])
    bus.start_reader()
    assert await bus.wait_for(20) == counting(20)
    assert not relay.ended


async def test_entries_when_sent_several_times_and_shuffled_then_have_one_effect_in_order(bus: Bus) -> None:
    relay = bus.start_relay()
    await bus.publish_numbers(30)
    await bus.sent(30)
    entries = [fields for _, fields in await bus.entries()]
    for fields in [*entries[::-1], *entries, *entries[::3]]:
        await bus.append(fields)
    bus.start_reader()
    assert await bus.wait_for(30) == counting(30)
    assert not relay.ended


async def test_refill_request_when_wiped_too_then_is_repeated(bus: Bus) -> None:
    relay = bus.start_relay()
    await bus.publish_numbers(10)
    await bus.sent(10)
    await relay.end()
    entries = await bus.entries()
    await bus.redis.delete(STREAM)
    bus.start_reader()
    await bus.append(entries[-1][1])
    await until(lambda: _asked(bus.redis), what="a request to refill")
    await bus.flush()
    bus.start_relay()
    assert await bus.wait_for(10) == counting(10)


async def test_raw_subscription_when_events_pass_then_gets_all_of_them(bus: Bus) -> None:
    seen: list[Envelope] = []

    async def keep(_: Conn, envelopes: Sequence[Envelope]) -> None:
        seen.extend(envelopes)

    bus.start_relay()
    bus.start_reader((on_any(keep),))
    await bus.publish(released(1), released(2))
    await until(lambda: len(seen) == 2, what="both envelopes")
    assert [envelope.seq for envelope in seen] == [1, 2]
    assert seen[0].event() == seen[0].event()


async def test_unsubscribed_types_when_on_the_stream_then_only_advance_the_number(bus: Bus) -> None:
    bus.start_relay()
    bus.start_reader(())
    await bus.publish_numbers(3)
    await until(lambda: _applied(bus, 3), what="the number to advance")
    assert await bus.scalar("SELECT count(*) FROM dead_letter") == 0


async def test_redis_when_restarting_then_publishing_goes_on_and_events_catch_up(bus: Bus) -> None:
    bus.start_relay()
    bus.start_reader()
    await bus.publish_numbers(5)
    await bus.wait_for(5)
    await bus.redis.client_pause(1500)  # pyright: ignore[reportUnknownMemberType] – untyped in redis-py
    async with asyncio.timeout(1):
        await bus.publish_numbers(5, start=6)
    assert await bus.wait_for(10) == counting(10)


async def _asked(redis: Redis) -> bool:
    return await redis.exists("refill:catalog") == 1


async def _applied(bus: Bus, seq: int) -> bool:
    return await bus.scalar("SELECT applied_seq FROM subscription") == seq
