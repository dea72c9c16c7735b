"""How a batch moves on: claims, transitions and figures. Every transition is a compare-and-set."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.ingestion.domain.batches import BatchStatus, sources_of
from shared.db import Conn, execute, fetch_all, fetch_one


@dataclass(frozen=True, slots=True)
class Moved:
    """``version`` after the step."""

    version: int


@dataclass(frozen=True, slots=True)
class Claim:
    """A list that this worker reads now; ``attempt`` proves that the lease is still ours."""

    batch_id: UUID
    mill_id: UUID
    source: str
    received_by: UUID | None
    correlation_id: str
    attempt: int


async def claim_batch(conn: Conn, *, lease_seconds: int) -> Claim | None:
    """Take the oldest list that can be read now.

    One list of a mill at a time and in the order of receipt, because each is compared with what the one before left
    behind: a list waits while an earlier one is being read and while any is being committed or undone.
    """
    return await fetch_one(
        conn,
        Claim,
        """
        UPDATE batch
        SET status = 'parsing', attempts = attempts + 1, changed_at = clock(),
            leased_until = clock() + %(lease_seconds)s * interval '1 second',
            stages = stages || jsonb_build_object('status', 'parsing', 'at', clock())
        WHERE batch_id = (
            SELECT b.batch_id
            FROM batch b
            WHERE (b.status = 'received' OR (b.status = 'parsing' AND coalesce(b.leased_until, '-infinity') < clock()))
              AND NOT EXISTS (
                  SELECT 1
                  FROM batch e
                  WHERE e.mill_id = b.mill_id AND e.batch_id <> b.batch_id
                    AND (e.status IN ('committing', 'reverting')
                         OR (e.status IN ('received', 'parsing') AND e.batch_id < b.batch_id))
              )
            ORDER BY b.batch_id
            FOR UPDATE SKIP LOCKED
            LIMIT 1
        )
        RETURNING batch_id, mill_id, source, received_by, correlation_id, attempts AS attempt
        """,
        {"lease_seconds": lease_seconds},
    )


async def move(
    conn: Conn,
    *,
    batch_id: UUID,
    target: BatchStatus,
    reasons: Sequence[str] | None = None,
    problems: Sequence[str] | None = None,
    attempt: int | None = None,
) -> Moved | None:
    """Bring a batch to ``target`` if it stands where that is allowed; ``None`` if it does not.

    ``reasons`` and ``problems`` replace the old ones unless ``None``. ``attempt``: only while this claim holds.
    """
    return await fetch_one(
        conn,
        Moved,
        """
        UPDATE batch
        SET status = %(target)s, version = version + 1, changed_at = clock(), leased_until = NULL,
            attempts = CASE WHEN %(target)s = 'parsing' THEN 0 ELSE attempts END,
            reasons = coalesce(%(reasons)s::text[], reasons), problems = coalesce(%(problems)s::text[], problems),
            stages = stages || jsonb_build_object('status', %(target)s::text, 'at', clock())
        WHERE batch_id = %(batch_id)s AND status = ANY (%(sources)s)
          AND (%(attempt)s::integer IS NULL OR attempts = %(attempt)s)
        RETURNING version
        """,
        {
            "batch_id": batch_id,
            "target": target.value,
            "sources": [state.value for state in sources_of(target)],
            "reasons": list(reasons) if reasons is not None else None,
            "problems": list(problems) if problems is not None else None,
            "attempt": attempt,
        },
    )


async def refresh_figures(conn: Conn, batch_id: UUID) -> None:
    """Count the rows by status and by action, and add up what can be listed. A withdrawn lot is no row of the list."""
    await execute(
        conn,
        """
        UPDATE batch
        SET counts = coalesce((
                SELECT jsonb_object_agg(status, n)
                FROM (SELECT status, count(*) AS n FROM batch_row
                      WHERE batch_id = %(batch_id)s AND action IS DISTINCT FROM 'withdraw' GROUP BY status) AS c
            ), '{}'),
            changes = coalesce((
                SELECT jsonb_object_agg(action, n)
                FROM (SELECT action, count(*) AS n FROM batch_row
                      WHERE batch_id = %(batch_id)s AND action IS NOT NULL
                        AND status IN ('valid', 'warning', 'accepted', 'deferred', 'applied') GROUP BY action) AS c
            ), '{}'),
            weight_net_kg = (
                SELECT sum((lot ->> 'weight_net_kg')::numeric)
                FROM batch_row
                WHERE batch_id = %(batch_id)s AND status IN ('valid', 'warning', 'accepted', 'deferred', 'applied')
            )
        WHERE batch_id = %(batch_id)s
        """,
        {"batch_id": batch_id},
    )


async def set_reasons(conn: Conn, batch_id: UUID, reasons: Sequence[str]) -> None:
    await execute(
        conn,
        "UPDATE batch SET reasons = %(reasons)s WHERE batch_id = %(batch_id)s",
        {"batch_id": batch_id, "reasons": list(reasons)},
    )


async def allow_pauses(conn: Conn) -> None:
    """A long list is worked on for seconds between two statements: the server must not take that for a hang."""
    await execute(conn, "SET LOCAL idle_in_transaction_session_timeout = '120s'", {})


async def set_parts(conn: Conn, *, batch_id: UUID, parts: int) -> None:
    await execute(
        conn,
        "UPDATE batch SET parts = %(parts)s, sent_at = clock() WHERE batch_id = %(batch_id)s",
        {"batch_id": batch_id, "parts": parts},
    )


async def mill_is_busy(conn: Conn, mill_id: UUID) -> bool:
    """Whether catalog still has to answer about a list of this mill."""
    cursor = await conn.execute(
        """
        SELECT EXISTS (
            SELECT 1 FROM batch WHERE mill_id = %(mill_id)s AND status IN ('committing', 'reverting')
        )
        """,
        {"mill_id": mill_id},
    )
    row = await cursor.fetchone()
    return bool(row and row[0])


@dataclass(frozen=True, slots=True)
class Overdue:
    batch_id: UUID
    mill_id: UUID
    correlation_id: str


async def claim_unanswered(conn: Conn, *, after_seconds: int, limit: int) -> list[Overdue]:
    """Batches whose parts catalog has not all answered in time; they count as sent again from now."""
    return await fetch_all(
        conn,
        Overdue,
        """
        UPDATE batch
        SET sent_at = clock()
        WHERE batch_id IN (
            SELECT batch_id
            FROM batch
            WHERE status IN ('committing', 'reverting') AND sent_at < clock() - %(after_seconds)s * interval '1 second'
            ORDER BY batch_id
            FOR UPDATE SKIP LOCKED
            LIMIT %(limit)s
        )
        RETURNING batch_id, mill_id, correlation_id
        """,
        {"after_seconds": after_seconds, "limit": limit},
    )


async def unanswered(conn: Conn, *, after: UUID | None, limit: int) -> list[Overdue]:
    """Batches that wait for catalog, late or not; ``after``: the last one seen."""
    return await fetch_all(
        conn,
        Overdue,
        """
        SELECT batch_id, mill_id, correlation_id
        FROM batch
        WHERE status IN ('committing', 'reverting') AND (%(after)s::uuid IS NULL OR batch_id > %(after)s)
        ORDER BY batch_id
        LIMIT %(limit)s
        """,
        {"after": after, "limit": limit},
    )


async def unreminded(conn: Conn, *, days: int, limit: int) -> list[Overdue]:
    """Batches that have waited ``days`` for a person and whose sender was not reminded of what they wait for."""
    return await fetch_all(
        conn,
        Overdue,
        """
        SELECT batch_id, mill_id, correlation_id
        FROM batch
        WHERE status IN ('mapping_required', 'review_required') AND reply_to IS NOT NULL
          AND changed_at < clock() - %(days)s * interval '1 day'
          AND (reminded_at IS NULL OR reminded_at < changed_at)
        ORDER BY changed_at
        LIMIT %(limit)s
        """,
        {"days": days, "limit": limit},
    )


async def note_reminder(conn: Conn, batch_id: UUID) -> bool:
    """Count the sender as reminded; ``False`` when he was already or when the batch waits no longer."""
    touched = await execute(
        conn,
        """
        UPDATE batch
        SET reminded_at = clock()
        WHERE batch_id = %(batch_id)s AND status IN ('mapping_required', 'review_required')
          AND (reminded_at IS NULL OR reminded_at < changed_at)
        """,
        {"batch_id": batch_id},
    )
    return touched == 1


async def forgotten(conn: Conn, *, days: int, limit: int) -> list[Overdue]:
    """Batches that have waited too long for a person."""
    return await fetch_all(
        conn,
        Overdue,
        """
        SELECT batch_id, mill_id, correlation_id
        FROM batch
        WHERE status IN ('mapping_required', 'review_required') AND changed_at < clock() - %(days)s * interval '1 day'
        ORDER BY changed_at
        LIMIT %(limit)s
        """,
        {"days": days, "limit": limit},
    )


async def next_expiry(conn: Conn, *, days: int) -> datetime | None:
    cursor = await conn.execute(
        """
        SELECT min(changed_at) + %(days)s * interval '1 day'
        FROM batch
        WHERE status IN ('mapping_required', 'review_required')
        """,
        {"days": days},
    )
    row = await cursor.fetchone()
    return row[0] if row else None
