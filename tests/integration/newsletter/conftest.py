"""A database of its own per test, a relay that records, and the jobs of newsletter run by hand."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import LiteralString, cast
from uuid import UUID

import httpx
import pytest
import pytest_asyncio

from services.newsletter import jobs
from services.newsletter.mailer import Mailer
from services.newsletter.main import build
from services.newsletter.settings import NewsletterSettings, settings
from services.newsletter.tracking import hash_token
from shared.db import Database
from tests.integration.newsletter.market import Market
from tests.support.database import service_database
from tests.support.doors import api_client, environment_of, surroundings
from tests.support.smtp import Relay, recording_relay

ENVIRONMENT = surroundings("newsletter", OFFCUT_PUBLIC_URL="https://offcut.example")
environment = environment_of(settings, ENVIRONMENT)


@pytest_asyncio.fixture(loop_scope="session")
async def db() -> AsyncGenerator[Database]:
    async with service_database("newsletter") as database:
        yield database


@pytest_asyncio.fixture(loop_scope="session")
async def relay() -> AsyncGenerator[Relay]:
    async with recording_relay() as running:
        yield running


@pytest.fixture
def market(db: Database) -> Market:
    return Market(db)


@dataclass(frozen=True, slots=True)
class Post:
    """Newsletter's sending end, with the relay's mails as a reader's program shows them."""

    db: Database
    relay: Relay
    mailer: Mailer
    config: NewsletterSettings

    async def generate(self) -> None:
        """Run the timetable until it has nothing more to do."""
        while await jobs.generate_scheduled(self.db) or await jobs.generate_on_match(self.db):
            pass

    async def deliver(self) -> list[EmailMessage]:
        """Send all that is due; the mails that the relay took meanwhile."""
        before = len(self.relay.accepted)
        while await jobs.deliver_with(self.db, self.mailer, self.config):
            pass
        return self.mails()[before:]

    async def send(self) -> list[EmailMessage]:
        await self.generate()
        return await self.deliver()

    def mails(self) -> list[EmailMessage]:
        return [message_from_bytes(one.content, policy=default) for one in self.relay.accepted]


@pytest_asyncio.fixture(loop_scope="session")
async def post(db: Database, relay: Relay) -> AsyncGenerator[Post]:
    config = settings().model_copy(update={"smtp_url": relay.url})
    mailer = Mailer(relay.url, timeout_seconds=5)
    yield Post(db, relay, mailer, config)
    await mailer.close()


@pytest_asyncio.fixture(loop_scope="session")
async def client(db: Database) -> AsyncGenerator[httpx.AsyncClient]:
    async with api_client(build(settings()), db) as one:
        yield one


def part(mail: EmailMessage, kind: str) -> str:
    """The ``plain`` or ``html`` face of a mail."""
    body = mail.get_body((kind,))
    assert body is not None
    return str(body.get_content())


async def values(db: Database, query: LiteralString, **params: object) -> list[object]:
    """The first column of what a query finds."""
    async with db.transaction() as conn:
        rows = await (await conn.execute(query, params)).fetchall()
    return [row[0] for row in rows]


async def items_of(db: Database, mail: EmailMessage) -> set[UUID]:
    """The lots that the links of a mail lead to."""
    tokens = [line.split("/t/")[1].split("/")[0] for line in part(mail, "plain").split() if "/t/" in line]
    found = await values(
        db,
        "SELECT item_id FROM tracking_link WHERE token_hash = ANY(%(hashes)s) AND kind = 'click'",
        hashes=[hash_token(token) for token in tokens],
    )
    assert len(found) == len(tokens)
    return cast(set[UUID], set(found))
