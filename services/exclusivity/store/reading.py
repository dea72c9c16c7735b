"""What the API shows: interests with their places, windows with both sides. A right past its end is shown as ended."""

from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from services.exclusivity.domain import InterestStatus, WindowStatus
from shared.contracts.gateway import Role
from shared.db import Conn, fetch_all, fetch_one
from shared.filtering import Field, Kind, Listing
from shared.keyset import Found, Question


@dataclass(frozen=True, slots=True)
class InterestView:
    """``position`` is ``None`` for an interest that has ended; ``ticket`` numbers the buyers of a lot as they came."""

    id: UUID
    item_id: UUID
    mill_id: UUID
    buyer_id: UUID
    buyer_name: str
    country: str
    segment: str | None
    listing_cycle: int
    ticket: int
    origin: str
    status: str
    close_reason: str | None
    not_needed_after: datetime | None
    created_at: datetime
    window_id: UUID | None
    position: int | None


@dataclass(frozen=True, slots=True)
class WindowView:
    """A window with the cards of both sides; ``at`` is the database's time."""

    id: UUID
    version: int
    item_id: UUID
    mill_id: UUID
    buyer_id: UUID
    listing_cycle: int
    grant_number: int
    max_grants: int
    origin: str
    status: str
    outcome: str | None
    reason: str | None
    granted_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    extensions_used: int
    extension_asked_for: datetime | None
    buyer_name: str
    buyer_contacts: list[dict[str, object]]
    mill_name: str | None
    mill_contacts: list[dict[str, object]] | None
    at: datetime


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One thing that happened to a window."""

    at: datetime
    entry: str
    by_role: str
    reason: str | None


# A granted interest lives as long as its window; the places of a lot are counted over all who still wait or hold.
_INTERESTS: LiteralString = """
    WITH page AS (
        SELECT {mark}, n.id, n.item_id, n.buyer_id, n.listing_cycle, n.ticket, n.origin, n.status, n.close_reason,
            n.not_needed_after, n.created_at, o.mill_id, {place}
        FROM interests AS n
        JOIN item_replica AS o ON o.item_id = n.item_id
        LEFT JOIN windows AS h ON h.interest_id = n.id AND h.status = 'active'
        WHERE (%(id)s::uuid IS NULL OR n.id = %(id)s)
            AND (%(buyer_id)s::uuid IS NULL OR n.buyer_id = %(buyer_id)s)
            AND (%(mill_id)s::uuid IS NULL OR o.mill_id = %(mill_id)s) {filters}
        {order}
    ), placed AS (
        SELECT q.id, row_number() OVER (PARTITION BY q.item_id ORDER BY q.status, q.ticket)::int AS position
        FROM interests AS q
        WHERE q.item_id IN (SELECT item_id FROM page) AND q.status IN ('queued', 'granted')
    )
    SELECT p.mark, p.id, p.item_id, p.mill_id, p.buyer_id, b.name AS buyer_name, b.country, b.segment, p.listing_cycle,
        p.ticket, p.origin, p.not_needed_after, p.created_at, w.id AS window_id,
        CASE WHEN over.ended THEN 'closed' ELSE p.status END AS status,
        CASE WHEN over.ended THEN 'lapsed' ELSE p.close_reason END AS close_reason,
        CASE WHEN over.ended THEN NULL ELSE placed.position END AS position
    FROM page AS p
    JOIN organization_replica AS b ON b.organization_id = p.buyer_id
    LEFT JOIN windows AS w ON w.interest_id = p.id
    LEFT JOIN placed ON placed.id = p.id
    CROSS JOIN LATERAL (
        SELECT p.status = 'granted' AND w.expires_at <= (SELECT clock()) AS ended
    ) AS over
    ORDER BY p.place
"""

_WINDOWS: LiteralString = """
    w.id, w.version, w.item_id, w.mill_id, w.buyer_id, w.listing_cycle, w.grant_number, w.max_grants, w.origin,
        CASE WHEN over.ended THEN 'closed' ELSE w.status END AS status,
        CASE WHEN over.ended THEN 'expired' ELSE w.outcome END AS outcome,
        CASE WHEN over.ended THEN w.expires_at ELSE w.ended_at END AS ended_at,
        w.reason, w.granted_at, w.expires_at, w.extensions_used, w.extension_asked_for,
        b.name AS buyer_name, b.contacts AS buyer_contacts, m.name AS mill_name, m.contacts AS mill_contacts,
        now.at AS at
    FROM windows AS w
    CROSS JOIN (SELECT clock() AS at OFFSET 0) AS now
    CROSS JOIN LATERAL (SELECT w.status = 'active' AND w.expires_at <= now.at AS ended) AS over
    JOIN organization_replica AS b ON b.organization_id = w.buyer_id
    LEFT JOIN organization_replica AS m ON m.organization_id = w.mill_id
