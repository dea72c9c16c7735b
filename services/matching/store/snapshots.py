"""Matches as others were last told of them."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from shared.db import Conn, fetch_all


@dataclass(frozen=True, slots=True)
class ToldMatch:
    """``closed_reason`` is ``None`` for a match that stands; one that its buyer dismissed does not."""

    id: UUID
    item_id: UUID
    mill_id: UUID
    listing_cycle: int
    requirement_id: UUID
    requirement_title: str
    buyer_id: UUID
    score: Decimal
    explanation: list[dict[str, object]]
    cadence: str
    auto_interest: bool
    valid_until: date | None
    closed_reason: str | None
    version: int

    @property
    def place(self) -> tuple[UUID, int, UUID]:
        """Where it stands among all."""
        return self.item_id, self.listing_cycle, self.id


async def told(conn: Conn, *, after: tuple[UUID, int, UUID] | None, limit: int) -> list[ToldMatch]:
    """Every match, item by item, the closed ones too: somebody may still take them for standing.

    ``after``: the place of the last one seen.
    """
    item_id, cycle, match_id = after or (None, None, None)
    return await fetch_all(
        conn,
        ToldMatch,
        """
        SELECT m.id, m.item_id, m.mill_id, m.listing_cycle, m.requirement_id, r.title AS requirement_title, m.buyer_id,
            m.score, m.explanation, m.cadence, m.auto_interest, m.valid_until,
            CASE WHEN m.status = 'dismissed' THEN 'dismissed' ELSE m.closed_reason END AS closed_reason, m.version
        FROM match m
        JOIN requirement r ON r.id = m.requirement_id
        WHERE %(item_id)s::uuid IS NULL
           OR (m.item_id, m.listing_cycle, m.id) > (%(item_id)s::uuid, %(cycle)s::integer, %(match_id)s::uuid)
        ORDER BY m.item_id, m.listing_cycle, m.id
        LIMIT %(limit)s
        """,
        {"item_id": item_id, "cycle": cycle, "match_id": match_id, "limit": limit},
    )
