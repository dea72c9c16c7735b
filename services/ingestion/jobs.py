"""Timed work of ingestion."""

from datetime import datetime
from functools import cache

from services.ingestion.collecting import Listener, collect
from services.ingestion.reading import Reader
from services.ingestion.settings import settings
from services.ingestion.store.progress import forgotten, next_expiry
from services.ingestion.usecases import mailboxes, messages, receive
from services.ingestion.usecases.commits import overdue, resend_parts
from services.ingestion.usecases.review import expire_batch
from services.ingestion.working import read_next_list, read_next_mail
from shared import trace
from shared.contracts.base import ActorRef
from shared.db import Conn, Database
from shared.scheduler import every

POLL_SECONDS = 300
RESEND_CHECK_SECONDS = 60
EXPIRY_CHECK_SECONDS = 3600
BATCH_OF_TIMERS = 50


@cache
def reader() -> Reader:
    """One sandbox per worker process."""
    return Reader(settings())


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


async def resend_unanswered(db: Database) -> int:
    """Send parts again that catalog has not answered in ten minutes."""
    async with db.transaction() as conn:
        late = await overdue(conn, after_seconds=settings().resend_after_seconds)
    for batch in late:
        actor = ActorRef(organization_id=batch.mill_id, via="timer")
        with trace.tracing(trace.started(actor, correlation_id=batch.correlation_id)):
            async with db.transaction() as conn:
                await resend_parts(conn, batch_id=batch.batch_id, mill_id=batch.mill_id)
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


async def next_forgotten(conn: Conn) -> datetime | None:
    return await next_expiry(conn, days=settings().review_days_max)


JOBS = (
    every(seconds=POLL_SECONDS, run=poll_mailboxes, wake_on=mailboxes.CHANNEL),
    every(seconds=0.1, run=listen_to_mailboxes),
    every(seconds=5, run=read_mails, wake_on=messages.CHANNEL, exclusive=False),
    every(seconds=5, run=read_lists, wake_on=receive.CHANNEL, exclusive=False),
    every(seconds=RESEND_CHECK_SECONDS, run=resend_unanswered),
    every(seconds=EXPIRY_CHECK_SECONDS, run=expire_forgotten, next_due=next_forgotten),
)
