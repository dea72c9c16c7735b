"""Addresses that are written to no longer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.db import Conn, fetch_all, fetch_one
from shared.filtering import Field, Kind, Listing
from shared.keyset import Found, Question


@dataclass(frozen=True, slots=True)
class Suppression:
    """``address`` is ``None`` after the person was erased; the hash stays."""

    suppression_id: UUID
    address_hash: str
    address: str | None
    user_id: UUID | None
    reason: str
    source: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class _Hash:
    address_hash: str


async def suppressed(conn: Conn, hashes: Sequence[str]) -> set[str]:
    """Those of these hashes that are suppressed."""
    found = await fetch_all(
        conn,
        _Hash,
        "SELECT address_hash FROM suppression WHERE address_hash = ANY(%(hashes)s) AND lifted_at IS NULL",
        {"hashes": list(hashes)},
    )
    return {one.address_hash for one in found}


async def live_after(conn: Conn, *, after: str | None, limit: int) -> list[Suppression]:
    """What is suppressed now, in the order of the hashes; ``after``: the last one seen."""
    return await fetch_all(
        conn,
        Suppression,
        """
        SELECT suppression_id, address_hash, address, user_id, reason, source, created_at
        FROM suppression
        WHERE lifted_at IS NULL AND (%(after)s::text IS NULL OR address_hash > %(after)s)
        ORDER BY address_hash
        LIMIT %(limit)s
        """,
        {"after": after, "limit": limit},
    )


async def suppress(conn: Conn, suppression: Suppression) -> bool:
    """``False`` when the address is suppressed already."""
    cursor = await conn.execute(
        """
        INSERT INTO suppression (suppression_id, address_hash, address, user_id, reason, source, created_at)
        VALUES (%(id)s, %(hash)s, %(address)s, %(user)s, %(reason)s, %(source)s, %(at)s)
        ON CONFLICT (address_hash) WHERE lifted_at IS NULL DO NOTHING
        """,
        {
            "id": suppression.suppression_id,
            "hash": suppression.address_hash,
            "address": suppression.address,
            "user": suppression.user_id,
            "reason": suppression.reason,
            "source": suppression.source,
            "at": suppression.created_at,
        },
    )
    return cursor.rowcount == 1


SUPPRESSIONS = Listing(
    {
        "address": Field(Kind.TEXT, "lower(address)", nullable=True, folded=True),
        "user_id": Field(Kind.ID, "user_id", nullable=True),
        "reason": Field(Kind.TEXT, "reason"),
        "source": Field(Kind.TEXT, "source"),
        "created_at": Field(Kind.INSTANT, "created_at"),
    },
    id="suppression_id",
    sort="-created_at",
)


async def suppressions(conn: Conn, question: Question) -> Found[Suppression]:
    """Those in force."""
    return await question.fetch(
        conn,
        Suppression,
        """
        SELECT {mark}, suppression_id, address_hash, address, user_id, reason, source, created_at
        FROM suppression
        WHERE lifted_at IS NULL {filters}
        {order}
        """,
        {},
    )


async def suppression(conn: Conn, suppression_id: UUID) -> Suppression | None:
    """One in force, locked."""
    return await fetch_one(
        conn,
        Suppression,
        """
        SELECT suppression_id, address_hash, address, user_id, reason, source, created_at
        FROM suppression WHERE suppression_id = %(id)s AND lifted_at IS NULL
        FOR UPDATE
        """,
        {"id": suppression_id},
    )


async def lift(conn: Conn, suppression_id: UUID, *, by: UUID, reason: str, now: datetime) -> None:
    await conn.execute(
        """
        UPDATE suppression SET lifted_at = %(now)s, lifted_by = %(by)s, lifted_reason = %(reason)s
        WHERE suppression_id = %(id)s AND lifted_at IS NULL
        """,
        {"id": suppression_id, "by": by, "reason": reason, "now": now},
    )


async def lift_own(conn: Conn, address_hash: str, *, by: UUID, now: datetime) -> bool:
    """The reader himself wants mail again: lifts what only he can lift."""
    cursor = await conn.execute(
        """
        UPDATE suppression SET lifted_at = %(now)s, lifted_by = %(by)s, lifted_reason = 'asked for mail again'
        WHERE address_hash = %(hash)s AND lifted_at IS NULL AND reason IN ('complaint', 'unsubscribe')
        """,
        {"hash": address_hash, "by": by, "now": now},
    )
    return cursor.rowcount > 0


async def forget_address(conn: Conn, address_hash: str) -> None:
    await conn.execute(
        "UPDATE suppression SET address = NULL, user_id = NULL WHERE address_hash = %(hash)s", {"hash": address_hash}
    )
