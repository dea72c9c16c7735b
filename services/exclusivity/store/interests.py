"""Interests: the queue of a lot. Every function here expects the lot to be locked by the caller."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.exclusivity.domain import CloseReason, Interest, Origin
from shared.contracts.types import BuyerId, InterestId, ItemId, MillId, WindowId
from shared.db import Conn, fetch_all, fetch_one


@dataclass(frozen=True, slots=True)
class Standing:
    """How one buyer stands to one locked lot, and who holds it, at the database's time ``at``."""

    at: datetime
    live_interest_id: InterestId | None
    granted_before: bool  # in the present listing cycle
    active_window_id: WindowId | None
    active_until: datetime | None


@dataclass(frozen=True, slots=True)
class NewInterest:
    """An interest to be written. ``user_id`` is ``None`` when a requirement asks by itself."""

    id: UUID
    item_id: UUID
    buyer_id: UUID
    user_id: UUID | None
    origin: Origin
    not_needed_after: datetime | None


@dataclass(frozen=True, slots=True)
class Placed:
    """A written interest with its place among the live ones of the lot; 1 is the holder or the first."""

    id: InterestId
    item_id: ItemId
    mill_id: MillId
    buyer_id: BuyerId
    listing_cycle: int
    origin: Origin
    not_needed_after: datetime | None
    created_at: datetime
    ticket: int
    position: int


@dataclass(frozen=True, slots=True)
class Closed:
    """An interest that ended just now."""

    id: InterestId
    item_id: ItemId
    mill_id: MillId
    buyer_id: BuyerId
    listing_cycle: int
    reason: CloseReason


@dataclass(frozen=True, slots=True)
class Waiting:
    """A queued interest as the choice of the next holder needs it; ``at`` is the database's time."""

    interest_id: InterestId
    item_id: ItemId
    mill_id: MillId
    buyer_id: BuyerId
    ticket: int
    origin: Origin
    not_needed_after: datetime | None
    at: datetime


async def standing(conn: Conn, *, item_id: UUID, buyer_id: UUID, listing_cycle: int) -> Standing:
    """What must be known before an interest is written."""
    found = await fetch_one(
        conn,
        Standing,
        """
        SELECT clock() AS at,
            (SELECT n.id FROM interests AS n
             WHERE n.item_id = %(item_id)s AND n.buyer_id = %(buyer_id)s AND n.status IN ('queued', 'granted')
            ) AS live_interest_id,
            EXISTS (SELECT FROM windows AS g
             WHERE g.item_id = %(item_id)s AND g.listing_cycle = %(cycle)s AND g.buyer_id = %(buyer_id)s
            ) AS granted_before,
            w.id AS active_window_id,
            w.expires_at AS active_until
        FROM (SELECT) AS one
        LEFT JOIN windows AS w ON w.item_id = %(item_id)s AND w.status = 'active'
        """,
        {"item_id": item_id, "buyer_id": buyer_id, "cycle": listing_cycle},
    )
    if found is None:
        raise RuntimeError("a SELECT without a condition returned no row")
    return found


async def insert(conn: Conn, asked: Sequence[NewInterest]) -> list[Placed]:
    """Put interests at the end of their queues, in the order given; the counters on the lot's row give the places."""
    return await fetch_all(
        conn,
        Placed,
        """
        WITH asked AS (
            SELECT id, item_id, buyer_id, user_id, origin, not_needed_after,
                (row_number() OVER (PARTITION BY item_id ORDER BY place))::int AS nth
            FROM unnest(%(ids)s::uuid[], %(item_ids)s::uuid[], %(buyer_ids)s::uuid[], %(user_ids)s::uuid[],
                %(origins)s::text[], %(not_needed)s::timestamptz[])
                WITH ORDINALITY AS u (id, item_id, buyer_id, user_id, origin, not_needed_after, place)
        ), counted AS (
            UPDATE item_replica AS i
            SET tickets = i.tickets + k.n, live_interests = i.live_interests + k.n
            FROM (SELECT item_id, count(*)::int AS n FROM asked GROUP BY item_id) AS k
            WHERE i.item_id = k.item_id
            RETURNING i.item_id, i.mill_id, i.listing_cycle,
                i.tickets - k.n AS tickets_before, i.live_interests - k.n AS live_before
        ), added AS (
            INSERT INTO interests
                (id, item_id, buyer_id, user_id, listing_cycle, ticket, origin, not_needed_after, created_at)
            SELECT a.id, a.item_id, a.buyer_id, a.user_id, c.listing_cycle, c.tickets_before + a.nth, a.origin,
                a.not_needed_after, clock()
            FROM asked AS a
            JOIN counted AS c ON c.item_id = a.item_id
            RETURNING id, item_id, buyer_id, listing_cycle, ticket, origin, not_needed_after, created_at
        )
        SELECT d.id, d.item_id, c.mill_id, d.buyer_id, d.listing_cycle, d.origin, d.not_needed_after, d.created_at,
            d.ticket, c.live_before + d.ticket - c.tickets_before AS position
        FROM added AS d
        JOIN counted AS c ON c.item_id = d.item_id
        ORDER BY d.item_id, d.ticket
        """,
        {
            "ids": [one.id for one in asked],
            "item_ids": [one.item_id for one in asked],
            "buyer_ids": [one.buyer_id for one in asked],
            "user_ids": [one.user_id for one in asked],
            "origins": [one.origin.value for one in asked],
            "not_needed": [one.not_needed_after for one in asked],
        },
    )


