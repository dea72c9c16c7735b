"""Servers of the chaos ring, and a market on them."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.chaos.servers import Servers, SmallDisk, running_servers, wanted
from tests.chaos.workers import Market, open_market


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    with running_servers(wanted()) as running:
        yield running


@pytest.fixture
def small_disk(servers: Servers) -> Iterator[SmallDisk]:
    with servers.small_disk() as disk:
        yield disk


@pytest_asyncio.fixture(loop_scope="session")
async def market(servers: Servers) -> AsyncIterator[Market]:
    with servers.database() as url:
        async with open_market(servers.redis_url, url) as opened_market:
            yield opened_market
