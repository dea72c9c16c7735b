"""Reading requirements for the columns in memory, and the counters that tell what is newer."""

from collections.abc import Sequence
from uuid import UUID

from services.matching.store.requirements import ROWS, RequirementRow
from shared.db import Conn, execute, fetch_all


async def lock(conn: Conn) -> None:
    """Scoring is one transaction at a time, over all processes."""
    await conn.execute("SELECT pg_advisory_xact_lock(hashtextextended('matching.scoring', 0))")


async def generation(conn: Conn) -> int:
    """The last scoring round that took requirements in."""
    return await _revision(conn, "generation")


async def market_revision(conn: Conn) -> int:
    """Counts changes of organisations and rules."""
    return await _revision(conn, "market")


async def _revision(conn: Conn, name: str) -> int:
    cursor = await conn.execute("SELECT value FROM revision WHERE name = %(name)s", {"name": name})
    row = await cursor.fetchone()
    return row[0] if row else 0


async def bump_market(conn: Conn) -> None:
    """Organisations or rules have changed."""
    await execute(conn, "UPDATE revision SET value = value + 1 WHERE name = 'market'", {})


async def mark_indexed(conn: Conn, requirement_ids: Sequence[UUID]) -> None:
    """These requirements are taken in by a new round. The scoring lock is held, so rounds commit in their order."""
    await execute(
        conn,
        """
        WITH round AS (UPDATE revision SET value = value + 1 WHERE name = 'generation' RETURNING value)
        UPDATE requirement SET indexed_in = round.value FROM round WHERE id = ANY(%(ids)s)
        """,
        {"ids": list(requirement_ids)},
    )


async def indexed_after(conn: Conn, *, generation: int) -> list[RequirementRow]:
    """Everything taken in since a round, whatever its status now."""
    return await fetch_all(
        conn,
        RequirementRow,
        ROWS + " WHERE indexed_in > %(generation)s",
        {"generation": generation},
    )


async def active_after(conn: Conn, *, number: int, limit: int) -> list[RequirementRow]:
    """A slice of all active requirements, in the order of their numbers."""
    return await fetch_all(
        conn,
        RequirementRow,
        ROWS
        + """
        WHERE status = 'active' AND number > %(number)s ORDER BY number LIMIT %(limit)s
        """,
        {"number": number, "limit": limit},
    )


async def active_in_foreign_money(conn: Conn) -> list[RequirementRow]:
    """Active requirements whose ceiling depends on exchange rates."""
    return await fetch_all(
        conn,
        RequirementRow,
        ROWS
        + """
        WHERE status = 'active' AND price_ceiling IS NOT NULL AND price_currency <> 'EUR'
        """,
        {},
    )


async def by_numbers(conn: Conn, *, numbers: Sequence[int]) -> list[RequirementRow]:
    """Requirements by their numbers, whatever their status."""
    return await fetch_all(
        conn,
        RequirementRow,
        ROWS + " WHERE number = ANY(%(numbers)s)",
        {"numbers": list(numbers)},
    )


async def by_ids(conn: Conn, *, ids: Sequence[UUID]) -> list[RequirementRow]:
    """Requirements by their ids, whatever their status."""
    return await fetch_all(
        conn,
        RequirementRow,
        ROWS + " WHERE id = ANY(%(ids)s)",
        {"ids": list(ids)},
    )


async def active_count(conn: Conn) -> int:
    """How many requirements are active."""
    cursor = await conn.execute("SELECT count(*) FROM requirement WHERE status = 'active'")
    row = await cursor.fetchone()
    return row[0] if row else 0
