"""Data sheets as ingestion told of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from psycopg.types.json import Jsonb

from shared.db import Conn, execute, fetch_one


@dataclass(frozen=True, slots=True)
class Sheet:
    """``values`` are JSON as the event carries them."""

    datasheet_id: UUID
    mill_id: UUID
    version: int
    file_name: str
    product: str | None
    revision_date: date | None
    values: Sequence[dict[str, object]]
    item_ids: Sequence[UUID]


@dataclass(frozen=True, slots=True)
class _Items:
    item_ids: Sequence[UUID]


async def items_of(conn: Conn, datasheet_id: UUID) -> Sequence[UUID]:
    """The items a data sheet speaks of so far; its row stays locked."""
    row = await fetch_one(
        conn,
        _Items,
        """
        SELECT item_ids
        FROM datasheet_replica
        WHERE datasheet_id = %(datasheet_id)s AND NOT replaced
        FOR UPDATE
        """,
        {"datasheet_id": datasheet_id},
    )
    return row.item_ids if row else ()


async def save(conn: Conn, sheet: Sheet) -> bool:
    """Keep a data sheet; ``False`` when a newer version is here or a newer sheet replaced it."""
    return bool(
        await execute(
            conn,
            """
            INSERT INTO datasheet_replica AS known (datasheet_id, mill_id, version, file_name, product, revision_date,
                                                    sheet_values, item_ids)
            VALUES (%(datasheet_id)s, %(mill_id)s, %(version)s, %(file_name)s, %(product)s, %(revision_date)s,
                    %(values)s, %(item_ids)s)
            ON CONFLICT (datasheet_id) DO UPDATE
            SET version = excluded.version, file_name = excluded.file_name, product = excluded.product,
                revision_date = excluded.revision_date, sheet_values = excluded.sheet_values,
                item_ids = excluded.item_ids
            WHERE known.version < excluded.version AND NOT known.replaced
            """,
            {
                "datasheet_id": sheet.datasheet_id,
                "mill_id": sheet.mill_id,
                "version": sheet.version,
                "file_name": sheet.file_name,
                "product": sheet.product,
                "revision_date": sheet.revision_date,
                "values": Jsonb(list(sheet.values)),
                "item_ids": list(sheet.item_ids),
            },
        )
    )


async def replace(conn: Conn, *, mill_id: UUID, datasheet_ids: Sequence[UUID]) -> None:
    """These no longer count; one that was never seen is kept as a mark, so that it cannot come late."""
    await execute(
        conn,
        """
        INSERT INTO datasheet_replica (datasheet_id, mill_id, version, file_name, sheet_values, item_ids, replaced)
        SELECT datasheet_id, %(mill_id)s, 0, '', '[]', '{}', true
        FROM unnest(%(datasheet_ids)s::uuid[]) AS o (datasheet_id)
        ON CONFLICT (datasheet_id) DO UPDATE
        SET replaced = true
        """,
        {"mill_id": mill_id, "datasheet_ids": list(datasheet_ids)},
    )
