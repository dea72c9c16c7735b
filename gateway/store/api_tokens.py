"""API tokens; the secret itself is never kept."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.db import Conn, execute, fetch_all, fetch_one


@dataclass(frozen=True, slots=True)
class ApiToken:
    """What is shown of a token; ``prefix`` is its beginning."""

    id: UUID
    organization_id: UUID
    person_id: UUID
    name: str
    prefix: str
    scopes: list[str]
    networks: list[str]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which tokens are asked for; ``None`` means any. ``after`` is the last id seen; newest come first."""

    organization_id: UUID | None = None
    token_id: UUID | None = None
    after: UUID | None = None


async def find(conn: Conn, wanted: Wanted, *, limit: int) -> list[ApiToken]:
    """Tokens that are not revoked."""
    return await fetch_all(
        conn,
        ApiToken,
        """
        SELECT id, organization_id, person_id, name, prefix, scopes, networks, created_at, expires_at, last_used_at,
               revoked_at
        FROM api_token
        WHERE revoked_at IS NULL
          AND (%(organization_id)s::uuid IS NULL OR organization_id = %(organization_id)s)
          AND (%(token_id)s::uuid IS NULL OR id = %(token_id)s)
          AND (%(after)s::uuid IS NULL OR id < %(after)s)
        ORDER BY id DESC
        LIMIT %(limit)s
        """,
        {
            "organization_id": wanted.organization_id,
            "token_id": wanted.token_id,
            "after": wanted.after,
            "limit": limit,
        },
    )


async def live_count(conn: Conn, organization_id: UUID) -> int:
    """Tokens of an organisation in force; holds a lock so that two requests count one after the other."""
    await conn.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('api tokens ' || %(id)s::text, 0))", {"id": organization_id}
    )
    cursor = await conn.execute(
        """
        SELECT count(*) FROM api_token
        WHERE organization_id = %(id)s AND revoked_at IS NULL AND expires_at > clock()
        """,
        {"id": organization_id},
    )
    row = await cursor.fetchone()
    return row[0] if row else 0


async def add(conn: Conn, token: ApiToken, *, token_hash: bytes) -> None:
    await execute(
        conn,
        """
        INSERT INTO api_token (id, organization_id, person_id, name, prefix, hash, scopes, networks, created_at,
                               expires_at)
        VALUES (%(id)s, %(organization_id)s, %(person_id)s, %(name)s, %(prefix)s, %(hash)s, %(scopes)s, %(networks)s,
                %(created_at)s, %(expires_at)s)
        """,
        {
            "id": token.id,
            "organization_id": token.organization_id,
            "person_id": token.person_id,
            "name": token.name,
            "prefix": token.prefix,
            "hash": token_hash,
            "scopes": token.scopes,
            "networks": token.networks,
            "created_at": token.created_at,
            "expires_at": token.expires_at,
        },
    )


async def revoke(conn: Conn, token_id: UUID) -> None:
    await execute(
        conn,
        "UPDATE api_token SET revoked_at = clock() WHERE id = %(id)s AND revoked_at IS NULL",
        {"id": token_id},
    )


async def used(conn: Conn, token_hash: bytes) -> ApiToken | None:
    """The token in force behind a secret; notes that it was used."""
    return await fetch_one(
        conn,
        ApiToken,
        """
        UPDATE api_token SET last_used_at = clock()
        WHERE hash = %(hash)s AND revoked_at IS NULL AND expires_at > clock()
        RETURNING id, organization_id, person_id, name, prefix, scopes, networks, created_at, expires_at, last_used_at,
                  revoked_at
        """,
        {"hash": token_hash},
    )


async def forget_old(conn: Conn, *, limit: int) -> int:
    return await execute(
        conn,
        """
        DELETE FROM api_token WHERE id IN (
            SELECT id FROM api_token
            WHERE revoked_at < clock() - interval '30 days' OR expires_at < clock() - interval '30 days'
            LIMIT %(limit)s)
        """,
        {"limit": limit},
    )
