"""The table ``match``."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from shared.db import Conn, execute, fetch_all, fetch_one


@dataclass(frozen=True, slots=True)
class NewMatch:
    """A pair that fits; ``explanation`` is JSON text."""

    id: UUID
    requirement_id: UUID
    item_id: UUID
    listing_cycle: int
    buyer_id: UUID
    mill_id: UUID
    score: Decimal
    explanation: str
    cadence: str
    auto_interest: bool
    valid_until: date | None


@dataclass(frozen=True, slots=True)
class StoredMatch:
    """A match after it was stored."""

    id: UUID
    requirement_id: UUID
    item_id: UUID
    listing_cycle: int
    status: str
    version: int


@dataclass(frozen=True, slots=True)
class LiveMatch:
    """A match that is not closed."""

    id: UUID
    requirement_id: UUID
    item_id: UUID
    listing_cycle: int
    buyer_id: UUID
    status: str


@dataclass(frozen=True, slots=True)
class ClosedRow:
    """A match that was closed just now."""

    id: UUID
    requirement_id: UUID
    item_id: UUID
    listing_cycle: int
    buyer_id: UUID
    closed_reason: str
    version: int


async def put(conn: Conn, matches: Sequence[NewMatch], *, now: datetime) -> list[StoredMatch]:
    """Store pairs that fit; those that are new, open again or different now come back with their new version.

    A match that was won or lost stays as it ended. One whose buyer is interested in the item already starts so.
    """
    return await fetch_all(
        conn,
        StoredMatch,
        """
        INSERT INTO match AS m (
            id, requirement_id, item_id, listing_cycle, buyer_id, mill_id, status, score, explanation, cadence,
            auto_interest, valid_until, created_at, updated_at)
        SELECT f.id, f.requirement_id, f.item_id, f.listing_cycle, f.buyer_id, f.mill_id,
            CASE WHEN EXISTS (
                SELECT 1 FROM interest_replica i
                WHERE i.item_id = f.item_id AND i.buyer_id = f.buyer_id AND i.live
                  AND i.listing_cycle = f.listing_cycle) THEN 'interested' ELSE 'active' END,
            f.score, f.explanation::jsonb, f.cadence, f.auto_interest, f.valid_until, %(now)s, %(now)s
        FROM unnest(
            %(ids)s::uuid[], %(requirements)s::uuid[], %(items)s::uuid[], %(cycles)s::integer[], %(buyers)s::uuid[],
            %(mills)s::uuid[], %(scores)s::numeric[], %(explanations)s::text[], %(cadences)s::text[],
            %(auto_interests)s::boolean[], %(valid_untils)s::date[])
            AS f (id, requirement_id, item_id, listing_cycle, buyer_id, mill_id, score, explanation, cadence,
                auto_interest, valid_until)
        ORDER BY f.requirement_id, f.item_id
        ON CONFLICT ON CONSTRAINT one_match_per_pair_and_cycle DO UPDATE
        SET status = CASE WHEN m.status = 'closed' THEN excluded.status ELSE m.status END, closed_reason = NULL,
            score = excluded.score, explanation = excluded.explanation, cadence = excluded.cadence,
            auto_interest = excluded.auto_interest, valid_until = excluded.valid_until, version = m.version + 1,
            updated_at = excluded.updated_at
        WHERE m.closed_reason IS DISTINCT FROM 'won' AND m.closed_reason IS DISTINCT FROM 'lost'
          AND (m.status, m.score, m.explanation, m.cadence, m.auto_interest, m.valid_until) IS DISTINCT FROM (
            CASE WHEN m.status = 'closed' THEN 'active' ELSE m.status END, excluded.score, excluded.explanation,
            excluded.cadence, excluded.auto_interest, excluded.valid_until)
        RETURNING m.id, m.requirement_id, m.item_id, m.listing_cycle, m.status, m.version
        """,
        {
            "now": now,
            "ids": [one.id for one in matches],
            "requirements": [one.requirement_id for one in matches],
            "items": [one.item_id for one in matches],
            "cycles": [one.listing_cycle for one in matches],
            "buyers": [one.buyer_id for one in matches],
            "mills": [one.mill_id for one in matches],
            "scores": [one.score for one in matches],
            "explanations": [one.explanation for one in matches],
            "cadences": [one.cadence for one in matches],
            "auto_interests": [one.auto_interest for one in matches],
            "valid_untils": [one.valid_until for one in matches],
        },
    )


async def live_of_items(conn: Conn, *, item_ids: Sequence[UUID]) -> list[LiveMatch]:
    return await fetch_all(
        conn,
        LiveMatch,
        """
        SELECT id, requirement_id, item_id, listing_cycle, buyer_id, status FROM match
        WHERE item_id = ANY(%(items)s) AND status <> 'closed'
        """,
        {"items": list(item_ids)},
    )


async def live_of_requirements(conn: Conn, *, requirement_ids: Sequence[UUID]) -> list[LiveMatch]:
    return await fetch_all(
        conn,
        LiveMatch,
        """
        SELECT id, requirement_id, item_id, listing_cycle, buyer_id, status FROM match
        WHERE requirement_id = ANY(%(requirements)s) AND status <> 'closed'
        """,
        {"requirements": list(requirement_ids)},
    )


async def crowded(conn: Conn, *, item_ids: Sequence[UUID], limit: int) -> list[UUID]:
    """Those of these items that have more than ``limit`` live matches."""
    cursor = await conn.execute(
        """
        SELECT item_id FROM match WHERE item_id = ANY(%(items)s) AND status <> 'closed'
        GROUP BY item_id HAVING count(*) > %(limit)s
        """,
        {"items": list(item_ids), "limit": limit},
    )
    return [row[0] for row in await cursor.fetchall()]


async def close(conn: Conn, *, ids: Sequence[UUID], reasons: Sequence[str], now: datetime) -> list[ClosedRow]:
    """Close matches that are not closed yet, each with its reason."""
    return await fetch_all(
        conn,
        ClosedRow,
        """
        UPDATE match m SET status = 'closed', closed_reason = c.reason, version = m.version + 1, updated_at = %(now)s
        FROM unnest(%(ids)s::uuid[], %(reasons)s::text[]) AS c (id, reason)
        WHERE m.id = c.id AND m.status <> 'closed'
        RETURNING m.id, m.requirement_id, m.item_id, m.listing_cycle, m.buyer_id, m.closed_reason, m.version
        """,
        {"ids": list(ids), "reasons": list(reasons), "now": now},
    )


async def close_as_won(
    conn: Conn, *, item_id: UUID, listing_cycle: int, buyer_id: UUID, now: datetime
) -> list[ClosedRow]:
    """The buyer bought the item."""
    return await fetch_all(
        conn,
        ClosedRow,
        """
        UPDATE match SET status = 'closed', closed_reason = 'won', version = version + 1, updated_at = %(now)s
        WHERE item_id = %(item_id)s AND listing_cycle = %(cycle)s AND buyer_id = %(buyer_id)s AND status <> 'closed'
        RETURNING id, requirement_id, item_id, listing_cycle, buyer_id, closed_reason, version
        """,
        {"item_id": item_id, "cycle": listing_cycle, "buyer_id": buyer_id, "now": now},
    )


async def mark_interested(
    conn: Conn, *, item_id: UUID, listing_cycle: int, buyer_id: UUID, interested: bool, now: datetime
) -> None:
    """The buyer's matches of the item follow his interest; a dismissed one counts again when he asks after all."""
    await execute(
        conn,
        """
        UPDATE match
        SET status = CASE WHEN %(interested)s THEN 'interested' ELSE 'active' END, version = version + 1,
            updated_at = %(now)s
        WHERE item_id = %(item_id)s AND listing_cycle = %(cycle)s AND buyer_id = %(buyer_id)s
          AND ((%(interested)s AND status IN ('active', 'dismissed')) OR (NOT %(interested)s AND status = 'interested'))
        """,
        {"item_id": item_id, "cycle": listing_cycle, "buyer_id": buyer_id, "interested": interested, "now": now},
    )


