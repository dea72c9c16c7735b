"""Lists of matches for those who read them."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from shared.db import Conn, fetch_all


@dataclass(frozen=True, slots=True)
class ListedMatch:
    """A match with what a reader of any role may need. ``buyer_place`` numbers the buyers of an item from 1."""

    id: UUID
    version: int
    status: str
    closed_reason: str | None
    requirement_id: UUID
    item_id: UUID
    listing_cycle: int
    buyer_id: UUID
    score: Decimal
    explanation: list[dict[str, object]]
    created_at: datetime
    buyer_place: int
    country: str | None
    segment: str | None


async def listed(
    conn: Conn,
    *,
    match_id: UUID | None,
    buyer_id: UUID | None,
    mill_id: UUID | None,
    item_id: UUID | None,
    requirement_id: UUID | None,
    statuses: list[str],
    after: UUID | None,
    limit: int,
) -> list[ListedMatch]:
    """Best first; filters that are ``None`` let everything pass. The place of a buyer is that of his first match.

    ``after`` is the id of the last match seen: a score has no place in a cursor that a mill may read.
    """
    return await fetch_all(
        conn,
        ListedMatch,
        """
        SELECT m.id, m.version, m.status, m.closed_reason, m.requirement_id, m.item_id, m.listing_cycle, m.buyer_id,
            m.score, m.explanation, m.created_at, o.country, o.segment,
            (SELECT count(DISTINCT e.buyer_id) FROM match e
             WHERE e.item_id = m.item_id AND e.id <= (
                SELECT f.id FROM match f WHERE f.item_id = m.item_id AND f.buyer_id = m.buyer_id
                ORDER BY f.id LIMIT 1))::int AS buyer_place
        FROM match m
        LEFT JOIN organization_replica o ON o.organization_id = m.buyer_id
        WHERE (%(id)s::uuid IS NULL OR m.id = %(id)s)
          AND (%(buyer_id)s::uuid IS NULL OR m.buyer_id = %(buyer_id)s)
          AND (%(mill_id)s::uuid IS NULL OR m.mill_id = %(mill_id)s)
          AND (%(item_id)s::uuid IS NULL OR m.item_id = %(item_id)s)
          AND (%(requirement_id)s::uuid IS NULL OR m.requirement_id = %(requirement_id)s)
          AND m.status = ANY(%(statuses)s)
          AND (%(after)s::uuid IS NULL
               OR (m.score, m.id) < ((SELECT a.score FROM match a WHERE a.id = %(after)s), %(after)s))
        ORDER BY m.score DESC, m.id DESC
        LIMIT %(limit)s
        """,
        {
            "id": match_id,
            "buyer_id": buyer_id,
            "mill_id": mill_id,
            "item_id": item_id,
            "requirement_id": requirement_id,
            "statuses": statuses,
            "after": after,
            "limit": limit,
        },
    )
