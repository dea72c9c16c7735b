"""What catalog knows of mills and buyers, and the mills' rules."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString, TypedDict, Unpack
from uuid import UUID

import orjson
from psycopg.rows import kwargs_row

from shared.contracts.gateway import OrganizationChanged
from shared.contracts.types import MillId
from shared.contracts.visibility import Disclosure, RuleSet
from shared.db import Conn, execute, fetch_all
from shared.filtering import Field, Kind, Listing
from shared.keyset import Found, Question


@dataclass(frozen=True, slots=True)
class Mill:
    """A mill whose row is locked, so that the events of one mill commit in their order. Version 0: a stub."""

    organization_id: UUID
    version: int
    status: str
    time_zone: str


@dataclass(frozen=True, slots=True)
class Buyer:
    """What rules ask of a buyer."""

    organization_id: UUID
    country: str
    segment: str | None


@dataclass(frozen=True, slots=True)
class Rules:
    """A mill's rule set with its version."""

    mill_id: MillId
    version: int
    rules: RuleSet
    updated_at: datetime


class _RulesRow(TypedDict):
    mill_id: UUID
    version: int
    blocked_buyers: list[UUID]
    allowed_countries: list[str]
    blocked_countries: list[str]
    allowed_segments: list[str]
    price: str
    identity: str
    updated_at: datetime


def _rules_of(**row: Unpack[_RulesRow]) -> Rules:
    return Rules(
        mill_id=MillId(row["mill_id"]),
        version=row["version"],
        rules=RuleSet(
            blocked_buyers=tuple(row["blocked_buyers"]),
            allowed_countries=tuple(row["allowed_countries"]),
            blocked_countries=tuple(row["blocked_countries"]),
            allowed_segments=tuple(row["allowed_segments"]),
            price=Disclosure(row["price"]),
            identity=Disclosure(row["identity"]),
        ),
        updated_at=row["updated_at"],
    )


_RULES_COLUMNS: LiteralString = """
    mill_id, version, blocked_buyers, allowed_countries, blocked_countries, allowed_segments, price, identity,
        updated_at
    FROM rule_set
"""
RULES = Listing(
    {
        "mill_id": Field(Kind.ID, "mill_id"),
        "price": Field(Kind.TEXT, "price", words=tuple(Disclosure)),
        "identity": Field(Kind.TEXT, "identity", words=tuple(Disclosure)),
        "blocked_countries": Field(Kind.SET, "blocked_countries"),
        "allowed_countries": Field(Kind.SET, "allowed_countries"),
        "updated_at": Field(Kind.INSTANT, "updated_at"),
    },
    id="mill_id",
    sort="mill_id",
)
_RULES_OF: LiteralString = "SELECT" + _RULES_COLUMNS + "WHERE mill_id = %(mill_id)s FOR UPDATE"
_RULES_AFTER: LiteralString = (
    "SELECT" + _RULES_COLUMNS + "WHERE %(after)s::uuid IS NULL OR mill_id > %(after)s ORDER BY mill_id LIMIT %(limit)s"
)
_RULES_LISTED: LiteralString = (
    "SELECT {mark}," + _RULES_COLUMNS + "WHERE (%(of)s::uuid IS NULL OR mill_id = %(of)s) {filters} {order}"
)


async def lock_mills(conn: Conn, mill_ids: Sequence[MillId]) -> dict[UUID, Mill]:
    """The mills, locked in the order of their ids; one not known yet becomes a stub, completed by its own event.

    Whoever publishes about items locks their mills first, so that two of them never wait for each other.
    """
    wanted = set(mill_ids)
    found = await _lock_known(conn, wanted)
    if wanted - found.keys():
        await execute(
            conn,
            """
            INSERT INTO organization_replica (organization_id, version, kind, name, slug, status, country, time_zone)
            SELECT mill_id, 0, 'mill', '', '', 'pending', '', 'UTC'
            FROM unnest(%(mill_ids)s::uuid[]) AS m (mill_id)
            ON CONFLICT (organization_id) DO NOTHING
            """,
            {"mill_ids": sorted(wanted - found.keys())},
        )
        found = await _lock_known(conn, wanted)
    return found


async def _lock_known(conn: Conn, mill_ids: set[MillId]) -> dict[UUID, Mill]:
    mills = await fetch_all(
        conn,
        Mill,
        """
        SELECT organization_id, version, status, time_zone
        FROM organization_replica
        WHERE organization_id = ANY(%(mill_ids)s)
        ORDER BY organization_id
        FOR UPDATE
        """,
        {"mill_ids": list(mill_ids)},
    )
    return {mill.organization_id: mill for mill in mills}


async def lock_mill(conn: Conn, mill_id: MillId) -> Mill:
    """One mill, locked."""
    return (await lock_mills(conn, [mill_id]))[mill_id]


