"""The table ``requirement``."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import LiteralString
from uuid import UUID

from shared.db import Conn, execute, fetch_all, fetch_one
from shared.filtering import Field, Kind, Listing
from shared.keyset import Found, Question


@dataclass(frozen=True, slots=True)
class Terms:
    """What the buyer asks for, column by column; ``None`` is open, empty lists are "any"."""

    title: str
    families: list[str]
    grade_codes: list[str]
    product_forms: list[str]
    gsm_min: Decimal | None
    gsm_max: Decimal | None
    width_min_mm: int | None
    width_max_mm: int | None
    cut_widths_mm: list[int]
    max_trim_mm: int | None
    sheet_w_mm: int | None
    sheet_l_mm: int | None
    sheet_trim_mm: int | None
    diameter_min_mm: int | None
    diameter_max_mm: int | None
    core_mm: list[int]
    weight_min_kg: int | None
    weight_max_kg: int | None
    quality_floor: str
    accepted_defects: list[str] | None
    price_ceiling: Decimal | None
    price_currency: str
    ship_from_countries: list[str]
    certifications: list[str]
    deliver_to: str | None
    valid_until: date | None
    cadence: str
    auto_interest: bool


@dataclass(frozen=True, slots=True)
class RequirementRow(Terms):
    """A requirement as it is stored."""

    id: UUID
    number: int
    buyer_id: UUID
    version: int
    status: str
    created_at: datetime
    updated_at: datetime


_COLUMNS: LiteralString = """
    id, number, buyer_id, version, status, title, families, grade_codes, product_forms, gsm_min, gsm_max,
        width_min_mm, width_max_mm, cut_widths_mm, max_trim_mm, sheet_w_mm, sheet_l_mm, sheet_trim_mm, diameter_min_mm,
        diameter_max_mm, core_mm, weight_min_kg, weight_max_kg, quality_floor, accepted_defects, price_ceiling,
        price_currency, ship_from_countries, certifications, deliver_to, valid_until, cadence, auto_interest,
        created_at, updated_at
    FROM requirement"""
ROWS: LiteralString = "SELECT" + _COLUMNS
"""Every query for a ``RequirementRow`` begins so; what follows is its WHERE."""

REQUIREMENTS = Listing(
    {
        "status": Field(Kind.TEXT, "status", words=("active", "paused", "archived", "expired")),
        "buyer_id": Field(Kind.ID, "buyer_id"),
        "title": Field(Kind.TEXT, "title"),
        "grade_codes": Field(Kind.SET, "grade_codes"),
        "families": Field(Kind.SET, "families"),
        "product_forms": Field(Kind.SET, "product_forms"),
        "certifications": Field(Kind.SET, "certifications"),
        "ship_from_countries": Field(Kind.SET, "ship_from_countries"),
        "quality_floor": Field(Kind.TEXT, "quality_floor"),
        "cadence": Field(Kind.TEXT, "cadence"),
        "auto_interest": Field(Kind.FLAG, "auto_interest"),
        "valid_until": Field(Kind.DATE, "valid_until", nullable=True),
        "created_at": Field(Kind.INSTANT, "created_at"),
        "updated_at": Field(Kind.INSTANT, "updated_at"),
    },
    id="id",
)


async def insert(conn: Conn, *, requirement_id: UUID, buyer_id: UUID, status: str, terms: Terms, now: datetime) -> None:
    """A new requirement, version 1."""
    await execute(
        conn,
        """
        INSERT INTO requirement (
            id, buyer_id, status, title, families, grade_codes, product_forms, gsm_min, gsm_max, width_min_mm,
            width_max_mm, cut_widths_mm, max_trim_mm, sheet_w_mm, sheet_l_mm, sheet_trim_mm, diameter_min_mm,
            diameter_max_mm, core_mm, weight_min_kg, weight_max_kg, quality_floor, accepted_defects, price_ceiling,
            price_currency, ship_from_countries, certifications, deliver_to, valid_until, cadence, auto_interest,
            created_at, updated_at)
        VALUES (
            %(id)s, %(buyer_id)s, %(status)s, %(title)s, %(families)s, %(grade_codes)s, %(product_forms)s, %(gsm_min)s,
            %(gsm_max)s, %(width_min_mm)s, %(width_max_mm)s, %(cut_widths_mm)s, %(max_trim_mm)s, %(sheet_w_mm)s,
            %(sheet_l_mm)s, %(sheet_trim_mm)s, %(diameter_min_mm)s, %(diameter_max_mm)s, %(core_mm)s,
            %(weight_min_kg)s, %(weight_max_kg)s, %(quality_floor)s, %(accepted_defects)s, %(price_ceiling)s,
            %(price_currency)s, %(ship_from_countries)s, %(certifications)s, %(deliver_to)s, %(valid_until)s,
            %(cadence)s, %(auto_interest)s, %(now)s, %(now)s)
        """,
        {**asdict(terms), "id": requirement_id, "buyer_id": buyer_id, "status": status, "now": now},
    )


async def update(conn: Conn, *, requirement_id: UUID, version: int, status: str, terms: Terms, now: datetime) -> None:
    """Store the changed requirement as ``version``; its row is locked by the caller."""
    await execute(
        conn,
        """
        UPDATE requirement
        SET version = %(version)s, status = %(status)s, title = %(title)s, families = %(families)s,
            grade_codes = %(grade_codes)s, product_forms = %(product_forms)s, gsm_min = %(gsm_min)s,
            gsm_max = %(gsm_max)s, width_min_mm = %(width_min_mm)s, width_max_mm = %(width_max_mm)s,
            cut_widths_mm = %(cut_widths_mm)s, max_trim_mm = %(max_trim_mm)s, sheet_w_mm = %(sheet_w_mm)s,
            sheet_l_mm = %(sheet_l_mm)s, sheet_trim_mm = %(sheet_trim_mm)s, diameter_min_mm = %(diameter_min_mm)s,
            diameter_max_mm = %(diameter_max_mm)s, core_mm = %(core_mm)s, weight_min_kg = %(weight_min_kg)s,
            weight_max_kg = %(weight_max_kg)s, quality_floor = %(quality_floor)s,
            accepted_defects = %(accepted_defects)s, price_ceiling = %(price_ceiling)s,
            price_currency = %(price_currency)s, ship_from_countries = %(ship_from_countries)s,
            certifications = %(certifications)s, deliver_to = %(deliver_to)s, valid_until = %(valid_until)s,
            cadence = %(cadence)s, auto_interest = %(auto_interest)s, updated_at = %(now)s
        WHERE id = %(id)s
        """,
        {**asdict(terms), "id": requirement_id, "version": version, "status": status, "now": now},
    )


async def archive(conn: Conn, *, requirement_id: UUID, version: int, now: datetime) -> None:
    """Store that it is over; its row is locked by the caller."""
    await execute(
        conn,
        """
        UPDATE requirement SET version = %(version)s, status = 'archived', updated_at = %(now)s WHERE id = %(id)s
        """,
        {"id": requirement_id, "version": version, "now": now},
    )


async def expire(conn: Conn, *, now: datetime, limit: int) -> list[UUID]:
    """End requirements whose last day is over; their ids."""
    cursor = await conn.execute(
        """
        UPDATE requirement SET version = version + 1, status = 'expired', updated_at = %(now)s
        WHERE id IN (
            SELECT id FROM requirement
            WHERE status IN ('active', 'paused') AND valid_until < %(now)s::date
            ORDER BY valid_until LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
        RETURNING id
        """,
        {"now": now, "limit": limit},
    )
    return [row[0] for row in await cursor.fetchall()]


async def first_end(conn: Conn) -> datetime | None:
    """When the next requirement is over: midnight UTC after its last day."""
    cursor = await conn.execute(
        """
        SELECT (min(valid_until) + 1)::timestamp AT TIME ZONE 'UTC' FROM requirement
        WHERE status IN ('active', 'paused')
        """
    )
    row = await cursor.fetchone()
    return row[0] if row else None


async def locked(conn: Conn, *, requirement_id: UUID, buyer_id: UUID | None) -> RequirementRow | None:
    """The requirement, locked until the end of the transaction; ``buyer_id`` ``None`` sees every buyer's."""
    return await fetch_one(
        conn,
        RequirementRow,
        ROWS
        + """
        WHERE id = %(id)s AND (%(buyer_id)s::uuid IS NULL OR buyer_id = %(buyer_id)s)
        FOR UPDATE
        """,
        {"id": requirement_id, "buyer_id": buyer_id},
    )


async def listed(conn: Conn, question: Question, *, buyer_id: UUID | None) -> Found[RequirementRow]:
    """Requirements of a buyer, ``None``: of all."""
    return await question.fetch(
        conn,
        RequirementRow,
        "SELECT {mark},"
        + _COLUMNS
        + " WHERE (%(of_buyer)s::uuid IS NULL OR buyer_id = %(of_buyer)s) {filters} {order}",
        {"of_buyer": buyer_id},
    )


async def newest(conn: Conn, *, before: UUID | None, limit: int) -> list[RequirementRow]:
    """All requirements, newest first."""
    return await fetch_all(
        conn,
        RequirementRow,
        ROWS + " WHERE %(before)s::uuid IS NULL OR id < %(before)s ORDER BY id DESC LIMIT %(limit)s",
        {"before": before, "limit": limit},
    )


async def one(conn: Conn, *, requirement_id: UUID, buyer_id: UUID | None) -> RequirementRow | None:
    """One requirement; ``buyer_id`` ``None`` sees every buyer's."""
    return await fetch_one(
        conn,
        RequirementRow,
        ROWS + " WHERE id = %(id)s AND (%(buyer_id)s::uuid IS NULL OR buyer_id = %(buyer_id)s)",
        {"id": requirement_id, "buyer_id": buyer_id},
    )


async def live_matches(conn: Conn, *, requirement_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How many live matches each of these has; one without is not named."""
    cursor = await conn.execute(
        """
        SELECT requirement_id, count(*) FROM match
        WHERE requirement_id = ANY(%(ids)s) AND status IN ('active', 'interested')
        GROUP BY requirement_id
        """,
        {"ids": list(requirement_ids)},
    )
    return {row[0]: row[1] for row in await cursor.fetchall()}


async def active_of_buyer(conn: Conn, *, buyer_id: UUID) -> int:
    """How many active requirements a buyer has; counts of one buyer wait for each other."""
    await conn.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('requirements of ' || %(buyer_id)s::text, 0))",
        {"buyer_id": buyer_id},
    )
    cursor = await conn.execute(
        "SELECT count(*) FROM requirement WHERE buyer_id = %(buyer_id)s AND status = 'active'", {"buyer_id": buyer_id}
    )
    row = await cursor.fetchone()
    return row[0] if row else 0


async def ids_of_buyers(conn: Conn, *, buyer_ids: Sequence[UUID]) -> list[UUID]:
    """The active requirements of these buyers."""
    cursor = await conn.execute(
        "SELECT id FROM requirement WHERE buyer_id = ANY(%(buyers)s) AND status = 'active'", {"buyers": list(buyer_ids)}
    )
    return [row[0] for row in await cursor.fetchall()]
