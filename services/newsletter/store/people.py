"""Readers, their wishes and their timetable."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.newsletter.domain.recipients import Recipient, Wish
from shared.db import Conn, execute, fetch_all


async def recipients(
    conn: Conn, *, user_ids: Sequence[UUID] | None = None, organization_id: UUID | None = None
) -> list[Recipient]:
    """These people, or everybody of an organisation."""
    return await fetch_all(
        conn,
        Recipient,
        """
        SELECT user_id, organization_id, role, name, email, currency, organization_name, is_active, version, cadence,
               weekday, send_time, time_zone, language, items_max, tracking, quiet_from, quiet_until
        FROM recipient
        WHERE user_id = ANY(%(users)s) OR organization_id = %(organization)s
        ORDER BY user_id
        """,
        {"users": list(user_ids or ()), "organization": organization_id},
    )


async def with_wishes(conn: Conn, *, after: UUID | None, limit: int) -> list[Recipient]:
    """Those who have said what they want, in the order of their ids; ``after``: the last one seen."""
    return await fetch_all(
        conn,
        Recipient,
        """
        SELECT user_id, organization_id, role, name, email, currency, organization_name, is_active, version, cadence,
               weekday, send_time, time_zone, language, items_max, tracking, quiet_from, quiet_until
        FROM recipient
        WHERE version > 0 AND (%(after)s::uuid IS NULL OR user_id > %(after)s)
        ORDER BY user_id
        LIMIT %(limit)s
        """,
        {"after": after, "limit": limit},
    )


@dataclass(frozen=True, slots=True)
class Desk:
    """A contact that an organisation named; in the organisation's language."""

    name: str
    email: str
    language: str


async def desks(conn: Conn, organization_id: UUID) -> list[Desk]:
    """The contacts of an approved organisation, one for each address."""
    return await fetch_all(
        conn,
        Desk,
        """
        SELECT DISTINCT ON (lower(c.email)) c.name, c.email, o.language
        FROM organization_replica AS o, jsonb_to_recordset(o.contacts) AS c (name text, email text)
        WHERE o.organization_id = %(organization)s AND o.status = 'approved'
        ORDER BY lower(c.email)
        """,
        {"organization": organization_id},
    )


async def lock_users(conn: Conn, user_ids: Sequence[UUID]) -> None:
    """One at a time decides what is new for a person."""
    await conn.execute(
        "SELECT user_id FROM user_replica WHERE user_id = ANY(%(users)s) ORDER BY user_id FOR NO KEY UPDATE",
        {"users": list(user_ids)},
    )


async def save_preference(conn: Conn, *, user_id: UUID, wish: Wish, version: int, now: datetime) -> bool:
    """Write the next version after ``version``; ``False`` when somebody else was faster."""
    written = await execute(
        conn,
        """
        INSERT INTO preference (user_id, version, cadence, weekday, send_time, time_zone, language, items_max, tracking,
                                quiet_from, quiet_until, updated_at)
        VALUES (%(user)s, %(version)s + 1, %(cadence)s, %(weekday)s, %(send_time)s, %(time_zone)s, %(language)s,
                %(items_max)s, %(tracking)s, %(quiet_from)s, %(quiet_until)s, %(now)s)
        ON CONFLICT (user_id) DO UPDATE
        SET version = EXCLUDED.version, cadence = EXCLUDED.cadence, weekday = EXCLUDED.weekday,
            send_time = EXCLUDED.send_time, time_zone = EXCLUDED.time_zone, language = EXCLUDED.language,
            items_max = EXCLUDED.items_max, tracking = EXCLUDED.tracking, quiet_from = EXCLUDED.quiet_from,
            quiet_until = EXCLUDED.quiet_until, updated_at = EXCLUDED.updated_at
        WHERE preference.version = %(version)s
        """,
        {
            "user": user_id,
            "version": version,
            "cadence": wish.cadence,
            "weekday": wish.weekday,
            "send_time": wish.send_time,
            "time_zone": wish.time_zone,
            "language": wish.language,
            "items_max": wish.items_max,
            "tracking": wish.tracking,
            "quiet_from": wish.quiet_from,
            "quiet_until": wish.quiet_until,
            "now": now,
        },
    )
    return written == 1


async def delete_preference(conn: Conn, user_id: UUID) -> None:
    await conn.execute(
        """
        WITH p AS (DELETE FROM preference WHERE user_id = %(user)s),
        s AS (DELETE FROM schedule WHERE user_id = %(user)s)
        DELETE FROM on_match_due WHERE user_id = %(user)s
        """,
        {"user": user_id},
    )


async def plan_anew(conn: Conn, *, user_ids: Sequence[UUID] = (), organization_ids: Sequence[UUID] = ()) -> None:
    """Have the timetable of these people worked out again; what is due already stays due."""
    await conn.execute(
        """
        INSERT INTO schedule (user_id, cadence)
        SELECT u.user_id, c.cadence
        FROM user_replica AS u, (VALUES ('daily'), ('weekly')) AS c (cadence)
        WHERE (u.user_id = ANY(%(users)s) OR u.organization_id = ANY(%(organizations)s))
          AND u.role = 'buyer_user' AND u.status = 'active'
        ON CONFLICT (user_id, cadence) DO UPDATE SET next_send_at = NULL WHERE schedule.next_send_at > clock()
        """,
        {"users": list(user_ids), "organizations": list(organization_ids)},
    )


@dataclass(frozen=True, slots=True)
class Due:
    """One line of the timetable; ``next_send_at`` ``None``: never worked out."""

    user_id: UUID
    cadence: str
    next_send_at: datetime | None


