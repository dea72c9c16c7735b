"""A connection lent for reading: no transaction around a SELECT, one around everything that needs one."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from psycopg.pq import TransactionStatus

from shared.db import Conn, Database, execute, fetch_sets
from shared.instants import written
from shared.written import Written
from tests.support.database import service_database


class Broken(Exception):
    """What ends a request in its middle."""


@pytest_asyncio.fixture(scope="module", loop_scope="session", name="db")
async def a_database() -> AsyncIterator[Database]:
    async with service_database("catalog") as db:
        async with db.transaction() as conn:
            await conn.execute("CREATE TABLE opened (mail text PRIMARY KEY)")
        yield db


def status(conn: Conn) -> TransactionStatus:
    return conn.info.transaction_status


async def opened(db: Database) -> list[tuple[Any, ...]]:
    async with db.reading() as conn:
        return await (await conn.execute("SELECT mail FROM opened ORDER BY mail")).fetchall()


async def test_reading_when_it_only_selects_then_no_transaction(db: Database) -> None:
    async with db.transaction() as conn:  # the same connection, used for writing before
        await conn.execute("SELECT 1")
        assert status(conn) == TransactionStatus.INTRANS
    async with db.reading() as conn:
        for _ in range(8):  # and prepared from the sixth on
            await conn.execute("SELECT mail FROM opened WHERE mail = %(mail)s", {"mail": "a"})
            assert status(conn) == TransactionStatus.IDLE


async def broken_off(db: Database) -> None:
    async with db.reading() as conn:
        await conn.execute("SELECT 1")
        await execute(conn, "INSERT INTO opened VALUES (%(mail)s)", {"mail": "first"})
        assert status(conn) == TransactionStatus.INTRANS
        await execute(conn, "INSERT INTO opened VALUES (%(mail)s)", {"mail": "second"})
        raise Broken


async def test_reading_when_it_writes_and_fails_then_all_of_it_is_rolled_back(db: Database) -> None:
    with pytest.raises(Broken):
        await broken_off(db)
    assert await opened(db) == []
    async with db.reading() as conn:
        await execute(conn, "INSERT INTO opened VALUES (%(mail)s)", {"mail": "kept"})
    assert await opened(db) == [("kept",)]


async def test_reading_when_it_locks_or_declares_then_in_a_transaction(db: Database) -> None:
    async with db.reading() as conn:
        await conn.execute("SELECT mail FROM opened FOR UPDATE")
        assert status(conn) == TransactionStatus.INTRANS
    async with db.reading() as conn:
        sets = fetch_sets(conn, dict[str, int], "SELECT n FROM generate_series(1, 5) AS n", {}, size=2)
        assert [len(one) async for one in sets] == [2, 2, 1]


async def test_instants_when_written_at_once_then_as_by_way_of_a_datetime(db: Database) -> None:
    first = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
    moments = [first + timedelta(microseconds=step) for step in (0, 1, 999, 1000, 120_000, 999_999)]
    async with db.reading() as conn, Written(conn) as cursor:
        for zone in ("UTC", "Europe/Berlin"):
            await conn.execute("SELECT set_config('timezone', %(zone)s, true)", {"zone": zone})
            await cursor.execute("SELECT unnest(%(moments)s::timestamptz[])", {"moments": moments})
            assert [row[0] for row in await cursor.fetchall()] == [written(one) for one in moments]
