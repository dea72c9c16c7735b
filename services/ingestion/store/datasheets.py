"""Data sheets: their files, their way from received to approved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import LiteralString
from uuid import UUID

from psycopg import sql
from psycopg.types.json import Jsonb

from services.ingestion.domain.datasheets import SheetStatus
from shared.db import Conn, execute, fetch_all, fetch_one
from shared.filtering import Field, Kind, Listing
from shared.keyset import Found, Question

_COLUMNS: LiteralString = """
    d.datasheet_id, d.mill_id, d.source, d.message_id, d.file_name, d.file_bytes, d.status, d.version, d.stated,
    d.reading, d.reasons, d.read_by, d.received_by, d.reply_to, d.language, d.correlation_id, d.external_tries,
    d.received_at, d.changed_at, d.approved_at
"""


@dataclass(frozen=True, slots=True)
class Datasheet:
    """``reading`` is what the sheet says of itself; ``reasons`` why it waits or failed, in plain words."""

    datasheet_id: UUID
    mill_id: UUID
    source: str
    message_id: UUID | None
    file_name: str
    file_bytes: int
    status: str
    version: int
    stated: Mapping[str, str]
    reading: Mapping[str, object]
    reasons: Sequence[str]
    read_by: str | None
    received_by: UUID | None
    reply_to: str | None
    language: str | None
    correlation_id: str
    external_tries: int
    received_at: datetime
    changed_at: datetime
    approved_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewDatasheet:
    datasheet_id: UUID
    mill_id: UUID
    source: str
    message_id: UUID | None
    file_name: str
    file_sha256: bytes
    content: bytes
    stated: Mapping[str, str]
    received_by: UUID | None
    reply_to: str | None
    language: str | None
    correlation_id: str


@dataclass(frozen=True, slots=True)
class _Id:
    datasheet_id: UUID


async def insert_datasheet(conn: Conn, new: NewDatasheet) -> bool:
    """Store a data sheet with its file; ``False`` when the mill has sent this very file before."""
    row = await fetch_one(
        conn,
        _Id,
        """
        INSERT INTO datasheet (datasheet_id, mill_id, source, message_id, file_name, file_sha256, file_bytes, status,
                               stated, received_by, reply_to, language, correlation_id, due_at, received_at, changed_at)
        VALUES (%(datasheet_id)s, %(mill_id)s, %(source)s, %(message_id)s, %(file_name)s, %(file_sha256)s,
                %(file_bytes)s, 'received', %(stated)s, %(received_by)s, %(reply_to)s, %(language)s,
                %(correlation_id)s, clock(), clock(), clock())
        ON CONFLICT (mill_id, file_sha256) DO NOTHING
        RETURNING datasheet_id
        """,
        {
            "datasheet_id": new.datasheet_id,
            "mill_id": new.mill_id,
            "source": new.source,
            "message_id": new.message_id,
            "file_name": new.file_name,
            "file_sha256": new.file_sha256,
            "file_bytes": len(new.content),
            "stated": Jsonb(dict(new.stated)),
            "received_by": new.received_by,
            "reply_to": new.reply_to,
            "language": new.language,
            "correlation_id": new.correlation_id,
        },
    )
    if row is None:
        return False
    await execute(
        conn,
        "INSERT INTO datasheet_file (datasheet_id, content) VALUES (%(datasheet_id)s, %(content)s)",
        {"datasheet_id": new.datasheet_id, "content": new.content},
    )
    return True


_BY_FILE = sql.SQL("SELECT {} FROM datasheet d WHERE d.mill_id = %(mill_id)s AND d.file_sha256 = %(sha256)s").format(
    sql.SQL(_COLUMNS)
)
_ONE = sql.SQL("""
    SELECT {}
    FROM datasheet d
    WHERE d.datasheet_id = %(datasheet_id)s AND (%(mill_id)s::uuid IS NULL OR d.mill_id = %(mill_id)s)
""").format(sql.SQL(_COLUMNS))
_LOCKED = _ONE + sql.SQL(" FOR UPDATE")


async def same_file(conn: Conn, *, mill_id: UUID, sha256: bytes) -> Datasheet | None:
    """The data sheet of a mill with this very file."""
    return await fetch_one(conn, Datasheet, _BY_FILE, {"mill_id": mill_id, "sha256": sha256})


async def find_datasheet(
    conn: Conn, datasheet_id: UUID, *, mill_id: UUID | None, lock: bool = False
) -> Datasheet | None:
    """One data sheet; ``mill_id`` ``None``: of any mill."""
    query = _LOCKED if lock else _ONE
    return await fetch_one(conn, Datasheet, query, {"datasheet_id": datasheet_id, "mill_id": mill_id})


DATASHEETS = Listing(
    {
        "status": Field(Kind.TEXT, "d.status", words=tuple(SheetStatus)),
        "mill_id": Field(Kind.ID, "d.mill_id"),
        "source": Field(Kind.TEXT, "d.source", words=("mail", "upload")),
        "received_at": Field(Kind.INSTANT, "d.received_at"),
        "changed_at": Field(Kind.INSTANT, "d.changed_at"),
        "approved_at": Field(Kind.INSTANT, "d.approved_at", nullable=True),
    },
    id="d.datasheet_id",
    sort="-received_at",
)
_OF_MILL: LiteralString = """
    FROM datasheet d
    WHERE (%(of_mill)s::uuid IS NULL OR d.mill_id = %(of_mill)s) {filters} {order}