async def take_due(conn: Conn, *, limit: int) -> list[Due]:
    """Lines that are due or have no time yet, locked for this transaction."""
    return await fetch_all(
        conn,
        Due,
        """
        SELECT user_id, cadence, next_send_at FROM schedule
        WHERE next_send_at IS NULL OR next_send_at <= clock()
        ORDER BY next_send_at NULLS FIRST, user_id
        LIMIT %(limit)s
        FOR UPDATE SKIP LOCKED
        """,
        {"limit": limit},
    )


async def set_next(conn: Conn, dues: Sequence[Due]) -> None:
    """Write the next times; people without one lose their line."""
    await conn.execute(
        """
        UPDATE schedule AS s SET next_send_at = e.at
        FROM unnest(%(users)s::uuid[], %(cadences)s::text[], %(at)s::timestamptz[]) AS e (user_id, cadence, at)
        WHERE s.user_id = e.user_id AND s.cadence = e.cadence
        """,
        {
            "users": [due.user_id for due in dues],
            "cadences": [due.cadence for due in dues],
            "at": [due.next_send_at for due in dues],
        },
    )


async def next_scheduled(conn: Conn) -> datetime | None:
    cursor = await conn.execute("SELECT min(COALESCE(next_send_at, clock())) FROM schedule")
    row = await cursor.fetchone()
    return row[0] if row else None


@dataclass(frozen=True, slots=True)
class OnMatchDue:
    """Somebody who has something new."""

    user_id: UUID
    period_key: str
    correlation_id: str
    due_at: datetime
    asked_at: datetime
    issues_today: int


async def ask_on_match(
    conn: Conn, *, batch_id: UUID | None, period_key: str, correlation_id: str, quiet_minutes: int
) -> None:
    """Everybody whose buyer has an on_match lot not shown yet: at once after a list, else when matches pause.

    A request that waits is merged: a list makes it due at once, single matches move it on for at most an hour.
    """
    await conn.execute(
        """
        WITH found AS (
            UPDATE match_replica SET fresh = false WHERE fresh
            RETURNING buyer_id, item_id, listing_cycle, requirement_id, cadence, live)
        INSERT INTO on_match_due (user_id, period_key, correlation_id, due_at, asked_at)
        SELECT DISTINCT ON (u.user_id) u.user_id, %(key)s, %(correlation)s,
               clock() + make_interval(mins => CASE WHEN %(batch)s::uuid IS NULL THEN %(quiet)s ELSE 0 END), clock()
        FROM found AS m
        JOIN user_replica AS u ON u.organization_id = m.buyer_id AND u.status = 'active'
        LEFT JOIN requirement_replica AS r ON r.requirement_id = m.requirement_id
        LEFT JOIN preference AS p ON p.user_id = u.user_id
        WHERE m.live AND COALESCE(p.cadence, r.cadence, m.cadence) = 'on_match'
          AND NOT EXISTS (SELECT 1 FROM issue_item AS s
                          WHERE s.user_id = u.user_id AND s.item_id = m.item_id
                            AND s.listing_cycle = m.listing_cycle AND s.dropped IS NULL)
        ON CONFLICT (user_id) DO UPDATE
        SET due_at = CASE WHEN %(batch)s::uuid IS NOT NULL THEN LEAST(EXCLUDED.due_at, on_match_due.due_at)
                          WHEN on_match_due.period_key LIKE 'batch:%%' THEN on_match_due.due_at
                          ELSE LEAST(EXCLUDED.due_at, on_match_due.asked_at + interval '1 hour') END,
            period_key = CASE WHEN %(batch)s::uuid IS NOT NULL THEN EXCLUDED.period_key
                              ELSE on_match_due.period_key END,
            asked_at = CASE WHEN %(batch)s::uuid IS NOT NULL THEN EXCLUDED.asked_at ELSE on_match_due.asked_at END
        """,
        {"key": period_key, "correlation": correlation_id, "batch": batch_id, "quiet": quiet_minutes},
    )


async def take_on_match(conn: Conn, *, limit: int) -> list[OnMatchDue]:
    return await fetch_all(
        conn,
        OnMatchDue,
        """
        SELECT d.user_id, d.period_key, d.correlation_id, d.due_at, d.asked_at,
               (SELECT count(*)::integer FROM issue AS i
                WHERE i.user_id = d.user_id AND i.cadence = 'on_match' AND i.created_at > clock() - interval '24 hours'
                  AND i.status <> 'skipped') AS issues_today
        FROM on_match_due AS d
        WHERE d.due_at <= clock()
        ORDER BY d.due_at, d.user_id
        LIMIT %(limit)s
        FOR UPDATE SKIP LOCKED
        """,
        {"limit": limit},
    )


async def postpone_on_match(conn: Conn, user_ids: Sequence[UUID], until: Sequence[datetime]) -> None:
    await conn.execute(
        """
        UPDATE on_match_due AS d SET due_at = e.until
        FROM unnest(%(users)s::uuid[], %(until)s::timestamptz[]) AS e (user_id, until)
        WHERE d.user_id = e.user_id
        """,
        {"users": list(user_ids), "until": list(until)},
    )


async def end_on_match(conn: Conn, user_ids: Sequence[UUID]) -> None:
    await conn.execute("DELETE FROM on_match_due WHERE user_id = ANY(%(users)s)", {"users": list(user_ids)})


async def next_on_match(conn: Conn) -> datetime | None:
    cursor = await conn.execute("SELECT min(due_at) FROM on_match_due")
    row = await cursor.fetchone()
    return row[0] if row else None
