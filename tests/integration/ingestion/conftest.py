"""Ingestion on its own database, with mills known and files of our own making."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest_asyncio
from pydantic import SecretStr

from services.ingestion.reading import Reader
from services.ingestion.settings import IngestionSettings
from tests.integration.ingestion.market import Market
from tests.integration.ingestion.post import Post
from tests.support.database import fresh_url, opened
from tests.support.imap import MailServer, mail_server, mail_session
from tests.support.tokens import PUBLIC_KEY

__all__ = ["mail_server", "mail_session"]


def settings_for(url: str, **more: object) -> IngestionSettings:
    values: dict[str, object] = {
        "database_url": url,
        "redis_url": "redis://127.0.0.1:1/0",
        "public_key": PUBLIC_KEY,
        "cursor_key": "tests",
        "credentials_key": "tests",
        "imap_call_seconds": 10,
        **more,
    }
    return IngestionSettings.model_validate(values)


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def reader() -> AsyncIterator[Reader]:
    one = Reader(settings_for("postgresql://nowhere"))
    yield one
    await one.close()


@pytest_asyncio.fixture(loop_scope="session")
async def market(reader: Reader) -> AsyncIterator[Market]:
    """A fresh database with one trusted and one untrusted mill."""
    with fresh_url("ingestion") as url:
        async with opened(url, "ingestion") as db:
            place = Market(db=db, settings=settings_for(url), reader=reader)
            await place.add_mill(place.trusted, slug="saarmuehle", domain="saarmuehle.example", trusted=True)
            await place.add_mill(place.untrusted, slug="ennswerk", domain="ennswerk.example", trusted=False)
            yield place


@pytest_asyncio.fixture(loop_scope="session")
async def post(market: Market, mail_server: MailServer) -> AsyncIterator[Post]:
    url = SecretStr(mail_server.imap_url())
    settings = settings_for(market.settings.database_url)
    yield Post(replace(market, settings=settings.model_copy(update={"imap_url": url})), mail_server)
