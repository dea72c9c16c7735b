"""What people asked about themselves, and what the gateway holds about one of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from psycopg import sql

from shared.contracts.gateway import OrganizationChanged, UserChanged
from shared.db import Conn, execute, fetch_one


@dataclass(frozen=True, slots=True)
class PrivacyRequest:
    """``expires_at``: until when an archive can be fetched; ``reason``: why there is none."""

    id: UUID
    person_id: UUID
    kind: str
    status: str
    reason: str | None
    requested_at: datetime
    ended_at: datetime | None
    expires_at: datetime | None


async def add(conn: Conn, request: PrivacyRequest, *, requested_by: UUID) -> None:
    await execute(
        conn,
        """
        INSERT INTO privacy_request (id, person_id, kind, status, requested_by, requested_at, ended_at, due_at)
        VALUES (%(id)s, %(person_id)s, %(kind)s, %(status)s, %(requested_by)s, %(requested_at)s, %(ended_at)s,
                %(requested_at)s)
        """,
        {
            "id": request.id,
            "person_id": request.person_id,
            "kind": request.kind,
            "status": request.status,
            "requested_by": requested_by,
            "requested_at": request.requested_at,
            "ended_at": request.ended_at,
        },
    )


async def open_export(conn: Conn, person_id: UUID) -> PrivacyRequest | None:
    """The export that is being put together for somebody."""
    return await fetch_one(
        conn,
        PrivacyRequest,
        """
        SELECT id, person_id, kind, status, reason, requested_at, ended_at, expires_at
        FROM privacy_request
        WHERE person_id = %(person_id)s AND kind = 'export' AND status = 'open'
        """,
        {"person_id": person_id},
    )


async def find(conn: Conn, request_id: UUID, *, person_id: UUID) -> PrivacyRequest | None:
    return await fetch_one(
        conn,
        PrivacyRequest,
        """
        SELECT id, person_id, kind, status, reason, requested_at, ended_at, expires_at
        FROM privacy_request
        WHERE id = %(id)s AND person_id = %(person_id)s
        """,
        {"id": request_id, "person_id": person_id},
    )


async def archive(conn: Conn, request_id: UUID) -> bytes | None:
    """The archive as long as it may be fetched."""
    cursor = await conn.execute(
        "SELECT archive FROM privacy_request WHERE id = %(id)s AND expires_at > clock()", {"id": request_id}
    )
    row = await cursor.fetchone()
    return None if row is None or row[0] is None else bytes(row[0])


@dataclass(frozen=True, slots=True)
class Claim:
    id: UUID
    person_id: UUID
    attempts: int


async def claim(conn: Conn, *, lease_seconds: int) -> Claim | None:
    """Take the export that is due first; nobody else takes it before the lease ends."""
    return await fetch_one(
        conn,
        Claim,
        """
        UPDATE privacy_request
        SET attempts = attempts + 1, due_at = clock() + %(lease_seconds)s * interval '1 second'
        WHERE id = (
            SELECT id FROM privacy_request
            WHERE status = 'open' AND due_at <= clock()
            ORDER BY due_at
            FOR UPDATE SKIP LOCKED
            LIMIT 1
        )
        RETURNING id, person_id, attempts
        """,
        {"lease_seconds": lease_seconds},
    )


async def finish(conn: Conn, claim: Claim, *, archive: bytes | None, reason: str | None, days: int) -> None:
    """Keep the archive for some days; without one the request has failed for ``reason``."""
    await execute(
        conn,
        """
        UPDATE privacy_request
        SET status = CASE WHEN %(archive)s::bytea IS NULL THEN 'failed' ELSE 'done' END, archive = %(archive)s,
            reason = %(reason)s, ended_at = clock(),
            expires_at = CASE WHEN %(archive)s::bytea IS NULL THEN NULL ELSE clock() + %(days)s * interval '1 day' END
        WHERE id = %(id)s AND status = 'open' AND attempts = %(attempts)s
        """,
        {"id": claim.id, "attempts": claim.attempts, "archive": archive, "reason": reason, "days": days},
    )


async def forget_expired(conn: Conn, *, limit: int) -> int:
    """Drop archives that nobody can fetch any more."""
    return await execute(
        conn,
        """
        UPDATE privacy_request
        SET archive = NULL
        WHERE id IN (SELECT id FROM privacy_request WHERE archive IS NOT NULL AND expires_at <= clock()
                     LIMIT %(limit)s)
        """,
        {"limit": limit},
    )


async def about(conn: Conn, person_id: UUID) -> str:
    """Everything the gateway holds about a person, as JSON; no hashes of passwords or tokens."""
    cursor = await conn.execute(
        """
        SELECT jsonb_build_object(
            'profile', (SELECT to_jsonb(p) - 'password_hash' FROM person p WHERE p.id = %(id)s),
            'organization', (SELECT jsonb_build_object('id', o.id, 'name', o.name)
                             FROM organization o JOIN person p ON p.organization_id = o.id WHERE p.id = %(id)s),
            'sessions', (SELECT coalesce(jsonb_agg(to_jsonb(s)), '[]') FROM session s WHERE s.person_id = %(id)s),
            'api_tokens', (SELECT coalesce(jsonb_agg(to_jsonb(t) - 'hash'), '[]')
                           FROM api_token t WHERE t.person_id = %(id)s),
            'mails', (SELECT coalesce(jsonb_agg(to_jsonb(m)), '[]') FROM mail m WHERE m.person_id = %(id)s),
            'notifications', (SELECT coalesce(jsonb_agg(to_jsonb(n)), '[]')
                              FROM notification n WHERE n.person_id = %(id)s),
            'addresses', (SELECT coalesce(jsonb_agg(jsonb_build_object('address', r.address, 'at', r.at)), '[]')
                          FROM request_origin r WHERE r.user_id = %(id)s),
            'deeds', (SELECT coalesce(jsonb_agg(jsonb_build_object('at', a.at, 'type', a.type, 'entity', a.entity_id)),
                                      '[]') FROM audit_entry a WHERE a.user_id = %(id)s)
        )::text
        """,
        {"id": person_id},
    )
    row = await cursor.fetchone()
    return str(row[0]) if row else "{}"


async def forget_person(conn: Conn, person_id: UUID, *, email: str) -> None:
    """Take name and address out of every table of ours, and what only served signing in."""
    await execute(conn, "UPDATE person SET password_hash = NULL WHERE id = %(id)s", {"id": person_id})
    await execute(conn, "UPDATE mail SET address = '' WHERE person_id = %(id)s", {"id": person_id})
    await execute(conn, "DELETE FROM notification WHERE person_id = %(id)s", {"id": person_id})
    await execute(conn, "DELETE FROM request_origin WHERE user_id = %(id)s", {"id": person_id})
    await execute(
        conn,
        "UPDATE privacy_request SET archive = NULL, status = 'failed', reason = 'erased'"
        " WHERE person_id = %(id)s AND kind = 'export'",
        {"id": person_id},
    )
    await execute(
        conn,
        "DELETE FROM login_failure WHERE starts_with(key, %(account)s)",
        {"account": f"{email.casefold()} "},  # as throttle.keys_of writes it
    )


_NAMELESS: LiteralString = """
    UPDATE {table}
    SET body = (body::jsonb || '{{"name": "", "email": "", "changes": []}}')::text
    WHERE type = %(type)s AND key = %(person)s
