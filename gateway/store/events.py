"""The history of everything: what happened to what and when, who did it, and who may learn of it. No bodies."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson

from gateway.told import Told
from shared.db import Conn, execute, fetch_all, fetch_one


async def append_events(conn: Conn, told: Sequence[Told]) -> None:
    """Write a batch, once per event.

    Writers of the history take turns until they commit. So ids are committed in their order: who has seen an id has
    seen all before it, and needs to remember nothing but the last.
    """
    await conn.execute("SELECT pg_advisory_xact_lock(hashtextextended('history of the gateway', 0))")
    await execute(
        conn,
        """
        INSERT INTO event_log (stream, seq, event_id, type, key, correlation_id, causation_id, actor, audience,
                               occurred_at, subject_kind, subject_id, version)
        SELECT stream, seq, event_id, type, key, correlation_id, causation_id, actor::jsonb,
               ARRAY(SELECT jsonb_array_elements_text(audience::jsonb)::uuid), occurred_at, kind, subject, version
        FROM unnest(%(streams)s::text[], %(seqs)s::bigint[], %(ids)s::uuid[], %(types)s::text[], %(keys)s::text[],
                    %(correlations)s::text[], %(causations)s::uuid[], %(actors)s::text[], %(audiences)s::text[],
                    %(times)s::timestamptz[], %(kinds)s::text[], %(subjects)s::text[], %(versions)s::bigint[])
             WITH ORDINALITY AS e (stream, seq, event_id, type, key, correlation_id, causation_id, actor, audience,
                                   occurred_at, kind, subject, version, place)
        ORDER BY place
        ON CONFLICT (stream, seq) DO NOTHING
        """,
        {
            "streams": [one.envelope.stream for one in told],
            "seqs": [one.envelope.seq for one in told],
            "ids": [one.envelope.event_id for one in told],
            "types": [one.envelope.type for one in told],
            "keys": [one.envelope.key for one in told],
            "correlations": [one.attributes.correlation_id for one in told],
            "causations": [one.attributes.causation_id for one in told],
            "actors": [one.attributes.actor.model_dump_json() for one in told],
            "audiences": [orjson.dumps(one.attributes.audience).decode() for one in told],
            "times": [one.envelope.occurred_at for one in told],
            "kinds": [one.subject.kind for one in told],
            "subjects": [one.subject.id for one in told],
            "versions": [one.subject.version for one in told],
        },
    )


@dataclass(frozen=True, slots=True)
class Logged:
    """What live clients may be told of an event, and who they must be."""

    id: int
    type: str
    subject_kind: str | None
    subject_id: str | None
    version: int | None
    occurred_at: datetime
    audience: list[UUID]


async def after(
    conn: Conn, last: int, *, up_to: int | None = None, audience: UUID | None = None, limit: int
) -> list[Logged]:
    """Events after an id in their order; ``audience``: only those that this organisation may learn of."""
    return await fetch_all(
        conn,
        Logged,
        """
        SELECT id, type, subject_kind, subject_id, version, occurred_at, audience
        FROM event_log
        WHERE id > %(last)s
          AND (%(up_to)s::bigint IS NULL OR id <= %(up_to)s)
          AND (%(audience)s::uuid IS NULL OR audience @> ARRAY[%(audience)s::uuid])
        ORDER BY id
        LIMIT %(limit)s
        """,
        {"last": last, "up_to": up_to, "audience": audience, "limit": limit},
    )


@dataclass(frozen=True, slots=True)
class Extent:
    """The ids that can still be asked for: after ``pruned_to``, up to ``head``."""

    pruned_to: int
    head: int


async def extent(conn: Conn) -> Extent:
    found = await fetch_one(
        conn,
        Extent,
        """
        SELECT pruned_to, greatest(coalesce((SELECT max(id) FROM event_log), 0), pruned_to) AS head
        FROM event_log_floor
        """,
        {},
    )
    return found or Extent(0, 0)


async def prune(conn: Conn, *, days: int, limit: int) -> int:
    """Drop a slice of what is older than so many days, oldest first, and remember how far."""
    return await execute(
        conn,
        """
        WITH old AS (
            SELECT id FROM (SELECT id, learnt_at FROM event_log ORDER BY id LIMIT %(limit)s) AS first
            WHERE learnt_at < clock() - make_interval(days => %(days)s)
        ), dropped AS (
            DELETE FROM event_log WHERE id IN (SELECT id FROM old) RETURNING id
        )
        UPDATE event_log_floor SET pruned_to = (SELECT max(id) FROM dropped) WHERE EXISTS (SELECT 1 FROM dropped)
        """,
        {"days": days, "limit": limit},
    )


@dataclass(frozen=True, slots=True)
class Remembered:
    """One event of the history."""

    stream: str
    seq: int
    event_id: UUID
    type: str
    key: str
    causation_id: UUID | None
    actor: dict[str, object]
    occurred_at: datetime


async def chain(conn: Conn, correlation_id: str) -> list[Remembered]:
    """Every event of a chain of causes, of all services, as far back as the history goes."""
    return await fetch_all(
        conn,
        Remembered,
        """
        SELECT stream, seq, event_id, type, key, causation_id, actor, occurred_at
        FROM event_log
        WHERE correlation_id = %(correlation_id)s
        ORDER BY id
        """,
        {"correlation_id": correlation_id},
    )


async def chain_of(conn: Conn, event_id: UUID) -> str | None:
    """The chain that an event belongs to."""
    cursor = await conn.execute(
        "SELECT correlation_id FROM event_log WHERE event_id = %(event_id)s", {"event_id": event_id}
    )
    row = await cursor.fetchone()
    return str(row[0]) if row else None
