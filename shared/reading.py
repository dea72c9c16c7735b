"""Connections that begin a transaction only when a statement needs one: most answers to a GET are one SELECT.

PostgreSQL gives every statement of a transaction a snapshot of its own unless asked otherwise, and nobody here asks. So
a transaction around SELECTs that take no lock promises nothing; it costs two round trips and half of the time of a
short answer. What locks, writes, declares a cursor or sets something begins one, which ends with the request.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Self

from psycopg import AsyncConnection, AsyncCursor, AsyncServerCursor
from psycopg.abc import Params, Query, QueryNoTemplate
from psycopg.pq import TransactionStatus
from psycopg.rows import Row
from psycopg.sql import Composable

STATEMENTS_MAX = 1000  # remembered; lists make one for each set of filters
_BEGINNING = re.compile(rb"\s*(SELECT|WITH)\b", re.IGNORECASE)
# Whatever might lock, write, wake somebody or last until the end of a transaction; in doubt there is one.
_MORE = re.compile(
    rb"\b(INSERT|UPDATE|DELETE|MERGE|INTO|SHARE|CALL|nextval|setval|set_config|lo_\w+|pg_\w+)\b|;\s*\S", re.IGNORECASE
)


@lru_cache(STATEMENTS_MAX)
def only_reads(statement: bytes) -> bool:
    """Whether a statement is one SELECT that takes no lock and changes nothing."""
    return _BEGINNING.match(statement) is not None and _MORE.search(statement) is None


async def begin_for(conn: AsyncConnection[Any], statement: bytes) -> None:
    """Put a connection that was lent for reading into a transaction, if this statement needs one."""
    idle = conn.info.transaction_status == TransactionStatus.IDLE
    if conn.autocommit and idle and not only_reads(statement):
        await conn.set_autocommit(False)


def _bytes_of(query: QueryNoTemplate, conn: AsyncConnection[Any]) -> bytes:
    if isinstance(query, Composable):
        return query.as_bytes(conn)
    return query if isinstance(query, bytes) else str(query).encode()


class Statement(AsyncCursor[Row]):
    """A cursor that begins a transaction for what needs one, when its connection was lent for reading."""

    async def execute(  # type: ignore[override] – statements by template strings are not used here
        self,
        query: QueryNoTemplate,
        params: Params | None = None,
        *,
        prepare: bool | None = None,
        binary: bool | None = None,
    ) -> Self:
        if self.connection.autocommit:
            query = _bytes_of(query, self.connection)
            await begin_for(self.connection, query)
        return await super().execute(query, params, prepare=prepare, binary=binary)

    async def executemany(self, query: Query, params_seq: Iterable[Params], *, returning: bool = False) -> None:
        await begin_for(self.connection, b"")
        await super().executemany(query, params_seq, returning=returning)


class Declared(AsyncServerCursor[Row]):
    """A cursor in the server, which lives in a transaction."""

    async def execute(
        self, query: Query, params: Params | None = None, *, binary: bool | None = None, **options: Any
    ) -> Self:
        await begin_for(self.connection, b"")
        return await super().execute(query, params, binary=binary, **options)
