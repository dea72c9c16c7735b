"""What the dashboard shows: counters by their keys, and the few rows that are open now."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.db import Conn, fetch_all, fetch_one

LISTS_LOOKED_AT = 200  # the latest; older ones say little about how fast it goes now


@dataclass(frozen=True, slots=True)
class Figure:
    name: str
    bucket: str
    value: int


async def figures(conn: Conn, organization_id: UUID, *, newsletter_days: int) -> list[Figure]:
    """Counters of one organisation, or of the market; the newsletter's summed over so many days."""
    return await fetch_all(
        conn,
        Figure,
        """
        SELECT name, bucket, value FROM figure
        WHERE organization_id = %(organization_id)s AND name IN ('items', 'batches') AND value <> 0
        UNION ALL
        SELECT name, bucket, value FROM figure
        WHERE organization_id = %(organization_id)s AND name >= 'windows.' AND name < 'windows/'
        UNION ALL
        SELECT name, '', sum(value)::bigint FROM figure
        WHERE organization_id = %(organization_id)s AND name >= 'newsletter.' AND name < 'newsletter/'
          AND bucket >= (clock()::date - %(days)s)::text
        GROUP BY name
        """,
        {"organization_id": organization_id, "days": newsletter_days},
    )


@dataclass(frozen=True, slots=True)
class OpenWindows:
    """``next_end`` is ``None`` when none is open."""

    active: int
    ending_soon: int
    next_end: datetime | None


async def open_windows(conn: Conn, *, mill_id: UUID | None, buyer_id: UUID | None, soon_hours: int) -> OpenWindows:
    """Windows that are open now; of everybody when neither is named."""
    found = await fetch_one(
        conn,
        OpenWindows,
        """
        SELECT count(*)::integer AS active,
               (count(*) FILTER (WHERE expires_at <= clock() + make_interval(hours => %(hours)s)))::integer
                   AS ending_soon,
               min(expires_at) AS next_end
        FROM window_replica
        WHERE outcome IS NULL AND expires_at > clock()
          AND (%(mill_id)s::uuid IS NULL OR mill_id = %(mill_id)s)
          AND (%(buyer_id)s::uuid IS NULL OR buyer_id = %(buyer_id)s)
        """,
        {"mill_id": mill_id, "buyer_id": buyer_id, "hours": soon_hours},
    )
    return found or OpenWindows(0, 0, None)


@dataclass(frozen=True, slots=True)
class ListingTime:
    """From a list's arrival to its last lot being listed; ``None`` when no list went through."""

    lists: int
    median_seconds: float | None
    slowest_tenth_seconds: float | None


async def listing_time(conn: Conn, *, mill_id: UUID | None) -> ListingTime:
    """Over the latest lists, people's reviews included."""
    found = await fetch_one(
        conn,
        ListingTime,
        """
        SELECT count(*)::integer AS lists,
               percentile_cont(0.5) WITHIN GROUP (ORDER BY took) AS median_seconds,
               percentile_cont(0.9) WITHIN GROUP (ORDER BY took) AS slowest_tenth_seconds
        FROM (
            SELECT greatest(extract(epoch FROM listed_at - received_at), 0)::float AS took
            FROM batch_replica
            WHERE listed_at IS NOT NULL AND received_at IS NOT NULL
              AND (%(mill_id)s::uuid IS NULL OR mill_id = %(mill_id)s)
            ORDER BY listed_at DESC
            LIMIT %(limit)s
        ) AS latest
        """,
        {"mill_id": mill_id, "limit": LISTS_LOOKED_AT},
    )
    return found or ListingTime(0, None, None)


async def have_met(conn: Conn, one: UUID, other: UUID) -> bool:
    """Whether a window was ever granted between these two: from then on each knows whom to write to."""
    cursor = await conn.execute(
        """
        SELECT EXISTS (
            SELECT 1 FROM window_replica
            WHERE (mill_id = %(one)s AND buyer_id = %(other)s) OR (mill_id = %(other)s AND buyer_id = %(one)s))
        """,
        {"one": one, "other": other},
    )
    row = await cursor.fetchone()
    return bool(row and row[0])