async def close(conn: Conn, endings: Sequence[tuple[UUID, CloseReason]]) -> list[Closed]:
    """End live interests and count them out of their queues; those that had ended already are left alone."""
    if not endings:
        return []
    return await fetch_all(
        conn,
        Closed,
        """
        WITH closed AS (
            UPDATE interests AS n
            SET status = 'closed', close_reason = u.reason, closed_at = clock()
            FROM unnest(%(ids)s::uuid[], %(reasons)s::text[]) AS u (id, reason)
            WHERE n.id = u.id AND n.status IN ('queued', 'granted')
            RETURNING n.id, n.item_id, n.buyer_id, n.listing_cycle, n.ticket, n.close_reason
        ), counted AS (
            UPDATE item_replica AS i
            SET live_interests = i.live_interests - k.n
            FROM (SELECT item_id, count(*)::int AS n FROM closed GROUP BY item_id) AS k
            WHERE i.item_id = k.item_id
            RETURNING i.item_id, i.mill_id
        )
        SELECT c.id, c.item_id, i.mill_id, c.buyer_id, c.listing_cycle, c.close_reason AS reason
        FROM closed AS c
        JOIN counted AS i ON i.item_id = c.item_id
        ORDER BY c.item_id, c.ticket
        """,
        {"ids": [interest_id for interest_id, _ in endings], "reasons": [reason.value for _, reason in endings]},
    )


async def queue_heads(conn: Conn, item_ids: Sequence[UUID], *, per_item: int, grants_max: int) -> list[Waiting]:
    """The first in the queue of each lot that can be granted now: for sale, mill in trade, not held, grants left."""
    return await fetch_all(
        conn,
        Waiting,
        """
        SELECT q.id AS interest_id, i.item_id, i.mill_id, q.buyer_id, q.ticket, q.origin, q.not_needed_after,
            clock() AS at
        FROM item_replica AS i
        JOIN organization_replica AS m ON m.organization_id = i.mill_id AND m.status = 'approved'
        CROSS JOIN LATERAL (
            SELECT n.id, n.buyer_id, n.ticket, n.origin, n.not_needed_after
            FROM interests AS n
            WHERE n.item_id = i.item_id AND n.listing_cycle = i.listing_cycle AND n.status = 'queued'
            ORDER BY n.ticket
            LIMIT %(per_item)s
        ) AS q
        WHERE i.item_id = ANY(%(item_ids)s)
            AND i.status IN ('available', 'reserved')
            AND NOT EXISTS (SELECT FROM windows AS w WHERE w.item_id = i.item_id AND w.status = 'active')
            AND (SELECT count(*) FROM windows AS g
                 WHERE g.item_id = i.item_id AND g.listing_cycle = i.listing_cycle) < %(grants_max)s
        ORDER BY i.item_id, q.ticket
        """,
        {"item_ids": list(item_ids), "per_item": per_item, "grants_max": grants_max},
    )


async def waiting(conn: Conn, item_ids: Sequence[UUID]) -> list[Waiting]:
    """Everybody queued on these lots, first come first."""
    return await fetch_all(
        conn,
        Waiting,
        """
        SELECT n.id AS interest_id, n.item_id, i.mill_id, n.buyer_id, n.ticket, n.origin, n.not_needed_after,
            clock() AS at
        FROM interests AS n
        JOIN item_replica AS i ON i.item_id = n.item_id
        WHERE n.item_id = ANY(%(item_ids)s) AND n.status = 'queued'
        ORDER BY n.item_id, n.ticket
        """,
        {"item_ids": list(item_ids)},
    )


async def find(conn: Conn, interest_id: UUID) -> Interest | None:
    """One interest; without the lock of its lot only good for learning which lot that is."""
    return await fetch_one(
        conn,
        Interest,
        """
        SELECT n.id, n.item_id, i.mill_id, n.buyer_id, n.listing_cycle, n.origin, n.status
        FROM interests AS n
        JOIN item_replica AS i ON i.item_id = n.item_id
        WHERE n.id = %(interest_id)s
        """,
        {"interest_id": interest_id},
    )


async def not_needed_any_more(conn: Conn, *, limit: int) -> list[tuple[UUID, UUID]]:
    """Interest and lot of queued interests past their date, their lots locked; lots in other hands are left out."""
    cursor = await conn.execute(
        """
        SELECT n.id, n.item_id
        FROM interests AS n
        JOIN item_replica AS i ON i.item_id = n.item_id
        WHERE n.status = 'queued' AND n.not_needed_after <= (SELECT clock())
        ORDER BY n.not_needed_after
        LIMIT %(limit)s
        FOR UPDATE OF i SKIP LOCKED
        """,
        {"limit": limit},
    )
    return [(row[0], row[1]) for row in await cursor.fetchall()]


async def close_queued(conn: Conn, endings: Sequence[tuple[UUID, CloseReason]]) -> list[Closed]:
    """End those of these interests that are still queued: one that was granted meanwhile keeps its window."""
    cursor = await conn.execute(
        "SELECT id FROM interests WHERE id = ANY(%(ids)s) AND status = 'queued'",
        {"ids": [interest_id for interest_id, _ in endings]},
    )
    queued = {row[0] for row in await cursor.fetchall()}
    return await close(conn, [ending for ending in endings if ending[0] in queued])
