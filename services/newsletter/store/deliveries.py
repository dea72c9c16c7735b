"""Messages on their way: queue, claims and ends."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson

from services.newsletter.domain.deliveries import Outcome
from shared.db import Conn, execute, fetch_all


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """A message to be sent once. ``facts`` hold ids and plain facts, never rendered text."""

    delivery_id: UUID
    user_id: UUID | None
    business_key: str
    kind: str
    issue_id: UUID | None
    address: str
    name: str
    language: str
    facts: dict[str, object]
    message_id: str
    correlation_id: str


async def queue(conn: Conn, deliveries: Sequence[NewDelivery], now: datetime) -> int:
    """Queue those whose person and purpose have none yet; how many were queued."""
    rows = [
        {
            "delivery_id": str(one.delivery_id),
            "user_id": None if one.user_id is None else str(one.user_id),
            "business_key": one.business_key,
            "kind": one.kind,
            "issue_id": None if one.issue_id is None else str(one.issue_id),
            "address": one.address,
            "name": one.name,
            "language": one.language,
            "facts": one.facts,
            "message_id": one.message_id,
            "correlation_id": one.correlation_id,
        }
        for one in deliveries
    ]
    return await execute(
        conn,
        """
        INSERT INTO delivery (delivery_id, user_id, business_key, kind, issue_id, address, name, language, facts,
                              message_id, correlation_id, status, created_at, next_attempt_at)
        SELECT delivery_id, user_id, business_key, kind, issue_id, address, name, language, facts, message_id,
               correlation_id, 'queued', %(now)s, %(now)s
        FROM jsonb_to_recordset(%(rows)s::jsonb)
             AS e (delivery_id uuid, user_id uuid, business_key text, kind text, issue_id uuid, address text, name text,
                   language text, facts jsonb, message_id text, correlation_id text)
        ON CONFLICT (user_id, business_key) DO NOTHING
        """,
        {"rows": orjson.dumps(rows).decode(), "now": now},
    )


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message this sender may work on until its lease ends."""

    delivery_id: UUID
    user_id: UUID | None
    kind: str
    issue_id: UUID | None
    address: str
    name: str
    language: str
    facts: dict[str, object]
    message_id: str
    correlation_id: str
    attempts: int
    created_at: datetime


async def claim(conn: Conn, *, lease: UUID, seconds: int, limit: int) -> list[Claimed]:
    """Take due messages, and those whose sender died: its lease ran out and nobody knows whether they left."""
    return await fetch_all(
        conn,
        Claimed,
        """
        UPDATE delivery AS d
        SET status = 'sending', attempts = attempts + 1, lease = %(lease)s,
            next_attempt_at = clock() + make_interval(secs => %(seconds)s)
        FROM (SELECT delivery_id FROM delivery
              WHERE status IN ('queued', 'sending') AND next_attempt_at <= clock()
              ORDER BY next_attempt_at
              LIMIT %(limit)s
              FOR UPDATE SKIP LOCKED) AS due
        WHERE d.delivery_id = due.delivery_id
        RETURNING d.delivery_id, d.user_id, d.kind, d.issue_id, d.address, d.name, d.language, d.facts, d.message_id,
                  d.correlation_id, d.attempts, d.created_at
        """,
        {"lease": lease, "seconds": seconds, "limit": limit},
    )


async def next_due(conn: Conn) -> datetime | None:
    cursor = await conn.execute("SELECT min(next_attempt_at) FROM delivery WHERE status IN ('queued', 'sending')")
    row = await cursor.fetchone()
    return row[0] if row else None


@dataclass(frozen=True, slots=True)
class Ended:
    """A message after an attempt; ``attempts`` counts those that reached a mail server."""

    delivery_id: UUID
    user_id: UUID | None
    issue_id: UUID | None
    address: str
    status: str
    attempts: int


