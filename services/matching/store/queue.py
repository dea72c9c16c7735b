"""The two scoring queues. Rows are added by doors and taken by one scoring transaction at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from shared.db import Conn, execute, fetch_all, notify
from shared.trace import Trace

CHANNEL = "scoring"


@dataclass(frozen=True, slots=True)
class Cause:
    """What asked for a scoring; events that come of it carry it on."""

    correlation_id: str
    causation_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Claimed:
    """One item or requirement to score; ``run_id`` when somebody waits for it, ``batch_id`` when that is a batch."""

    target_id: UUID
    run_id: UUID | None
    batch_id: UUID | None
    correlation_id: str
    causation_id: UUID | None

    @property
    def cause(self) -> Cause:
        return Cause(self.correlation_id, self.causation_id)


async def add_items(conn: Conn, ids: Sequence[UUID], *, cause: Trace | Cause, run_id: UUID | None = None) -> None:
    """Have these items scored."""
    await _added(
        conn,
        await execute(
            conn,
            """
            INSERT INTO item_queue (item_id, run_id, correlation_id, causation_id)
            SELECT item_id, %(run_id)s, %(correlation)s, %(causation)s FROM unnest(%(ids)s::uuid[]) AS u (item_id)
            """,
            _with(cause, run_id, ids=list(ids)),
        ),
    )


async def add_items_of_mill(conn: Conn, *, mill_id: UUID, cause: Trace) -> None:
    """Have every open item of a mill scored."""
    await _added(
        conn,
        await execute(
            conn,
            """
            INSERT INTO item_queue (item_id, run_id, correlation_id, causation_id)
            SELECT item_id, %(run_id)s, %(correlation)s, %(causation)s FROM item_replica
            WHERE mill_id = %(mill_id)s AND status IN ('available', 'pre_production', 'reserved')
            """,
            _with(cause, None, mill_id=mill_id),
        ),
    )


async def add_items_in_foreign_money(conn: Conn, *, cause: Trace) -> None:
    """Have every open item scored whose price depends on exchange rates."""
    await _added(
        conn,
        await execute(
            conn,
            """
            INSERT INTO item_queue (item_id, run_id, correlation_id, causation_id)
            SELECT item_id, %(run_id)s, %(correlation)s, %(causation)s FROM item_replica
            WHERE status IN ('available', 'pre_production', 'reserved')
              AND price_per_t IS NOT NULL AND currency <> 'EUR'
            """,
            _with(cause, None),
        ),
    )


async def add_everything(conn: Conn, *, since: object, cause: Trace, run_id: UUID) -> None:
    """Have all open items scored, or those changed since a time; and then requirements changed since it too."""
    added = await execute(
        conn,
        """
        INSERT INTO item_queue (item_id, run_id, correlation_id, causation_id)
        SELECT item_id, %(run_id)s, %(correlation)s, %(causation)s FROM item_replica
        WHERE status IN ('available', 'pre_production', 'reserved')
          AND (%(since)s::timestamptz IS NULL OR updated_at >= %(since)s)
        """,
        _with(cause, run_id, since=since),
    )
    added += await execute(
        conn,
        """
        INSERT INTO requirement_queue (requirement_id, run_id, correlation_id, causation_id)
        SELECT id, %(run_id)s, %(correlation)s, %(causation)s FROM requirement
        WHERE status = 'active' AND updated_at >= %(since)s::timestamptz
        """,
        _with(cause, run_id, since=since),
    )
    await _added(conn, added)


async def add_requirements(conn: Conn, ids: Sequence[UUID], *, cause: Trace, run_id: UUID | None = None) -> None:
    """Have these requirements taken into the columns and scored, or their matches closed when they are not active."""
    await _added(
        conn,
        await execute(
            conn,
            """
            INSERT INTO requirement_queue (requirement_id, run_id, correlation_id, causation_id)
            SELECT id, %(run_id)s, %(correlation)s, %(causation)s FROM unnest(%(ids)s::uuid[]) AS u (id)
            """,
            _with(cause, run_id, ids=list(ids)),
        ),
    )


async def take_items(conn: Conn, *, limit: int) -> list[Claimed]:
    """Take the oldest; they come back if the transaction fails."""
    return await fetch_all(
        conn,
        Claimed,
        """
        WITH taken AS (
            DELETE FROM item_queue WHERE id IN (SELECT id FROM item_queue ORDER BY id LIMIT %(limit)s)
            RETURNING id, item_id AS target_id, run_id, correlation_id, causation_id
        )
        SELECT t.target_id, t.run_id, r.batch_id, t.correlation_id, t.causation_id
        FROM taken t LEFT JOIN match_run r ON r.id = t.run_id
        ORDER BY t.id
        """,
        {"limit": limit},
    )


async def take_requirements(conn: Conn, *, limit: int) -> list[Claimed]:
    """Take the oldest; they come back if the transaction fails."""
    return await fetch_all(
        conn,
        Claimed,
        """
        WITH taken AS (
            DELETE FROM requirement_queue WHERE id IN (SELECT id FROM requirement_queue ORDER BY id LIMIT %(limit)s)
            RETURNING id, requirement_id AS target_id, run_id, correlation_id, causation_id
        )
        SELECT t.target_id, t.run_id, r.batch_id, t.correlation_id, t.causation_id
        FROM taken t LEFT JOIN match_run r ON r.id = t.run_id
        ORDER BY t.id
        """,
        {"limit": limit},
    )


async def wake(conn: Conn) -> None:
    """Something is to be scored, or a run may be complete."""
    await notify(conn, CHANNEL)


def _with(cause: Trace | Cause, run_id: UUID | None, **more: object) -> dict[str, object]:
    return {"correlation": cause.correlation_id, "causation": cause.causation_id, "run_id": run_id, **more}


async def _added(conn: Conn, rows: int) -> None:
    if rows:
        await wake(conn)
