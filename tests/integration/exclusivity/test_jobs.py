"""Timed jobs with several workers at once, on committed data."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest_asyncio

from services.exclusivity import jobs
from services.exclusivity.store import windows
from shared.db import Database
from tests.integration.exclusivity import market
from tests.support.database import opened, service_database
from tests.support.wait import until


@pytest_asyncio.fixture(loop_scope="session")
async def own() -> AsyncIterator[Database]:
    """A database whose clock a test may move."""
    async with service_database("exclusivity") as db:
        yield db


async def test_windows_when_two_schedulers_run_at_once_then_each_expires_once(own: Database) -> None:
    async with own.transaction() as conn:
        mill_id = await market.mill(conn)
        first, second = await market.buyers(conn, 2)
        lots = [await market.lot(conn, mill_id) for _ in range(60)]
        for lot in lots:
            await market.ask(conn, lot, first)
            await market.ask(conn, lot, second)
    async with own.transaction() as conn:
        assert await windows.next_expiry(conn) is not None
        await market.move_clock(conn, timedelta(hours=49))
    async with opened(own.url, "exclusivity", process="other") as other:
        done = await asyncio.gather(*(jobs.expire_windows(db) for db in (own, other, own, other)))
    assert sum(done) == len(lots)
    async with own.transaction() as conn:
        for lot in lots:
            assert await market.holders(conn, lot.item_id) == [(first, 1, 1, "expired"), (second, 1, 2, None)]
            assert len(await market.published(conn, lot.item_id, "window.closed.v1")) == 1
        await market.must_hold(conn)


async def test_lot_when_somebody_else_works_on_it_then_the_sweeper_leaves_it_and_does_the_rest(own: Database) -> None:
    async with own.transaction() as conn:
        mill_id = await market.mill(conn)
        [buyer] = await market.buyers(conn, 1)
        lots = [await market.lot(conn, mill_id) for _ in range(3)]
        for lot in lots:
            await market.ask(conn, lot, buyer)
        await market.move_clock(conn, timedelta(hours=49))
    async with own.transaction() as busy:
        await busy.execute(
            "SELECT item_id FROM item_replica WHERE item_id = %(id)s FOR UPDATE", {"id": lots[0].item_id}
        )
        assert await jobs.expire_windows(own) == 2
    assert await jobs.expire_windows(own) == 1
    assert await jobs.send_reminders(own) == 0
    assert await jobs.close_unneeded(own) == 0


async def test_interests_when_they_come_at_the_instant_of_expiry_then_order_and_limits_hold(own: Database) -> None:
    async with own.transaction() as conn:
        lot = await market.lot(conn, await market.mill(conn))
        crowd = await market.buyers(conn, 24)
        await market.ask(conn, lot, crowd[0])
    async with own.transaction() as conn:
        await market.move_clock(conn, timedelta(hours=48, seconds=-0.05))

    async def ask(buyer: UUID) -> None:
        async with own.transaction() as conn:
            await market.ask(conn, lot, buyer)

    async def swept() -> bool:
        return await jobs.expire_windows(own) > 0 or len(await _held(own, lot)) > 1

    async with asyncio.TaskGroup() as group:
        group.create_task(until(swept, what="the end of the window"))
        for buyer in crowd[1:]:
            group.create_task(ask(buyer))
    async with own.transaction() as conn:
        held = await _held(own, lot)
        queue = list((await market.interests(conn, lot.item_id)).items())
        assert [row[2:] for row in held] == [(1, "expired"), (2, None)]
        assert queue[0] == (crowd[0], "lapsed")
        assert queue[1] == (held[1][0], "granted")  # the first of the queue, whoever that was
        assert {state for _, state in queue[2:]} == {"queued"}
        await market.must_hold(conn)


async def _held(db: Database, lot: market.Lot) -> list[tuple[UUID, int, int, str | None]]:
    async with db.transaction() as conn:
        return await market.holders(conn, lot.item_id)