@dataclass(frozen=True, slots=True)
class FeedbackRow:
    """A match as feedback sees it, with what an event about it needs."""

    id: UUID
    requirement_id: UUID
    title: str
    item_id: UUID
    listing_cycle: int
    buyer_id: UUID
    mill_id: UUID
    status: str
    score: Decimal
    explanation: list[dict[str, object]]
    cadence: str
    auto_interest: bool
    valid_until: date | None
    version: int


async def locked(conn: Conn, *, match_id: UUID, buyer_id: UUID) -> FeedbackRow | None:
    """A buyer's match, locked until the end of the transaction."""
    return await fetch_one(
        conn,
        FeedbackRow,
        """
        SELECT m.id, m.requirement_id, r.title, m.item_id, m.listing_cycle, m.buyer_id, m.mill_id, m.status, m.score,
            m.explanation, m.cadence, m.auto_interest, m.valid_until, m.version
        FROM match m JOIN requirement r ON r.id = m.requirement_id
        WHERE m.id = %(id)s AND m.buyer_id = %(buyer_id)s
        FOR UPDATE OF m
        """,
        {"id": match_id, "buyer_id": buyer_id},
    )


async def give_feedback(
    conn: Conn, *, match_id: UUID, status: str, version: int, verdict: str, reason: str | None, now: datetime
) -> None:
    """Store what the buyer thinks of a match; its row is locked by the caller."""
    await execute(
        conn,
        """
        UPDATE match SET status = %(status)s, version = %(version)s, feedback = %(verdict)s,
            feedback_reason = %(reason)s, updated_at = %(now)s
        WHERE id = %(id)s
        """,
        {"id": match_id, "status": status, "version": version, "verdict": verdict, "reason": reason, "now": now},
    )
