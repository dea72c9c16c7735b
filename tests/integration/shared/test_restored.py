"""Trouble on the producer's side of PostgreSQL stops a stream loudly; trouble in Redis never does."""

from uuid import UUID, uuid4

from shared.consumer import operations
from shared.numbering import head_of
from shared.wire import Mark, Wire
from tests.support.bus import GROUP, STREAM, Bus, released
from tests.support.wait import until


async def stopped(bus: Bus) -> str:
    """Why the stream is halted; empty while it is not."""
    async with bus.subscriber.transaction() as conn:
        row = await (await conn.execute("SELECT coalesce(stopped, '') FROM subscription")).fetchone()
    return row[0] if row else ""


async def applied(bus: Bus, count: int) -> None:
    """Publish and wait until all is applied by both sides, then stop both."""
    relay, reader = bus.start_relay(), bus.start_reader()
    await bus.publish_numbers(count)
    await bus.wait_for(count)
    await relay.end()
    await reader.end()


async def test_producer_when_restored_from_an_older_copy_then_the_reader_stops_and_says_what_to_do(bus: Bus) -> None:
    await applied(bus, 10)
    await bus.execute("DELETE FROM sent WHERE seq > 6", producer=True)
    await bus.execute("UPDATE stream_head SET seq = 6", producer=True)
    await bus.publish(released(100), released(101))
    bus.start_relay()
    bus.start_reader()
    reason = await until(lambda: stopped(bus), what="the stream to stop")
    assert "was restored" in reason
    assert "bin/events snapshot catalog --subscriber matching" in reason
    assert await bus.numbers() == list(range(1, 11))
    async with bus.producer.transaction() as conn:
        assert (await head_of(conn, "catalog")).epoch != await _epoch(bus)


async def test_head_when_below_applied_in_the_same_epoch_then_the_reader_stops(bus: Bus) -> None:
    await applied(bus, 10)
    await bus.flush()
    await bus.execute("DELETE FROM sent WHERE seq > 6", producer=True)
    await bus.execute("UPDATE stream_head SET seq = 6", producer=True)
    bus.start_relay()
    bus.start_reader()
    reason = await until(lambda: stopped(bus), what="the stream to stop")
    assert "head 6 is below applied 10" in reason


async def test_head_note_when_old_then_proves_nothing(bus: Bus) -> None:
    """A Redis that comes back with an old file says an old head until the relay speaks."""
    await applied(bus, 10)
    await bus.redis.set("head:catalog", f"4 {uuid4()} 1")
    bus.start_reader()
    relay = bus.start_relay()
    await bus.publish_numbers(5, start=11)
    assert await bus.wait_for(15) == list(range(1, 16))
    await relay.end()
    assert await stopped(bus) == ""


async def test_entries_when_left_over_from_an_earlier_epoch_then_are_dropped(bus: Bus) -> None:
    await applied(bus, 3)
    entries = await bus.entries()
    for _, fields in entries:
        await bus.append({**fields, "epoch": str(UUID(int=5)), "seq": str(int(fields["seq"]) + 3)})
    bus.start_relay()
    bus.start_reader()
    await bus.publish_numbers(3, start=4)
    assert await bus.wait_for(6) == [1, 2, 3, 4, 5, 6]
    assert await stopped(bus) == ""


async def test_events_when_no_longer_kept_then_the_reader_stops_until_an_operator_sets_it(bus: Bus) -> None:
    relay = bus.start_relay()
    await bus.publish_numbers(10)
    await bus.sent(10)
    await bus.execute("DELETE FROM sent WHERE seq <= 7", producer=True)
    await bus.redis.delete(STREAM)
    bus.start_reader()
    reason = await until(lambda: stopped(bus), what="the stream to stop")
    assert "events 1 to 7 of catalog are no longer kept" in reason
    async with bus.producer.transaction() as conn:
        head = await head_of(conn, "catalog")
    async with bus.subscriber.transaction() as conn:
        await operations.go_on_from(conn, STREAM, seq=head.seq, epoch=head.epoch)
    await bus.publish_numbers(2, start=11)
    assert await bus.wait_for(2) == [11, 12]
    assert not relay.ended


async def test_reader_when_woken_from_a_long_stall_then_cannot_apply_what_another_did(bus: Bus) -> None:
    """The compare-and-set fences it off, whatever the locks say."""
    await applied(bus, 5)
    await bus.execute("UPDATE subscription SET applied_seq = 3")
    await bus.execute("DELETE FROM effect WHERE number > 3")
    bus.start_relay()
    reader = bus.start_reader()
    await bus.wait_for(5)
    await bus.execute("UPDATE subscription SET applied_seq = 7")  # another one went on to 7 meanwhile
    await bus.publish_numbers(4, start=6)
    assert await bus.wait_for(7) == [1, 2, 3, 4, 5, 8, 9]
    assert not reader.ended


async def test_stream_when_all_groups_have_acknowledged_then_is_trimmed_and_not_before(bus: Bus) -> None:
    wire = Wire(bus.redis_url)
    await applied(bus, 400)
    await wire.create_group("catalog", "slow")
    assert await wire.trim("catalog", ["missing", GROUP]) == 0
    assert await wire.trim("catalog", ["slow", GROUP]) == 0
    while entries := await wire.read("catalog", "slow", pending=False, count=150):
        await wire.acknowledge("catalog", "slow", [entry_id for entry_id, _ in entries], Mark(1, uuid4()))
        if len(entries) == 150 and await bus.redis.xlen(STREAM) == 400:
            assert await wire.trim("catalog", ["slow", GROUP]) <= 150
    await wire.trim("catalog", ["slow", GROUP])
    assert await bus.redis.xlen(STREAM) < 200  # whole nodes of 100 entries go
    await wire.close()


async def _epoch(bus: Bus) -> UUID:
    async with bus.subscriber.transaction() as conn:
        row = await (await conn.execute("SELECT epoch FROM subscription")).fetchone()
    assert row is not None
    return row[0]
