"""What data sheets say, of which lots, and who may have the file."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from services.ingestion.domain.datasheets import KnownLot, Link
from shared.db import Conn, copy_rows, execute, fetch_all


@dataclass(frozen=True, slots=True)
class StoredValue:
    """One value as it is kept; ``doubts`` say why its confidence is not higher."""

    gsm: Decimal | None
    property: str
    value: Decimal
    unit: str
    standard: str | None
    direction: str | None
    tolerance: str | None
    minimum: Decimal | None
    maximum: Decimal | None
    page: int
    snippet: str
    confidence: Decimal
    doubts: Sequence[str]


async def replace_values(conn: Conn, datasheet_id: UUID, values: Sequence[StoredValue]) -> None:
    """These values and no others."""
    await execute(
        conn, "DELETE FROM datasheet_value WHERE datasheet_id = %(datasheet_id)s", {"datasheet_id": datasheet_id}
    )
    await copy_rows(
        conn,
        """
        COPY datasheet_value (datasheet_id, place, gsm, property, value, unit, standard, direction, tolerance, minimum,
                              maximum, page, snippet, confidence, doubts)
        FROM STDIN (FORMAT BINARY)
        """,
        (
            "uuid", "int4", "numeric", "text", "numeric", "text", "text", "text", "text", "numeric", "numeric", "int4",
            "text", "numeric", "text[]",
        ),
        [
            (
                datasheet_id, place, one.gsm, one.property, one.value, one.unit, one.standard, one.direction,
                one.tolerance, one.minimum, one.maximum, one.page, one.snippet, one.confidence, list(one.doubts),
            )
            for place, one in enumerate(values, start=1)
        ],
    )  # fmt: skip


async def values_of(conn: Conn, datasheet_id: UUID) -> list[StoredValue]:
    """The values in the order of the sheet."""
    return await fetch_all(
        conn,
        StoredValue,
        """
        SELECT gsm, property, value, unit, standard, direction, tolerance, minimum, maximum, page, snippet, confidence,
               doubts
        FROM datasheet_value
        WHERE datasheet_id = %(datasheet_id)s
        ORDER BY place
        """,
        {"datasheet_id": datasheet_id},
    )


async def replace_links(conn: Conn, datasheet_id: UUID, links: Sequence[Link]) -> None:
    """These lots and no others."""
    await execute(
        conn, "DELETE FROM datasheet_link WHERE datasheet_id = %(datasheet_id)s", {"datasheet_id": datasheet_id}
    )
    await add_links(conn, datasheet_id, links)


async def add_links(conn: Conn, datasheet_id: UUID, links: Sequence[Link]) -> None:
    """These lots too."""
    await execute(
        conn,
        """
        INSERT INTO datasheet_link (datasheet_id, item_id, reason, confidence)
        SELECT %(datasheet_id)s, item_id, reason, confidence
        FROM unnest(%(items)s::uuid[], %(reasons)s::text[], %(confidences)s::numeric[])
             AS l (item_id, reason, confidence)
        ON CONFLICT (datasheet_id, item_id) DO NOTHING
        """,
        {
            "datasheet_id": datasheet_id,
            "items": [link.item_id for link in links],
            "reasons": [link.reason.value for link in links],
            "confidences": [link.confidence for link in links],
        },
    )


@dataclass(frozen=True, slots=True)
class StoredLink:
    """``lot`` members are ``None`` when the lot is not known here any more."""

    item_id: UUID
    reason: str
    confidence: Decimal
    lot_ref: str | None
    grade_code: str | None
    gsm: Decimal | None
    product_name: str | None


async def links_of(conn: Conn, datasheet_id: UUID) -> list[StoredLink]:
    """The lots of a data sheet, the surest first."""
    return await fetch_all(
        conn,
        StoredLink,
        """
        SELECT l.item_id, l.reason, l.confidence, r.lot ->> 'lot_ref' AS lot_ref, r.lot ->> 'grade_code' AS grade_code,
               (r.lot ->> 'gsm')::numeric AS gsm, r.lot ->> 'product_name' AS product_name
        FROM datasheet_link l
        JOIN datasheet d ON d.datasheet_id = l.datasheet_id
        LEFT JOIN lot_replica r ON r.mill_id = d.mill_id AND r.item_id = l.item_id
        WHERE l.datasheet_id = %(datasheet_id)s
        ORDER BY l.confidence DESC, l.item_id
        """,
        {"datasheet_id": datasheet_id},
    )


async def known_lots(conn: Conn, mill_id: UUID, *, item_ids: Sequence[UUID] | None = None) -> list[KnownLot]:
    """The mill's lots for sale; with ``item_ids`` those of them that are the mill's, for sale or not."""
    return await fetch_all(
        conn,
        KnownLot,
        """
        SELECT item_id, lot_key, lot ->> 'grade_code' AS grade_code, (lot ->> 'gsm')::numeric AS gsm,
               lot ->> 'product_name' AS product_name
        FROM lot_replica
        WHERE mill_id = %(mill_id)s AND lot ? 'grade_code' AND lot ? 'gsm'
          AND CASE WHEN %(item_ids)s::uuid[] IS NULL THEN listed ELSE item_id = ANY (%(item_ids)s) END
        ORDER BY item_id
        """,
        {"mill_id": mill_id, "item_ids": list(item_ids) if item_ids is not None else None},
    )


async def hold(
    conn: Conn, *, item_id: UUID, buyer_id: UUID, window_id: UUID, expires_at: datetime | None, purchased: bool
) -> None:
    """A buyer holds an item until then; ``None``: no longer. An end of an older window changes nothing."""
    await execute(
        conn,
        """
        INSERT INTO holder_replica (item_id, buyer_id, window_id, expires_at, purchased)
        VALUES (%(item_id)s, %(buyer_id)s, %(window_id)s, %(expires_at)s, %(purchased)s)
        ON CONFLICT (item_id, buyer_id) DO UPDATE
        SET window_id = excluded.window_id, expires_at = excluded.expires_at,
            purchased = holder_replica.purchased OR excluded.purchased
        WHERE excluded.expires_at IS NOT NULL OR holder_replica.window_id IS NOT DISTINCT FROM excluded.window_id
        """,
        {
            "item_id": item_id,
            "buyer_id": buyer_id,
            "window_id": window_id,
            "expires_at": expires_at,
            "purchased": purchased,
        },
    )


async def record_purchases(conn: Conn, *, item_ids: Sequence[UUID], buyer_ids: Sequence[UUID]) -> None:
    """These items were sold to these buyers."""
    await execute(
        conn,
        """
        INSERT INTO holder_replica (item_id, buyer_id, purchased)
        SELECT item_id, buyer_id, true
        FROM unnest(%(item_ids)s::uuid[], %(buyer_ids)s::uuid[]) AS p (item_id, buyer_id)
        ON CONFLICT (item_id, buyer_id) DO UPDATE
        SET purchased = true
        """,
        {"item_ids": list(item_ids), "buyer_ids": list(buyer_ids)},
    )


async def may_have_file(conn: Conn, *, datasheet_id: UUID, buyer_id: UUID) -> bool:
    """Does the buyer hold or own a lot that an approved data sheet speaks of? The end of a window counts at once."""
    cursor = await conn.execute(
        """
        SELECT EXISTS (
            SELECT 1
            FROM datasheet d
            JOIN datasheet_link l ON l.datasheet_id = d.datasheet_id
            JOIN holder_replica h ON h.item_id = l.item_id AND h.buyer_id = %(buyer_id)s
            WHERE d.datasheet_id = %(datasheet_id)s AND d.status = 'approved'
              AND (h.purchased OR h.expires_at > clock())
        )
        """,
        {"datasheet_id": datasheet_id, "buyer_id": buyer_id},
    )
    row = await cursor.fetchone()
    return bool(row and row[0])
