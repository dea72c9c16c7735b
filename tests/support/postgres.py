"""A PostgreSQL of our own for one test session; its databases are made by tests/support/database.py."""

import secrets
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from deploy.embedded import PostgresServer
from tests.support.ports import free_port


@contextmanager
def throwaway_postgres(programs: Path | None = None) -> Generator[str]:
    """Run a server on a free port and yield its administrator's URL; `programs` as None takes the embedded ones."""
    place = Path(tempfile.mkdtemp(prefix="offcut-postgres-"))
    place.chmod(0o755)
    server = PostgresServer(
        data=place / "data",
        port=free_port(),
        password=secrets.token_hex(16),
        copies=place / "programs",
        throwaway=True,
        programs=programs,
    )
    try:
        running = server.start()
        try:
            yield server.url
        finally:
            server.stop(running)
    finally:
        shutil.rmtree(place)
