"""Two schedulers, one of them stopped for a while: every reader gets one newsletter per day."""

import signal
from datetime import UTC, datetime

from shared.db import Database, notify
from tests.integration.newsletter.conftest import ENVIRONMENT, items_of, values
from tests.integration.newsletter.conftest import Post as Sender
from tests.integration.newsletter.market import Market
from tests.support.processes import running
from tests.support.wait import until


async def test_daily_when_one_of_two_schedulers_is_stopped_then_comes_once(
    db: Database, market: Market, post: Sender, redis_url: str
) -> None:
    await market.set_clock(datetime(2026, 11, 20, 12, tzinfo=UTC))
    readers = [await market.buyer(f"reader{number}") for number in range(3)]
    mill = await market.mill("saar")
    await market.listed(mill, "S1", "S2")

    async def morning(day: int) -> None:
        for buyer in readers:
            await market.matched(f"S{day}", buyer, cadence="daily")
        await post.generate()  # a first match puts its reader on the timetable
        await market.set_clock(datetime(2026, 11, 20 + day, 12, tzinfo=UTC))
        async with db.transaction() as conn:
            await notify(conn, "job.generate_scheduled")

    async def arrived(mails: int) -> None:
        """Sent and written down: who is stopped before that may have to send the same mail again."""

        async def enough() -> bool:
            async with db.transaction() as conn:
                await notify(conn, "job.deliver")
            return len(await values(db, "SELECT 1 FROM delivery WHERE status = 'sent'")) >= mails

        await until(enough, deadline_s=30, what=f"{mails} mails")

    given = ENVIRONMENT | {"OFFCUT_SMTP_URL": post.relay.url}
    async with (
        running(db, "worker", "scheduler", redis_url=redis_url, log=None, **given) as first,  # so it has the lock
        running(db, "worker", "scheduler", redis_url=redis_url, log=None, **given),
    ):
        first.process.send_signal(signal.SIGSTOP)
        try:
            await morning(1)
            await arrived(3)
        finally:
            first.process.send_signal(signal.SIGCONT)
        await morning(2)
        await arrived(6)
    sent = [(mail["To"], await items_of(db, mail)) for mail in post.mails()]
    assert sorted(to for to, _ in sent) == sorted([to for to, _ in sent[:3]] * 2)
    assert [lots for _, lots in sent] == [{market.items["S1"]}] * 3 + [{market.items["S2"]}] * 3
