"""Servers for all integration tests: those that TEST_DATABASE_URL and TEST_REDIS_URL name, or throwaway ones."""

import os
from collections.abc import Iterator

import pytest

from tests.support.database import drop_templates
from tests.support.postgres import throwaway_postgres
from tests.support.redis import redis_url

__all__ = ["postgres_server", "redis_url"]


@pytest.fixture(scope="session", autouse=True)
def postgres_server() -> Iterator[str]:
    """The administrator's URL of the test server; the databases of this session are dropped at its end."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield given
        drop_templates()
        return
    with throwaway_postgres() as url:
        os.environ["TEST_DATABASE_URL"] = url
        yield url
        drop_templates()
        del os.environ["TEST_DATABASE_URL"]
