"""A database of matching per test, and settings that need no secrets file."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from services.matching.settings import settings
from shared.db import Database
from tests.integration.matching.scene import Scene
from tests.support.database import service_database
from tests.support.doors import environment_of, surroundings

ENVIRONMENT = surroundings("matching")
environment = environment_of(settings, ENVIRONMENT)


@pytest_asyncio.fixture(loop_scope="session")
async def own() -> AsyncIterator[Database]:
    async with service_database("matching") as db:
        yield db


@pytest.fixture
def scene(own: Database) -> Scene:
    return Scene(own)
