"""Lists of matches for those who read them."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from services.matching.domain.model import MatchStatus
from shared.contracts.gateway import Role
from shared.db import Conn
from shared.filtering import Field, Kind, Listing
from shared.keyset import Found, Question


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


_NOT_MILLS = frozenset({Role.MILL_USER})
MATCHES = Listing(
    {
        "status": Field(Kind.TEXT, "m.status", words=tuple(MatchStatus)),
        "item_id": Field(Kind.ID, "m.item_id"),
        "requirement_id": Field(Kind.ID, "m.requirement_id", hidden_from=_NOT_MILLS),
        "buyer_id": Field(Kind.ID, "m.buyer_id", hidden_from=_NOT_MILLS),
        "score": Field(Kind.NUMBER, "m.score", hidden_from=_NOT_MILLS),
        "listing_cycle": Field(Kind.INTEGER, "m.listing_cycle"),
        "closed_reason": Field(Kind.TEXT, "m.closed_reason", nullable=True),
        "created_at": Field(Kind.INSTANT, "m.created_at"),
    },
    id="m.id",
    sort="-score",
)


async def listed(
    conn: Conn,
    question: Question,
    *,
    buyer_id: UUID | None = None,
    mill_id: UUID | None = None,
    match_id: UUID | None = None,
    closed: bool = True,
) -> Found[ListedMatch]:
    """Matches of a buyer, or with the lots of a mill. The place of a buyer is that of his first match of the lot."""
    return await question.fetch(
        conn,
        ListedMatch,
        """
        SELECT {mark}, m.id, m.version, m.status, m.closed_reason, m.requirement_id, m.item_id, m.listing_cycle,
            m.buyer_id, m.score, m.explanation, m.created_at, o.country, o.segment,
            (SELECT count(DISTINCT e.buyer_id) FROM match e
             WHERE e.item_id = m.item_id AND e.id <= (
                SELECT f.id FROM match f WHERE f.item_id = m.item_id AND f.buyer_id = m.buyer_id
                ORDER BY f.id LIMIT 1))::int AS buyer_place
        FROM match m
        LEFT JOIN organization_replica o ON o.organization_id = m.buyer_id
        WHERE (%(id)s::uuid IS NULL OR m.id = %(id)s)
          AND (%(buyer_id)s::uuid IS NULL OR m.buyer_id = %(buyer_id)s)
          AND (%(mill_id)s::uuid IS NULL OR m.mill_id = %(mill_id)s)
          AND (%(closed)s OR m.status <> 'closed') {filters}
        {order}
        """,
        {"id": match_id, "buyer_id": buyer_id, "mill_id": mill_id, "closed": closed},
    )
