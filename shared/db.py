"""The one place that opens and ends transactions. Doors (route, handler, job) come here; nobody else commits."""

import select
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from types import TracebackType
from typing import LiteralString, TypeVar

import orjson
from psycopg import AsyncConnection, sql
from psycopg.pq import TransactionStatus
from psycopg.rows import TupleRow, class_row
from psycopg.types.json import set_json_dumps, set_json_loads
from psycopg_pool import AsyncConnectionPool

from shared.reading import Declared, Statement, begin_for

Conn = AsyncConnection[TupleRow]
Params = Mapping[str, object]
T = TypeVar("T")
_COPY_HEAD = b"PGCOPY\n\xff\r\n\0" + bytes(8)  # no flags, nothing more in the head
_COPY_END = b"\xff\xff"

set_json_dumps(orjson.dumps)
set_json_loads(orjson.loads)


class Database:
    """A pool of connections to one schema. Who finds none free within ``wait_seconds`` gets a ``PoolTimeout``."""

    def __init__(
        self,
        url: str,
        *,
        service: str,
        process: str,
        size_max: int,
        wait_seconds: float = 5,
        generic_plans: bool = False,
    ) -> None:
        self.service = service
        self.url = url
        self.name = f"{service}.{process}"
        # A process that is stopped inside a transaction gives its locks back after 10 s.
        self.options = (
            f"-c search_path={service},extensions -c timezone=UTC -c statement_timeout=30s"
            " -c lock_timeout=10s -c idle_in_transaction_session_timeout=10s"
        )
        if generic_plans:
            self.options += " -c plan_cache_mode=force_generic_plan"
        self._pool: AsyncConnectionPool[Conn] = AsyncConnectionPool(
            url,
            kwargs={"application_name": self.name, "options": self.options, "cursor_factory": Statement},
            min_size=1,
            max_size=size_max,
            open=False,
            timeout=wait_seconds,
            max_idle=60,
            name=self.name,
            check=_check,
            configure=_configure,
        )

    async def open(self) -> None:
        """Open the pool; connections are made in the background, so a database that is away does not stop a start."""
        await self._pool.open(wait=False)

    async def close(self) -> None:
        await self._pool.close(timeout=5)

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Conn]:
        """One transaction: commit at the end, roll back on any error. Keep the network out of it."""
        async with self._pool.connection() as conn:
            if conn.autocommit:
                await conn.set_autocommit(False)
            yield conn

    def reading(self) -> AbstractAsyncContextManager[Conn]:
        """The same for who seldom writes: the transaction begins with the first statement that is no plain SELECT."""
        return _Lent(self._pool)

    @asynccontextmanager
    async def session(self) -> AsyncGenerator[Conn]:
        """A connection of its own outside the pool, in autocommit: for LISTEN and advisory locks that are held long."""
        conn = await AsyncConnection.connect(
            self.url, autocommit=True, application_name=self.name, options=self.options
        )
        try:
            yield conn
        finally:
            await conn.close()

    def figures(self) -> Mapping[str, int]:
        """Pool figures for metrics and health."""
        return self._pool.get_stats()


class _Lent(AbstractAsyncContextManager[Conn]):
    """As the pool's own ``connection()``, but for what there is to do at the end when nothing was begun: nothing."""

    def __init__(self, pool: AsyncConnectionPool[Conn]) -> None:
        self._pool = pool

    async def __aenter__(self) -> Conn:
        self._conn = conn = await self._pool.getconn()
        ready = False
        try:
            if not conn.autocommit:
                await conn.set_autocommit(True)
            ready = True
        finally:
            if not ready:
                await self._pool.putconn(conn)
        return conn

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        conn = self._conn
        try:
            if conn.info.transaction_status != TransactionStatus.IDLE:
                await conn.__aexit__(kind, error, traceback)
        finally:
            await self._pool.putconn(conn)


async def _configure(conn: Conn) -> None:
    conn.server_cursor_factory = Declared


async def _check(conn: Conn) -> None:
    """Before a connection is lent: a server that has gone, or has ended this session, has said so.

    Its last words or the end of the connection wait in the socket. Only when something does is the server asked;
    asking each time would cost every transaction a round trip.
    """
    waiting = select.poll()
    waiting.register(conn.fileno(), select.POLLIN)
    if waiting.poll(0):
        await AsyncConnectionPool.check_connection(conn)


async def fetch_all(conn: Conn, row: type[T], query: LiteralString | sql.Composed, params: Params) -> list[T]:
    """All rows as dataclasses; the columns must carry the names of the fields."""
    async with conn.cursor(row_factory=class_row(row)) as cursor:
        await cursor.execute(query, params)
        return await cursor.fetchall()


async def fetch_one(conn: Conn, row: type[T], query: LiteralString | sql.Composed, params: Params) -> T | None:
    """The first row as a dataclass, or ``None``."""
    async with conn.cursor(row_factory=class_row(row)) as cursor:
        await cursor.execute(query, params)
        return await cursor.fetchone()


async def fetch_sets(
    conn: Conn, row: type[T], query: LiteralString | sql.Composed, params: Params, *, size: int = 1000
) -> AsyncGenerator[list[T]]:
    """The same rows, ``size`` at a time, for results that must not be in memory as a whole."""
    async with conn.cursor(name="sets", row_factory=class_row(row)) as cursor:
        await cursor.execute(query, params)
        while found := await cursor.fetchmany(size):
            yield found


async def execute(conn: Conn, query: LiteralString | sql.Composed, params: Params) -> int:
    """Run a statement; the number of rows it touched."""
    cursor = await conn.execute(query, params)
    return cursor.rowcount


async def copy_rows(conn: Conn, copy: LiteralString, types: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Write many rows by COPY in binary; ``types`` are the PostgreSQL types of the columns."""
    await begin_for(conn, b"")
    async with conn.cursor() as cursor, cursor.copy(copy) as sink:
        sink.set_types(types)
        for row in rows:
            await sink.write_row(row)


async def copy_packed(conn: Conn, copy: LiteralString, rows: Sequence[bytes]) -> None:
    """Write rows by COPY that their caller has packed in PostgreSQL's binary format himself."""
    await begin_for(conn, b"")
    async with conn.cursor() as cursor, cursor.copy(copy) as sink:
        await sink.write(b"".join((_COPY_HEAD, *rows, _COPY_END)))


async def clock(conn: Conn) -> datetime:
    """The time that decides: the database's, settable in a test database only."""
    cursor = await conn.execute("SELECT clock()")
    row = await cursor.fetchone()
    if row is None:
        raise RuntimeError("SELECT clock() returned no row")
    return row[0]


async def notify(conn: Conn, channel: str) -> None:
    """Wake whoever waits on ``channel`` of this schema when the transaction commits; a slow poll is the net."""
    await conn.execute("SELECT pg_notify(current_schema() || '.' || %(channel)s, '')", {"channel": channel})
