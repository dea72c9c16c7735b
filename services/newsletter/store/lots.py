"""Items, interests and windows as other services told of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import orjson

from services.newsletter.store.replicas import Row
from shared.db import Conn, fetch_all


async def save_items(conn: Conn, rows: Sequence[Row]) -> None:
    """Snapshots. A reservation or an end that came before its snapshot keeps its status and gets its values."""
    await conn.execute(
        """
        INSERT INTO item_replica (item_id, mill_id, version, listing_cycle, status, lot, lot_version)
        SELECT DISTINCT ON (item_id) item_id, mill_id, version, listing_cycle, status, values, version
        FROM jsonb_to_recordset(%(rows)s::jsonb)
             AS e (item_id uuid, mill_id uuid, version bigint, listing_cycle integer, status text, values jsonb)
        ORDER BY item_id, version DESC
        ON CONFLICT (item_id) DO UPDATE
        SET version = GREATEST(EXCLUDED.version, item_replica.version),
            listing_cycle = GREATEST(EXCLUDED.listing_cycle, item_replica.listing_cycle),
            status = CASE WHEN EXCLUDED.version > item_replica.version THEN EXCLUDED.status
                          ELSE item_replica.status END,
            reserved_until = CASE WHEN EXCLUDED.version > item_replica.version AND EXCLUDED.status <> 'reserved'
                                  THEN NULL ELSE item_replica.reserved_until END,
            lot = EXCLUDED.lot, lot_version = EXCLUDED.lot_version
        WHERE EXCLUDED.lot_version > item_replica.lot_version
        """,
        {"rows": orjson.dumps(rows).decode()},
    )


async def save_item_status(conn: Conn, rows: Sequence[Row]) -> None:
    """Reserved, released or gone. Unknown items get a stub without values, which is never shown."""
    await conn.execute(
        """
        INSERT INTO item_replica (item_id, mill_id, version, listing_cycle, status, reserved_until)
        SELECT DISTINCT ON (item_id) item_id, mill_id, version, listing_cycle, status, reserved_until
        FROM jsonb_to_recordset(%(rows)s::jsonb)
             AS e (item_id uuid, mill_id uuid, version bigint, listing_cycle integer, status text,
                   reserved_until timestamptz)
        ORDER BY item_id, version DESC
        ON CONFLICT (item_id) DO UPDATE
        SET version = EXCLUDED.version, status = EXCLUDED.status, reserved_until = EXCLUDED.reserved_until,
            listing_cycle = GREATEST(EXCLUDED.listing_cycle, item_replica.listing_cycle)
        WHERE EXCLUDED.version > item_replica.version
        """,
        {"rows": orjson.dumps(rows).decode()},
    )


async def save_opened(conn: Conn, rows: Sequence[Row]) -> None:
    """Items whose grants are used up in this listing cycle."""
    await conn.execute(
        """
        INSERT INTO item_replica (item_id, mill_id, version, listing_cycle, status, open_in_cycle)
        SELECT DISTINCT ON (item_id) item_id, mill_id, 0, listing_cycle, 'unknown', listing_cycle
        FROM jsonb_to_recordset(%(rows)s::jsonb) AS e (item_id uuid, mill_id uuid, listing_cycle integer)
        ORDER BY item_id, listing_cycle DESC
        ON CONFLICT (item_id) DO UPDATE SET open_in_cycle = EXCLUDED.open_in_cycle
        WHERE EXCLUDED.open_in_cycle > COALESCE(item_replica.open_in_cycle, 0)
        """,
        {"rows": orjson.dumps(rows).decode()},
    )


async def save_interests(conn: Conn, rows: Sequence[Row]) -> None:
    """A closed interest stays closed."""
    await conn.execute(
        """
        INSERT INTO interest_replica (interest_id, item_id, listing_cycle, buyer_id, live)
        SELECT DISTINCT ON (interest_id) interest_id, item_id, listing_cycle, buyer_id, live
        FROM jsonb_to_recordset(%(rows)s::jsonb)
             AS e (interest_id uuid, item_id uuid, listing_cycle integer, buyer_id uuid, live boolean)
        ORDER BY interest_id, live
        ON CONFLICT (interest_id) DO UPDATE SET live = EXCLUDED.live AND interest_replica.live
        """,
        {"rows": orjson.dumps(rows).decode()},
    )


async def save_windows(conn: Conn, rows: Sequence[Row]) -> None:
    """A closed window stays closed; the later end of two grants of one window counts."""
    await conn.execute(
        """
        INSERT INTO window_replica (window_id, item_id, mill_id, buyer_id, granted_at, expires_at, live)
        SELECT DISTINCT ON (window_id) window_id, item_id, mill_id, buyer_id, granted_at, expires_at, live
        FROM jsonb_to_recordset(%(rows)s::jsonb)
             AS e (window_id uuid, item_id uuid, mill_id uuid, buyer_id uuid, granted_at timestamptz,
                   expires_at timestamptz, live boolean)
        ORDER BY window_id, live
        ON CONFLICT (window_id) DO UPDATE
        SET live = EXCLUDED.live AND window_replica.live,
            granted_at = COALESCE(EXCLUDED.granted_at, window_replica.granted_at),
            expires_at = GREATEST(EXCLUDED.expires_at, window_replica.expires_at)
        """,
        {"rows": orjson.dumps(rows).decode()},
    )


@dataclass(frozen=True, slots=True)
class WindowFacts:
    """Both sides of a window and its lot; what is ``None`` has not arrived yet."""

    window_id: UUID
    live: bool
    expires_at: datetime | None
    item_id: UUID
    lot: dict[str, object] | None
    buyer_name: str | None
    buyer_country: str | None
    buyer_contacts: list[dict[str, str | None]] | None
    buyer_time_zone: str | None
    mill_name: str | None
    mill_contacts: list[dict[str, str | None]] | None
    mill_time_zone: str | None


async def windows(conn: Conn, window_ids: Sequence[UUID]) -> list[WindowFacts]:
    return await fetch_all(
        conn,
        WindowFacts,
        """
        SELECT w.window_id, w.live, w.expires_at, w.item_id, i.lot, b.name AS buyer_name, b.country AS buyer_country,
               b.contacts AS buyer_contacts, b.time_zone AS buyer_time_zone, m.name AS mill_name,
               m.contacts AS mill_contacts, m.time_zone AS mill_time_zone
        FROM window_replica AS w
        LEFT JOIN item_replica AS i ON i.item_id = w.item_id
        LEFT JOIN organization_replica AS b ON b.organization_id = w.buyer_id
        LEFT JOIN organization_replica AS m ON m.organization_id = w.mill_id
        WHERE w.window_id = ANY(%(ids)s)
        """,
        {"ids": list(window_ids)},
    )


@dataclass(frozen=True, slots=True)
class Rate:
    """Units of ``currency`` for one ``base``."""

    base: str
    currency: str
    dated: date
    per_base: Decimal


async def rates(conn: Conn) -> list[Rate]:
    """Rates fresh enough to compare by: older than seven days they say nothing."""
    return await fetch_all(
        conn,
        Rate,
        """
        SELECT base, currency, dated, per_base FROM rate_replica
        WHERE dated >= (clock() AT TIME ZONE 'UTC')::date - 7
        """,
        {},
    )
