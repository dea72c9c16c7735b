"""A database of one service, made by its own migrations: once as a template per session, then copied per test.

Two ways to use it in ``tests/integration/<service>/conftest.py``::

    from tests.support.database import fixtures_of

    database, db, conn = fixtures_of("catalog")

``db`` is one ``Database`` per module of tests: what tests commit there stays until the module ends. ``conn`` is a
connection to it whose transaction is rolled back after each test. ``database`` is the URL behind both. Where a test
needs a database for itself: ``async with service_database("catalog") as db``.
"""

import os
import secrets
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import psycopg
import pytest
import pytest_asyncio
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from shared.db import Conn, Database
from shared.migrate import migrate

_templates: dict[tuple[str, ...], str] = {}
_made: list[str] = []
# Copying and dropping take longer than many a test: they are done beside it, the next copy while this one is in use.
_copier = ThreadPoolExecutor(max_workers=1, thread_name_prefix="databases")
_uses: Counter[str] = Counter()
_ready: dict[str, Future[str]] = {}
_drops: list[Future[None]] = []


def admin_url() -> str:
    """The server tests use; ``tests/integration/conftest.py`` starts one when none is named."""
    return os.environ["TEST_DATABASE_URL"]


def url_of(name: str) -> str:
    """The test server's URL for another database."""
    parts = conninfo_to_dict(make_conninfo(admin_url()))
    return f"postgresql://{parts['user']}:{parts.get('password', '')}@{parts['host']}:{parts.get('port', 5432)}/{name}"


def template_of(*services: str) -> str:
    """The name of a database with the schemas of these services, made on first use and kept for the session."""
    if services not in _templates:
        name = f"template_{os.getpid()}_{secrets.token_hex(3)}_{'_'.join(services)[:30]}"
        with psycopg.connect(admin_url(), autocommit=True) as admin:
            admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
        _made.append(name)
        make_schemas(url_of(name), *services)
        _templates[services] = name
    return _templates[services]


def make_schemas(url: str, *services: str) -> None:
    """Make the schemas of these services in an empty database, by their migrations."""
    with psycopg.connect(url, autocommit=True) as database:
        database.execute("CREATE SCHEMA extensions")
        database.execute("CREATE EXTENSION btree_gist SCHEMA extensions")
        database.execute("CREATE EXTENSION pg_trgm SCHEMA extensions")
        for service in services:
            database.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(service)))
    for service in services:
        migrate(url, service)


def drop_templates() -> None:
    """At the end of the session."""
    for template, copy in list(_ready.items()):
        _drops.append(_copier.submit(_drop, copy.result()))
        del _ready[template]
    for drop in _drops:
        drop.result()
    _drops.clear()
    _uses.clear()
    with psycopg.connect(admin_url(), autocommit=True) as admin:
        for name in _made:
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
    _templates.clear()
    _made.clear()


@contextmanager
def fresh_url(*services: str) -> Generator[str]:
    """The URL of a new database with the schemas of these services, dropped at the end."""
    template = template_of(*services)
    _uses[template] += 1
    name = (_ready.pop(template, None) or _copier.submit(_copy, template)).result()
    if _uses[template] > 1:
        _ready[template] = _copier.submit(_copy, template)
    try:
        yield url_of(name)
    finally:
        _drops.append(_copier.submit(_drop, name))


def _copy(template: str) -> str:
    name = f"test_{os.getpid()}_{secrets.token_hex(4)}"
    with psycopg.connect(admin_url(), autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template)))
    return name


def _drop(name: str) -> None:
    with psycopg.connect(admin_url(), autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@asynccontextmanager
async def opened(url: str, service: str, *, process: str = "test", size_max: int = 6) -> AsyncGenerator[Database]:
    """A ``Database`` of one service on this URL, closed at the end."""
    database = Database(url, service=service, process=process, size_max=size_max)
    await database.open()
    try:
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def service_database(service: str, *others: str) -> AsyncGenerator[Database]:
    """A fresh database with the schema of ``service`` migrated (and of ``others``), as that service sees it."""
    with fresh_url(service, *others) as url:
        async with opened(url, service) as database:
            yield database


@asynccontextmanager
async def rolled_back(database: Database) -> AsyncGenerator[Conn]:
    """A connection whose transaction is undone at the end, whatever the test did in it."""
    async with database.transaction() as conn:
        try:
            yield conn
        finally:
            await conn.rollback()


def fixtures_of(service: str) -> tuple[Any, Any, Any]:  # pytest's fixture objects have no public type
    """Three fixtures for the tests of one service: ``database`` (URL), ``db`` (per module), ``conn`` (rolled back)."""

    @pytest.fixture(scope="module", name="database")
    def database_url() -> Generator[str]:
        with fresh_url(service) as url:
            yield url

    @pytest_asyncio.fixture(scope="module", loop_scope="session", name="db")
    async def service_db(database: str) -> AsyncIterator[Database]:
        async with opened(database, service) as opened_database:
            yield opened_database

    @pytest_asyncio.fixture(loop_scope="session", name="conn")
    async def connection(db: Database) -> AsyncIterator[Conn]:
        async with rolled_back(db) as rolled:
            yield rolled

    return database_url, service_db, connection