"""

WINDOWS = Listing(
    {
        "status": Field(Kind.TEXT, "CASE WHEN over.ended THEN 'closed' ELSE w.status END", words=tuple(WindowStatus)),
        "outcome": Field(Kind.TEXT, "CASE WHEN over.ended THEN 'expired' ELSE w.outcome END", nullable=True),
        "item_id": Field(Kind.ID, "w.item_id"),
        "mill_id": Field(Kind.ID, "w.mill_id"),
        "buyer_id": Field(Kind.ID, "w.buyer_id"),
        "listing_cycle": Field(Kind.INTEGER, "w.listing_cycle"),
        "grant_number": Field(Kind.INTEGER, "w.grant_number"),
        "granted_at": Field(Kind.INSTANT, "w.granted_at"),
        "expires_at": Field(Kind.INSTANT, "w.expires_at"),
        "ended_at": Field(Kind.INSTANT, "CASE WHEN over.ended THEN w.expires_at ELSE w.ended_at END", nullable=True),
    },
    id="w.id",
    sort="-granted_at",
)

_NOT_MILLS, _NOT_BUYERS = frozenset({Role.MILL_USER}), frozenset({Role.BUYER_USER})
INTERESTS = Listing(
    {
        "status": Field(
            Kind.TEXT,
            "CASE WHEN h.expires_at <= (SELECT clock()) THEN 'closed' ELSE n.status END",
            words=tuple(InterestStatus),
        ),
        "item_id": Field(Kind.ID, "n.item_id"),
        "buyer_id": Field(Kind.ID, "n.buyer_id", hidden_from=_NOT_MILLS),
        "origin": Field(Kind.TEXT, "n.origin"),
        "listing_cycle": Field(Kind.INTEGER, "n.listing_cycle"),
        "ticket": Field(Kind.INTEGER, "n.ticket", hidden_from=_NOT_BUYERS),
        "created_at": Field(Kind.INSTANT, "n.created_at"),
        "not_needed_after": Field(Kind.INSTANT, "n.not_needed_after", nullable=True),
    },
    id="n.id",
    sort="-created_at",
)


async def interest(conn: Conn, interest_id: UUID) -> InterestView | None:
    """One interest, whoever asks."""
    one = Question(listing=INTERESTS, filters=(), sort=(), limit=1)
    found = await one.fetch(conn, InterestView, _INTERESTS, {"id": interest_id, "buyer_id": None, "mill_id": None})
    return found.rows[0] if found.rows else None


async def interests(
    conn: Conn, question: Question, *, buyer_id: UUID | None, mill_id: UUID | None
) -> Found[InterestView]:
    """Interests of a buyer, or in lots of a mill; everybody's when both are ``None``."""
    wanted: dict[str, object] = {"id": None, "buyer_id": buyer_id, "mill_id": mill_id}
    return await question.fetch(conn, InterestView, _INTERESTS, wanted)


async def window(conn: Conn, window_id: UUID, *, party_id: UUID | None) -> WindowView | None:
    """One window for one of its two sides; ``party_id`` ``None``: for an operator."""
    return await fetch_one(
        conn,
        WindowView,
        "SELECT"
        + _WINDOWS
        + """
        WHERE w.id = %(id)s AND (%(party_id)s::uuid IS NULL OR w.buyer_id = %(party_id)s OR w.mill_id = %(party_id)s)
        """,
        {"id": window_id, "party_id": party_id},
    )


async def windows(conn: Conn, question: Question, *, party_id: UUID | None) -> Found[WindowView]:
    """Windows of one side (``None``: all)."""
    return await question.fetch(
        conn,
        WindowView,
        "SELECT {mark},"
        + _WINDOWS
        + """
        WHERE (%(party_id)s::uuid IS NULL OR w.buyer_id = %(party_id)s OR w.mill_id = %(party_id)s) {filters}
        {order}
        """,
        {"party_id": party_id},
    )


async def history(conn: Conn, window_id: UUID) -> list[HistoryEntry]:
    """What happened to a window, oldest first."""
    return await fetch_all(
        conn,
        HistoryEntry,
        "SELECT at, entry, by_role, reason FROM window_history WHERE window_id = %(id)s ORDER BY id",
        {"id": window_id},
    )
