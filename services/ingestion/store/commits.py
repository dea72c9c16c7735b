"""Rows on their way to catalog and back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from shared.db import Conn, execute, fetch_all


async def reject_invalid(conn: Conn, batch_id: UUID) -> None:
    """Rows that cannot be listed stay behind when the rest is committed."""
    await execute(
        conn,
        """
        UPDATE batch_row
        SET status = 'rejected', outcome = 'rejected', outcome_reason = 'invalid'
        WHERE batch_id = %(batch_id)s AND status = 'invalid'
        """,
        {"batch_id": batch_id},
    )


async def accept_rows(conn: Conn, batch_id: UUID, *, part_size: int) -> int:
    """Give every valid row its part and the commit number of its lot; the number of rows accepted."""
    return await execute(
        conn,
        """
        UPDATE batch_row AS r
        SET status = 'accepted', part = (n.nth - 1) / %(part_size)s + 1, lot_version = l.commits
        FROM (
            SELECT row_id, row_number() OVER (ORDER BY place) AS nth
            FROM batch_row
            WHERE batch_id = %(batch_id)s AND status IN ('valid', 'warning')
        ) AS n, batch b, lot l
        WHERE r.row_id = n.row_id AND b.batch_id = %(batch_id)s
          AND l.mill_id = b.mill_id AND l.lot_key = r.lot_key
        """,
        {"batch_id": batch_id, "part_size": part_size},
    )


@dataclass(frozen=True, slots=True)
class SentRow:
    row_id: UUID
    lot_key: str
    lot_version: int
    action: str
    lot: Mapping[str, object] | None
    source_values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Part:
    """A part and the places between which its rows lie."""

    part: int
    first: int
    last: int


async def unanswered_parts(conn: Conn, batch_id: UUID) -> list[Part]:
    """The parts that still have an unanswered row."""
    return await fetch_all(
        conn,
        Part,
        """
        SELECT part, min(place) AS first, max(place) AS last
        FROM batch_row
        WHERE batch_id = %(batch_id)s
          AND part IN (SELECT part FROM batch_row WHERE batch_id = %(batch_id)s AND status = 'accepted')
        GROUP BY part
        ORDER BY part
        """,
        {"batch_id": batch_id},
    )


async def rows_of_part(conn: Conn, batch_id: UUID, part: Part) -> list[SentRow]:
    """All rows of a part, also those that were answered: a part sent again is the part sent before."""
    return await fetch_all(
        conn,
        SentRow,
        """
        SELECT row_id, lot_key, lot_version, action, lot, source_values
        FROM batch_row
        WHERE batch_id = %(batch_id)s AND part = %(part)s AND place BETWEEN %(first)s AND %(last)s
        ORDER BY place
        """,
        {"batch_id": batch_id, "part": part.part, "first": part.first, "last": part.last},
    )


async def record_answers(
    conn: Conn,
    batch_id: UUID,
    *,
    row_ids: Sequence[UUID],
    statuses: Sequence[str],
    item_ids: Sequence[UUID | None],
    outcomes: Sequence[str],
    reasons: Sequence[str | None],
) -> int:
    """Store catalog's outcome of each row, once; the number of rows that were still open."""
    return await execute(
        conn,
        """
        UPDATE batch_row AS r
        SET status = a.status, item_id = a.item_id, outcome = a.outcome, outcome_reason = a.reason
        FROM unnest(%(row_ids)s::uuid[], %(statuses)s::text[], %(item_ids)s::uuid[], %(outcomes)s::text[],
                    %(reasons)s::text[]) AS a (row_id, status, item_id, outcome, reason)
        WHERE r.row_id = a.row_id AND r.batch_id = %(batch_id)s AND r.status = 'accepted'
        """,
        {
            "batch_id": batch_id,
            "row_ids": list(row_ids),
            "statuses": list(statuses),
            "item_ids": list(item_ids),
            "outcomes": list(outcomes),
            "reasons": list(reasons),
        },
    )


async def all_answered(conn: Conn, batch_id: UUID) -> bool:
    cursor = await conn.execute(
        "SELECT NOT EXISTS (SELECT 1 FROM batch_row WHERE batch_id = %(batch_id)s AND status = 'accepted')",
        {"batch_id": batch_id},
    )
    row = await cursor.fetchone()
    return bool(row and row[0])
