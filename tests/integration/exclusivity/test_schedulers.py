"""Two schedulers, one of them stopped for a while: a window ends once, and the next holds it."""

import signal
from datetime import timedelta

from shared.db import notify
from tests.integration.exclusivity import market
from tests.support.database import service_database
from tests.support.processes import running
from tests.support.wait import until


async def test_window_when_one_of_two_schedulers_is_stopped_then_it_expires_once(redis_url: str) -> None:
    async with service_database("exclusivity") as db:
        async with db.transaction() as conn:
            lot = await market.lot(conn, await market.mill(conn))
            queue = await market.buyers(conn, 3)
            for buyer in queue:
                await market.ask(conn, lot, buyer)

        async def granted(number: int) -> bool:
            async with db.transaction() as conn:
                return len(await market.holders(conn, lot.item_id)) == number

        async def pass_time(hours: int) -> None:
            async with db.transaction() as conn:
                await market.move_clock(conn, timedelta(hours=hours))
                await notify(conn, "job.expire_windows")

        async with (
            running(db, "worker", "scheduler", redis_url=redis_url) as one,
            running(db, "worker", "scheduler", redis_url=redis_url) as other,
        ):
            one.process.send_signal(signal.SIGSTOP)
            try:
                await pass_time(49)
                await until(lambda: granted(2), what="the other to hand over")
                other.process.send_signal(signal.SIGSTOP)
                await pass_time(98)
            finally:
                one.process.send_signal(signal.SIGCONT)
            await until(lambda: granted(3), what="the first to go on")
            other.process.send_signal(signal.SIGCONT)
            await pass_time(147)

            async def opened() -> bool:
                async with db.transaction() as conn:
                    return bool(await market.published(conn, lot.item_id, "item.opened.v1"))

            await until(opened, what="the lot to be open")
        async with db.transaction() as conn:
            held = await market.holders(conn, lot.item_id)
            assert held == [(buyer, 1, number, "expired") for number, buyer in enumerate(queue, 1)]
            assert len(await market.published(conn, lot.item_id, "window.closed.v1")) == 3
            await market.must_hold(conn)
