"""What a service knows of a chain of causes: the events it published, and what became of those of others here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.db import Conn, fetch_all


@dataclass(frozen=True, slots=True)
class Step:
    """One event of a chain. ``seq`` is ``None`` while it waits for its number."""

    seq: int | None
    event_id: UUID
    type: str
    key: str
    meta: str
    body: str
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of an event in one subscriber: applied, waiting, parked, dead, or stopped before it."""

    seq: int
    state: str
    attempts: int | None
    next_attempt_at: datetime | None
    reason: str | None


async def steps(conn: Conn, correlation_id: str) -> list[Step]:
    """What this service published in a chain, in its order; kept for 30 days."""
    return await fetch_all(
        conn,
        Step,
        """
        SELECT seq, event_id, type, key, meta, body, occurred_at
        FROM sent
        WHERE correlation_id = %(correlation_id)s
        UNION ALL
        SELECT NULL, event_id, type, key, meta, body, occurred_at
        FROM outbox
        WHERE correlation_id = %(correlation_id)s
        ORDER BY occurred_at, seq
        """,
        {"correlation_id": correlation_id},
    )


async def chain_of(conn: Conn, event_id: UUID) -> str | None:
    """The chain that an event of this service belongs to."""
    cursor = await conn.execute(
        """
        SELECT correlation_id FROM sent WHERE event_id = %(event_id)s
        UNION ALL
        SELECT correlation_id FROM outbox WHERE event_id = %(event_id)s
        """,
        {"event_id": event_id},
    )
    row = await cursor.fetchone()
    return str(row[0]) if row else None


async def fates(conn: Conn, stream: str, seqs: Sequence[int]) -> list[Fate]:
    """What became of these events of a stream in this service."""
    return await fetch_all(
        conn,
        Fate,
        """
        SELECT e.seq,
               CASE WHEN d.attempts IS NOT NULL THEN 'dead' WHEN p.attempts IS NOT NULL THEN 'parked'
                    WHEN s.applied_seq >= e.seq THEN 'applied' WHEN s.stopped IS NOT NULL THEN 'stopped'
                    ELSE 'waiting' END AS state,
               coalesce(d.attempts, p.attempts) AS attempts, p.next_attempt_at,
               coalesce(d.error, p.last_error, CASE WHEN s.applied_seq < e.seq THEN s.stopped END) AS reason
        FROM unnest(%(seqs)s::bigint[]) AS e (seq)
        LEFT JOIN subscription AS s ON s.stream = %(stream)s
        LEFT JOIN parked AS p ON p.stream = %(stream)s AND p.seq = e.seq
        LEFT JOIN dead_letter AS d ON d.stream = %(stream)s AND d.seq = e.seq AND d.epoch = s.epoch
        ORDER BY e.seq
        """,
        {"stream": stream, "seqs": list(seqs)},
    )
