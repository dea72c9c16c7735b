"""Windows: opened and closed as sets, each change compared with the state it starts from."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from psycopg import sql

from services.exclusivity.domain import By, Ending, GrantOrigin, Terms, Window
from shared.db import Conn, execute, fetch_all, fetch_one

COLUMNS = sql.SQL("""
    id, version, item_id, mill_id, listing_cycle, interest_id, buyer_id, grant_number, max_grants, origin, status,
    outcome, reason, granted_at, expires_at, ended_at, extensions_used, extension_asked_for
""")


async def open_windows(conn: Conn, chosen: Mapping[UUID, UUID], *, origin: GrantOrigin, terms: Terms) -> list[Window]:
    """Grant lots to queued interests (``chosen``: interest → id of the new window), their lots being locked.

    A window starts now, or when the one before it ended if that is later: windows of a lot never overlap.
    """
    return await fetch_all(
        conn,
        Window,
        sql.SQL("""
        WITH promoted AS (
            UPDATE interests AS n
            SET status = 'granted'
            FROM unnest(%(interest_ids)s::uuid[], %(window_ids)s::uuid[]) AS u (interest_id, window_id)
            WHERE n.id = u.interest_id AND n.status = 'queued'
            RETURNING u.window_id, n.id AS interest_id, n.item_id, n.buyer_id, n.listing_cycle
        ), opened AS (
            INSERT INTO windows (id, item_id, mill_id, listing_cycle, interest_id, buyer_id, grant_number, max_grants,
                origin, granted_at, expires_at)
            SELECT p.window_id, p.item_id, i.mill_id, p.listing_cycle, p.interest_id, p.buyer_id, before.grants + 1,
                %(grants_max)s, %(origin)s, start.at, start.at + make_interval(hours => %(hours)s)
            FROM promoted AS p
            JOIN item_replica AS i ON i.item_id = p.item_id
            CROSS JOIN LATERAL (
                SELECT max(upper(w.held)) AS until,
                    (count(*) FILTER (WHERE w.listing_cycle = p.listing_cycle))::int AS grants
                FROM windows AS w
                WHERE w.item_id = p.item_id
            ) AS before
            CROSS JOIN LATERAL (SELECT GREATEST(clock(), before.until) AS at) AS start
            RETURNING {columns}
        ), noted AS (
            INSERT INTO window_history (window_id, entry, by_role, at)
            SELECT id, 'granted', 'system', granted_at FROM opened
        )
        SELECT {columns}
        FROM opened
        """).format(columns=COLUMNS),
        {
            "interest_ids": list(chosen),
            "window_ids": list(chosen.values()),
            "grants_max": terms.grants_max,
            "origin": origin.value,
            "hours": terms.window_hours,
        },
    )


async def close(conn: Conn, endings: Sequence[Ending]) -> list[Window]:
    """Close active windows; one that was closed already is left alone.

    A right ends at ``expires_at`` at the latest, so whatever else comes after that finds the window expired; only a
    deal is taken as a deal.
    """
    return await fetch_all(
        conn,
        Window,
        sql.SQL("""
        WITH asked AS (
            SELECT u.id AS asked_id, u.outcome AS wanted, u.by_role, u.reason AS said, clock() AS at
            FROM unnest(%(ids)s::uuid[], %(outcomes)s::text[], %(roles)s::text[], %(reasons)s::text[])
                AS u (id, outcome, by_role, reason)
        ), closed AS (
            UPDATE windows AS w
            SET status = 'closed',
                version = w.version + 1,
                outcome = CASE WHEN w.expires_at <= a.at AND a.wanted <> 'converted' THEN 'expired' ELSE a.wanted END,
                reason = CASE WHEN w.expires_at <= a.at AND a.wanted <> 'converted' THEN NULL ELSE a.said END,
                ended_at = LEAST(w.expires_at, GREATEST(w.granted_at, a.at))
            FROM asked AS a
            WHERE w.id = a.asked_id AND w.status = 'active' AND (a.wanted <> 'expired' OR w.expires_at <= a.at)
            RETURNING {columns}, a.by_role
        ), noted AS (
            INSERT INTO window_history (window_id, entry, by_role, reason, at)
            SELECT id, 'closed', CASE WHEN outcome = 'expired' THEN 'system' ELSE by_role END, reason, ended_at
            FROM closed
        )
        SELECT {columns}
        FROM closed
        """).format(columns=COLUMNS),
        {
            "ids": [one.window_id for one in endings],
            "outcomes": [one.outcome.value for one in endings],
            "roles": [one.by.value for one in endings],
            "reasons": [one.reason for one in endings],
        },
    )


async def find(conn: Conn, window_id: UUID) -> Window | None:
    """One window; without the lock of its lot only good for learning which lot that is."""
    return await fetch_one(
        conn,
        Window,
        sql.SQL("SELECT {columns} FROM windows WHERE id = %(window_id)s").format(columns=COLUMNS),
        {"window_id": window_id},
    )


async def active_on(conn: Conn, item_ids: Sequence[UUID]) -> list[Window]:
    """The active windows of these lots, also those past their end that nobody has closed yet."""
    return await fetch_all(
        conn,
        Window,
        sql.SQL("SELECT {columns} FROM windows WHERE item_id = ANY(%(item_ids)s) AND status = 'active'").format(
            columns=COLUMNS
        ),
        {"item_ids": list(item_ids)},
    )


async def claim_due(conn: Conn, *, limit: int) -> list[UUID]:
    """Windows past their end, their lots locked, most overdue first; lots in other hands are left to them."""
    cursor = await conn.execute(
        """
        SELECT w.id
        FROM windows AS w
        JOIN item_replica AS i ON i.item_id = w.item_id
        WHERE w.status = 'active' AND w.expires_at <= (SELECT clock())
        ORDER BY w.expires_at
        LIMIT %(limit)s
        FOR UPDATE OF i SKIP LOCKED
        """,
        {"limit": limit},
    )
    return [row[0] for row in await cursor.fetchall()]


async def next_expiry(conn: Conn) -> datetime | None:
    """When the next window ends; ``None`` when nobody holds anything."""
    cursor = await conn.execute("SELECT min(expires_at) FROM windows WHERE status = 'active'")
    row = await cursor.fetchone()
    return row[0] if row else None


async def extend(conn: Conn, window_id: UUID, *, hours: int, by: By, reason: str) -> None:
    """Move the end of an active window; the holder's request, if there was one, is answered by it."""
    await execute(
        conn,
        """
        WITH moved AS (
            UPDATE windows
            SET expires_at = expires_at + make_interval(hours => %(hours)s),
                extensions_used = extensions_used + 1,
                version = version + 1
            WHERE id = %(window_id)s AND status = 'active'
            RETURNING id
        )
        INSERT INTO window_history (window_id, entry, by_role, reason)
        SELECT id, 'extended', %(by_role)s, %(reason)s FROM moved
        """,
        {"window_id": window_id, "hours": hours, "by_role": by.value, "reason": reason},
    )


async def ask_extension(conn: Conn, window_id: UUID, *, reason: str | None) -> None:
    """Keep that the holder asked for more time for the present end of the window."""
    await execute(
        conn,
        """
        WITH asked AS (
            UPDATE windows
            SET extension_asked_for = expires_at, version = version + 1
            WHERE id = %(window_id)s AND status = 'active'
            RETURNING id
        )
        INSERT INTO window_history (window_id, entry, by_role, reason)
        SELECT id, 'extension_requested', 'holder', %(reason)s FROM asked
        """,
        {"window_id": window_id, "reason": reason},
    )
