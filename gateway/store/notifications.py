"""Notifications: one row per person and matter."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson

from gateway.notices import Notice
from shared.db import Conn, execute
from shared.filtering import Field, Kind, Listing
from shared.keyset import Found, Question


async def tell(conn: Conn, notices: Sequence[Notice], *, age_hours_max: int) -> int:
    """Write notices to everybody they are for, except what happened too long ago to be news.

    A matter that is counted and comes up again grows, and is unread again; nobody is told twice of another.
    """
    if not notices:
        return 0
    return await execute(
        conn,
        """
        INSERT INTO notification AS n (person_id, topic, kind, subject_kind, subject_id, facts, event_id, occurred_at)
        SELECT p.id, t.topic, t.kind, t.subject_kind, t.subject_id, t.facts::jsonb, t.event_id, t.occurred_at
        FROM unnest(%(topics)s::text[], %(kinds)s::text[], %(subject_kinds)s::text[], %(subject_ids)s::text[],
                    %(facts)s::text[], %(events)s::uuid[], %(times)s::timestamptz[], %(organizations)s::uuid[],
                    %(persons)s::uuid[])
             AS t (topic, kind, subject_kind, subject_id, facts, event_id, occurred_at, organization_id, person_id)
        JOIN person AS p
          ON p.status IN ('active', 'invited')
         AND CASE WHEN t.person_id IS NOT NULL THEN p.id = t.person_id
                  WHEN t.organization_id IS NOT NULL THEN p.organization_id = t.organization_id
                  ELSE p.role = 'admin' END
        WHERE t.occurred_at > clock() - make_interval(hours => %(hours)s)
        ON CONFLICT (person_id, topic) DO UPDATE
        SET facts = n.facts || jsonb_build_object(
                'count', (n.facts ->> 'count')::integer + (EXCLUDED.facts ->> 'count')::integer),
            event_id = EXCLUDED.event_id, occurred_at = EXCLUDED.occurred_at, read_at = NULL
        WHERE n.facts ? 'count' AND EXCLUDED.facts ? 'count'
        """,
        {
            "topics": [one.topic for one in notices],
            "kinds": [one.kind for one in notices],
            "subject_kinds": [one.subject.kind for one in notices],
            "subject_ids": [one.subject.id for one in notices],
            "facts": [orjson.dumps(one.facts).decode() for one in notices],
            "events": [one.told.envelope.event_id for one in notices],
            "times": [one.told.envelope.occurred_at for one in notices],
            "organizations": [one.organization_id for one in notices],
            "persons": [one.person_id for one in notices],
            "hours": age_hours_max,
        },
    )


async def tell_operators(conn: Conn, *, topic: str, kind: str, facts: dict[str, str | int]) -> None:
    """Write to every operator about something that is no event."""
    await execute(
        conn,
        """
        INSERT INTO notification (person_id, topic, kind, facts, event_id, occurred_at)
        SELECT id, %(topic)s, %(kind)s, %(facts)s::jsonb, gen_random_uuid(), clock()
        FROM person
        WHERE role = 'admin' AND status = 'active'
        ON CONFLICT (person_id, topic) DO NOTHING
        """,
        {"topic": topic, "kind": kind, "facts": orjson.dumps(facts).decode()},
    )


@dataclass(frozen=True, slots=True)
class Notification:
    """What one person was told."""

    id: UUID
    kind: str
    subject_kind: str | None
    subject_id: str | None
    facts: dict[str, object]
    occurred_at: datetime
    read_at: datetime | None


NOTIFICATIONS = Listing(
    {
        "unread": Field(Kind.FLAG, "(read_at IS NULL)", sortable=False),
        "kind": Field(Kind.TEXT, "kind"),
        "occurred_at": Field(Kind.INSTANT, "occurred_at"),
    },
    id="id",
    sort="-occurred_at",
)


async def listed(conn: Conn, question: Question, *, person_id: UUID) -> Found[Notification]:
    """What one person was told."""
    return await question.fetch(
        conn,
        Notification,
        """
        SELECT {mark}, id, kind, subject_kind, subject_id, facts, occurred_at, read_at
        FROM notification
        WHERE person_id = %(person_id)s {filters}
        {order}
        """,
        {"person_id": person_id},
    )


async def unread_count(conn: Conn, person_id: UUID, *, limit: int = 1000) -> int:
    """How many are unread, counted up to ``limit``."""
    cursor = await conn.execute(
        """
        SELECT count(*)::integer
        FROM (SELECT 1 FROM notification WHERE person_id = %(id)s AND read_at IS NULL LIMIT %(limit)s) AS unread
        """,
        {"id": person_id, "limit": limit},
    )
    row = await cursor.fetchone()
    return row[0] if row else 0


async def mark(conn: Conn, person_id: UUID, *, ids: Sequence[UUID] | None, up_to: datetime | None, read: bool) -> int:
    """Mark some, or everything up to a time, as read or unread; how many changed."""
    return await execute(
        conn,
        """
        UPDATE notification SET read_at = CASE WHEN %(read)s THEN clock() END
        WHERE person_id = %(person_id)s
          AND (read_at IS NULL) = %(read)s
          AND (%(ids)s::uuid[] IS NULL OR id = ANY(%(ids)s))
          AND (%(up_to)s::timestamptz IS NULL OR occurred_at <= %(up_to)s)
        """,
        {"person_id": person_id, "ids": None if ids is None else list(ids), "up_to": up_to, "read": read},
    )


async def forget_old(conn: Conn, *, days: int, limit: int) -> int:
    return await execute(
        conn,
        """
        DELETE FROM notification WHERE id IN (
            SELECT id FROM notification WHERE occurred_at < clock() - make_interval(days => %(days)s)
            LIMIT %(limit)s)
        """,
        {"days": days, "limit": limit},
    )


async def watch(conn: Conn, dead: Mapping[str, int]) -> dict[str, int]:
    """Remember how many dead letters each service has; how many are new, where some are."""
    cursor = await conn.execute(
        """
        WITH told AS (
            SELECT service, dead FROM unnest(%(services)s::text[], %(dead)s::integer[]) AS t (service, dead)
        ), old AS (
            SELECT w.service, w.dead FROM dead_letter_watch AS w JOIN told USING (service) FOR UPDATE OF w
        ), saved AS (
            INSERT INTO dead_letter_watch (service, dead) SELECT service, dead FROM told
            ON CONFLICT (service) DO UPDATE SET dead = EXCLUDED.dead
        )
        SELECT t.service, t.dead - coalesce(o.dead, 0)
        FROM told AS t LEFT JOIN old AS o USING (service)
        WHERE t.dead > coalesce(o.dead, 0)
        """,
        {"services": list(dead), "dead": list(dead.values())},
    )
    return {row[0]: row[1] for row in await cursor.fetchall()}
