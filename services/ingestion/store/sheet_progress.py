"""How the reading of a data sheet goes on: claims and ends. Every end is a compare-and-set on the claim."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from psycopg.types.json import Jsonb

from services.ingestion.domain.datasheets import SheetStatus
from shared.db import Conn, execute, fetch_one


@dataclass(frozen=True, slots=True)
class SheetClaim:
    """A data sheet that this worker reads now; ``attempt`` proves that the lease is still ours."""

    datasheet_id: UUID
    mill_id: UUID
    source: str
    received_by: UUID | None
    correlation_id: str
    attempt: int
    external_tries: int
    file_name: str
    content: bytes


async def claim_datasheet(conn: Conn, *, lease_seconds: int) -> SheetClaim | None:
    """Take the data sheet that has waited longest; one whose reader died is taken again when its lease is over."""
    return await fetch_one(
        conn,
        SheetClaim,
        """
        UPDATE datasheet
        SET status = 'extracting', attempts = attempts + 1, changed_at = clock(), version = version + 1,
            leased_until = clock() + %(lease_seconds)s * interval '1 second'
        FROM datasheet_file f
        WHERE f.datasheet_id = datasheet.datasheet_id AND datasheet.datasheet_id = (
            SELECT d.datasheet_id
            FROM datasheet d
            WHERE (d.status = 'received' AND d.due_at <= clock())
               OR (d.status = 'extracting' AND coalesce(d.leased_until, '-infinity') < clock())
            ORDER BY d.due_at
            FOR UPDATE SKIP LOCKED
            LIMIT 1
        )
        RETURNING datasheet.datasheet_id, mill_id, source, received_by, correlation_id, attempts AS attempt,
                  external_tries, file_name, f.content
        """,
        {"lease_seconds": lease_seconds},
    )


@dataclass(frozen=True, slots=True)
class _Version:
    version: int


async def move(
    conn: Conn,
    *,
    datasheet_id: UUID,
    attempt: int,
    target: SheetStatus,
    reasons: Sequence[str],
    reading: Mapping[str, object] | None = None,
    read_by: str | None = None,
) -> int | None:
    """End an extraction; the new version, or ``None`` when our lease is over. ``None`` of others: as before."""
    row = await fetch_one(
        conn,
        _Version,
        """
        UPDATE datasheet
        SET status = %(target)s, version = version + 1, changed_at = clock(), leased_until = NULL, attempts = 0,
            reasons = %(reasons)s, reading = coalesce(%(reading)s::jsonb, reading),
            read_by = coalesce(%(read_by)s, read_by),
            approved_at = CASE WHEN %(target)s = 'approved' THEN clock() ELSE approved_at END
        WHERE datasheet_id = %(datasheet_id)s AND status = 'extracting' AND attempts = %(attempt)s
        RETURNING version
        """,
        {
            "datasheet_id": datasheet_id,
            "attempt": attempt,
            "target": target.value,
            "reasons": list(reasons),
            "reading": None if reading is None else Jsonb(dict(reading)),
            "read_by": read_by,
        },
    )
    return None if row is None else row.version


async def postpone(conn: Conn, *, datasheet_id: UUID, attempt: int, seconds: float, reason: str) -> None:
    """Try again later; a failure of the external extractor is counted and is no crash of ours."""
    await execute(
        conn,
        """
        UPDATE datasheet
        SET status = 'received', version = version + 1, changed_at = clock(), leased_until = NULL, attempts = 0,
            external_tries = external_tries + 1, reasons = ARRAY[%(reason)s],
            due_at = clock() + %(seconds)s * interval '1 second'
        WHERE datasheet_id = %(datasheet_id)s AND status = 'extracting' AND attempts = %(attempt)s
        """,
        {"datasheet_id": datasheet_id, "attempt": attempt, "seconds": seconds, "reason": reason},
    )


async def read_unlinked_again(conn: Conn, *, mill_ids: Sequence[UUID], item_ids: Sequence[UUID]) -> int:
    """Queue sheets that wait without a lot, now that lots of their grade are for sale; how many.

    A sheet and its list often come in one mail, and the sheet is read before the list is for sale.
    """
    return await execute(
        conn,
        """
        UPDATE datasheet AS d
        SET status = 'received', version = version + 1, changed_at = clock(), leased_until = NULL, attempts = 0,
            external_tries = 0, due_at = clock()
        WHERE d.status = 'review_required' AND d.mill_id = ANY (%(mill_ids)s) AND d.read_by <> 'person'
          AND NOT EXISTS (SELECT 1 FROM datasheet_link l WHERE l.datasheet_id = d.datasheet_id)
          AND EXISTS (
              SELECT 1
              FROM lot_replica r
              WHERE r.mill_id = d.mill_id AND r.item_id = ANY (%(item_ids)s) AND r.listed
                AND r.lot ->> 'grade_code' = coalesce(d.stated ->> 'grade_code', d.reading ->> 'grade_code')
          )
        """,
        {"mill_ids": list(mill_ids), "item_ids": list(item_ids)},
    )
