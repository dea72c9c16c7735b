"""Rows of a batch as far as they are compared with lots, in sets: a list may have a hundred thousand."""

from dataclasses import dataclass
from uuid import UUID

from services.ingestion.store.rows import LOT
from shared.contracts.types import LotValues
from shared.db import Conn, fetch_sets


@dataclass(frozen=True, slots=True)
class ComparedRow:
    """What of a row decides about its lot; ``values`` is None when it cannot be listed."""

    row_id: UUID
    place: int
    row_number: int | None
    status: str
    action: str | None
    lot_key: str | None
    values: LotValues | None


@dataclass(frozen=True, slots=True)
class _Packed:
    row_id: UUID
    place: int
    row_number: int | None
    status: str
    action: str | None
    lot_key: str | None
    lot: str | None


async def compared_rows(conn: Conn, batch_id: UUID) -> list[ComparedRow]:
    """Every row in the order of the file."""
    found: list[ComparedRow] = []
    async for rows in fetch_sets(
        conn,
        _Packed,
        """
        SELECT row_id, place, row_number, status, action, lot_key, lot::text AS lot
        FROM batch_row
        WHERE batch_id = %(batch_id)s
        ORDER BY place
        """,
        {"batch_id": batch_id},
    ):
        found += [
            ComparedRow(
                row.row_id,
                row.place,
                row.row_number,
                row.status,
                row.action,
                row.lot_key,
                None if row.lot is None else LOT.validate_json(row.lot),
            )
            for row in rows
        ]
    return found
