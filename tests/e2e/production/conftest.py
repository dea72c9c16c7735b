"""One production system for all tests here: they leave it in order, whatever they restart."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.support.production import Place, production


@pytest_asyncio.fixture(scope="package", loop_scope="session", name="place")
async def a_production_system() -> AsyncIterator[Place]:
    async with production() as place:
        yield place
