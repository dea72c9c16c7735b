"""One Valkey per test session, or the server that TEST_REDIS_URL names."""

import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.embedded import ValkeyServer
from tests.support.throwaway import throwaway


@contextmanager
def throwaway_redis(program: Path | None = None) -> Generator[str]:
    """Run a server on a free port and yield its URL; `program` as None takes the embedded Valkey."""

    def made(place: Path, port: int, password: str) -> ValkeyServer:
        data, copies = place / "data", place / "programs"
        return ValkeyServer(data, port, password, copies, throwaway=True, program=program)

    with throwaway("redis", made) as url:
        yield url


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A server's URL. A server given from outside is shared: tests there prefix their stream names, never flush it."""
    given = os.environ.get("TEST_REDIS_URL")
    if given:
        yield given
        return
    with throwaway_redis() as url:
        yield url
