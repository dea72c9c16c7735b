"""Servers of the chaos ring: PostgreSQL as for the integration tests, and a Redis that is wiped at will."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.chaos.workers import Market, open_market
from tests.integration.conftest import postgres_server
from tests.support.redis import throwaway_redis

__all__ = ["postgres_server"]


@pytest.fixture(scope="session")
def wiped_redis_url() -> Iterator[str]:
    with throwaway_redis() as url:
        yield url


@pytest_asyncio.fixture(loop_scope="session")
async def market(wiped_redis_url: str) -> AsyncIterator[Market]:
    async with open_market(wiped_redis_url) as opened_market:
        yield opened_market