"""


async def listed(conn: Conn, question: Question, *, mill_id: UUID | None) -> Found[Datasheet]:
    """Data sheets of a mill, ``None``: of every mill."""
    statement: LiteralString = "SELECT {mark}," + _COLUMNS + _OF_MILL
    return await question.fetch(conn, Datasheet, statement, {"of_mill": mill_id})


@dataclass(frozen=True, slots=True)
class SheetFile:
    file_name: str
    content: bytes


async def file_of(conn: Conn, datasheet_id: UUID) -> SheetFile | None:
    """The PDF as it was sent."""
    return await fetch_one(
        conn,
        SheetFile,
        """
        SELECT d.file_name, f.content
        FROM datasheet d
        JOIN datasheet_file f ON f.datasheet_id = d.datasheet_id
        WHERE d.datasheet_id = %(datasheet_id)s
        """,
        {"datasheet_id": datasheet_id},
    )


async def read_again(conn: Conn, datasheet_id: UUID) -> None:
    """Queue a data sheet to be read anew; the caller holds its lock."""
    await execute(
        conn,
        """
        UPDATE datasheet
        SET status = 'received', version = version + 1, changed_at = clock(), leased_until = NULL, attempts = 0,
            external_tries = 0, reasons = '{}', due_at = clock()
        WHERE datasheet_id = %(datasheet_id)s
        """,
        {"datasheet_id": datasheet_id},
    )


async def save_review(
    conn: Conn, *, datasheet_id: UUID, status: SheetStatus, reading: Mapping[str, object], reasons: Sequence[str]
) -> None:
    """What a person made of it; the caller holds its lock."""
    await execute(
        conn,
        """
        UPDATE datasheet
        SET status = %(status)s, version = version + 1, changed_at = clock(), reading = %(reading)s,
            reasons = %(reasons)s, read_by = 'person',
            approved_at = CASE WHEN %(status)s = 'approved' THEN clock() ELSE approved_at END
        WHERE datasheet_id = %(datasheet_id)s
        """,
        {
            "datasheet_id": datasheet_id,
            "status": status.value,
            "reading": Jsonb(dict(reading)),
            "reasons": list(reasons),
        },
    )


async def supersede_older(conn: Conn, datasheet_id: UUID) -> list[UUID]:
    """End the mill's older data sheets all of whose lots this one speaks of too; their ids."""
    cursor = await conn.execute(
        """
        UPDATE datasheet AS old
        SET status = 'superseded', version = old.version + 1, changed_at = clock()
        FROM datasheet AS new
        WHERE new.datasheet_id = %(datasheet_id)s AND old.mill_id = new.mill_id
          AND old.datasheet_id < new.datasheet_id AND old.status IN ('approved', 'review_required')
          AND EXISTS (SELECT 1 FROM datasheet_link l WHERE l.datasheet_id = old.datasheet_id)
          AND NOT EXISTS (
              SELECT 1
              FROM datasheet_link l
              WHERE l.datasheet_id = old.datasheet_id AND NOT EXISTS (
                  SELECT 1 FROM datasheet_link n WHERE n.datasheet_id = new.datasheet_id AND n.item_id = l.item_id
              )
          )
        RETURNING old.datasheet_id
        """,
        {"datasheet_id": datasheet_id},
    )
    return [row[0] for row in await cursor.fetchall()]


@dataclass(frozen=True, slots=True)
class ApprovedSheet:
    """An approved data sheet with the grammages it speaks of and the lots it is shown with."""

    datasheet_id: UUID
    mill_id: UUID
    product: str
    grade_code: str
    grammages: Sequence[Decimal]
    item_ids: Sequence[UUID]


async def approved_sheets(conn: Conn, mill_ids: Sequence[UUID]) -> list[ApprovedSheet]:
    """Those of these mills that name a product and a grade, locked; not those whose lots a person chose."""
    return await fetch_all(
        conn,
        ApprovedSheet,
        """
        SELECT d.datasheet_id, d.mill_id, d.reading ->> 'product' AS product, d.reading ->> 'grade_code' AS grade_code,
               ARRAY(SELECT DISTINCT v.gsm FROM datasheet_value v
                     WHERE v.datasheet_id = d.datasheet_id AND v.gsm IS NOT NULL) AS grammages,
               ARRAY(SELECT l.item_id FROM datasheet_link l WHERE l.datasheet_id = d.datasheet_id) AS item_ids
        FROM datasheet d
        WHERE d.status = 'approved' AND d.mill_id = ANY (%(mill_ids)s)
          AND d.reading ->> 'product' IS NOT NULL AND d.reading ->> 'grade_code' IS NOT NULL
          AND NOT EXISTS (SELECT 1 FROM datasheet_link l WHERE l.datasheet_id = d.datasheet_id AND l.reason = 'person')
        ORDER BY d.datasheet_id
        FOR UPDATE OF d
        """,
        {"mill_ids": list(mill_ids)},
    )


async def count_change(conn: Conn, datasheet_id: UUID) -> None:
    """A new version, because its lots changed."""
    await execute(
        conn,
        "UPDATE datasheet SET version = version + 1, changed_at = clock() WHERE datasheet_id = %(datasheet_id)s",
        {"datasheet_id": datasheet_id},
    )


async def approved_after(conn: Conn, *, after: UUID | None, limit: int) -> list[UUID]:
    """Approved data sheets in the order of receipt."""
    cursor = await conn.execute(
        """
        SELECT datasheet_id
        FROM datasheet
        WHERE status = 'approved' AND (%(after)s::uuid IS NULL OR datasheet_id > %(after)s)
        ORDER BY datasheet_id
        LIMIT %(limit)s
        """,
        {"after": after, "limit": limit},
    )
    return [row[0] for row in await cursor.fetchall()]
