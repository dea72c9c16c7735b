"""The database of exclusivity, and settings that need no secrets file."""

import os
from collections.abc import Iterator

import pytest

from services.exclusivity.settings import settings
from tests.support.database import fixtures_of
from tests.support.tokens import PUBLIC_KEY

database, db, conn = fixtures_of("exclusivity")

ENVIRONMENT = {
    "OFFCUT_EXCLUSIVITY_DATABASE_URL": "postgresql://unused",
    "OFFCUT_REDIS_URL": "redis://unused",
    "OFFCUT_PUBLIC_KEY": PUBLIC_KEY,
    "OFFCUT_CURSOR_KEY": "a key that only tests know",
}


@pytest.fixture(scope="package", autouse=True)
def environment() -> Iterator[None]:
    """Handlers and jobs read the settings; the addresses in them are not used."""
    before = dict(os.environ)
    os.environ.update(ENVIRONMENT)
    settings.cache_clear()
    yield
    os.environ.clear()
    os.environ.update(before)
    settings.cache_clear()
