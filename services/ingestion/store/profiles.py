"""What people taught us about kinds of lists: saved mappings, each with its history."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.types.json import Jsonb

from shared.db import Conn, execute, fetch_all, fetch_one
from shared.filtering import Field, Kind, Listing
from shared.keyset import Found, Question


@dataclass(frozen=True, slots=True)
class Profile:
    """A saved mapping. Without ``header_fingerprint`` its words count in every list of the mill."""

    profile_id: UUID
    mill_id: UUID
    name: str
    status: str  # active | archived
    header_fingerprint: str
    headers: Sequence[str]
    profile: Mapping[str, object]
    version: int
    confirmed_by: UUID
    confirmed_at: datetime


@dataclass(frozen=True, slots=True)
class NewProfile:
    """A saved mapping as a person leaves it; its version and time are ours."""

    profile_id: UUID
    mill_id: UUID
    name: str
    status: str
    header_fingerprint: str
    headers: Sequence[str]
    profile: Mapping[str, object]
    confirmed_by: UUID


async def profile_of_header(conn: Conn, *, mill_id: UUID, header_fingerprint: str) -> Profile | None:
    """The active mapping for lists with this header."""
    return await fetch_one(
        conn,
        Profile,
        """
        SELECT profile_id, mill_id, name, status, header_fingerprint, headers, profile, version, confirmed_by,
               confirmed_at
        FROM mapping_profile
        WHERE mill_id = %(mill_id)s AND header_fingerprint = %(header_fingerprint)s AND status = 'active'
        """,
        {"mill_id": mill_id, "header_fingerprint": header_fingerprint},
    )


async def find_profile(conn: Conn, profile_id: UUID, *, mill_id: UUID | None) -> Profile | None:
    """``mill_id``: only if it is a mapping of this mill; ``None`` for operators."""
    return await fetch_one(
        conn,
        Profile,
        """
        SELECT profile_id, mill_id, name, status, header_fingerprint, headers, profile, version, confirmed_by,
               confirmed_at
        FROM mapping_profile
        WHERE profile_id = %(profile_id)s AND (%(mill_id)s::uuid IS NULL OR mill_id = %(mill_id)s)
        """,
        {"profile_id": profile_id, "mill_id": mill_id},
    )


async def save_profile(conn: Conn, new: NewProfile) -> Profile:
    """Keep a mapping as its next version; the earlier ones stay readable."""
    values = {
        "profile_id": new.profile_id,
        "mill_id": new.mill_id,
        "name": new.name,
        "status": new.status,
        "header_fingerprint": new.header_fingerprint,
        "headers": list(new.headers),
        "profile": Jsonb(new.profile),
        "confirmed_by": new.confirmed_by,
    }
    saved = await fetch_one(
        conn,
        Profile,
        """
        INSERT INTO mapping_profile (profile_id, mill_id, name, status, header_fingerprint, headers, profile,
                                     confirmed_by, confirmed_at)
        VALUES (%(profile_id)s, %(mill_id)s, %(name)s, %(status)s, %(header_fingerprint)s, %(headers)s, %(profile)s,
                %(confirmed_by)s, clock())
        ON CONFLICT (profile_id) DO UPDATE
        SET name = excluded.name, status = excluded.status, header_fingerprint = excluded.header_fingerprint,
            headers = excluded.headers, profile = excluded.profile, version = mapping_profile.version + 1,
            confirmed_by = excluded.confirmed_by, confirmed_at = excluded.confirmed_at
        RETURNING profile_id, mill_id, name, status, header_fingerprint, headers, profile, version, confirmed_by,
                  confirmed_at
        """,
        values,
    )
    if saved is None:
        raise LookupError(f"mapping {new.profile_id} was not kept")
    await execute(
        conn,
        """
        INSERT INTO mapping_profile_version (profile_id, version, name, status, header_fingerprint, headers, profile,
                                             confirmed_by, confirmed_at)
        SELECT profile_id, version, name, status, header_fingerprint, headers, profile, confirmed_by, confirmed_at
        FROM mapping_profile
        WHERE profile_id = %(profile_id)s
        """,
        values,
    )
    return saved


@dataclass(frozen=True, slots=True)
class ProfileUse:
    """How often lists were read with a mapping, how many of them are decided, and how many of those were listed."""

    profile_id: UUID
    uses: int
    decided: int
    listed: int
    last_used_at: datetime | None


async def uses_of(conn: Conn, profile_ids: Sequence[UUID]) -> dict[UUID, ProfileUse]:
    """Only of mappings that were used at all."""
    found = await fetch_all(
        conn,
        ProfileUse,
        """
        SELECT used_profile_id AS profile_id, count(*) AS uses,
               count(*) FILTER (WHERE status NOT IN ('received', 'parsing', 'mapping_required', 'validating',
                                                     'review_required')) AS decided,
               count(*) FILTER (WHERE status IN ('committing', 'committed')) AS listed,
               max(received_at) AS last_used_at
        FROM batch
        WHERE used_profile_id = ANY (%(profile_ids)s)
        GROUP BY used_profile_id
        """,
        {"profile_ids": list(profile_ids)},
    )
    return {one.profile_id: one for one in found}


PROFILES = Listing(
    {
        "mill_id": Field(Kind.ID, "mill_id"),
        "name": Field(Kind.TEXT, "name"),
        "status": Field(Kind.TEXT, "status", words=("active", "archived")),
        "header_fingerprint": Field(Kind.TEXT, "header_fingerprint"),
        "changed_at": Field(Kind.INSTANT, "confirmed_at"),
    },
    id="profile_id",
    sort="-changed_at",
)


async def list_profiles(conn: Conn, question: Question, *, mill_id: UUID | None) -> Found[Profile]:
    """Saved mappings of a mill, ``None``: of all."""
    return await question.fetch(
        conn,
        Profile,
        """
        SELECT {mark}, profile_id, mill_id, name, status, header_fingerprint, headers, profile, version, confirmed_by,
               confirmed_at
        FROM mapping_profile
        WHERE (%(of_mill)s::uuid IS NULL OR mill_id = %(of_mill)s) {filters}
        {order}
        """,
        {"of_mill": mill_id},
    )


async def history_of(conn: Conn, profile_id: UUID, *, limit: int) -> list[Profile]:
    """The mapping as it was, newest first."""
    return await fetch_all(
        conn,
        Profile,
        """
        SELECT v.profile_id, p.mill_id, v.name, v.status, v.header_fingerprint, v.headers, v.profile, v.version,
               v.confirmed_by, v.confirmed_at
        FROM mapping_profile_version v
        JOIN mapping_profile p ON p.profile_id = v.profile_id
        WHERE v.profile_id = %(profile_id)s
        ORDER BY v.version DESC
        LIMIT %(limit)s
        """,
        {"profile_id": profile_id, "limit": limit},
    )