async def record(
    conn: Conn, outcomes: Sequence[Outcome], *, attempts_max: int, waits: Sequence[float], now: datetime
) -> list[Ended]:
    """Write what the attempts came to.

    A yes of the mail server counts whoever holds the claim now; anything else only under the claim it was made with.
    ``waits`` are the seconds until the next attempt, used by those that may try again.
    """
    return await fetch_all(
        conn,
        Ended,
        """
        UPDATE delivery AS d
        SET status = CASE WHEN e.result = 'sent' THEN 'sent'
                          WHEN e.result = 'retry' AND d.attempts < %(max)s THEN 'queued'
                          WHEN e.result = 'not_tried' THEN 'queued'
                          WHEN e.result = 'bounced' THEN 'bounced' ELSE 'failed' END,
            attempts = CASE WHEN e.result = 'not_tried' THEN d.attempts - 1 ELSE d.attempts END,
            next_attempt_at = CASE WHEN e.result = 'not_tried' THEN %(now)s
                                   WHEN e.result = 'retry' AND d.attempts < %(max)s
                                   THEN %(now)s + make_interval(secs => e.wait) END,
            sent_at = CASE WHEN e.result = 'sent' THEN %(now)s ELSE d.sent_at END,
            ended_at = CASE WHEN e.result IN ('bounced', 'failed') OR (e.result = 'retry' AND d.attempts >= %(max)s)
                            THEN %(now)s END,
            smtp_status = COALESCE(e.smtp_status, d.smtp_status), reason = e.reason, lease = NULL
        FROM unnest(%(ids)s::uuid[], %(leases)s::uuid[], %(results)s::text[], %(states)s::text[], %(reasons)s::text[],
                    %(waits)s::float8[]) AS e (delivery_id, lease, result, smtp_status, reason, wait)
        WHERE d.delivery_id = e.delivery_id
          AND ((d.status = 'sending' AND d.lease = e.lease)
               OR (e.result = 'sent' AND d.status IN ('queued', 'sending', 'failed')))
        RETURNING d.delivery_id, d.user_id, d.issue_id, d.address, d.status, d.attempts
        """,
        {
            "ids": [one.delivery_id for one in outcomes],
            "leases": [one.lease for one in outcomes],
            "results": [one.result.value for one in outcomes],
            "states": [one.smtp_status for one in outcomes],
            "reasons": [one.reason for one in outcomes],
            "waits": list(waits),
            "max": attempts_max,
            "now": now,
        },
    )


async def end_unsent(conn: Conn, ends: Sequence[tuple[UUID, str, str]]) -> None:
    """End claimed messages (id, status, reason) that must not be sent."""
    await conn.execute(
        """
        UPDATE delivery AS d
        SET status = e.status, reason = e.reason, ended_at = clock(), next_attempt_at = NULL, lease = NULL,
            attempts = d.attempts - 1
        FROM unnest(%(ids)s::uuid[], %(states)s::text[], %(reasons)s::text[]) AS e (delivery_id, status, reason)
        WHERE d.delivery_id = e.delivery_id
        """,
        {
            "ids": [one for one, _, _ in ends],
            "states": [status for _, status, _ in ends],
            "reasons": [reason for _, _, reason in ends],
        },
    )


async def wait_for_facts(conn: Conn, delivery_ids: Sequence[UUID], *, seconds: int) -> None:
    """Give claimed messages back without counting an attempt."""
    await conn.execute(
        """
        UPDATE delivery
        SET status = 'queued', attempts = attempts - 1, lease = NULL,
            next_attempt_at = clock() + make_interval(secs => %(seconds)s)
        WHERE delivery_id = ANY(%(ids)s)
        """,
        {"ids": list(delivery_ids), "seconds": seconds},
    )


async def forget_address(conn: Conn, *, user_id: UUID, address: str | None) -> None:
    """Blank a person in what was and will be sent to him; what was still to be sent is not."""
    await conn.execute(
        """
        UPDATE delivery
        SET address = '', name = '', facts = '{}',
            status = CASE WHEN status IN ('queued', 'sending') THEN 'suppressed' ELSE status END,
            reason = CASE WHEN status IN ('queued', 'sending') THEN 'erased' ELSE reason END,
            next_attempt_at = NULL
        WHERE user_id = %(user)s OR (%(address)s <> '' AND lower(address) = lower(%(address)s))
        """,
        {"user": user_id, "address": address or ""},
    )
