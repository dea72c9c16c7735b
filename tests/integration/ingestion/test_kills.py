"""The workers themselves, killed between any two steps from the mailbox to the answer: each list one batch, one answer.

Every death is a SIGKILL of a real worker (``shared/faults.py``) with a mail of two lists in hand. Its successor, who
will die at the next step himself, finds what it left; the last ones live, and find what all of them left.
"""

import asyncio
import os
import shutil
import sys
from asyncio.subprocess import Process
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from signal import SIGKILL
from typing import LiteralString
from uuid import uuid4

import psycopg
import pytest
import pytest_asyncio

from deploy.embedded.place import ROOT
from services.ingestion.reading import Reader
from shared.faults import Point, Step
from tests.integration.ingestion.conftest import settings_for
from tests.integration.ingestion.market import Market, csv_list, line
from tests.integration.ingestion.post import PASS, mail
from tests.support.database import fresh_url, opened
from tests.support.dovecot import Dovecot, running_dovecot
from tests.support.imap import MailServer
from tests.support.redis import throwaway_redis
from tests.support.tokens import PUBLIC_KEY
from tests.support.wait import until

LISTS_PER_MAIL = 2
ACCOUNT = "lists"
ANSWERS = (Step.ANSWER_CLAIMED, Step.ANSWER_SENT)
ON_THE_WAY_IN = (
    *[step for step in Step if step not in ANSWERS],
    f"{Step.SANDBOX_ASKED}:2",  # by then a list is read
    Point.AFTER_COMMIT_BEFORE_XADD,
    Point.AFTER_XADD,
)
ON_THE_WAY_OUT = (Point.BEFORE_COMMIT, Point.AFTER_COMMIT_BEFORE_XACK, *ANSWERS)

# What a dead process had in hand is free at once: its lease is longer than a test may take.
END_LEASES: tuple[LiteralString, ...] = (
    "UPDATE ingestion.batch SET leased_until = now() WHERE leased_until > now()",
    "UPDATE ingestion.inbound_message SET leased_until = now() WHERE leased_until > now()",
    "UPDATE newsletter.delivery SET next_attempt_at = now() WHERE status = 'sending'",
)


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot | None]:
    """``None`` where it is not installed: then the embedded server has the mailbox."""
    if not shutil.which("dovecot"):
        yield None
        return
    with running_dovecot() as server:
        server.open(ACCOUNT)
        yield server


@dataclass(slots=True)
class Course:
    """Mills that are not trusted and write lists, and the processes that take them in and answer."""

    url: str
    environment: dict[str, str]
    mailbox: MailServer | Dovecot
    answers: MailServer
    market: Market
    sent: int = 0

    async def write(self) -> None:
        """A mail with lists that nobody has sent before; of a new mill, because lists of one wait for each other."""
        self.sent += 1
        mill = f"mill{self.sent}"
        await self.market.add_mill(uuid4(), slug=mill, domain=f"{mill}.example", trusted=False)
        self.mailbox.drop(
            mail(
                *[csv_list(line(f"M{self.sent}-{part}")) for part in range(LISTS_PER_MAIL)],
                sender=f"sales@{mill}.example",
                message_id=f"<{uuid4()}@{mill}.example>",
                authentication=PASS.replace("saarmuehle", mill),
            ),
            account=ACCOUNT,
        )

    @asynccontextmanager
    async def worker(self, service: str, *, dies_at: str = "") -> AsyncGenerator[Process]:
        command = (sys.executable, "-m", f"services.{service}.worker")
        given = {"OFFCUT_CRASH_AT": dies_at} if dies_at else {}
        process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=self.environment | given)
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()

    async def kill(self, service: str, step: str) -> None:
        """Let a process take in what is there until it comes to that step."""
        await self.write()
        async with self.worker(service, dies_at=step) as process:
            await until(lambda: process.returncode is not None, deadline_s=20, what=f"{service} to die at {step}")
        assert process.returncode == -SIGKILL, step

    def end_leases(self) -> None:
        with psycopg.connect(self.url) as conn:
            for statement in END_LEASES:
                conn.execute(statement)

    def found(self, query: LiteralString) -> list[str]:
        with psycopg.connect(self.url) as conn:
            return [row[0] for row in conn.execute(query)]

    def batches(self) -> Counter[str]:
        return Counter(self.found("SELECT status FROM ingestion.batch"))

    def letters(self) -> Counter[str]:
        """How often each answer came, by its Message-ID."""
        return Counter(str(one["Message-ID"]) for one in self.answers.mails())

    def sent_and_not_noted(self) -> set[str]:
        taken = self.found("SELECT message_id FROM newsletter.delivery WHERE status = 'sending'")
        return {one for one in taken if self.letters()[one]}


@pytest_asyncio.fixture(loop_scope="session")
async def course(dovecot: Dovecot | None, mail_server: MailServer, reader: Reader) -> AsyncIterator[Course]:
    with fresh_url("ingestion", "newsletter") as url, throwaway_redis() as redis:
        environment = {
            "PATH": os.environ["PATH"],
            "OFFCUT_REDIS_URL": redis,
            "OFFCUT_PUBLIC_KEY": PUBLIC_KEY,
            "OFFCUT_CURSOR_KEY": "tests",
            "OFFCUT_LOG_LEVEL": "ERROR",
            "OFFCUT_IMAP_URL": dovecot.url(ACCOUNT) if dovecot else mail_server.imap_url(ACCOUNT),
            "OFFCUT_SMTP_URL": mail_server.smtp_url,
            **{f"OFFCUT_{name}_DATABASE_URL": url for name in ("INGESTION", "NEWSLETTER")},
            **{f"OFFCUT_{name}_WORKER_PORT": "0" for name in ("INGESTION", "NEWSLETTER")},
        }
        async with opened(url, "ingestion") as db:
            market = Market(db=db, settings=settings_for(url), reader=reader)
            yield Course(url, environment, dovecot or mail_server, mail_server, market)


async def test_workers_when_killed_between_any_two_steps_then_each_list_is_one_batch_and_has_one_answer(
    course: Course,
) -> None:
    for step in ON_THE_WAY_IN:
        await course.kill("ingestion", step)
    course.end_leases()
    async with course.worker("ingestion"):
        for step in ON_THE_WAY_OUT:
            await course.kill("newsletter", step)
        twice = course.sent_and_not_noted()
        lists = course.sent * LISTS_PER_MAIL
        await until(lambda: course.batches().total() >= lists, deadline_s=30, what="a batch for each list")
        course.end_leases()
        async with course.worker("newsletter"):
            noted = partial(course.found, "SELECT message_id FROM newsletter.delivery WHERE status = 'sent'")
            await until(lambda: len(noted()) >= lists, deadline_s=30, what="an answer to each list")
    assert course.batches() == {"review_required": lists}
    assert len(course.found("SELECT DISTINCT file_sha256 FROM ingestion.batch")) == lists
    assert course.found("SELECT status FROM ingestion.inbound_message") == ["batch"] * course.sent
    assert len(noted()) == lists
    assert set(course.letters()) == set(noted())
    # The one thing that may come twice: what the mail server had taken when nobody had noted it.
    assert {one for one, times in course.letters().items() if times > 1} == twice
    assert len(twice) in range(1, lists)
    assert max(course.letters().values()) == 2
