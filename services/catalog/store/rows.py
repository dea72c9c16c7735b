"""The answers given to rows of lists."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypedDict, Unpack
from uuid import UUID

import orjson
from psycopg import sql
from psycopg.rows import kwargs_row

from services.catalog.domain.items import Item
from services.catalog.domain.rows import Applied, Decision, Source
from services.catalog.store.items import COLUMNS
from services.catalog.store.records import item_of, record_of
from shared.contracts.types import ItemId, RowId, RowOutcome
from shared.db import Conn, execute

_BEFORE = sql.SQL("""
    SELECT {columns}
    FROM jsonb_populate_recordset(
        NULL::item,
        (
            SELECT coalesce(jsonb_agg(before), '[]')
            FROM source_row
            WHERE row_id = ANY(%(row_ids)s) AND before IS NOT NULL
        )
    )
""").format(columns=sql.SQL(COLUMNS))


class _AppliedRow(TypedDict):
    row_id: UUID
    lot_key: str
    lot_version: int
    item_id: UUID | None
    item_version: int | None
    outcome: str
    reason: str | None


def _applied_of(**row: Unpack[_AppliedRow]) -> Applied:
    return Applied(
        row_id=RowId(row["row_id"]),
        lot_key=row["lot_key"],
        lot_version=row["lot_version"],
        item_id=ItemId(row["item_id"]) if row["item_id"] else None,
        item_version=row["item_version"],
        outcome=RowOutcome(row["outcome"]),
        reason=row["reason"],
        before=None,
    )


async def applied(conn: Conn, row_ids: Sequence[UUID]) -> dict[UUID, Applied]:
    """The answers already given to these rows, without the items as they were before."""
    async with conn.cursor(row_factory=kwargs_row(_applied_of)) as cursor:
        await cursor.execute(
            """
            SELECT row_id, lot_key, lot_version, item_id, item_version, outcome, reason
            FROM source_row
            WHERE row_id = ANY(%(row_ids)s)
            """,
            {"row_ids": list(row_ids)},
        )
        return {row.row_id: row for row in await cursor.fetchall()}


async def items_before(conn: Conn, row_ids: Sequence[UUID]) -> dict[UUID, Item]:
    """The items as they were before these rows, by item id."""
    async with conn.cursor(row_factory=kwargs_row(item_of)) as cursor:
        await cursor.execute(_BEFORE, {"row_ids": list(row_ids)})
        return {item.item_id: item for item in await cursor.fetchall()}


async def save(conn: Conn, decisions: Sequence[Decision], *, source: Source, now: datetime) -> None:
    """Keep the answers; a row taken back overwrites its first answer."""
    if not decisions:
        return
    records = [
        {
            "row_id": one.row.row_id,
            "lot_key": one.row.lot_key,
            "lot_version": one.row.version,
            "item_id": one.item.item_id if one.item else None,
            "item_version": one.item.version if one.item else None,
            "outcome": one.outcome,
            "reason": one.reason,
            "before": record_of(one.before) if one.before and one.outcome != RowOutcome.REJECTED else None,
        }
        for one in decisions
    ]
    await execute(
        conn,
        """
        INSERT INTO source_row (row_id, mill_id, batch_id, lot_key, lot_version, item_id, item_version, outcome,
            reason, before, applied_at)
        SELECT row_id, %(mill_id)s, %(batch_id)s, lot_key, lot_version, item_id, item_version, outcome,
            reason, before, %(now)s
        FROM jsonb_to_recordset(%(records)s::jsonb) AS r (row_id uuid, lot_key text, lot_version bigint,
            item_id uuid, item_version integer, outcome text, reason text, before jsonb)
        ON CONFLICT (row_id) DO UPDATE SET
            lot_version = excluded.lot_version, item_version = excluded.item_version, outcome = excluded.outcome,
            reason = excluded.reason, applied_at = excluded.applied_at
        """,
        {
            "mill_id": source.mill_id,
            "batch_id": source.batch_id,
            "now": now,
            "records": orjson.dumps(records, default=str).decode(),
        },
    )
