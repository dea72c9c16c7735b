"""API tokens; the secret itself is never kept."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.db import Conn, execute, fetch_one
from shared.filtering import Field, Kind, Listing
from shared.keyset import Found, Question


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


TOKENS = Listing(
    {
        "name": Field(Kind.TEXT, "name"),
        "organization_id": Field(Kind.ID, "organization_id"),
        "person_id": Field(Kind.ID, "person_id"),
        "scopes": Field(Kind.SET, "scopes"),
        "created_at": Field(Kind.INSTANT, "created_at"),
        "expires_at": Field(Kind.INSTANT, "expires_at"),
        "last_used_at": Field(Kind.INSTANT, "last_used_at", nullable=True),
    },
    id="id",
)


async def listed(conn: Conn, question: Question, *, organization_id: UUID | None) -> Found[ApiToken]:
    """Tokens of an organisation (``None``: of all) that are not revoked."""
    return await question.fetch(
        conn,
        ApiToken,
        """
        SELECT {mark}, id, organization_id, person_id, name, prefix, scopes, networks, created_at, expires_at,
               last_used_at, revoked_at
        FROM api_token
        WHERE revoked_at IS NULL AND (%(of)s::uuid IS NULL OR organization_id = %(of)s) {filters}
        {order}
        """,
        {"of": organization_id},
    )


async def in_force(conn: Conn, token_id: UUID, *, organization_id: UUID | None) -> UUID | None:
    """Whose token this is, if it is not revoked and there for an organisation (``None``: for the operator)."""
    cursor = await conn.execute(
        """
        SELECT organization_id FROM api_token
        WHERE revoked_at IS NULL AND id = %(id)s AND (%(of)s::uuid IS NULL OR organization_id = %(of)s)
        """,
        {"id": token_id, "of": organization_id},
    )
    row = await cursor.fetchone()
    return row[0] if row else None


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
