"""Signing in: accounts, failed attempts, sessions with their refresh tokens, and what was revoked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gateway.domain import Account, StoredRefresh
from shared.db import Conn, execute, fetch_all, fetch_one


async def account_by_email(conn: Conn, email: str) -> Account | None:
    return await fetch_one(
        conn,
        Account,
        """
        SELECT p.id, p.organization_id, o.kind AS organization_kind, o.name AS organization_name,
               o.status AS organization_status, p.role, p.org_role, p.status, p.name, p.email, p.language,
               p.time_zone, p.password_hash, p.rights_version AS person_rights, o.rights_version AS organization_rights
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
               p.time_zone, p.password_hash, p.rights_version AS person_rights, o.rights_version AS organization_rights
        FROM person p
        JOIN organization o ON o.id = p.organization_id
        WHERE p.id = %(id)s
        """,
        {"id": person_id},
    )


async def account_held(conn: Conn, person_id: UUID) -> Account | None:
    """Like ``account``; whoever wants to change the person waits until the transaction ends, or we for him."""
    await conn.execute("SELECT id FROM person WHERE id = %(id)s FOR SHARE", {"id": person_id})
    return await account(conn, person_id)


async def imported_iterations(conn: Conn) -> int:
    """The cost of the slowest password that came from another system and was not used yet; 0 when none is left."""
    cursor = await conn.execute(
        """
        SELECT coalesce(max(split_part(password_hash, '$', 2)::integer), 0) FROM person
        WHERE password_hash LIKE 'pbkdf2%'
        """
    )
    row = await cursor.fetchone()
    return row[0] if row else 0


async def blocked_until(conn: Conn, keys: Sequence[str]) -> datetime | None:
    """When the last of these pauses ends; ``None`` when none is on."""
    cursor = await conn.execute(
        "SELECT max(blocked_until) FROM login_failure WHERE key = ANY(%(keys)s) AND blocked_until > clock()",
        {"keys": list(keys)},
    )
    row = await cursor.fetchone()
    return row[0] if row else None


async def count_attempt(conn: Conn, key: str, *, window_seconds: int) -> int:
    """One more attempt; how many there were without a longer break. The row stays locked, so none is lost."""
    cursor = await conn.execute(
        """
        INSERT INTO login_failure AS f (key, failures, last_at)
        VALUES (%(key)s, 1, clock())
        ON CONFLICT (key) DO UPDATE
        SET failures = CASE
                WHEN f.last_at > clock() - make_interval(secs => %(window)s) THEN f.failures + 1 ELSE 1 END,
            last_at = clock()
        RETURNING failures
        """,
        {"key": key, "window": window_seconds},
    )
    row = await cursor.fetchone()
    return row[0] if row else 1


async def block(conn: Conn, key: str, *, seconds: float) -> None:
    await execute(
        conn,
        "UPDATE login_failure SET blocked_until = clock() + make_interval(secs => %(seconds)s) WHERE key = %(key)s",
        {"key": key, "seconds": seconds},
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
    conn: Conn,
    *,
    session_id: UUID | None,
    person_id: UUID | None,
    reason: str,
    now: datetime,
    but: UUID | None = None,
) -> int:
    """End one session, or all of a person except ``but``; every gateway process hears of it at commit."""
    count = await execute(
        conn,
        """
        UPDATE session SET revoked_at = %(now)s, reason = %(reason)s
        WHERE revoked_at IS NULL
          AND (id = %(session_id)s OR (%(session_id)s::uuid IS NULL AND person_id = %(person_id)s))
          AND id IS DISTINCT FROM %(but)s::uuid
        """,
        {"session_id": session_id, "person_id": person_id, "reason": reason, "now": now, "but": but},
    )
    return count


@dataclass(frozen=True, slots=True)
class Ended:
    """One thing that tokens out there may still speak of.

    ``what``: ``session`` (a person's or an API token), ``person`` or ``organization``. ``rights``: tokens that speak of
    an older version are out of date. ``may_act`` false: not to be let in at all.
    """

    what: str
    id: UUID
    rights: int
    may_act: bool
    at: datetime


async def ended_since(conn: Conn, since: datetime) -> list[Ended]:
    """What was revoked, or got other rights, after ``since``."""
    return await fetch_all(
        conn,
        Ended,
        """
        SELECT 'session' AS what, id, 0 AS rights, false AS may_act, revoked_at AS at
        FROM session WHERE revoked_at > %(since)s
        UNION ALL
        SELECT 'session', id, 0, false, revoked_at
        FROM api_token WHERE revoked_at > %(since)s
        UNION ALL
        SELECT 'person', id, rights_version, status = 'active', rights_changed_at
        FROM person WHERE rights_changed_at > %(since)s
        UNION ALL
        SELECT 'organization', id, rights_version, status IN ('approved', 'suspended'), rights_changed_at
        FROM organization WHERE rights_changed_at > %(since)s
        """,
        {"since": since},
    )


async def forget_old(conn: Conn, *, limit: int) -> int:
    """Drop a slice of sessions and failures that nobody can use any more."""
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
