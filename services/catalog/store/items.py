"""Items in the database: read for a decision under lock, written as sets."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

import orjson
from psycopg import sql
from psycopg.rows import kwargs_row

from services.catalog.domain.items import Item
from services.catalog.store.records import item_of, record_of
from shared.contracts.types import ItemId, MillId
from shared.db import Conn, Params, execute

COLUMNS: LiteralString = """
        item_id, mill_id, lot_key, version, listing_cycle, status,
        grade_code, form, gsm, weight_net_kg, quality_class, location_country, lot_ref, grade_raw, product_name,
        width_mm, sheet_w_mm, sheet_l_mm, grain, diameter_mm, core_mm, caliper_um, reel_count, pallet_count,
        sheet_count, weight_gross_kg, colour, brightness_iso, certification, surplus_reason, defects, price,
        currency, price_unit, price_per_t, incoterm, location_place, available_from, valid_until, remarks,
        source_values, batch_id, header_fingerprint, lot_version, pending_change, listed_at, confirmed_at,
        available_at, expires_on, expires_at, window_id, holder_id, reserved_until, grants_used, max_grants,
        opened, sold_to, sold_at, closed_reason, created_at, updated_at
"""

_LOTS = sql.SQL("""
    SELECT {columns}
    FROM item
    WHERE mill_id = %(mill_id)s AND lot_key = ANY(%(lot_keys)s)
    ORDER BY item_id
    FOR UPDATE
""").format(columns=sql.SQL(COLUMNS))

_ITEMS = sql.SQL("""
    SELECT {columns}
    FROM item
    WHERE item_id = ANY(%(item_ids)s)
    ORDER BY item_id
    FOR UPDATE
""").format(columns=sql.SQL(COLUMNS))

_LISTED_OF_MILL = sql.SQL("""
    SELECT {columns}
    FROM item
    WHERE mill_id = %(mill_id)s AND status IN ('draft', 'pre_production', 'available', 'reserved')
    ORDER BY item_id
    LIMIT %(limit)s
    FOR UPDATE
""").format(columns=sql.SQL(COLUMNS))

_NOW_AVAILABLE = sql.SQL("""
    SELECT {columns}
    FROM item
    WHERE status = 'pre_production' AND available_at <= clock()
    ORDER BY available_at
    LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
""").format(columns=sql.SQL(COLUMNS))

_NOW_EXPIRED = sql.SQL("""
    SELECT {columns}
    FROM item
    WHERE status IN ('available', 'pre_production') AND expires_at <= clock()
    ORDER BY expires_at
    LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
""").format(columns=sql.SQL(COLUMNS))

_TOLD = sql.SQL("""
    SELECT {columns}
    FROM item
    WHERE status <> 'draft'
        AND (%(mill_id)s::uuid IS NULL OR (mill_id, item_id) > (%(mill_id)s::uuid, %(item_id)s::uuid))
    ORDER BY mill_id, item_id
    LIMIT %(limit)s
""").format(columns=sql.SQL(COLUMNS))

_SAVE = sql.SQL("""
    INSERT INTO item ({columns})
    SELECT {columns}
    FROM jsonb_populate_recordset(NULL::item, %(records)s::jsonb)
    ON CONFLICT (item_id) DO UPDATE SET
        version = excluded.version, listing_cycle = excluded.listing_cycle, status = excluded.status,
        grade_code = excluded.grade_code, form = excluded.form, gsm = excluded.gsm,
        weight_net_kg = excluded.weight_net_kg, quality_class = excluded.quality_class,
        location_country = excluded.location_country, lot_ref = excluded.lot_ref, grade_raw = excluded.grade_raw,
        product_name = excluded.product_name, width_mm = excluded.width_mm, sheet_w_mm = excluded.sheet_w_mm,
        sheet_l_mm = excluded.sheet_l_mm, grain = excluded.grain, diameter_mm = excluded.diameter_mm,
        core_mm = excluded.core_mm, caliper_um = excluded.caliper_um, reel_count = excluded.reel_count,
        pallet_count = excluded.pallet_count, sheet_count = excluded.sheet_count,
        weight_gross_kg = excluded.weight_gross_kg, colour = excluded.colour,
        brightness_iso = excluded.brightness_iso, certification = excluded.certification,
        surplus_reason = excluded.surplus_reason, defects = excluded.defects, price = excluded.price,
        currency = excluded.currency, price_unit = excluded.price_unit, price_per_t = excluded.price_per_t,
        incoterm = excluded.incoterm, location_place = excluded.location_place,
        available_from = excluded.available_from, valid_until = excluded.valid_until, remarks = excluded.remarks,
        source_values = excluded.source_values, batch_id = excluded.batch_id,
        header_fingerprint = excluded.header_fingerprint, lot_version = excluded.lot_version,
        pending_change = excluded.pending_change, listed_at = excluded.listed_at,
        confirmed_at = excluded.confirmed_at, available_at = excluded.available_at,
        expires_on = excluded.expires_on, expires_at = excluded.expires_at, window_id = excluded.window_id,
        holder_id = excluded.holder_id, reserved_until = excluded.reserved_until,
        grants_used = excluded.grants_used, max_grants = excluded.max_grants, opened = excluded.opened,
        sold_to = excluded.sold_to, sold_at = excluded.sold_at, closed_reason = excluded.closed_reason,
        updated_at = excluded.updated_at
