"""Batches and their files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from psycopg.types.json import Jsonb

from services.ingestion.domain.batches import BatchStatus
from shared.db import Conn, execute, fetch_one
from shared.filtering import Field, Kind, Listing
from shared.keyset import Found, Question


@dataclass(frozen=True, slots=True)
class Batch:
    """``reading`` is what was found in the file: sheets, columns, warnings, rows that are no lots.

    ``mapping``: what a person said about this list alone. ``profile_id``: the saved mapping its sender asked for.
    """

    batch_id: UUID
    mill_id: UUID
    source: str
    message_id: UUID | None
    file_name: str
    file_kind: str
    file_sha256: bytes
    file_bytes: int
    list_mode: str
    status: str
    version: int
    forced: bool
    duplicate_of: UUID | None
    received_by: UUID | None
    reply_to: str | None
    language: str | None
    correlation_id: str
    header_fingerprint: str | None
    list_date: date | None
    weight_net_kg: Decimal | None
    reading: Mapping[str, object]
    counts: Mapping[str, int]
    changes: Mapping[str, int]
    reasons: Sequence[str]
    problems: Sequence[str]
    stages: Sequence[Mapping[str, str]]
    parts: int
    attempts: int
    received_at: datetime
    changed_at: datetime
    mapping: Mapping[str, object]
    profile_id: UUID | None
    used_profile_id: UUID | None
    used_profile_version: int | None


@dataclass(frozen=True, slots=True)
class NewBatch:
    batch_id: UUID
    mill_id: UUID
    source: str
    message_id: UUID | None
    file_name: str
    file_kind: str
    file_sha256: bytes
    content: bytes
    list_mode: str
    forced: bool
    received_by: UUID | None
    reply_to: str | None
    language: str | None
    correlation_id: str
    profile_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class _Id:
    batch_id: UUID


async def insert_batch(conn: Conn, new: NewBatch, *, status: BatchStatus, duplicate_of: UUID | None = None) -> bool:
    """Store a list with its file; ``False`` when the mill has sent this very file before and it is not ``forced``."""
    row = await fetch_one(
        conn,
        _Id,
        """
        INSERT INTO batch (batch_id, mill_id, source, message_id, file_name, file_kind, file_sha256, file_bytes,
                           list_mode, status, forced, duplicate_of, received_by, reply_to, language, correlation_id,
                           profile_id, stages, received_at, changed_at)
        VALUES (%(batch_id)s, %(mill_id)s, %(source)s, %(message_id)s, %(file_name)s, %(file_kind)s, %(sha256)s,
                %(file_bytes)s, %(list_mode)s, %(status)s, %(forced)s, %(duplicate_of)s, %(received_by)s,
                %(reply_to)s, %(language)s, %(correlation_id)s, %(profile_id)s,
                jsonb_build_array(jsonb_build_object('status', %(status)s::text, 'at', clock())), clock(), clock())
        ON CONFLICT (mill_id, file_sha256)
            WHERE status NOT IN ('duplicate', 'cancelled', 'failed', 'expired', 'reverted') AND NOT forced
            DO NOTHING
        RETURNING batch_id
        """,
        {
            "batch_id": new.batch_id,
            "mill_id": new.mill_id,
            "source": new.source,
            "message_id": new.message_id,
            "file_name": new.file_name,
            "file_kind": new.file_kind,
            "sha256": new.file_sha256,
            "file_bytes": len(new.content),
            "list_mode": new.list_mode,
            "status": status.value,
            "forced": new.forced,
            "duplicate_of": duplicate_of,
            "received_by": new.received_by,
            "reply_to": new.reply_to,
            "language": new.language,
            "correlation_id": new.correlation_id,
            "profile_id": new.profile_id,
        },
    )
    if row is None:
        return False
    await execute(
        conn,
        "INSERT INTO batch_file (batch_id, content) VALUES (%(batch_id)s, %(content)s)",
        {"batch_id": new.batch_id, "content": new.content},
    )
    return True


async def same_file(conn: Conn, *, mill_id: UUID, sha256: bytes) -> UUID | None:
    """The batch that this file already is."""
    found = await fetch_one(
        conn,
        _Id,
        """
        SELECT batch_id
        FROM batch
        WHERE mill_id = %(mill_id)s AND file_sha256 = %(sha256)s AND NOT forced
          AND status NOT IN ('duplicate', 'cancelled', 'failed', 'expired', 'reverted')
        """,
        {"mill_id": mill_id, "sha256": sha256},
    )
    return found.batch_id if found else None


async def find_batch(conn: Conn, batch_id: UUID, *, mill_id: UUID | None) -> Batch | None:
    """``mill_id``: only if it is a batch of this mill; ``None`` for operators and our own jobs."""
    return await fetch_one(
        conn,
        Batch,
        """
        SELECT batch_id, mill_id, source, message_id, file_name, file_kind, file_sha256, file_bytes, list_mode, status,
               version, forced, duplicate_of, received_by, reply_to, language, correlation_id, header_fingerprint,
               list_date, weight_net_kg, reading, counts, changes, reasons, problems, stages, parts, attempts,
               received_at, changed_at, mapping, profile_id, used_profile_id, used_profile_version
        FROM batch
        WHERE batch_id = %(batch_id)s AND (%(mill_id)s::uuid IS NULL OR mill_id = %(mill_id)s)
        """,
        {"batch_id": batch_id, "mill_id": mill_id},
    )


BATCHES = Listing(
    {
        "status": Field(Kind.TEXT, "status", words=tuple(BatchStatus)),
        "mill_id": Field(Kind.ID, "mill_id"),
        "source": Field(Kind.TEXT, "source", words=("mail", "upload")),
        "list_mode": Field(Kind.TEXT, "list_mode", words=("append", "snapshot")),
        "file_name": Field(Kind.TEXT, "file_name"),
        "message_id": Field(Kind.ID, "message_id", nullable=True),
        "list_date": Field(Kind.DATE, "list_date", nullable=True),
        "weight_net_kg": Field(Kind.NUMBER, "weight_net_kg", nullable=True),
        "received_at": Field(Kind.INSTANT, "received_at"),
        "changed_at": Field(Kind.INSTANT, "changed_at"),
    },
    id="batch_id",  # ids are in the order of receipt
)


async def list_batches(conn: Conn, question: Question, *, mill_id: UUID | None) -> Found[Batch]:
    """Lists of a mill, ``None``: of all."""
    return await question.fetch(
        conn,
        Batch,
        """
        SELECT {mark},
               batch_id, mill_id, source, message_id, file_name, file_kind, file_sha256, file_bytes, list_mode, status,
               version, forced, duplicate_of, received_by, reply_to, language, correlation_id, header_fingerprint,
               list_date, weight_net_kg, '{{}}'::jsonb AS reading, counts, changes, reasons, problems, stages, parts,
               attempts, received_at, changed_at, '{{}}'::jsonb AS mapping, profile_id, used_profile_id,
               used_profile_version
        FROM batch
        WHERE (%(of_mill)s::uuid IS NULL OR mill_id = %(of_mill)s) {filters}
        {order}
        """,
        {"of_mill": mill_id},
    )


@dataclass(frozen=True, slots=True)
class StoredFile:
    file_name: str
    content: bytes


async def file_of(conn: Conn, batch_id: UUID) -> StoredFile | None:
    return await fetch_one(
        conn,
        StoredFile,
        """
        SELECT b.file_name, f.content
        FROM batch b
        JOIN batch_file f ON f.batch_id = b.batch_id
        WHERE b.batch_id = %(batch_id)s
        """,
        {"batch_id": batch_id},
    )


async def set_reading(
    conn: Conn,
    *,
    batch_id: UUID,
    header_fingerprint: str,
    list_date: date | None,
    reading: Mapping[str, object],
    profile_id: UUID | None,
    profile_version: int | None,
) -> None:
    """Keep what the file turned out to be, and the saved mapping it was read with."""
    await execute(
        conn,
        """
        UPDATE batch
        SET header_fingerprint = %(header_fingerprint)s, list_date = %(list_date)s, reading = %(reading)s,
            used_profile_id = %(profile_id)s, used_profile_version = %(profile_version)s
        WHERE batch_id = %(batch_id)s
        """,
        {
            "batch_id": batch_id,
            "header_fingerprint": header_fingerprint,
            "list_date": list_date,
            "reading": Jsonb(reading),
            "profile_id": profile_id,
            "profile_version": profile_version,
        },
    )


async def set_mapping(conn: Conn, *, batch_id: UUID, mapping: Mapping[str, object]) -> None:
    """Keep what a person said about this list alone."""
    await execute(
        conn,
        "UPDATE batch SET mapping = %(mapping)s WHERE batch_id = %(batch_id)s",
        {"batch_id": batch_id, "mapping": Jsonb(mapping)},
    )


async def newest_list_date(conn: Conn, *, mill_id: UUID, header_fingerprint: str) -> date | None:
    """The latest date on a list of this kind that was listed; ``None`` when none carried one."""
    cursor = await conn.execute(
        """
        SELECT max(list_date)
        FROM batch
        WHERE mill_id = %(mill_id)s AND header_fingerprint = %(header_fingerprint)s
          AND status IN ('committing', 'committed')
        """,
        {"mill_id": mill_id, "header_fingerprint": header_fingerprint},
    )
    row = await cursor.fetchone()
    return row[0] if row else None


async def usual_weight_kg(conn: Conn, *, mill_id: UUID, header_fingerprint: str) -> Decimal | None:
    """Mean weight of the mill's last five committed lists of this kind; ``None`` when there is none."""
    cursor = await conn.execute(
        """
        SELECT avg(weight_net_kg)
        FROM (
            SELECT weight_net_kg
            FROM batch
            WHERE mill_id = %(mill_id)s AND header_fingerprint = %(header_fingerprint)s AND status = 'committed'
            ORDER BY batch_id DESC
            LIMIT 5
        ) AS latest
        """,
        {"mill_id": mill_id, "header_fingerprint": header_fingerprint},
    )
    row = await cursor.fetchone()
    return row[0] if row else None
