"""Lots that match a buyer, with everything that decides whether he may see them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from shared.db import Conn, fetch_all


@dataclass(frozen=True, slots=True)
class Offer:
    """One live match for one reader. ``rules``, ``mill_status`` or ``buyer_status`` ``None``: not heard of yet."""

    user_id: UUID
    issue_id: UUID | None
    match_id: UUID
    buyer_id: UUID
    item_id: UUID
    listing_cycle: int
    score: Decimal
    explanation: list[dict[str, object]]
    requirement_title: str
    requirement_status: str
    item_status: str
    lot: dict[str, object] | None
    reserved_until: datetime | None
    is_open: bool
    rules: dict[str, object] | None
    mill_name: str | None
    mill_status: str | None
    buyer_status: str | None
    buyer_country: str | None
    buyer_segment: str | None
    buyer_currency: str | None
    is_holder: bool
    window_until: datetime | None
    is_interested: bool


async def not_yet_shown(conn: Conn, user_ids: Sequence[UUID], *, cadence: str) -> list[Offer]:
    """Live matches these people were not told of, as far as this cadence is theirs; ``manual`` takes all."""
    return await fetch_all(
        conn,
        Offer,
        """
        SELECT u.user_id, NULL::uuid AS issue_id, o.match_id, o.buyer_id, o.item_id, o.listing_cycle, o.score,
               o.explanation, o.requirement_title, o.requirement_status, o.item_status, o.lot, o.reserved_until,
               o.is_open, o.rules, o.mill_name, o.mill_status, o.buyer_status, o.buyer_country, o.buyer_segment,
               o.buyer_currency, o.is_holder, o.window_until, o.is_interested
        FROM recipient AS u
        JOIN offer AS o ON o.buyer_id = u.organization_id
        WHERE u.user_id = ANY(%(users)s)
          AND (%(cadence)s = 'manual' OR COALESCE(u.cadence, o.cadence) = %(cadence)s)
          AND NOT EXISTS (SELECT 1 FROM issue_item AS s
                          WHERE s.user_id = u.user_id AND s.item_id = o.item_id
                            AND s.listing_cycle = o.listing_cycle AND s.dropped IS NULL)
        ORDER BY u.user_id, o.score DESC, o.item_id, o.match_id
        """,
        {"users": list(user_ids), "cadence": cadence},
    )


async def of_issues(conn: Conn, issue_ids: Sequence[UUID]) -> list[Offer]:
    """The lots of these issues as they stand now; what no longer matches its buyer is missing."""
    return await fetch_all(
        conn,
        Offer,
        """
        SELECT s.user_id, s.issue_id, o.match_id, o.buyer_id, o.item_id, o.listing_cycle, o.score,
               o.explanation, o.requirement_title, o.requirement_status, o.item_status, o.lot, o.reserved_until,
               o.is_open, o.rules, o.mill_name, o.mill_status, o.buyer_status, o.buyer_country, o.buyer_segment,
               o.buyer_currency, o.is_holder, o.window_until, o.is_interested
        FROM issue AS i
        JOIN issue_item AS s ON s.issue_id = i.issue_id AND s.dropped IS NULL
        JOIN offer AS o ON o.buyer_id = i.organization_id AND o.item_id = s.item_id
                       AND o.listing_cycle = s.listing_cycle
        WHERE i.issue_id = ANY(%(issues)s)
        ORDER BY s.issue_id, s.position, o.score DESC, o.match_id
        """,
        {"issues": list(issue_ids)},
    )


@dataclass(frozen=True, slots=True)
class _Missing:
    user_id: UUID


async def waiting_for_items(conn: Conn, user_ids: Sequence[UUID]) -> set[UUID]:
    """People with a live match whose item or mill's rules have not arrived yet: streams have no order."""
    found = await fetch_all(
        conn,
        _Missing,
        """
        SELECT DISTINCT u.user_id
        FROM user_replica AS u
        JOIN match_replica AS m ON m.buyer_id = u.organization_id AND m.live
        LEFT JOIN item_replica AS i ON i.item_id = m.item_id
        LEFT JOIN rule_replica AS v ON v.mill_id = i.mill_id
        WHERE u.user_id = ANY(%(users)s)
          AND (i.lot IS NULL OR i.listing_cycle < m.listing_cycle OR v.mill_id IS NULL)
        """,
        {"users": list(user_ids)},
    )
    return {one.user_id for one in found}
