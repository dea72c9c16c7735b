"""A database of matching per test, and settings that need no secrets file."""

import os
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from services.matching.settings import settings
from shared.db import Database
from tests.integration.matching.scene import Scene
from tests.support.database import service_database
from tests.support.tokens import PUBLIC_KEY

ENVIRONMENT = {
    "OFFCUT_MATCHING_DATABASE_URL": "postgresql://unused",
    "OFFCUT_REDIS_URL": "redis://unused",
    "OFFCUT_PUBLIC_KEY": PUBLIC_KEY,
    "OFFCUT_CURSOR_KEY": "a key that only tests know",
}


@pytest.fixture(scope="package", autouse=True)
def environment() -> Iterator[None]:
    """Jobs and the app read the settings; the addresses in them are not used."""
    before = dict(os.environ)
    os.environ.update(ENVIRONMENT)
    settings.cache_clear()
    yield
    os.environ.clear()
    os.environ.update(before)
    settings.cache_clear()


@pytest_asyncio.fixture(loop_scope="session")
async def own() -> AsyncIterator[Database]:
    async with service_database("matching") as db:
        yield db


@pytest.fixture
def scene(own: Database) -> Scene:
    return Scene(own)
