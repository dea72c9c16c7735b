"""Timed work of ingestion."""

import logging
from datetime import datetime, timedelta
from functools import cache

from services.ingestion.collecting import Listener, collect
from services.ingestion.extracting import read_next_datasheet
from services.ingestion.extractor import Extractor
from services.ingestion.reading import Reader
from services.ingestion.settings import settings
from services.ingestion.store.mailboxes import silences
from services.ingestion.store.progress import forgotten, next_expiry, unreminded
from services.ingestion.usecases import datasheets, mailboxes, messages, receive, waiting
from services.ingestion.usecases.commits import overdue, resend_parts
from services.ingestion.usecases.review import expire_batch
from services.ingestion.working import read_next_list, read_next_mail
from shared import metrics, trace
from shared.contracts.base import ActorRef
from shared.db import Conn, Database
from shared.scheduler import every

LOG = logging.getLogger(__name__)
POLL_SECONDS = 300
SILENCE_CHECK_SECONDS = 60
RESEND_CHECK_SECONDS = 60
EXPIRY_CHECK_SECONDS = 3600
BATCH_OF_TIMERS = 50


@cache
def reader() -> Reader:
    """One sandbox per worker process."""
    return Reader(settings())


@cache
def extractor() -> Extractor | None:
    """One client per worker process; ``None`` when no service is configured."""
    url = settings().extractor_url
    return Extractor(settings(), url=url) if url else None


@cache
def listener() -> Listener:
    """One set of idling connections per worker process."""
    return Listener()


async def poll_mailboxes(db: Database) -> int:
    """Fetch new mails of every mailbox."""
    return await collect(db, settings())


async def listen_to_mailboxes(db: Database) -> int:
    """Wake the poll when a server pushes."""
    await listener().listen(db, settings())
    return 0


async def read_mails(db: Database) -> int:
    """Judge one stored mail and take in its lists."""
    return await read_next_mail(db, settings(), reader())


async def read_lists(db: Database) -> int:
    """Read one list, and commit it or leave it to a person."""
    return await read_next_list(db, settings(), reader())


async def read_datasheets(db: Database) -> int:
    """Read one data sheet, and publish it or leave it to a person."""
    return await read_next_datasheet(db, settings(), reader(), extractor())


async def resend_unanswered(db: Database) -> int:
    """Send parts again that catalog has not answered in ten minutes."""
    async with db.transaction() as conn:
        late = await overdue(conn, after_seconds=settings().resend_after_seconds)
    for batch in late:
        actor = ActorRef(organization_id=batch.mill_id, via="timer")
        with trace.tracing(trace.started(actor, correlation_id=batch.correlation_id)):
            async with db.transaction() as conn:
                parts = await resend_parts(conn, batch_id=batch.batch_id, mill_id=batch.mill_id)
            metrics.PARTS_SENT_AGAIN.inc(parts)
            LOG.error("rows without an answer, sent again", extra={"batch_id": str(batch.batch_id), "parts": parts})
    return len(late)


async def expire_forgotten(db: Database) -> int:
    """Close batches that have waited two weeks for a person."""
    async with db.transaction() as conn:
        old = await forgotten(conn, days=settings().review_days_max, limit=BATCH_OF_TIMERS)
    for batch in old:
        actor = ActorRef(organization_id=batch.mill_id, via="timer")
        with trace.tracing(trace.started(actor, correlation_id=batch.correlation_id)):
            async with db.transaction() as conn:
                await expire_batch(conn, batch_id=batch.batch_id, mill_id=batch.mill_id)
    return len(old)


async def remind_waiting(db: Database) -> int:
    """Remind the sender of a list that has waited three days for a person."""
    async with db.transaction() as conn:
        late = await unreminded(conn, days=settings().review_reminder_days, limit=BATCH_OF_TIMERS)
    for batch in late:
        actor = ActorRef(organization_id=batch.mill_id, via="timer")
        with trace.tracing(trace.started(actor, correlation_id=batch.correlation_id)):
            async with db.transaction() as conn:
                await waiting.remind(
                    conn,
                    batch_id=batch.batch_id,
                    mill_id=batch.mill_id,
                    expires_after=timedelta(days=settings().review_days_max),
                )
    return len(late)


async def watch_mailboxes(db: Database) -> int:
    """Measure how long each mailbox could not be read; beyond fifteen minutes somebody must look."""
    async with db.transaction() as conn:
        found = await silences(conn)
    metrics.MAILBOX_SILENT_SECONDS.clear()  # one that was paused or removed is silent on purpose
    for one in found:
        metrics.MAILBOX_SILENT_SECONDS.labels(one.name).set(one.seconds)
        if one.seconds > settings().mailbox_silent_seconds_max:
            LOG.error("mailbox cannot be read", extra={"mailbox": one.name, "why": waiting.words(one)})
    return 0


async def troubles(conn: Conn) -> list[str]:
    """What the health page says of mailboxes."""
    silent = await waiting.silent_mailboxes(conn, after_seconds=settings().mailbox_silent_seconds_max)
    return [waiting.words(one) for one in silent]


async def next_forgotten(conn: Conn) -> datetime | None:
    return await next_expiry(conn, days=settings().review_days_max)


JOBS = (
    every(seconds=POLL_SECONDS, run=poll_mailboxes, wake_on=mailboxes.CHANNEL),
    every(seconds=0.1, run=listen_to_mailboxes),
    every(seconds=5, run=read_mails, wake_on=messages.CHANNEL, exclusive=False),
    every(seconds=5, run=read_lists, wake_on=receive.CHANNEL, exclusive=False),
    every(seconds=5, run=read_datasheets, wake_on=datasheets.CHANNEL, exclusive=False),
    every(seconds=RESEND_CHECK_SECONDS, run=resend_unanswered),
    every(seconds=SILENCE_CHECK_SECONDS, run=watch_mailboxes, exclusive=False),
    every(seconds=EXPIRY_CHECK_SECONDS, run=remind_waiting),
    every(seconds=EXPIRY_CHECK_SECONDS, run=expire_forgotten, next_due=next_forgotten),
)
