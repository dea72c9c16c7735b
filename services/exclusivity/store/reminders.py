"""Reminders before the end of a window: one per threshold and end."""

from collections.abc import Sequence
from uuid import UUID

from services.exclusivity.domain import Window
from shared.db import Conn, fetch_all


async def claim_soon(conn: Conn, *, thresholds: Sequence[int], limit: int) -> list[Window]:
    """Windows in force with a reminder due and not yet written, their lots locked; lots in other hands are left out."""
    return await fetch_all(
        conn,
        Window,
        """
        SELECT w.id, w.version, w.item_id, w.mill_id, w.listing_cycle, w.interest_id, w.buyer_id, w.grant_number,
            w.max_grants, w.origin, w.status, w.outcome, w.reason, w.granted_at, w.expires_at, w.ended_at,
            w.extensions_used, w.extension_asked_for
        FROM windows AS w
        JOIN item_replica AS i ON i.item_id = w.item_id
        WHERE w.status = 'active'
            AND w.expires_at > (SELECT clock())
            AND w.expires_at <= (SELECT clock()) + make_interval(hours => %(longest)s)
            AND EXISTS (
                SELECT FROM unnest(%(thresholds)s::int[]) AS t (hours)
                WHERE w.expires_at <= (SELECT clock()) + make_interval(hours => t.hours)
                    AND NOT EXISTS (
                        SELECT FROM reminders AS r
                        WHERE r.window_id = w.id AND r.threshold_hours = t.hours AND r.expires_at = w.expires_at
                    )
            )
        ORDER BY w.expires_at
        LIMIT %(limit)s
        FOR UPDATE OF i SKIP LOCKED
        """,
        {"thresholds": list(thresholds), "longest": max(thresholds), "limit": limit},
    )


async def write(conn: Conn, due: Sequence[tuple[UUID, int]]) -> list[tuple[UUID, int]]:
    """Write reminders (window, threshold) for the present end of windows still active; those written just now."""
    cursor = await conn.execute(
        """
        WITH written AS (
            INSERT INTO reminders (window_id, threshold_hours, expires_at, sent_at)
            SELECT w.id, u.hours, w.expires_at, clock()
            FROM unnest(%(ids)s::uuid[], %(hours)s::int[]) AS u (window_id, hours)
            JOIN windows AS w ON w.id = u.window_id AND w.status = 'active'
            ON CONFLICT (window_id, threshold_hours, expires_at) DO NOTHING
            RETURNING window_id, threshold_hours
        ), noted AS (
            INSERT INTO window_history (window_id, entry, by_role)
            SELECT DISTINCT window_id, 'reminded', 'system' FROM written
        )
        SELECT window_id, threshold_hours FROM written
        """,
        {"ids": [window_id for window_id, _ in due], "hours": [hours for _, hours in due]},
    )
    return [(row[0], row[1]) for row in await cursor.fetchall()]
