"""People: users of organisations."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import orjson

from shared.contracts.gateway import Role, UserChanged
from shared.db import Conn, execute, fetch_all, fetch_one
from shared.filtering import Field, Kind, Listing
from shared.keyset import Found, Question

PEOPLE = Listing(
    {
        "email": Field(Kind.TEXT, "lower(email)", folded=True),
        "name": Field(Kind.TEXT, "name"),
        "status": Field(Kind.TEXT, "status", words=("invited", "active", "inactive", "revoked")),
        "role": Field(Kind.TEXT, "role", words=tuple(Role)),
        "org_role": Field(Kind.TEXT, "org_role", words=("owner", "member")),
        "organization_id": Field(Kind.ID, "organization_id"),
        "created_at": Field(Kind.INSTANT, "created_at"),
    },
    id="id",
    sort="email",
)


async def listed(conn: Conn, question: Question, *, organization_id: UUID | None) -> Found[UserChanged]:
    """People of an organisation, ``None``: of all."""
    return await question.fetch(
        conn,
        UserChanged,
        """
        SELECT {mark}, id AS user_id, version, organization_id, role, org_role, status, name, email, language,
               time_zone
        FROM person
        WHERE (%(of)s::uuid IS NULL OR organization_id = %(of)s) {filters}
        {order}
        """,
        {"of": organization_id},
    )


async def by_id(conn: Conn, *, after: UUID | None, limit: int) -> list[UserChanged]:
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


async def get(conn: Conn, person_id: UUID) -> UserChanged | None:
    return await fetch_one(
        conn,
        UserChanged,
        """
        SELECT id AS user_id, version, organization_id, role, org_role, status, name, email, language, time_zone
        FROM person
        WHERE id = %(id)s
        """,
        {"id": person_id},
    )


async def by_email(conn: Conn, email: str) -> UserChanged | None:
    """Whoever has this address, locked."""
    return await fetch_one(
        conn,
        UserChanged,
        """
        SELECT id AS user_id, version, organization_id, role, org_role, status, name, email, language, time_zone
        FROM person
        WHERE lower(email) = lower(%(email)s)
        FOR UPDATE
        """,
        {"email": email},
    )


async def locked(conn: Conn, ids: Sequence[UUID]) -> dict[UUID, UserChanged]:
    """The newest state of these people, which nobody else changes until the transaction ends."""
    found = await fetch_all(
        conn,
        UserChanged,
        """
        SELECT id AS user_id, version, organization_id, role, org_role, status, name, email, language, time_zone
        FROM person
        WHERE id = ANY(%(ids)s)
        ORDER BY id
        FOR UPDATE
        """,
        {"ids": list(ids)},
    )
    return {one.user_id: one for one in found}


async def owners_locked(conn: Conn, organization_id: UUID) -> list[UUID]:
    """Active owners of an organisation, locked: two of them cannot leave at the same moment."""
    cursor = await conn.execute(
        """
        SELECT id FROM person
        WHERE organization_id = %(id)s AND org_role = 'owner' AND status = 'active'
        ORDER BY id
        FOR UPDATE
        """,
        {"id": organization_id},
    )
    return [row[0] for row in await cursor.fetchall()]


async def invited(conn: Conn, organization_id: UUID) -> list[UserChanged]:
    """People of an organisation who have not accepted yet."""
    return await fetch_all(
        conn,
        UserChanged,
        """
        SELECT id AS user_id, version, organization_id, role, org_role, status, name, email, language, time_zone
        FROM person
        WHERE organization_id = %(organization_id)s AND status = 'invited'
        ORDER BY lower(email)
        LIMIT 200
        """,
        {"organization_id": organization_id},
    )


async def save(conn: Conn, people: Sequence[UserChanged], hashes: Mapping[UUID, str]) -> None:
    """Insert or replace by id; who is not in ``hashes`` keeps his password. Other rights make his tokens stale."""
    rows = [
        {**one.model_dump(mode="json"), "id": str(one.user_id), "password_hash": hashes.get(one.user_id)}
        for one in people
    ]
    await execute(
        conn,
        """
        INSERT INTO person AS p (id, version, organization_id, role, org_role, status, name, email, language,
                                 time_zone, password_hash)
        SELECT id, version, organization_id, role, org_role, status, name, email, language, time_zone, password_hash
        FROM jsonb_to_recordset(%(rows)s::jsonb)
             AS r (id uuid, version bigint, organization_id uuid, role text, org_role text, status text, name text,
                   email text, language text, time_zone text, password_hash text)
        ON CONFLICT (id) DO UPDATE
        SET role = EXCLUDED.role, org_role = EXCLUDED.org_role, status = EXCLUDED.status, name = EXCLUDED.name,
            email = EXCLUDED.email, language = EXCLUDED.language, time_zone = EXCLUDED.time_zone,
            password_hash = coalesce(EXCLUDED.password_hash, p.password_hash), version = EXCLUDED.version,
            rights_version = p.rights_version
                + ((p.role, p.org_role, p.status) <> (EXCLUDED.role, EXCLUDED.org_role, EXCLUDED.status))::integer,
            rights_changed_at = CASE
                WHEN (p.role, p.org_role, p.status) <> (EXCLUDED.role, EXCLUDED.org_role, EXCLUDED.status) THEN clock()
                ELSE p.rights_changed_at END,
            updated_at = clock()
        """,
        {"rows": orjson.dumps(rows).decode()},
    )


async def set_password(conn: Conn, *, person_id: UUID, password_hash: str) -> None:
    await execute(
        conn,
        "UPDATE person SET password_hash = %(hash)s, updated_at = clock() WHERE id = %(id)s",
        {"id": person_id, "hash": password_hash},
    )


async def with_password(conn: Conn, ids: Sequence[UUID]) -> set[UUID]:
    """Which of these people are known and have a password."""
    cursor = await conn.execute(
        "SELECT id FROM person WHERE id = ANY(%(ids)s) AND password_hash IS NOT NULL", {"ids": list(ids)}
    )
    return {row[0] for row in await cursor.fetchall()}