"""
_WITHOUT_CONTACT: LiteralString = """
    UPDATE {table}
    SET body = (body::jsonb || jsonb_build_object(
        'contacts', (SELECT coalesce(jsonb_agg(c.one ORDER BY c.place), '[]')
                     FROM jsonb_array_elements(body::jsonb -> 'contacts') WITH ORDINALITY AS c (one, place)
                     WHERE lower(c.one ->> 'email') <> lower(%(email)s)),
        'changes', (SELECT coalesce(jsonb_agg(c.one ORDER BY c.place), '[]')
                    FROM jsonb_array_elements(body::jsonb -> 'changes') WITH ORDINALITY AS c (one, place)
                    WHERE c.one ->> 'field' <> 'contacts')))::text
    WHERE type = %(type)s AND key = %(organization)s AND strpos(lower(body), lower(%(email)s)) > 0
"""


async def forget_in_events(conn: Conn, person: UserChanged) -> None:
    """Take him out of the events that are kept for those who ask again: a refill names nobody.

    The outbox comes first: an event that gets its number meanwhile is found in ``sent`` afterwards.
    """
    of_person = {"type": UserChanged.TYPE, "person": str(person.user_id)}
    of_home = {"type": OrganizationChanged.TYPE, "organization": str(person.organization_id), "email": person.email}
    for table in (sql.Identifier("outbox"), sql.Identifier("sent")):
        await execute(conn, sql.SQL(_NAMELESS).format(table=table), of_person)
        await execute(conn, sql.SQL(_WITHOUT_CONTACT).format(table=table), of_home)
