"""One town for the tests that only look at it; whoever changes it much builds his own."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.support.stocked import Stocked, stocked
from tests.support.town import Town, town


@pytest_asyncio.fixture(scope="package", loop_scope="session", name="built")
async def a_town() -> AsyncIterator[Town]:
    async with town() as made:
        yield made


@pytest_asyncio.fixture(scope="package", loop_scope="session", name="stock")
async def a_stock() -> AsyncIterator[Stocked]:
    async with stocked() as made:
        yield made
