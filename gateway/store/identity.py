"""Organisations, people, sessions and refresh tokens."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import orjson

from gateway.domain import Account, Failures, StoredRefresh
from shared.contracts.gateway import OrganizationChanged, UserChanged
from shared.db import Conn, execute, fetch_all, fetch_one


async def account_by_email(conn: Conn, email: str) -> Account | None:
    return await fetch_one(
        conn,
        Account,
        """
        SELECT p.id, p.organization_id, o.kind AS organization_kind, o.name AS organization_name,
               o.status AS organization_status, p.role, p.org_role, p.status, p.name, p.email, p.language,
               p.time_zone, p.password_hash
        FROM person p
        JOIN organization o ON o.id = p.organization_id
        WHERE lower(p.email) = lower(%(email)s)
        """,
        {"email": email},
    )


async def account(conn: Conn, person_id: UUID) -> Account | None:
    return await fetch_one(
        conn,
        Account,
        """
        SELECT p.id, p.organization_id, o.kind AS organization_kind, o.name AS organization_name,
               o.status AS organization_status, p.role, p.org_role, p.status, p.name, p.email, p.language,
               p.time_zone, p.password_hash
        FROM person p
        JOIN organization o ON o.id = p.organization_id
        WHERE p.id = %(id)s
        """,
        {"id": person_id},
    )


async def failures(conn: Conn, key: str) -> Failures | None:
    return await fetch_one(
        conn,
        Failures,
        "SELECT failures, last_at, blocked_until FROM login_failure WHERE key = %(key)s",
        {"key": key},
    )


async def save_failure(conn: Conn, *, key: str, failures: int, now: datetime, blocked_until: datetime | None) -> None:
    await execute(
        conn,
        """
        INSERT INTO login_failure (key, failures, last_at, blocked_until)
        VALUES (%(key)s, %(failures)s, %(now)s, %(blocked_until)s)
        ON CONFLICT (key) DO UPDATE
        SET failures = EXCLUDED.failures, last_at = EXCLUDED.last_at, blocked_until = EXCLUDED.blocked_until
        """,
        {"key": key, "failures": failures, "now": now, "blocked_until": blocked_until},
    )


async def forget_failures(conn: Conn, key: str) -> None:
    await execute(conn, "DELETE FROM login_failure WHERE key = %(key)s", {"key": key})


async def open_session(
    conn: Conn, *, session_id: UUID, person_id: UUID, now: datetime, expires_at: datetime, token_hash: bytes
) -> None:
    await execute(
        conn,
        """
        WITH opened AS (
            INSERT INTO session (id, person_id, created_at, expires_at)
            VALUES (%(id)s, %(person_id)s, %(now)s, %(expires_at)s)
            RETURNING id
        )
        INSERT INTO refresh_token (hash, session_id, created_at)
        SELECT %(hash)s, id, %(now)s FROM opened
        """,
        {"id": session_id, "person_id": person_id, "now": now, "expires_at": expires_at, "hash": token_hash},
    )


async def refresh_for_update(conn: Conn, token_hash: bytes) -> StoredRefresh | None:
    """The token with its session, locked: two tabs are served one after the other."""
    return await fetch_one(
        conn,
        StoredRefresh,
        """
        SELECT s.id AS session_id, s.person_id, r.replaced_at, s.expires_at AS session_expires_at, s.revoked_at
        FROM refresh_token r
        JOIN session s ON s.id = r.session_id
        WHERE r.hash = %(hash)s
        FOR UPDATE OF s
        """,
        {"hash": token_hash},
    )


async def rotate(conn: Conn, *, old_hash: bytes, new_hash: bytes, session_id: UUID, now: datetime) -> None:
    await execute(
        conn,
        """
        WITH replaced AS (UPDATE refresh_token SET replaced_at = %(now)s WHERE hash = %(old)s)
        INSERT INTO refresh_token (hash, session_id, created_at)
        VALUES (%(new)s, %(session_id)s, %(now)s)
        ON CONFLICT (hash) DO NOTHING
        """,
        {"old": old_hash, "new": new_hash, "session_id": session_id, "now": now},
    )


async def revoke_sessions(
    conn: Conn, *, session_id: UUID | None, person_id: UUID | None, reason: str, now: datetime
) -> int:
    """End one session, or all of a person; every gateway process hears of it at commit."""
    count = await execute(
        conn,
        """
        UPDATE session SET revoked_at = %(now)s, reason = %(reason)s
        WHERE revoked_at IS NULL
          AND (id = %(session_id)s OR (%(session_id)s::uuid IS NULL AND person_id = %(person_id)s))
        """,
        {"session_id": session_id, "person_id": person_id, "reason": reason, "now": now},
    )
    return count


async def revoked_since(conn: Conn, since: datetime) -> list[tuple[UUID, datetime]]:
    """Sessions revoked after ``since``, or whose person or organisation may no longer act."""
    cursor = await conn.execute(
        """
        SELECT s.id, s.revoked_at FROM session s WHERE s.revoked_at > %(since)s
        UNION ALL
        SELECT s.id, greatest(p.updated_at, o.updated_at)
        FROM person p
        JOIN organization o ON o.id = p.organization_id
        JOIN session s ON s.person_id = p.id AND s.revoked_at IS NULL AND s.expires_at > clock()
        WHERE greatest(p.updated_at, o.updated_at) > %(since)s
          AND (p.status <> 'active' OR o.status IN ('closed', 'pending'))
        """,
        {"since": since},
    )
    return [(row[0], row[1]) for row in await cursor.fetchall()]


async def save_organizations(conn: Conn, organizations: Sequence[OrganizationChanged]) -> dict[UUID, int]:
    """Insert or change by slug; the new version by id. What did not change is not returned."""
    cursor = await conn.execute(
        """
        INSERT INTO organization AS o (id, kind, slug, name, status, country, language, time_zone, currency, trusted,
                                       segment, sender_addresses, sender_domains, contacts)
        SELECT id, kind, slug, name, status, country, language, time_zone, currency, trusted, segment,
               sender_addresses, sender_domains, contacts
        FROM jsonb_to_recordset(%(rows)s::jsonb)
             AS r (id uuid, kind text, slug text, name text, status text, country text, language text, time_zone text,
                   currency text, trusted boolean, segment text, sender_addresses text[], sender_domains text[],
                   contacts jsonb)
        ON CONFLICT (id) DO UPDATE
        SET name = EXCLUDED.name, status = EXCLUDED.status, country = EXCLUDED.country, language = EXCLUDED.language,
            time_zone = EXCLUDED.time_zone, currency = EXCLUDED.currency, trusted = EXCLUDED.trusted,
            segment = EXCLUDED.segment, sender_addresses = EXCLUDED.sender_addresses,
            sender_domains = EXCLUDED.sender_domains, contacts = EXCLUDED.contacts, version = o.version + 1,
            updated_at = clock()
        WHERE (o.name, o.status, o.country, o.language, o.time_zone, o.currency, o.trusted, o.segment,
               o.sender_addresses, o.sender_domains, o.contacts)
              IS DISTINCT FROM
              (EXCLUDED.name, EXCLUDED.status, EXCLUDED.country, EXCLUDED.language, EXCLUDED.time_zone,
               EXCLUDED.currency, EXCLUDED.trusted, EXCLUDED.segment, EXCLUDED.sender_addresses,
               EXCLUDED.sender_domains, EXCLUDED.contacts)
        RETURNING o.id, o.version
        """,
        {"rows": _json([_organization_row(one) for one in organizations])},
    )
    return {row[0]: row[1] for row in await cursor.fetchall()}


def _organization_row(one: OrganizationChanged) -> dict[str, object]:
    return {**one.model_dump(mode="json"), "id": str(one.organization_id)}


def _json(rows: Sequence[Mapping[str, object]]) -> str:
    return orjson.dumps(rows).decode()


async def save_people(conn: Conn, people: Sequence[UserChanged], hashes: Sequence[str | None]) -> dict[UUID, int]:
    """Insert or change by id; the new version by id. A ``None`` hash keeps the password."""
    rows = [
        {**one.model_dump(mode="json"), "id": str(one.user_id), "password_hash": hashed}
        for one, hashed in zip(people, hashes, strict=True)
    ]
    cursor = await conn.execute(
        """
        INSERT INTO person AS p (id, organization_id, role, org_role, status, name, email, language, time_zone,
                                 password_hash)
        SELECT id, organization_id, role, org_role, status, name, email, language, time_zone, password_hash
        FROM jsonb_to_recordset(%(rows)s::jsonb)
             AS r (id uuid, organization_id uuid, role text, org_role text, status text, name text, email text,
                   language text, time_zone text, password_hash text)
        ON CONFLICT (id) DO UPDATE
        SET role = EXCLUDED.role, org_role = EXCLUDED.org_role, status = EXCLUDED.status, name = EXCLUDED.name,
            email = EXCLUDED.email, language = EXCLUDED.language, time_zone = EXCLUDED.time_zone,
            password_hash = coalesce(EXCLUDED.password_hash, p.password_hash), version = p.version + 1,
            updated_at = clock()
        WHERE (p.role, p.org_role, p.status, p.name, p.email, p.language, p.time_zone)
              IS DISTINCT FROM
              (EXCLUDED.role, EXCLUDED.org_role, EXCLUDED.status, EXCLUDED.name, EXCLUDED.email, EXCLUDED.language,
               EXCLUDED.time_zone)
        RETURNING p.id, p.version
        """,
        {"rows": _json(rows)},
    )
    return {row[0]: row[1] for row in await cursor.fetchall()}


async def organizations(
    conn: Conn, *, only: UUID | None, kind: str | None, after: str | None, limit: int
) -> list[OrganizationChanged]:
    """Organisations by slug; ``only`` limits to one, ``after`` is the last slug seen."""
    return await fetch_all(
        conn,
        OrganizationChanged,
        """
        SELECT id AS organization_id, version, kind, name, slug, status, country, language, time_zone, currency,
               trusted, segment, sender_addresses, sender_domains, contacts
        FROM organization
        WHERE (%(only)s::uuid IS NULL OR id = %(only)s)
          AND (%(kind)s::text IS NULL OR kind = %(kind)s)
          AND (%(after)s::text IS NULL OR slug > %(after)s)
        ORDER BY slug
        LIMIT %(limit)s
        """,
        {"only": only, "kind": kind, "after": after, "limit": limit},
    )


async def forget_old(conn: Conn, *, limit: int) -> int:
    """Drop a slice of sessions, failures and stored answers that nobody can use any more."""
    sessions = await execute(
        conn,
        """
        DELETE FROM session WHERE id IN (
            SELECT id FROM session WHERE expires_at < clock() - interval '7 days'
               OR revoked_at < clock() - interval '7 days' LIMIT %(limit)s)
        """,
        {"limit": limit},
    )
    failures = await execute(
        conn,
        """
        DELETE FROM login_failure WHERE key IN (
            SELECT key FROM login_failure WHERE last_at < clock() - interval '1 day' LIMIT %(limit)s)
        """,
        {"limit": limit},
    )
    return sessions + failures


async def known_people(conn: Conn, ids: Sequence[UUID]) -> set[UUID]:
    cursor = await conn.execute("SELECT id FROM person WHERE id = ANY(%(ids)s)", {"ids": list(ids)})
    return {row[0] for row in await cursor.fetchall()}


async def people(conn: Conn, *, after: UUID | None, limit: int) -> list[UserChanged]:
    """People in the order of their ids, as others are told of them; ``after`` is the last id seen."""
    return await fetch_all(
        conn,
        UserChanged,
        """
        SELECT id AS user_id, version, organization_id, role, org_role, status, name, email, language, time_zone
        FROM person
        WHERE %(after)s::uuid IS NULL OR id > %(after)s
        ORDER BY id
        LIMIT %(limit)s
        """,
        {"after": after, "limit": limit},
    )
