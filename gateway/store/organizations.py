"""Organisations: mills, buyers, the operator."""

from collections.abc import Sequence
from typing import LiteralString
from uuid import UUID

import orjson

from shared.contracts.gateway import OrganizationChanged, OrganizationKind, OrganizationStatus, Role
from shared.db import Conn, execute, fetch_all, fetch_one
from shared.filtering import Field, Kind, Listing
from shared.keyset import Found, Question

_NOT_OTHERS = frozenset({Role.MILL_USER, Role.BUYER_USER})
ORGANIZATIONS = Listing(
    {
        "slug": Field(Kind.TEXT, "slug"),
        "name": Field(Kind.TEXT, "name"),
        "kind": Field(Kind.TEXT, "kind", words=tuple(OrganizationKind)),
        "status": Field(Kind.TEXT, "status", words=tuple(OrganizationStatus)),
        "country": Field(Kind.TEXT, "country"),
        "segment": Field(Kind.TEXT, "segment", nullable=True),
        "trusted": Field(Kind.FLAG, "trusted", hidden_from=_NOT_OTHERS),
        "sender_domains": Field(Kind.SET, "sender_domains"),
        "created_at": Field(Kind.INSTANT, "created_at"),
    },
    id="id",
    sort="slug",
)
_COLUMNS: LiteralString = """
    id AS organization_id, version, kind, name, slug, status, country, language, time_zone, currency, trusted, segment,
    sender_addresses, sender_domains, contacts
    FROM organization
"""


async def listed(conn: Conn, question: Question, *, only: UUID | None) -> Found[OrganizationChanged]:
    """All organisations, or ``only`` one."""
    return await question.fetch(
        conn,
        OrganizationChanged,
        "SELECT {mark}," + _COLUMNS + "WHERE (%(only)s::uuid IS NULL OR id = %(only)s) {filters} {order}",
        {"only": only},
    )


async def one(conn: Conn, organization_id: UUID) -> OrganizationChanged | None:
    return await fetch_one(
        conn, OrganizationChanged, "SELECT" + _COLUMNS + "WHERE id = %(id)s", {"id": organization_id}
    )


async def by_slug(conn: Conn, *, after: str | None, limit: int) -> list[OrganizationChanged]:
    """All in the order of their slugs, from after one."""
    return await fetch_all(
        conn,
        OrganizationChanged,
        "SELECT" + _COLUMNS + "WHERE %(after)s::text IS NULL OR slug > %(after)s ORDER BY slug LIMIT %(limit)s",
        {"after": after, "limit": limit},
    )


async def locked(conn: Conn, ids: Sequence[UUID]) -> dict[UUID, OrganizationChanged]:
    """The newest state of these organisations, which nobody else changes until the transaction ends."""
    found = await fetch_all(
        conn,
        OrganizationChanged,
        """
        SELECT id AS organization_id, version, kind, name, slug, status, country, language, time_zone, currency,
               trusted, segment, sender_addresses, sender_domains, contacts
        FROM organization
        WHERE id = ANY(%(ids)s)
        ORDER BY id
        FOR UPDATE
        """,
        {"ids": list(ids)},
    )
    return {one.organization_id: one for one in found}


async def save(conn: Conn, organizations: Sequence[OrganizationChanged]) -> None:
    """Insert or replace by id; a changed status makes the tokens of its people stale."""
    rows = [{**one.model_dump(mode="json"), "id": str(one.organization_id)} for one in organizations]
    await execute(
        conn,
        """
        INSERT INTO organization AS o (id, version, kind, slug, name, status, country, language, time_zone, currency,
                                       trusted, segment, sender_addresses, sender_domains, contacts)
        SELECT id, version, kind, slug, name, status, country, language, time_zone, currency, trusted, segment,
               sender_addresses, sender_domains, contacts
        FROM jsonb_to_recordset(%(rows)s::jsonb)
             AS r (id uuid, version bigint, kind text, slug text, name text, status text, country text, language text,
                   time_zone text, currency text, trusted boolean, segment text, sender_addresses text[],
                   sender_domains text[], contacts jsonb)
        ON CONFLICT (id) DO UPDATE
        SET name = EXCLUDED.name, status = EXCLUDED.status, country = EXCLUDED.country, language = EXCLUDED.language,
            time_zone = EXCLUDED.time_zone, currency = EXCLUDED.currency, trusted = EXCLUDED.trusted,
            segment = EXCLUDED.segment, sender_addresses = EXCLUDED.sender_addresses,
            sender_domains = EXCLUDED.sender_domains, contacts = EXCLUDED.contacts, version = EXCLUDED.version,
            rights_version = o.rights_version + (o.status <> EXCLUDED.status)::integer,
            rights_changed_at = CASE WHEN o.status <> EXCLUDED.status THEN clock() ELSE o.rights_changed_at END,
            updated_at = clock()
        """,
        {"rows": orjson.dumps(rows).decode()},
    )


async def claimed_by_others(
    conn: Conn, *, organization_id: UUID, addresses: Sequence[str], domains: Sequence[str]
) -> list[str]:
    """Which of these senders belong to somebody else, by address or by domain.

    Holds a lock until the transaction ends: two organisations cannot claim the same sender at the same moment.
    """
    await conn.execute("SELECT pg_advisory_xact_lock(hashtextextended('sender claims', 0))")
    cursor = await conn.execute(
        """
        WITH others AS (
            SELECT sender_addresses, sender_domains FROM organization
            WHERE id <> %(id)s AND status <> 'closed'
        ), taken AS (
            SELECT a AS sender, split_part(a, '@', 2) AS domain FROM others, unnest(sender_addresses) a
        ), taken_domain AS (
            SELECT d AS domain FROM others, unnest(sender_domains) d
        )
        SELECT wanted FROM unnest(%(addresses)s::text[]) wanted
        WHERE wanted IN (SELECT sender FROM taken)
           OR split_part(wanted, '@', 2) IN (SELECT domain FROM taken_domain)
        UNION
        SELECT wanted FROM unnest(%(domains)s::text[]) wanted
        WHERE wanted IN (SELECT domain FROM taken_domain) OR wanted IN (SELECT domain FROM taken)
        """,
        {"id": organization_id, "addresses": list(addresses), "domains": list(domains)},
    )
    return [row[0] for row in await cursor.fetchall()]


async def slugs_like(conn: Conn, slug: str) -> set[str]:
    """The slugs that begin like this one."""
    cursor = await conn.execute(
        "SELECT slug FROM organization WHERE starts_with(slug, %(slug)s) LIMIT 10000", {"slug": slug}
    )
    return {row[0] for row in await cursor.fetchall()}


async def ids_of(conn: Conn, slugs: Sequence[str]) -> dict[str, tuple[UUID, str]]:
    """Id and kind by slug."""
    cursor = await conn.execute(
        "SELECT slug, id, kind FROM organization WHERE slug = ANY(%(slugs)s)", {"slugs": list(slugs)}
    )
    return {row[0]: (row[1], row[2]) for row in await cursor.fetchall()}
