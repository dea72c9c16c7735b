"""The table ``match_run``: rounds of scoring that somebody waits for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.db import Conn, execute, fetch_all, fetch_one
from shared.trace import Trace


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run; ``batch_id`` and ``mill_id`` only for the scope ``batch``."""

    id: UUID
    scope: str
    batch_id: UUID | None
    mill_id: UUID | None
    status: str
    items: int
    requirements: int
    found: int
    closed: int
    correlation_id: str
    causation_id: UUID | None
    created_at: datetime
    completed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Progress:
    """What one scoring transaction did for one run."""

    run_id: UUID
    items: int = 0
    requirements: int = 0
    found: int = 0
    closed: int = 0


async def of_batch(conn: Conn, *, batch_id: UUID, mill_id: UUID, new_id: UUID, cause: Trace, now: datetime) -> UUID:
    """The run of a mill's batch, begun when its first event is read."""
    cursor = await conn.execute(
        """
        INSERT INTO match_run (id, scope, batch_id, mill_id, correlation_id, causation_id, created_at)
        VALUES (%(id)s, 'batch', %(batch_id)s, %(mill_id)s, %(correlation)s, %(causation)s, %(now)s)
        ON CONFLICT (batch_id) DO UPDATE SET mill_id = excluded.mill_id
        RETURNING id
        """,
        {
            "id": new_id,
            "batch_id": batch_id,
            "mill_id": mill_id,
            "correlation": cause.correlation_id,
            "causation": cause.causation_id,
            "now": now,
        },
    )
    row = await cursor.fetchone()
    return row[0] if row else new_id


async def see_part(conn: Conn, *, run_id: UUID, part: int, parts: int) -> None:
    """Part ``part`` of ``parts`` has been read; a part that comes again changes nothing."""
    await execute(
        conn,
        """
        UPDATE match_run
        SET parts = %(parts)s,
            parts_seen = CASE WHEN %(part)s = ANY(parts_seen) THEN parts_seen ELSE parts_seen || %(part)s::integer END
        WHERE id = %(id)s
        """,
        {"id": run_id, "part": part, "parts": parts},
    )


async def start(conn: Conn, *, run_id: UUID, scope: str, cause: Trace, now: datetime) -> None:
    """A run that an operator asked for."""
    await execute(
        conn,
        """
        INSERT INTO match_run (id, scope, correlation_id, causation_id, created_at)
        VALUES (%(id)s, %(scope)s, %(correlation)s, %(causation)s, %(now)s)
        """,
        {
            "id": run_id,
            "scope": scope,
            "correlation": cause.correlation_id,
            "causation": cause.causation_id,
            "now": now,
        },
    )


async def lock_running(conn: Conn) -> bool:
    """Lock the runs that are not completed, so that none gets another part while we look; whether there are some.

    The check itself must be a statement of its own: only a new snapshot sees what was committed before the lock.
    """
    cursor = await conn.execute("SELECT id FROM match_run WHERE status = 'running' ORDER BY id FOR UPDATE")
    return bool(await cursor.fetchall())


async def advance(conn: Conn, progress: Sequence[Progress]) -> None:
    """Add up what was done."""
    await execute(
        conn,
        """
        UPDATE match_run r
        SET items = r.items + p.items, requirements = r.requirements + p.requirements, found = r.found + p.found,
            closed = r.closed + p.closed
        FROM unnest(%(ids)s::uuid[], %(items)s::int[], %(requirements)s::int[], %(found)s::int[], %(closed)s::int[])
             AS p (id, items, requirements, found, closed)
        WHERE r.id = p.id AND r.status = 'running'
        """,
        {
            "ids": [one.run_id for one in progress],
            "items": [one.items for one in progress],
            "requirements": [one.requirements for one in progress],
            "found": [one.found for one in progress],
            "closed": [one.closed for one in progress],
        },
    )


async def complete(conn: Conn, *, now: datetime) -> list[RunRow]:
    """Complete the runs whose parts have all been read and of which nothing waits any more. Call ``lock_running``."""
    return await fetch_all(
        conn,
        RunRow,
        """
        UPDATE match_run r SET status = 'completed', completed_at = %(now)s
        WHERE r.status = 'running'
          AND (r.scope <> 'batch' OR cardinality(r.parts_seen) = r.parts)
          AND NOT EXISTS (SELECT 1 FROM item_queue q WHERE q.run_id = r.id)
          AND NOT EXISTS (SELECT 1 FROM requirement_queue q WHERE q.run_id = r.id)
        RETURNING r.id, r.scope, r.batch_id, r.mill_id, r.status, r.items, r.requirements, r.found, r.closed,
            r.correlation_id, r.causation_id, r.created_at, r.completed_at
        """,
        {"now": now},
    )


async def by_id(conn: Conn, *, run_id: UUID) -> RunRow | None:
    return await fetch_one(
        conn,
        RunRow,
        """
        SELECT id, scope, batch_id, mill_id, status, items, requirements, found, closed, correlation_id, causation_id,
            created_at, completed_at
        FROM match_run WHERE id = %(id)s
        """,
        {"id": run_id},
    )
