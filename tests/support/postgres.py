"""One PostgreSQL per test session, or the one that TEST_DATABASE_URL names; one database per test process in it."""

import os
import secrets
import shutil
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from deploy.embedded import PostgresServer
from tests.support.ports import free_port


@contextmanager
def throwaway_postgres() -> Generator[str]:
    """Run a server of our own on a free port and yield its administrator's URL."""
    place = Path(tempfile.mkdtemp(prefix="offcut-postgres-"))
    place.chmod(0o755)
    server = PostgresServer(
        data=place / "data", port=free_port(), password=secrets.token_hex(16), copies=place / "programs", throwaway=True
    )
    try:
        running = server.start()
        try:
            yield server.url
        finally:
            server.stop(running)
    finally:
        shutil.rmtree(place)


@contextmanager
def fresh_database(admin_url: str) -> Generator[str]:
    """Yield the URL of a new empty database with the `extensions` schema every Offcut database has; drop it at the end.

    Its search path is set by whoever connects: a store finds its tables by the schema of its role.
    """
    name = f"test_{os.getpid()}_{secrets.token_hex(4)}"
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
    try:
        url = database_url(admin_url, name)
        with psycopg.connect(url, autocommit=True) as database:
            database.execute("CREATE SCHEMA extensions")
            database.execute("CREATE EXTENSION btree_gist SCHEMA extensions")
            database.execute("CREATE EXTENSION pg_trgm SCHEMA extensions")
        yield url
    finally:
        with psycopg.connect(admin_url, autocommit=True) as admin:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def database_url(admin_url: str, database: str) -> str:
    """Return the same server's URL for another database, in URL form."""
    parts = conninfo_to_dict(make_conninfo(admin_url))
    return (
        f"postgresql://{parts['user']}:{parts.get('password', '')}@{parts['host']}:{parts.get('port', 5432)}/{database}"
    )


@pytest.fixture(scope="session")
def postgres_admin_url() -> Iterator[str]:
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield given
        return
    with throwaway_postgres() as url:
        yield url


@pytest.fixture(scope="session")
def database(postgres_admin_url: str) -> Iterator[str]:
    """The URL of this test process's own database: schemas are made in it by the migrations."""
    with fresh_database(postgres_admin_url) as url:
        yield url
