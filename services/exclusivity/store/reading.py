"""What the API shows: interests with their places, windows with both sides. A right past its end is shown as ended."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg import sql

from shared.db import Conn, fetch_all, fetch_one


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
_INTERESTS = sql.SQL("""
    , placed AS (
        SELECT q.id, row_number() OVER (PARTITION BY q.item_id ORDER BY q.status, q.ticket)::int AS position
        FROM interests AS q
        WHERE q.item_id IN (SELECT item_id FROM page) AND q.status IN ('queued', 'granted')
    )
    SELECT p.id, p.item_id, i.mill_id, p.buyer_id, b.name AS buyer_name, b.country, b.segment, p.listing_cycle,
        p.ticket, p.origin, p.not_needed_after, p.created_at, w.id AS window_id,
        CASE WHEN over.ended THEN 'closed' ELSE p.status END AS status,
        CASE WHEN over.ended THEN 'lapsed' ELSE p.close_reason END AS close_reason,
        CASE WHEN over.ended THEN NULL ELSE placed.position END AS position
    FROM page AS p
    JOIN item_replica AS i ON i.item_id = p.item_id
    JOIN organization_replica AS b ON b.organization_id = p.buyer_id
    LEFT JOIN windows AS w ON w.interest_id = p.id
    LEFT JOIN placed ON placed.id = p.id
    CROSS JOIN LATERAL (
        SELECT p.status = 'granted' AND w.expires_at <= (SELECT clock()) AS ended
    ) AS over
""")

_WINDOWS = sql.SQL("""
    SELECT w.id, w.version, w.item_id, w.mill_id, w.buyer_id, w.listing_cycle, w.grant_number, w.max_grants, w.origin,
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
""")


async def interest(conn: Conn, interest_id: UUID) -> InterestView | None:
    """One interest, whoever asks."""
    return await fetch_one(
        conn,
        InterestView,
        sql.SQL("""
        WITH page AS (
            SELECT n.id, n.item_id, n.buyer_id, n.listing_cycle, n.ticket, n.origin, n.status, n.close_reason,
                n.not_needed_after, n.created_at
            FROM interests AS n
            WHERE n.id = %(id)s
        )
        """)
        + _INTERESTS,
        {"id": interest_id},
    )


async def interests_of(
    conn: Conn,
    *,
    buyer_id: UUID | None,
    item_id: UUID | None,
    status: str | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[InterestView]:
    """A buyer's interests (``None``: everybody's), newest first."""
    return await fetch_all(
        conn,
        InterestView,
        sql.SQL("""
        WITH page AS (
            SELECT n.id, n.item_id, n.buyer_id, n.listing_cycle, n.ticket, n.origin, n.status, n.close_reason,
                n.not_needed_after, n.created_at
            FROM interests AS n
            LEFT JOIN windows AS h ON h.interest_id = n.id AND h.status = 'active'
            WHERE (%(buyer_id)s::uuid IS NULL OR n.buyer_id = %(buyer_id)s)
                AND (%(item_id)s::uuid IS NULL OR n.item_id = %(item_id)s)
                AND (%(status)s::text IS NULL
                    OR CASE WHEN h.expires_at <= (SELECT clock()) THEN 'closed' ELSE n.status END = %(status)s)
                AND (%(after_at)s::timestamptz IS NULL OR (n.created_at, n.id) < (%(after_at)s, %(after_id)s::uuid))
            ORDER BY n.created_at DESC, n.id DESC
            LIMIT %(limit)s
        )
        """)
        + _INTERESTS
        + sql.SQL("ORDER BY p.created_at DESC, p.id DESC"),
        {
            "buyer_id": buyer_id,
            "item_id": item_id,
            "status": status,
            "after_at": after[0] if after else None,
            "after_id": after[1] if after else None,
            "limit": limit,
        },
    )


async def queue_of(
    conn: Conn, *, item_id: UUID, mill_id: UUID | None, status: str | None, after_ticket: int | None, limit: int
) -> list[InterestView]:
    """Everybody who asked for a lot in the order they came; empty unless it is a lot of ``mill_id`` (if given)."""
    return await fetch_all(
        conn,
        InterestView,
        sql.SQL("""
        WITH page AS (
            SELECT n.id, n.item_id, n.buyer_id, n.listing_cycle, n.ticket, n.origin, n.status, n.close_reason,
                n.not_needed_after, n.created_at
            FROM interests AS n
            JOIN item_replica AS o ON o.item_id = n.item_id
            LEFT JOIN windows AS h ON h.interest_id = n.id AND h.status = 'active'
            WHERE n.item_id = %(item_id)s
                AND (%(mill_id)s::uuid IS NULL OR o.mill_id = %(mill_id)s)
                AND (%(status)s::text IS NULL
                    OR CASE WHEN h.expires_at <= (SELECT clock()) THEN 'closed' ELSE n.status END = %(status)s)
                AND (%(after)s::int IS NULL OR n.ticket > %(after)s)
            ORDER BY n.ticket
            LIMIT %(limit)s
        )
        """)
        + _INTERESTS
        + sql.SQL("ORDER BY p.ticket"),
        {"item_id": item_id, "mill_id": mill_id, "status": status, "after": after_ticket, "limit": limit},
    )


async def window(conn: Conn, window_id: UUID, *, party_id: UUID | None) -> WindowView | None:
    """One window for one of its two sides; ``party_id`` ``None``: for an operator."""
    return await fetch_one(
        conn,
        WindowView,
        _WINDOWS
        + sql.SQL("""
        WHERE w.id = %(id)s AND (%(party_id)s::uuid IS NULL OR w.buyer_id = %(party_id)s OR w.mill_id = %(party_id)s)
        """),
        {"id": window_id, "party_id": party_id},
    )


async def windows_of(
    conn: Conn,
    *,
    party_id: UUID | None,
    item_id: UUID | None,
    status: str | None,
    expires_until: datetime | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[WindowView]:
    """Windows of one side (``None``: all), newest first."""
    return await fetch_all(
        conn,
        WindowView,
        _WINDOWS
        + sql.SQL("""
        WHERE (%(party_id)s::uuid IS NULL OR w.buyer_id = %(party_id)s OR w.mill_id = %(party_id)s)
            AND (%(item_id)s::uuid IS NULL OR w.item_id = %(item_id)s)
            AND (%(status)s::text IS NULL OR CASE WHEN over.ended THEN 'closed' ELSE w.status END = %(status)s)
            AND (%(until)s::timestamptz IS NULL OR w.expires_at <= %(until)s)
            AND (%(after_at)s::timestamptz IS NULL OR (w.granted_at, w.id) < (%(after_at)s, %(after_id)s::uuid))
        ORDER BY w.granted_at DESC, w.id DESC
        LIMIT %(limit)s
        """),
        {
            "party_id": party_id,
            "item_id": item_id,
            "status": status,
            "until": expires_until,
            "after_at": after[0] if after else None,
            "after_id": after[1] if after else None,
            "limit": limit,
        },
    )


async def history(conn: Conn, window_id: UUID) -> list[HistoryEntry]:
    """What happened to a window, oldest first."""
    return await fetch_all(
        conn,
        HistoryEntry,
        "SELECT at, entry, by_role, reason FROM window_history WHERE window_id = %(id)s ORDER BY id",
        {"id": window_id},
    )
