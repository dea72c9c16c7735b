"""Mails of the gateway itself, and the single-use links in them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.db import Conn, execute, fetch_all, fetch_one


@dataclass(frozen=True, slots=True)
class Claimed:
    """A mail this worker may send until its lease ends. Without a person: nobody has that address."""

    id: UUID
    kind: str
    address: str
    attempts: int
    created_at: datetime
    expires_at: datetime
    person_id: UUID | None
    person_status: str | None
    name: str | None
    language: str | None
    organization_name: str | None


@dataclass(frozen=True, slots=True)
class Link:
    """A link out of a mail."""

    person_id: UUID
    purpose: str
    is_used: bool
    is_expired: bool


async def add(
    conn: Conn, *, mail_id: UUID, kind: str, address: str, person_id: UUID | None, now: datetime, expires_at: datetime
) -> None:
    await execute(
        conn,
        """
        INSERT INTO mail (id, kind, address, person_id, due_at, expires_at, created_at)
        VALUES (%(id)s, %(kind)s, %(address)s, %(person_id)s, %(now)s, %(expires_at)s, %(now)s)
        """,
        {
            "id": mail_id,
            "kind": kind,
            "address": address,
            "person_id": person_id,
            "now": now,
            "expires_at": expires_at,
        },
    )


async def claim(conn: Conn, *, lease_seconds: int, limit: int) -> list[Claimed]:
    """Due mails with whom they are for; who dies with them in hand leaves them to others when the lease ends."""
    return await fetch_all(
        conn,
        Claimed,
        """
        WITH due AS (
            SELECT id FROM mail
            WHERE status = 'queued' AND due_at <= clock()
            ORDER BY due_at
            LIMIT %(limit)s
            FOR UPDATE SKIP LOCKED
        ), claimed AS (
            UPDATE mail m
            SET attempts = m.attempts + 1, due_at = clock() + make_interval(secs => %(lease)s)
            FROM due WHERE m.id = due.id
            RETURNING m.id, m.kind, m.address, m.attempts, m.created_at, m.expires_at, m.person_id
        )
        SELECT c.id, c.kind, c.address, c.attempts, c.created_at, c.expires_at, p.id AS person_id,
               p.status AS person_status, p.name, p.language, o.name AS organization_name
        FROM claimed c
        LEFT JOIN person p ON p.id = c.person_id OR (c.person_id IS NULL AND lower(p.email) = lower(c.address))
        LEFT JOIN organization o ON o.id = p.organization_id
        """,
        {"lease": lease_seconds, "limit": limit},
    )


async def reset_sent_since(conn: Conn, *, person_id: UUID, since: datetime, but: UUID) -> bool:
    """Whether this person got another reset mail after ``since``."""
    cursor = await conn.execute(
        """
        SELECT 1 FROM mail
        WHERE person_id = %(person_id)s AND kind = 'password_reset' AND status = 'sent' AND created_at > %(since)s
          AND id <> %(but)s
        LIMIT 1
        """,
        {"person_id": person_id, "since": since, "but": but},
    )
    return await cursor.fetchone() is not None


async def end(
    conn: Conn, *, mail_id: UUID, attempts: int, status: str, answer: str, person_id: UUID | None = None
) -> None:
    """Write down what became of a mail, unless somebody else has taken it over."""
    await execute(
        conn,
        """
        UPDATE mail SET status = %(status)s, answer = %(answer)s, ended_at = clock(),
                        person_id = coalesce(person_id, %(person_id)s)
        WHERE id = %(id)s AND status = 'queued' AND attempts = %(attempts)s
        """,
        {"id": mail_id, "attempts": attempts, "status": status, "answer": answer[:200], "person_id": person_id},
    )


async def put_off(conn: Conn, *, mail_id: UUID, attempts: int, seconds: float, answer: str) -> None:
    await execute(
        conn,
        """
        UPDATE mail SET due_at = clock() + make_interval(secs => %(seconds)s), answer = %(answer)s
        WHERE id = %(id)s AND status = 'queued' AND attempts = %(attempts)s
        """,
        {"id": mail_id, "attempts": attempts, "seconds": seconds, "answer": answer[:200]},
    )


async def next_due(conn: Conn) -> datetime | None:
    cursor = await conn.execute("SELECT min(due_at) FROM mail WHERE status = 'queued'")
    row = await cursor.fetchone()
    return row[0] if row else None


async def add_link(conn: Conn, *, token_hash: bytes, purpose: str, person_id: UUID, expires_at: datetime) -> None:
    await execute(
        conn,
        """
        INSERT INTO mail_link (hash, purpose, person_id, expires_at)
        VALUES (%(hash)s, %(purpose)s, %(person_id)s, %(expires_at)s)
        ON CONFLICT (hash) DO NOTHING
        """,
        {"hash": token_hash, "purpose": purpose, "person_id": person_id, "expires_at": expires_at},
    )


async def link_locked(conn: Conn, *, token_hash: bytes, purpose: str) -> Link | None:
    """The link behind a token, locked: two clicks are served one after the other."""
    return await fetch_one(
        conn,
        Link,
        """
        SELECT person_id, purpose, used_at IS NOT NULL AS is_used, expires_at <= clock() AS is_expired
        FROM mail_link
        WHERE hash = %(hash)s AND purpose = %(purpose)s
        FOR UPDATE
        """,
        {"hash": token_hash, "purpose": purpose},
    )


async def use_links(conn: Conn, *, person_id: UUID, purposes: Sequence[str]) -> None:
    """End every link of these purposes of a person, and what would bring him another."""
    await execute(
        conn,
        """
        WITH dropped AS (
            UPDATE mail SET status = 'dropped', answer = 'no longer wanted', ended_at = clock()
            WHERE person_id = %(person_id)s AND kind = ANY(%(purposes)s) AND status = 'queued'
        )
        UPDATE mail_link SET used_at = clock()
        WHERE person_id = %(person_id)s AND purpose = ANY(%(purposes)s) AND used_at IS NULL
        """,
        {"person_id": person_id, "purposes": list(purposes)},
    )


async def forget_old(conn: Conn, *, limit: int) -> int:
    """Drop a slice of ended mails and dead links."""
    mails = await execute(
        conn,
        """
        DELETE FROM mail WHERE id IN (
            SELECT id FROM mail WHERE ended_at < clock() - interval '7 days' LIMIT %(limit)s)
        """,
        {"limit": limit},
    )
    links = await execute(
        conn,
        """
        DELETE FROM mail_link WHERE hash IN (
            SELECT hash FROM mail_link WHERE expires_at < clock() - interval '30 days' LIMIT %(limit)s)
        """,
        {"limit": limit},
    )
    return mails + links
