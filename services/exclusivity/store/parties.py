"""Mills, buyers, users and rules: copies of what others own, and what they say about a buyer and a mill together."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

import orjson

from shared.contracts.catalog import VisibilityChanged
from shared.contracts.gateway import OrganizationChanged, UserChanged, UserStatus
from shared.db import Conn, fetch_all


@dataclass(frozen=True, slots=True)
class Party:
    """A buyer as seen by one mill, with that mill's rules. Both stay as they are until the transaction ends."""

    mill_id: UUID
    buyer_id: UUID
    mill_status: str
    buyer_kind: str
    buyer_status: str
    country: str
    segment: str | None
    somebody_active: bool  # also true while no user of the buyer is known yet
    rules: dict[str, object]


async def parties(conn: Conn, pairs: Collection[tuple[UUID, UUID]]) -> list[Party]:
    """Facts about (mill, buyer) pairs; a pair of which one side or the rules are unknown is missing.

    The rows are locked FOR SHARE: a suspension or a new rule waits until the grant that relies on them is committed,
    and then finds it.
    """
    ordered = sorted(set(pairs))
    return await fetch_all(
        conn,
        Party,
        """
        SELECT u.mill_id, u.buyer_id, m.status AS mill_status, b.kind AS buyer_kind, b.status AS buyer_status,
            b.country, b.segment, r.rules,
            COALESCE((SELECT bool_or(p.active) FROM user_replica AS p WHERE p.organization_id = u.buyer_id), true)
                AS somebody_active
        FROM unnest(%(mill_ids)s::uuid[], %(buyer_ids)s::uuid[]) AS u (mill_id, buyer_id)
        JOIN organization_replica AS m ON m.organization_id = u.mill_id
        JOIN organization_replica AS b ON b.organization_id = u.buyer_id
        JOIN rule_replica AS r ON r.mill_id = u.mill_id
        FOR SHARE OF m, b, r
        """,
        {"mill_ids": [mill for mill, _ in ordered], "buyer_ids": [buyer for _, buyer in ordered]},
    )


async def replace_organizations(conn: Conn, events: Sequence[OrganizationChanged]) -> list[UUID]:
    """Keep the newest snapshot of each organisation; the ids of those that were news."""
    newest = {event.organization_id: event for event in sorted(events, key=lambda one: one.version)}
    ordered = sorted(newest.values(), key=lambda one: one.organization_id)
    cursor = await conn.execute(
        """
        INSERT INTO organization_replica AS o
            (organization_id, version, kind, name, status, country, segment, contacts)
        SELECT organization_id, version, kind, name, status, country, segment, contacts::jsonb
        FROM unnest(%(ids)s::uuid[], %(versions)s::int[], %(kinds)s::text[], %(names)s::text[], %(statuses)s::text[],
            %(countries)s::text[], %(segments)s::text[], %(contacts)s::text[])
            AS u (organization_id, version, kind, name, status, country, segment, contacts)
        ON CONFLICT (organization_id) DO UPDATE
        SET version = excluded.version, kind = excluded.kind, name = excluded.name, status = excluded.status,
            country = excluded.country, segment = excluded.segment, contacts = excluded.contacts
        WHERE o.version < excluded.version
        RETURNING organization_id
        """,
        {
            "ids": [one.organization_id for one in ordered],
            "versions": [one.version for one in ordered],
            "kinds": [one.kind.value for one in ordered],
            "names": [one.name for one in ordered],
            "statuses": [one.status.value for one in ordered],
            "countries": [one.country for one in ordered],
            "segments": [one.segment for one in ordered],
            "contacts": [orjson.dumps([c.model_dump() for c in one.contacts]).decode() for one in ordered],
        },
    )
    return [row[0] for row in await cursor.fetchall()]


async def replace_users(conn: Conn, events: Sequence[UserChanged]) -> list[UUID]:
    """Keep the newest state of each user; the ids of the organisations of those that were news."""
    newest = {event.user_id: event for event in sorted(events, key=lambda one: one.version)}
    ordered = sorted(newest.values(), key=lambda one: one.user_id)
    cursor = await conn.execute(
        """
        INSERT INTO user_replica AS p (user_id, version, organization_id, active)
        SELECT user_id, version, organization_id, active
        FROM unnest(%(ids)s::uuid[], %(versions)s::int[], %(organizations)s::uuid[], %(active)s::bool[])
            AS u (user_id, version, organization_id, active)
        ON CONFLICT (user_id) DO UPDATE
        SET version = excluded.version, organization_id = excluded.organization_id, active = excluded.active
        WHERE p.version < excluded.version
        RETURNING organization_id
        """,
        {
            "ids": [one.user_id for one in ordered],
            "versions": [one.version for one in ordered],
            "organizations": [one.organization_id for one in ordered],
            "active": [one.status == UserStatus.ACTIVE for one in ordered],
        },
    )
    return sorted({row[0] for row in await cursor.fetchall()})


async def replace_rules(conn: Conn, events: Sequence[VisibilityChanged]) -> list[UUID]:
    """Keep the newest rules of each mill; the ids of the mills whose rules were news."""
    newest = {event.mill_id: event for event in sorted(events, key=lambda one: one.version)}
    ordered = sorted(newest.values(), key=lambda one: one.mill_id)
    cursor = await conn.execute(
        """
        INSERT INTO rule_replica AS r (mill_id, version, rules)
        SELECT mill_id, version, rules::jsonb
        FROM unnest(%(ids)s::uuid[], %(versions)s::int[], %(rules)s::text[]) AS u (mill_id, version, rules)
        ON CONFLICT (mill_id) DO UPDATE
        SET version = excluded.version, rules = excluded.rules
        WHERE r.version < excluded.version
        RETURNING mill_id
        """,
        {
            "ids": [one.mill_id for one in ordered],
            "versions": [one.version for one in ordered],
            "rules": [one.rules.model_dump_json() for one in ordered],
        },
    )
    return [row[0] for row in await cursor.fetchall()]


async def status_of(conn: Conn, organization_id: UUID) -> str | None:
    """The status of an organisation; ``None`` while it is unknown here."""
    cursor = await conn.execute(
        "SELECT status FROM organization_replica WHERE organization_id = %(id)s", {"id": organization_id}
    )
    row = await cursor.fetchone()
    return row[0] if row else None
