"""What somebody must hear of: lists out of order, lists that wait, mailboxes that cannot be read."""

import os
from collections.abc import Iterator
from datetime import timedelta
from typing import cast

import pytest
from prometheus_client import REGISTRY

from services.ingestion import jobs
from services.ingestion.settings import settings
from services.ingestion.store.progress import note_reminder
from services.ingestion.usecases import waiting
from shared.contracts.ingestion import BatchStatusChanged
from tests.integration.ingestion.market import Market, csv_list, line, usual_list
from tests.integration.ingestion.people import call
from tests.integration.ingestion.post import SENDER, Post, mail
from tests.support.tokens import PUBLIC_KEY, bearer

ENVIRONMENT = {
    "OFFCUT_INGESTION_DATABASE_URL": "postgresql://unused",
    "OFFCUT_REDIS_URL": "redis://unused",
    "OFFCUT_PUBLIC_KEY": PUBLIC_KEY,
    "OFFCUT_CURSOR_KEY": "tests",
}


@pytest.fixture(autouse=True)
def environment() -> Iterator[None]:
    """Jobs read the settings; the addresses in them are not used."""
    before = dict(os.environ)
    os.environ.update(ENVIRONMENT)
    settings.cache_clear()
    yield
    os.environ.clear()
    os.environ.update(before)
    settings.cache_clear()


@pytest.mark.parametrize(
    ("first", "second", "warned"),
    [("2026-11-19", "2026-11-12", True), ("2026-11-12", "2026-11-19", False), ("2026-11-19", "2026-11-19", False)],
)
async def test_list_when_a_newer_one_was_listed_before_then_is_listed_with_a_warning(
    market: Market, first: str, second: str, warned: bool
) -> None:
    await market.set_clock("'2026-11-21 12:00+00'::timestamptz")
    await market.take(csv_list(*usual_list(20)), name=f"list {first}.csv")
    batch = await market.batch(await market.take(csv_list(*usual_list(21)), name=f"list {second}.csv"))
    assert (batch["status"], batch["list_date"]) == ("committed", second)
    found = [said for said in cast(list[str], batch["problems"]) if "was listed before it" in said]
    assert [first in said and second in said for said in found] == [True] * warned


async def test_sender_when_his_list_waits_for_three_days_then_is_reminded_once(post: Post) -> None:
    await post.arrive(mail(csv_list(*usual_list(20), line("BAD-1", gsm=9999), line("BAD-2", gsm=9999))))
    (batch_id,) = cast(list[str], (await post.messages())[0]["batch_ids"])
    assert (await post.market.batch(batch_id))["status"] == "review_required"
    told = len(await post.market.events(BatchStatusChanged))
    await post.market.set_clock("clock_timestamp() + interval '71 hours'")
    assert await jobs.remind_waiting(post.market.db) == 0
    await post.market.set_clock("clock_timestamp() + interval '73 hours'")
    assert await jobs.remind_waiting(post.market.db) == 1
    assert await jobs.remind_waiting(post.market.db) == 0
    (reminder,) = (await post.market.events(BatchStatusChanged))[told:]
    assert (reminder.previous, reminder.status) == ("review_required", "review_required")
    assert reminder.reply_to == SENDER
    assert reminder.reasons[0].startswith("A reminder")
    assert len(reminder.reasons) > 1


async def test_reminder_when_somebody_decided_meanwhile_then_is_not_sent(post: Post) -> None:
    await post.arrive(mail(csv_list(*usual_list())))
    (batch_id,) = cast(list[str], (await post.messages())[0]["batch_ids"])
    batch = (await post.market.events(BatchStatusChanged))[-1]
    assert str(batch.batch_id) == batch_id
    async with post.market.db.transaction() as conn:
        assert not await note_reminder(conn, batch.batch_id)
        assert not await waiting.remind(
            conn, batch_id=batch.batch_id, mill_id=batch.mill_id, expires_after=timedelta(days=14)
        )


async def test_mailbox_when_not_read_for_fifteen_minutes_then_operators_see_it(post: Post) -> None:
    await post.arrive()
    assert await _seen(post) == []
    await post.market.set_clock("clock_timestamp() + interval '14 minutes'")
    assert await _seen(post) == []
    await post.market.set_clock("clock_timestamp() + interval '16 minutes'")
    (said,) = await _seen(post)
    assert said.startswith("mailbox default could not be read for 16 min")
    (shown,) = (await call(post.market, "GET", "/mailboxes", bearer("admin", post.market.operator))).json()["items"]
    assert 16 * 60 <= shown["lag_seconds"] < 17 * 60
    assert (REGISTRY.get_sample_value("offcut_mailbox_silent_seconds", {"mailbox": "default"}) or 0) > 900
    await post.arrive()
    assert await _seen(post) == []


async def test_mailbox_when_paused_then_its_silence_is_no_alarm(post: Post) -> None:
    await post.arrive()
    await post.market.set_clock("clock_timestamp() + interval '1 hour'")
    await post.market.execute("UPDATE mailbox SET status = 'paused'")
    assert await _seen(post) == []
    assert REGISTRY.get_sample_value("offcut_mailbox_silent_seconds", {"mailbox": "default"}) is None


async def _seen(post: Post) -> list[str]:
    await jobs.watch_mailboxes(post.market.db)
    async with post.market.db.transaction() as conn:
        return await jobs.troubles(conn)