async def approved(conn: Conn, organization_id: UUID, *, kind: str) -> bool:
    """Whether an organisation of this kind may trade."""
    cursor = await conn.execute(
        """
        SELECT 1 FROM organization_replica
        WHERE organization_id = %(organization_id)s AND kind = %(kind)s AND status = 'approved'
        """,
        {"organization_id": organization_id, "kind": kind},
    )
    return await cursor.fetchone() is not None


async def save(conn: Conn, event: OrganizationChanged) -> bool:
    """Take over a snapshot; ``False`` when a newer one is here already."""
    contacts = [contact.model_dump() for contact in event.contacts]
    touched = await execute(
        conn,
        """
        INSERT INTO organization_replica AS known (organization_id, version, kind, name, slug, status, country,
            time_zone, segment, contacts)
        VALUES (%(id)s, %(version)s, %(kind)s, %(name)s, %(slug)s, %(status)s, %(country)s, %(time_zone)s,
            %(segment)s, %(contacts)s::jsonb)
        ON CONFLICT (organization_id) DO UPDATE SET
            version = excluded.version, kind = excluded.kind, name = excluded.name, slug = excluded.slug,
            status = excluded.status, country = excluded.country, time_zone = excluded.time_zone,
            segment = excluded.segment, contacts = excluded.contacts
        WHERE known.version < excluded.version
        """,
        {
            "id": event.organization_id,
            "version": event.version,
            "kind": event.kind,
            "name": event.name,
            "slug": event.slug,
            "status": event.status,
            "country": event.country,
            "time_zone": event.time_zone,
            "segment": event.segment,
            "contacts": orjson.dumps(contacts).decode(),
        },
    )
    return touched > 0


async def buyers(conn: Conn) -> list[Buyer]:
    """Every buyer that may trade."""
    return await fetch_all(
        conn,
        Buyer,
        """
        SELECT organization_id, country, segment
        FROM organization_replica
        WHERE kind = 'buyer' AND status = 'approved'
        """,
        {},
    )


async def add_default_rules(conn: Conn, mill_id: MillId, rules: RuleSet, *, now: datetime) -> bool:
    """Give a mill its first rule set; ``False`` when it has one."""
    touched = await execute(
        conn,
        """
        INSERT INTO rule_set (mill_id, version, blocked_buyers, allowed_countries, blocked_countries,
            allowed_segments, price, identity, updated_at)
        VALUES (%(mill_id)s, 1, %(blocked_buyers)s::uuid[], %(allowed_countries)s::text[],
            %(blocked_countries)s::text[], %(allowed_segments)s::text[], %(price)s, %(identity)s, %(now)s)
        ON CONFLICT (mill_id) DO NOTHING
        """,
        {"mill_id": mill_id, "now": now, **_columns_of(rules)},
    )
    return touched > 0


async def lock_rules(conn: Conn, mill_id: MillId) -> Rules | None:
    """A mill's rules, locked."""
    async with conn.cursor(row_factory=kwargs_row(_rules_of)) as cursor:
        await cursor.execute(_RULES_OF, {"mill_id": mill_id})
        return await cursor.fetchone()


async def rules_listed(conn: Conn, question: Question, *, mill_id: UUID | None) -> Found[Rules]:
    """Rule sets; ``mill_id`` ``None``: of all mills."""
    return await question.fetch(conn, _rules_of, _RULES_LISTED, {"of": mill_id})


async def rules_after(conn: Conn, *, after: UUID | None, limit: int) -> Sequence[Rules]:
    """Rule sets in the order of their mills."""
    async with conn.cursor(row_factory=kwargs_row(_rules_of)) as cursor:
        await cursor.execute(_RULES_AFTER, {"after": after, "limit": limit})
        return await cursor.fetchall()


async def replace_rules(conn: Conn, mill_id: MillId, rules: RuleSet, *, version: int, now: datetime) -> None:
    """Overwrite a mill's rules; the caller holds their lock."""
    await execute(
        conn,
        """
        UPDATE rule_set
        SET version = %(version)s, blocked_buyers = %(blocked_buyers)s::uuid[],
            allowed_countries = %(allowed_countries)s::text[], blocked_countries = %(blocked_countries)s::text[],
            allowed_segments = %(allowed_segments)s::text[], price = %(price)s, identity = %(identity)s,
            updated_at = %(now)s
        WHERE mill_id = %(mill_id)s
        """,
        {"mill_id": mill_id, "version": version, "now": now, **_columns_of(rules)},
    )


def _columns_of(rules: RuleSet) -> dict[str, object]:
    return {
        "blocked_buyers": list(rules.blocked_buyers),
        "allowed_countries": list(rules.allowed_countries),
        "blocked_countries": list(rules.blocked_countries),
        "allowed_segments": list(rules.allowed_segments),
        "price": rules.price.value,
        "identity": rules.identity.value,
    }