""").format(columns=sql.SQL(COLUMNS))


async def _fetch(conn: Conn, query: sql.Composed, params: Params) -> list[Item]:
    async with conn.cursor(row_factory=kwargs_row(item_of)) as cursor:
        await cursor.execute(query, params)
        return await cursor.fetchall()


async def lock_lots(conn: Conn, *, mill_id: MillId, lot_keys: Sequence[str]) -> dict[str, Item]:
    """The mill's items of these lots by lot key, locked in the order of their ids."""
    found = await _fetch(conn, _LOTS, {"mill_id": mill_id, "lot_keys": list(lot_keys)})
    return {item.lot_key: item for item in found}


async def lock_items(conn: Conn, item_ids: Sequence[UUID]) -> dict[UUID, Item]:
    """Items by id, locked in the order of their ids."""
    found = await _fetch(conn, _ITEMS, {"item_ids": list(item_ids)})
    return {item.item_id: item for item in found}


async def lock_item(conn: Conn, item_id: ItemId) -> Item | None:
    """One item, locked."""
    return (await lock_items(conn, [item_id])).get(item_id)


async def told(conn: Conn, *, after: tuple[UUID, UUID] | None, limit: int) -> list[Item]:
    """Items that others know of, mill by mill; ``after``: mill and item of the last one seen."""
    mill_id, item_id = after or (None, None)
    return await _fetch(conn, _TOLD, {"mill_id": mill_id, "item_id": item_id, "limit": limit})


async def mill_of(conn: Conn, item_id: ItemId) -> MillId | None:
    """Whose item it is; that never changes."""
    cursor = await conn.execute("SELECT mill_id FROM item WHERE item_id = %(item_id)s", {"item_id": item_id})
    row = await cursor.fetchone()
    return MillId(row[0]) if row else None


async def mills_of(conn: Conn, item_ids: Sequence[UUID]) -> list[MillId]:
    """The mills of these items, in the order in which their rows are locked."""
    cursor = await conn.execute(
        "SELECT DISTINCT mill_id FROM item WHERE item_id = ANY(%(item_ids)s) ORDER BY mill_id",
        {"item_ids": list(item_ids)},
    )
    return [MillId(row[0]) for row in await cursor.fetchall()]


async def lock_listed_of(conn: Conn, mill_id: MillId, *, limit: int) -> list[Item]:
    """Items of a mill that are not at their end yet, locked."""
    return await _fetch(conn, _LISTED_OF_MILL, {"mill_id": mill_id, "limit": limit})


async def move_deadlines(conn: Conn, mill_id: MillId, *, time_zone: str) -> None:
    """Work out again when the mill's days begin and end, after it moved to another time zone."""
    await execute(
        conn,
        """
        UPDATE item
        SET available_at = moved.available_at, expires_at = moved.expires_at
        FROM (
            SELECT item_id, available_from::timestamp AT TIME ZONE %(zone)s AS available_at,
                (expires_on + 1)::timestamp AT TIME ZONE %(zone)s AS expires_at
            FROM item
            WHERE mill_id = %(mill_id)s AND status IN ('draft', 'pre_production', 'available', 'reserved')
        ) AS moved
        WHERE item.item_id = moved.item_id
            AND (item.available_at, item.expires_at) IS DISTINCT FROM (moved.available_at, moved.expires_at)
        """,
        {"mill_id": mill_id, "zone": time_zone},
    )


async def lock_now_available(conn: Conn, *, limit: int) -> list[Item]:
    """Pre-production items whose day has come, locked; another runner's are left out."""
    return await _fetch(conn, _NOW_AVAILABLE, {"limit": limit})


async def lock_now_expired(conn: Conn, *, limit: int) -> list[Item]:
    """Items that nobody confirmed in time, locked; another runner's are left out."""
    return await _fetch(conn, _NOW_EXPIRED, {"limit": limit})


async def next_available(conn: Conn) -> datetime | None:
    """When the next pre-production item becomes available."""
    cursor = await conn.execute("SELECT min(available_at) FROM item WHERE status = 'pre_production'")
    row = await cursor.fetchone()
    return row[0] if row else None


async def next_expiry(conn: Conn) -> datetime | None:
    """When the next item expires."""
    cursor = await conn.execute("SELECT min(expires_at) FROM item WHERE status IN ('available', 'pre_production')")
    row = await cursor.fetchone()
    return row[0] if row else None


async def save(conn: Conn, items: Sequence[Item]) -> None:
    """Insert or overwrite items, all in one statement; the caller holds their locks. Each item only once."""
    if items:
        records: list[dict[str, Any]] = [record_of(item) for item in items]
        await execute(conn, _SAVE, {"records": orjson.dumps(records, default=str).decode()})
