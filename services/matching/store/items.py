"""The table ``item_replica``: what catalog has for sale."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import LiteralString
from uuid import UUID

import orjson

from services.matching.domain.model import Lot
from shared.contracts.grades import FAMILY_OF
from shared.contracts.types import Certification, Defect, Form, ItemId, MillId, QualityClass
from shared.db import Conn, fetch_all


@dataclass(frozen=True, slots=True)
class ItemRow:
    """An item as matching keeps it. ``sold_to`` only when the buyer is known."""

    item_id: UUID
    mill_id: UUID
    listing_cycle: int
    status: str
    sold_to: UUID | None
    grade_code: str
    form: str
    gsm: Decimal
    weight_kg: Decimal
    quality: str
    country: str
    width_mm: int | None
    sheet_w_mm: int | None
    sheet_l_mm: int | None
    diameter_mm: int | None
    core_mm: int | None
    certifications: list[str]
    defects: list[str]
    price_per_t: Decimal | None
    currency: str | None

    @property
    def open(self) -> bool:
        """Whether it can still be had."""
        return self.status in ("available", "pre_production", "reserved")

    @property
    def lot(self) -> Lot:
        return Lot(
            item_id=ItemId(self.item_id),
            mill_id=MillId(self.mill_id),
            grade_code=self.grade_code,
            family=FAMILY_OF.get(self.grade_code),
            form=Form(self.form),
            gsm=self.gsm,
            weight_kg=self.weight_kg,
            quality=QualityClass(self.quality),
            country=self.country,
            width_mm=self.width_mm,
            sheet_w_mm=self.sheet_w_mm,
            sheet_l_mm=self.sheet_l_mm,
            diameter_mm=self.diameter_mm,
            core_mm=self.core_mm,
            certifications=frozenset(map(Certification, self.certifications)),
            defects=frozenset(map(Defect, self.defects)),
            price_per_t=self.price_per_t,
            currency=self.currency,
        )


ROWS: LiteralString = """
    SELECT item_id, mill_id, listing_cycle, status, sold_to, grade_code, form, gsm, weight_kg, quality, country,
        width_mm, sheet_w_mm, sheet_l_mm, diameter_mm, core_mm, certifications, defects, price_per_t, currency
    FROM item_replica"""
"""Every query for an ``ItemRow`` begins so; what follows is its WHERE."""


async def put(conn: Conn, snapshots: Sequence[dict[str, object]], *, now: datetime) -> list[UUID]:
    """Store snapshots that are newer than what is known; the ids of those that changed what matching compares."""
    cursor = await conn.execute(
        """
        WITH given AS (
            SELECT DISTINCT ON (item_id) item_id, mill_id, version, listing_cycle, status, grade_code, form,
                gsm::numeric(8, 2) AS gsm, weight_kg::numeric(14, 1) AS weight_kg, quality, country, width_mm,
                sheet_w_mm, sheet_l_mm, diameter_mm, core_mm, certifications, defects,
                price_per_t::numeric(16, 4) AS price_per_t, currency
            FROM jsonb_to_recordset(%(snapshots)s::jsonb) AS s (
                item_id uuid, mill_id uuid, version integer, listing_cycle integer, status text, grade_code text,
                form text, gsm numeric, weight_kg numeric, quality text, country text, width_mm integer,
                sheet_w_mm integer, sheet_l_mm integer, diameter_mm integer, core_mm integer, certifications text[],
                defects text[], price_per_t numeric, currency text)
            ORDER BY item_id, version DESC
        ), changed AS (
            SELECT g.item_id FROM given g LEFT JOIN item_replica i ON i.item_id = g.item_id
            WHERE i.item_id IS NULL OR (g.version > i.version AND (
                g.listing_cycle, g.status, g.grade_code, g.form, g.gsm, g.weight_kg, g.quality, g.country, g.width_mm,
                g.sheet_w_mm, g.sheet_l_mm, g.diameter_mm, g.core_mm, g.certifications, g.defects, g.price_per_t,
                g.currency)
            IS DISTINCT FROM (
                i.listing_cycle, i.status, i.grade_code, i.form, i.gsm, i.weight_kg, i.quality, i.country, i.width_mm,
                i.sheet_w_mm, i.sheet_l_mm, i.diameter_mm, i.core_mm, i.certifications, i.defects, i.price_per_t,
                i.currency))
        ), stored AS (
            INSERT INTO item_replica AS i (
                item_id, mill_id, version, listing_cycle, status, grade_code, form, gsm, weight_kg, quality, country,
                width_mm, sheet_w_mm, sheet_l_mm, diameter_mm, core_mm, certifications, defects, price_per_t, currency,
                updated_at)
            SELECT item_id, mill_id, version, listing_cycle, status, grade_code, form, gsm, weight_kg, quality,
                country, width_mm, sheet_w_mm, sheet_l_mm, diameter_mm, core_mm, certifications, defects, price_per_t,
                currency, %(now)s
            FROM given
            ON CONFLICT (item_id) DO UPDATE
            SET mill_id = excluded.mill_id, version = excluded.version, listing_cycle = excluded.listing_cycle,
                status = excluded.status, sold_to = NULL, grade_code = excluded.grade_code, form = excluded.form,
                gsm = excluded.gsm, weight_kg = excluded.weight_kg, quality = excluded.quality,
                country = excluded.country, width_mm = excluded.width_mm, sheet_w_mm = excluded.sheet_w_mm,
                sheet_l_mm = excluded.sheet_l_mm, diameter_mm = excluded.diameter_mm, core_mm = excluded.core_mm,
                certifications = excluded.certifications, defects = excluded.defects,
                price_per_t = excluded.price_per_t, currency = excluded.currency, updated_at = excluded.updated_at
            WHERE i.version < excluded.version
        )
        SELECT item_id FROM changed
        """,
        {"snapshots": orjson.dumps(snapshots, default=str).decode(), "now": now},
    )
    return [row[0] for row in await cursor.fetchall()]


async def take_off(
    conn: Conn,
    *,
    ids: Sequence[UUID],
    versions: Sequence[int],
    reasons: Sequence[str],
    buyers: Sequence[UUID | None],
    now: datetime,
) -> list[UUID]:
    """Items that are no longer for sale; the ids of those we knew. An item never listed to us has no matches."""
    cursor = await conn.execute(
        """
        UPDATE item_replica i
        SET status = u.reason, sold_to = u.buyer_id, version = u.version, updated_at = %(now)s
        FROM unnest(%(ids)s::uuid[], %(versions)s::integer[], %(reasons)s::text[], %(buyers)s::uuid[])
             AS u (item_id, version, reason, buyer_id)
        WHERE i.item_id = u.item_id AND i.version < u.version
        RETURNING i.item_id
        """,
        {
            "ids": list(ids),
            "versions": list(versions),
            "reasons": list(reasons),
            "buyers": list(buyers),
            "now": now,
        },
    )
    return [row[0] for row in await cursor.fetchall()]


async def by_ids(conn: Conn, *, ids: Sequence[UUID]) -> list[ItemRow]:
    """Items whatever their status."""
    return await fetch_all(
        conn,
        ItemRow,
        ROWS + " WHERE item_id = ANY(%(ids)s)",
        {"ids": list(ids)},
    )


async def open_of_grades(conn: Conn, *, codes: Sequence[str], after: UUID | None, limit: int) -> list[ItemRow]:
    """A slice of the open items of these grades, in the order of their ids."""
    return await fetch_all(
        conn,
        ItemRow,
        ROWS
        + """
        WHERE grade_code = ANY(%(codes)s) AND status IN ('available', 'pre_production', 'reserved')
          AND (%(after)s::uuid IS NULL OR item_id > %(after)s)
        ORDER BY item_id LIMIT %(limit)s
        """,
        {"codes": list(codes), "after": after, "limit": limit},
    )
