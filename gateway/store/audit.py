"""The audit: rows are added and read, nothing else; the database refuses the rest."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson

from gateway.audited import Entry
from shared.db import Conn, execute, fetch_all


async def add(conn: Conn, entries: Sequence[Entry]) -> None:
    if not entries:
        return
    await execute(
        conn,
        """
        INSERT INTO audit_entry (at, type, entity_kind, entity_id, organization_ids, user_id, user_organization_id, via,
                                 address, correlation_id, event_id, changes, facts, reason)
        SELECT at, type, kind, entity, ARRAY(SELECT jsonb_array_elements_text(readers::jsonb)::uuid), user_id,
               organization_id, via, address, correlation_id, event_id, changes::jsonb, facts::jsonb, reason
        FROM unnest(%(times)s::timestamptz[], %(types)s::text[], %(kinds)s::text[], %(entities)s::text[],
                    %(readers)s::text[], %(users)s::uuid[], %(organizations)s::uuid[], %(vias)s::text[],
                    %(addresses)s::text[], %(correlations)s::text[], %(events)s::uuid[], %(changes)s::text[],
                    %(facts)s::text[], %(reasons)s::text[])
             WITH ORDINALITY AS e (at, type, kind, entity, readers, user_id, organization_id, via, address,
                                   correlation_id, event_id, changes, facts, reason, place)
        ORDER BY place
        ON CONFLICT DO NOTHING
        """,
        {
            "times": [one.at for one in entries],
            "types": [one.type for one in entries],
            "kinds": [one.entity_kind for one in entries],
            "entities": [one.entity_id for one in entries],
            "readers": [orjson.dumps(list(one.organization_ids)).decode() for one in entries],
            "users": [one.actor.user_id for one in entries],
            "organizations": [one.actor.organization_id for one in entries],
            "vias": [one.actor.via for one in entries],
            "addresses": [one.address for one in entries],
            "correlations": [one.correlation_id for one in entries],
            "events": [one.event_id for one in entries],
            "changes": [orjson.dumps(list(one.changes)).decode() for one in entries],
            "facts": [orjson.dumps(dict(one.facts)).decode() for one in entries],
            "reasons": [one.reason for one in entries],
        },
    )


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries are asked for; ``None`` means any. ``after`` is the last id seen; newest come first."""

    organization_id: UUID | None = None
    entity_kind: str | None = None
    entity_id: str | None = None
    user_id: UUID | None = None
    type: str | None = None
    since: datetime | None = None
    before: datetime | None = None
    after: int | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """An entry as kept. ``address``: from where it was asked for, if that is still known."""

    id: int
    at: datetime
    type: str
    entity_kind: str
    entity_id: str | None
    user_id: UUID | None
    user_organization_id: UUID | None
    user_name: str | None
    via: str
    address: str | None
    correlation_id: str
    changes: list[dict[str, object]]
    facts: dict[str, object]
    reason: str | None


async def find(conn: Conn, wanted: Wanted, *, limit: int) -> list[Written]:
    """A deed of a service has its address from the request it came in by, made by the same person."""
    return await fetch_all(
        conn,
        Written,
        """
        SELECT e.id, e.at, e.type, e.entity_kind, e.entity_id, e.user_id, e.user_organization_id, p.name AS user_name,
               e.via, coalesce(e.address, o.address) AS address, e.correlation_id, e.changes, e.facts, e.reason
        FROM (
            SELECT id, at, type, entity_kind, entity_id, user_id, user_organization_id, via, address, correlation_id,
                   changes, facts, reason
            FROM audit_entry
            WHERE (%(organization_id)s::uuid IS NULL OR organization_ids @> ARRAY[%(organization_id)s::uuid])
              AND (%(entity_kind)s::text IS NULL OR entity_kind = %(entity_kind)s)
              AND (%(entity_id)s::text IS NULL OR entity_id = %(entity_id)s)
              AND (%(user_id)s::uuid IS NULL OR user_id = %(user_id)s)
              AND (%(type)s::text IS NULL OR type = %(type)s OR starts_with(type, %(type)s || '.'))
              AND (%(since)s::timestamptz IS NULL OR at >= %(since)s)
              AND (%(before)s::timestamptz IS NULL OR at < %(before)s)
              AND (%(after)s::bigint IS NULL OR id < %(after)s)
            ORDER BY id DESC
            LIMIT %(limit)s
        ) AS e
        LEFT JOIN person AS p ON p.id = e.user_id
        LEFT JOIN LATERAL (
            SELECT r.address FROM request_origin AS r
            WHERE r.correlation_id = e.correlation_id AND r.user_id = e.user_id
            ORDER BY abs(extract(epoch FROM r.at - e.at))
            LIMIT 1
        ) AS o ON true
        ORDER BY e.id DESC
        """,
        {
            "organization_id": wanted.organization_id,
            "entity_kind": wanted.entity_kind,
            "entity_id": wanted.entity_id,
            "user_id": wanted.user_id,
            "type": wanted.type,
            "since": wanted.since,
            "before": wanted.before,
            "after": wanted.after,
            "limit": limit,
        },
    )
