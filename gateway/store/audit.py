"""The audit: rows are added and read, nothing else; the database refuses the rest."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

import orjson

from gateway.audited import Entry
from shared.contracts.gateway import Role
from shared.db import Conn, execute
from shared.filtering import Field, Kind, Listing
from shared.keyset import Found, Question


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


# Who of another company did it is hidden from owners, so they cannot ask for it either.
_OWN_PEOPLE: LiteralString = "(e.user_organization_id = %(reader)s)"
_SEEN: dict[Role, LiteralString] = {Role.MILL_USER: _OWN_PEOPLE, Role.BUYER_USER: _OWN_PEOPLE}
AUDIT = Listing(
    {
        "entity": Field(Kind.TEXT, "e.entity_id", nullable=True, sortable=False),
        "entity_kind": Field(Kind.TEXT, "e.entity_kind", sortable=False),
        "actor": Field(Kind.ID, "e.user_id", nullable=True, sortable=False, seen=_SEEN),
        "type": Field(Kind.TEXT, "e.type", sortable=False),
        "via": Field(Kind.TEXT, "e.via", sortable=False, words=("http", "mail", "event", "timer", "command")),
        "at": Field(Kind.INSTANT, "e.at"),
        "correlation_id": Field(Kind.TEXT, "e.correlation_id", sortable=False),
    },
    id="e.id",
    id_kind=Kind.INTEGER,
)


async def listed(conn: Conn, question: Question, *, organization_id: UUID | None, reader: UUID) -> Found[Written]:
    """What an organisation may read (``None``: everything). ``reader`` is the organisation of who asks.

    A deed of a service has its address from the request it came in by, made by the same person.
    """
    return await question.fetch(
        conn,
        Written,
        """
        SELECT {mark}, e.id, e.at, e.type, e.entity_kind, e.entity_id, e.user_id, e.user_organization_id,
               p.name AS user_name, e.via, coalesce(e.address, o.address) AS address, e.correlation_id, e.changes,
               e.facts, e.reason
        FROM audit_entry AS e
        LEFT JOIN person AS p ON p.id = e.user_id
        LEFT JOIN LATERAL (
            SELECT r.address FROM request_origin AS r
            WHERE r.correlation_id = e.correlation_id AND r.user_id = e.user_id
            ORDER BY abs(extract(epoch FROM r.at - e.at))
            LIMIT 1
        ) AS o ON true
        WHERE (%(organization_id)s::uuid IS NULL OR e.organization_ids @> ARRAY[%(organization_id)s::uuid]) {filters}
        {order}
        """,
        {"organization_id": organization_id, "reader": reader},
    )
