"""One Valkey per test session, or the server that TEST_REDIS_URL names."""

import os
import secrets
import shutil
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.embedded import ValkeyServer
from tests.support.ports import free_port


@contextmanager
def throwaway_redis(program: Path | None = None) -> Generator[str]:
    """Run a server on a free port and yield its URL; `program` as None takes the embedded Valkey."""
    place = Path(tempfile.mkdtemp(prefix="offcut-redis-"))
    place.chmod(0o755)
    server = ValkeyServer(
        data=place / "data",
        port=free_port(),
        password=secrets.token_hex(16),
        copies=place / "programs",
        throwaway=True,
        program=program,
    )
    try:
        running = server.start()
        try:
            yield server.url
        finally:
            server.stop(running)
    finally:
        shutil.rmtree(place)


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A server's URL. A server given from outside is shared: tests there prefix their stream names, never flush it."""
    given = os.environ.get("TEST_REDIS_URL")
    if given:
        yield given
        return
    with throwaway_redis() as url:
        yield url
