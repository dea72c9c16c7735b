"""A process that dies between any two steps from the mailbox to the market: each list one batch, each lot once.

A step is a transaction; whatever a process does besides is gone when it dies. Every step of a mail's way is tried, with
death just before its commit, which leaves what death just after the commit before it leaves. A new process goes on when
the claims of the dead one have run out.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import count
from uuid import uuid4

from services.ingestion.collecting import collect
from services.ingestion.working import read_next_list, read_next_mail
from shared.contracts.ingestion import RowsAccepted
from shared.db import Conn, Database
from tests.integration.ingestion.market import HEADER, Market, csv_list, line
from tests.integration.ingestion.post import Post, mail

FOREVER = 10**8
STEPS_LEAST = 10


class Died(BaseException):
    """This process is dead: nobody may catch it."""


class Mortal(Database):
    """The database as a process sees it that dies at its ``last`` transaction, before or after the commit."""

    def __init__(self, url: str, *, last: int, committed: bool) -> None:
        super().__init__(url, service="ingestion", process="mortal", size_max=3)
        self.last = last
        self.committed = committed
        self.steps = 0

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Conn]:
        async with super().transaction() as conn:
            yield conn
            self.steps += 1
            if self.steps == self.last and not self.committed:
                raise Died
        if self.steps == self.last:
            raise Died


class Course:
    """Mails with a list each, one after the other through the same market."""

    def __init__(self, post: Post) -> None:
        self.post = post
        self.minutes = 0
        self.mails = count(1)

    def list_of(self, number: int) -> bytes:
        """A list of a kind of its own, so that none withdraws the lots of another."""
        return csv_list(f"{line(f'M{number}')};x", header=f"{HEADER};Kq{number}")

    async def work(self, market: Market) -> None:
        """What a worker does until nothing is left to do."""
        db, settings = market.db, self.post.market.settings
        await collect(db, settings)
        while await read_next_mail(db, settings, market.reader):
            pass
        while True:
            while await read_next_list(db, settings, market.reader):
                pass
            parts = await self.unanswered()
            if not parts:
                return
            await market.answer(parts)

    async def unanswered(self) -> list[RowsAccepted]:
        async with self.post.market.db.transaction() as conn:
            found = await conn.execute("SELECT batch_id FROM batch WHERE status = 'committing'")
            waiting = {row[0] for row in await found.fetchall()}
        return [part for part in await self.post.market.events(RowsAccepted) if part.batch_id in waiting]

    async def dies(self, *, last: int, committed: bool) -> int | None:
        """Send a mail and let a process die of it; the mail's number, ``None`` when it got through alive."""
        number = next(self.mails)
        self.post.server.drop(mail(self.list_of(number), message_id=f"<{number}@saarmuehle.example>"))
        mortal = Mortal(self.post.market.settings.database_url, last=last, committed=committed)
        await mortal.open()
        try:
            await self.work(replace(self.post.market, db=mortal))
        except Died:
            return number
        finally:
            await mortal.close()
        return None

    async def recover(self) -> None:
        """Another process takes over when the claims have run out."""
        self.minutes += 5
        await self.post.market.set_clock(f"clock_timestamp() + interval '{self.minutes} minutes'")
        await self.work(self.post.market)

    async def complaints(self, number: int) -> list[str]:
        """What is wrong with the mail of this number; empty when each list is one batch and each lot was sent once."""
        found: list[str] = []
        async with self.post.market.db.transaction() as conn:
            rows = await conn.execute(
                """
                SELECT f.content, array_agg(b.status ORDER BY b.batch_id)
                FROM batch b
                JOIN batch_file f ON f.batch_id = b.batch_id
                WHERE b.status <> 'duplicate'
                GROUP BY f.content
                """
            )
            batches = {bytes(content): statuses for content, statuses in await rows.fetchall()}
        if batches.get(self.list_of(number)) != ["committed"]:
            found.append(f"the list is {batches.get(self.list_of(number))}")
        sent: dict[str, set[str]] = {}
        for part in await self.post.market.events(RowsAccepted):
            for row in part.rows:
                sent.setdefault(row.lot_key, set()).add(str(row.row_id))
        times = len(sent.get(f"ref:m{number}", ()))
        if times != 1:
            found.append(f"the lot was sent as {times} rows")
        return found


async def test_process_when_it_dies_at_any_step_then_each_list_is_one_batch_and_each_lot_is_sent_once(
    post: Post,
) -> None:
    course = Course(post)
    await course.work(post.market)
    last, number = 0, 0
    while number is not None:
        last += 1
        number = await course.dies(last=last, committed=False)
        if number is not None:
            await course.recover()
            assert await course.complaints(number) == [], f"died at step {last}"
    assert last > STEPS_LEAST


async def test_process_when_claims_never_run_out_then_a_death_is_noticed(post: Post) -> None:
    """Without the lease: this shows that the test above would see it."""
    post.market.settings = post.market.settings.model_copy(update={"lease_seconds": FOREVER})
    assert await first_complaint(post, nothing)


async def test_mail_when_files_have_no_key_then_a_second_delivery_is_noticed(post: Post) -> None:
    """Without the key of a file, and a mail that comes again in another envelope after a death."""

    async def again(course: Course, number: int, *, keyless: bool) -> None:
        if keyless:
            await post.market.execute("UPDATE batch SET file_sha256 = sha256(batch_id::text::bytea)")
        copy = mail(course.list_of(number), message_id=f"<{uuid4()}@saarmuehle.example>")
        post.server.drop(copy)
        await course.work(post.market)

    assert not await first_complaint(post, lambda course, number: again(course, number, keyless=False))
    assert await first_complaint(post, lambda course, number: again(course, number, keyless=True))


async def nothing(course: Course, number: int) -> None:
    """Nothing happens after the recovery."""


async def first_complaint(post: Post, then: Callable[[Course, int], Awaitable[None]]) -> Sequence[str]:
    """Die at one step after the other until something is wrong; what it is."""
    course = Course(post)
    await course.work(post.market)
    for last in range(3, STEPS_LEAST, 2):
        number = await course.dies(last=last, committed=True)
        assert number is not None
        await course.recover()
        await then(course, number)
        if found := await course.complaints(number):
            return found
    return ()
