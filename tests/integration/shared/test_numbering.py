"""Numbers are given once and without a gap, also by two relays that do not know of each other."""

import asyncio
from datetime import date
from decimal import Decimal

import pytest

from shared import outbox
from shared.contracts.ingestion import RatesChanged
from shared.db import Conn, Database
from shared.numbering import HeadMoved, give_numbers, head_of, new_epoch
from tests.support.wait import until


async def test_numbers_when_another_relay_gives_them_at_the_same_time_then_none_is_given_twice(
    db: Database, conn: Conn
) -> None:
    await _publish(db, 2)
    known = await head_of(conn, "catalog")
    await conn.commit()
    async with db.transaction() as other:
        first = await give_numbers(other, "catalog", known)
        await _publish(db, 3)
        late = asyncio.ensure_future(give_numbers(conn, "catalog", known))
        await until(lambda: _waits(db), what="the second relay to wait for the first")
    with pytest.raises(HeadMoved):
        await late
    await conn.rollback()
    head = await head_of(conn, "catalog")
    rest = await give_numbers(conn, "catalog", head)
    await conn.commit()
    assert [row.seq for row in (*first, *rest)] == [known.seq + n for n in range(1, 6)]
    assert (await outbox.pending(conn))[0] == 0


async def test_numbers_when_an_operator_began_a_new_life_then_none_is_given_in_the_old_one(
    db: Database, conn: Conn
) -> None:
    await _publish(db, 1)
    known = await head_of(conn, "catalog")
    now = await new_epoch(conn, "catalog")
    await conn.commit()
    with pytest.raises(HeadMoved):
        await give_numbers(conn, "catalog", known)
    await conn.rollback()
    assert [row.seq for row in await give_numbers(conn, "catalog", now)] == [known.seq + 1]
    await conn.commit()


async def _publish(db: Database, count: int) -> None:
    rates = RatesChanged(dated=date(2025, 1, 2), base="EUR", per_base={"USD": Decimal("1.1")})
    async with db.transaction() as conn:
        await outbox.add(conn, *[rates] * count)


async def _waits(db: Database) -> bool:
    async with db.transaction() as conn:
        cursor = await conn.execute(
            "SELECT EXISTS (SELECT FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock')"
        )
        row = await cursor.fetchone()
        return bool(row and row[0])
