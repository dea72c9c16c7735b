"""A PostgreSQL of our own for one test session; its databases are made by tests/support/database.py."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from deploy.embedded import PostgresServer
from tests.support.throwaway import throwaway


@contextmanager
def throwaway_postgres(programs: Path | None = None) -> Generator[str]:
    """Run a server on a free port and yield its administrator's URL; `programs` as None takes the embedded ones."""

    def made(place: Path, port: int, password: str) -> PostgresServer:
        data, copies = place / "data", place / "programs"
        return PostgresServer(data, port, password, copies, throwaway=True, programs=programs)

    with throwaway("postgres", made) as url:
        yield url
