"""The backbone's tests: a catalog that publishes, a matching that listens, and a Redis of their own to be flushed."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.support.bus import Bus, small_bus
from tests.support.database import fixtures_of
from tests.support.redis import throwaway_redis

database, db, conn = fixtures_of("catalog")


@pytest.fixture(scope="session")
def own_redis_url() -> Iterator[str]:
    """A server nobody else uses."""
    with throwaway_redis() as url:
        yield url


@pytest_asyncio.fixture(loop_scope="session")
async def bus(own_redis_url: str) -> AsyncIterator[Bus]:
    async with small_bus(own_redis_url) as made:
        yield made
