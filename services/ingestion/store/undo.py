"""Rows of a committed list on their way back."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from shared.db import Conn, execute, fetch_all, fetch_one


@dataclass(frozen=True, slots=True)
class UndoRow:
    row_id: UUID
    lot_key: str
    undo_version: int
    part: int


@dataclass(frozen=True, slots=True)
class _Young:
    young: bool


async def is_young(conn: Conn, batch_id: UUID, *, hours: int) -> bool:
    """Whether a committed batch was first committed less than ``hours`` ago."""
    found = await fetch_one(
        conn,
        _Young,
        """
        SELECT min((stage ->> 'at')::timestamptz) > clock() - %(hours)s * interval '1 hour' AS young
        FROM batch, jsonb_array_elements(stages) AS stage
        WHERE batch_id = %(batch_id)s AND stage ->> 'status' = 'committed'
        """,
        {"batch_id": batch_id, "hours": hours},
    )
    return found is not None and found.young


async def ask_back(conn: Conn, batch_id: UUID) -> int:
    """Mark every row that catalog applied, or holds back, to be undone as one more commit of its lot; how many."""
    return await execute(
        conn,
        """
        WITH counted AS (
            UPDATE lot AS l
            SET commits = l.commits + 1
            FROM batch_row r
            JOIN batch b ON b.batch_id = r.batch_id
            WHERE r.batch_id = %(batch_id)s AND r.status IN ('applied', 'deferred')
              AND l.mill_id = b.mill_id AND l.lot_key = r.lot_key
            RETURNING l.lot_key, l.commits
        )
        UPDATE batch_row AS r
        SET undo_version = c.commits, undo_outcome = NULL, undo_reason = NULL
        FROM counted c
        WHERE r.batch_id = %(batch_id)s AND r.status IN ('applied', 'deferred') AND r.lot_key = c.lot_key
        """,
        {"batch_id": batch_id},
    )


async def note_sent(conn: Conn, batch_id: UUID) -> None:
    await execute(conn, "UPDATE batch SET sent_at = clock() WHERE batch_id = %(batch_id)s", {"batch_id": batch_id})


async def unanswered_undo(conn: Conn, batch_id: UUID) -> list[UndoRow]:
    """All rows to be undone of every part that still has an unanswered one."""
    return await fetch_all(
        conn,
        UndoRow,
        """
        SELECT row_id, lot_key, undo_version, part
        FROM batch_row
        WHERE batch_id = %(batch_id)s AND undo_version IS NOT NULL
          AND part IN (SELECT part FROM batch_row
                       WHERE batch_id = %(batch_id)s AND undo_version IS NOT NULL AND undo_outcome IS NULL)
        ORDER BY part, place
        """,
        {"batch_id": batch_id},
    )


async def record_undo(
    conn: Conn,
    batch_id: UUID,
    *,
    row_ids: Sequence[UUID],
    outcomes: Sequence[str],
    reasons: Sequence[str | None],
) -> int:
    """Store catalog's answer to each row asked back, once; a late copy of the answer to its commit changes nothing."""
    return await execute(
        conn,
        """
        UPDATE batch_row AS r
        SET undo_outcome = a.outcome, undo_reason = a.reason,
            status = CASE WHEN a.outcome = 'reverted' THEN 'reverted' ELSE r.status END
        FROM unnest(%(row_ids)s::uuid[], %(outcomes)s::text[], %(reasons)s::text[]) AS a (row_id, outcome, reason)
        WHERE r.row_id = a.row_id AND r.batch_id = %(batch_id)s
          AND r.undo_version IS NOT NULL AND r.undo_outcome IS NULL AND a.outcome IN ('reverted', 'rejected')
        """,
        {"batch_id": batch_id, "row_ids": list(row_ids), "outcomes": list(outcomes), "reasons": list(reasons)},
    )


async def forget_lots(conn: Conn, *, batch_id: UUID, row_ids: Sequence[UUID]) -> None:
    """Let what we know of the lots follow the undone rows: which are for sale, and which kind of list has them.

    What catalog says of them carries a higher version and replaces it.
    """
    rows = {"batch_id": batch_id, "row_ids": list(row_ids)}
    await execute(
        conn,
        """
        UPDATE lot_replica AS l
        SET listed = r.action = 'withdraw', status = CASE r.action WHEN 'withdraw' THEN 'available' ELSE 'withdrawn' END
        FROM batch_row r
        JOIN batch b ON b.batch_id = r.batch_id
        WHERE r.batch_id = %(batch_id)s AND r.row_id = ANY (%(row_ids)s) AND r.undo_outcome = 'reverted'
          AND r.outcome IN ('created', 'relisted', 'withdrawn') AND l.mill_id = b.mill_id AND l.lot_key = r.lot_key
        """,
        rows,
    )
    await execute(
        conn,
        """
        UPDATE lot AS l
        SET header_fingerprint = l.previous_fingerprint
        FROM batch_row r
        JOIN batch b ON b.batch_id = r.batch_id
        WHERE r.batch_id = %(batch_id)s AND r.row_id = ANY (%(row_ids)s) AND r.undo_outcome = 'reverted'
          AND l.mill_id = b.mill_id AND l.lot_key = r.lot_key
          AND l.commits = r.undo_version AND l.previous_fingerprint IS NOT NULL
        """,
        rows,
    )


@dataclass(frozen=True, slots=True)
class UndoneCount:
    """Rows of a batch by what became of their undo. ``reason`` ``None``: undone."""

    outcome: str | None
    reason: str | None
    rows: int


async def count_undone(conn: Conn, batch_id: UUID) -> list[UndoneCount]:
    """``outcome`` ``None``: still unanswered."""
    return await fetch_all(
        conn,
        UndoneCount,
        """
        SELECT undo_outcome AS outcome, undo_reason AS reason, count(*) AS rows
        FROM batch_row
        WHERE batch_id = %(batch_id)s AND undo_version IS NOT NULL
        GROUP BY undo_outcome, undo_reason
        ORDER BY count(*) DESC
        """,
        {"batch_id": batch_id},
    )
