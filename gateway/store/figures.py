"""What the dashboard counts. Each statement brings a set of events in and counts only what it really changed.

The history is written by one at a time, so that what a statement finds is what the one before has left.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from shared.db import Conn, execute

MARKET = UUID(int=0)  # the sums over all organisations


@dataclass(frozen=True, slots=True)
class ItemState:
    item_id: UUID
    mill_id: UUID
    version: int
    status: str


async def save_items(conn: Conn, items: Sequence[ItemState]) -> None:
    """Newer versions win; each item counts once, under its present status. At most one state per item."""
    if not items:
        return
    await execute(
        conn,
        """
        WITH told AS (
            SELECT item_id, mill_id, version, status
            FROM unnest(%(ids)s::uuid[], %(mills)s::uuid[], %(versions)s::bigint[], %(statuses)s::text[])
                 AS t (item_id, mill_id, version, status)
        ), old AS (
            SELECT i.item_id, i.mill_id, i.status FROM item_replica AS i JOIN told USING (item_id)
        ), saved AS (
            INSERT INTO item_replica AS i (item_id, mill_id, version, status)
            SELECT item_id, mill_id, version, status FROM told
            ON CONFLICT (item_id) DO UPDATE SET version = EXCLUDED.version, status = EXCLUDED.status
            WHERE i.version <= EXCLUDED.version
            RETURNING i.item_id, i.mill_id, i.status
        ), moved AS (
            SELECT mill_id, status, 1 AS by FROM saved
            UNION ALL
            SELECT o.mill_id, o.status, -1 FROM old AS o JOIN saved USING (item_id)
        ), sums AS (
            SELECT m.organization_id, m.status, sum(m.by) AS by
            FROM (SELECT mill_id AS organization_id, status, by FROM moved
                  UNION ALL SELECT %(market)s::uuid, status, by FROM moved) AS m
            GROUP BY m.organization_id, m.status
        )
        INSERT INTO figure AS f (organization_id, name, bucket, value)
        SELECT organization_id, 'items', status, by FROM sums WHERE by <> 0
        ON CONFLICT (organization_id, name, bucket) DO UPDATE SET value = f.value + EXCLUDED.value
        """,
        {
            "ids": [one.item_id for one in items],
            "mills": [one.mill_id for one in items],
            "versions": [one.version for one in items],
            "statuses": [one.status for one in items],
            "market": MARKET,
        },
    )


@dataclass(frozen=True, slots=True)
class BatchState:
    """What one or more events say of a list; ``None`` for what they do not."""

    batch_id: UUID
    mill_id: UUID
    version: int | None
    status: str | None
    received_at: datetime | None
    listed_at: datetime | None


async def save_batches(conn: Conn, batches: Sequence[BatchState]) -> None:
    """Newer versions win; a list was received when we first hear of it, and is listed when its last part is."""
    if not batches:
        return
    await execute(
        conn,
        """
        WITH told AS (
            SELECT batch_id, mill_id, version, status, received_at, listed_at
            FROM unnest(%(ids)s::uuid[], %(mills)s::uuid[], %(versions)s::bigint[], %(statuses)s::text[],
                        %(received)s::timestamptz[], %(listed)s::timestamptz[])
                 AS t (batch_id, mill_id, version, status, received_at, listed_at)
        ), old AS (
            SELECT b.batch_id, b.status FROM batch_replica AS b JOIN told USING (batch_id)
        ), saved AS (
            INSERT INTO batch_replica AS b (batch_id, mill_id, version, status, received_at, listed_at)
            SELECT batch_id, mill_id, version, status, received_at, listed_at FROM told
            ON CONFLICT (batch_id) DO UPDATE
            SET version = greatest(b.version, EXCLUDED.version),
                status = CASE WHEN EXCLUDED.version >= coalesce(b.version, 0) THEN EXCLUDED.status ELSE b.status END,
                received_at = least(b.received_at, EXCLUDED.received_at),
                listed_at = coalesce(b.listed_at, EXCLUDED.listed_at)
            RETURNING b.batch_id, b.mill_id, b.status
        ), moved AS (
            SELECT mill_id, status, 1 AS by FROM saved WHERE status IS NOT NULL
            UNION ALL
            SELECT s.mill_id, o.status, -1 FROM old AS o JOIN saved AS s USING (batch_id) WHERE o.status IS NOT NULL
        ), sums AS (
            SELECT m.organization_id, m.status, sum(m.by) AS by
            FROM (SELECT mill_id AS organization_id, status, by FROM moved
                  UNION ALL SELECT %(market)s::uuid, status, by FROM moved) AS m
            GROUP BY m.organization_id, m.status
        )
        INSERT INTO figure AS f (organization_id, name, bucket, value)
        SELECT organization_id, 'batches', status, by FROM sums WHERE by <> 0
        ON CONFLICT (organization_id, name, bucket) DO UPDATE SET value = f.value + EXCLUDED.value
        """,
        {
            "ids": [one.batch_id for one in batches],
            "mills": [one.mill_id for one in batches],
            "versions": [one.version for one in batches],
            "statuses": [one.status for one in batches],
            "received": [one.received_at for one in batches],
            "listed": [one.listed_at for one in batches],
            "market": MARKET,
        },
    )


@dataclass(frozen=True, slots=True)
class WindowState:
    """What one or more events say of a window; ``None`` for what they do not."""

    window_id: UUID
    item_id: UUID
    mill_id: UUID
    buyer_id: UUID
    grant_number: int | None = None
    expires_at: datetime | None = None
    outcome: str | None = None


async def save_windows(conn: Conn, windows: Sequence[WindowState]) -> None:
    """Each grant and each end of a window counts once, for the mill, the buyer and the market.

    A window whose grant we never heard of (it ended before we began) does not count as ended either.
    """
    if not windows:
        return
    await execute(
        conn,
        """
        WITH told AS (
            SELECT window_id, item_id, mill_id, buyer_id, grant_number, expires_at, outcome
            FROM unnest(%(ids)s::uuid[], %(items)s::uuid[], %(mills)s::uuid[], %(buyers)s::uuid[],
                        %(grants)s::integer[], %(ends)s::timestamptz[], %(outcomes)s::text[])
                 AS t (window_id, item_id, mill_id, buyer_id, grant_number, expires_at, outcome)
        ), old AS (
            SELECT w.window_id, w.grant_number, w.outcome FROM window_replica AS w JOIN told USING (window_id)
        ), saved AS (
            INSERT INTO window_replica AS w (window_id, item_id, mill_id, buyer_id, grant_number, expires_at, outcome)
            SELECT window_id, item_id, mill_id, buyer_id, grant_number, expires_at, outcome FROM told
            ON CONFLICT (window_id) DO UPDATE
            SET grant_number = coalesce(w.grant_number, EXCLUDED.grant_number),
                expires_at = coalesce(EXCLUDED.expires_at, w.expires_at),
                outcome = coalesce(w.outcome, EXCLUDED.outcome)
            RETURNING w.window_id, w.mill_id, w.buyer_id, w.grant_number, w.outcome
        ), counted AS (
            SELECT s.mill_id, s.buyer_id, 'granted' AS name, s.grant_number::text AS bucket
            FROM saved AS s LEFT JOIN old AS o USING (window_id)
            WHERE s.grant_number IS NOT NULL AND o.grant_number IS NULL
            UNION ALL
            SELECT s.mill_id, s.buyer_id, s.outcome, s.grant_number::text
            FROM saved AS s LEFT JOIN old AS o USING (window_id)
            WHERE s.grant_number IS NOT NULL AND s.outcome IS NOT NULL
              AND (o.grant_number IS NULL OR o.outcome IS NULL)
        )
        INSERT INTO figure AS f (organization_id, name, bucket, value)
        SELECT party.id, 'windows.' || c.name, c.bucket, count(*)
        FROM counted AS c CROSS JOIN LATERAL unnest(ARRAY[c.mill_id, c.buyer_id, %(market)s::uuid]) AS party (id)
        GROUP BY party.id, c.name, c.bucket
        ON CONFLICT (organization_id, name, bucket) DO UPDATE SET value = f.value + EXCLUDED.value
        """,
        {
            "ids": [one.window_id for one in windows],
            "items": [one.item_id for one in windows],
            "mills": [one.mill_id for one in windows],
            "buyers": [one.buyer_id for one in windows],
            "grants": [one.grant_number for one in windows],
            "ends": [one.expires_at for one in windows],
            "outcomes": [one.outcome for one in windows],
            "market": MARKET,
        },
    )


STEPS: Mapping[str, int] = {"sent": 1, "delivered": 2, "opened": 4, "clicked": 8, "bounced": 16, "complained": 32}


@dataclass(frozen=True, slots=True)
class DeliveryState:
    """Steps of one newsletter mail, as bits of ``STEPS``."""

    delivery_id: UUID
    user_id: UUID
    steps: int
    day: date


async def save_deliveries(conn: Conn, deliveries: Sequence[DeliveryState]) -> None:
    """Each step of each mail counts once, on the day of the mail's first step. At most one state per mail."""
    if not deliveries:
        return
    await execute(
        conn,
        """
        WITH told AS (
            SELECT delivery_id, user_id, steps, day
            FROM unnest(%(ids)s::uuid[], %(users)s::uuid[], %(steps)s::integer[], %(days)s::date[])
                 AS t (delivery_id, user_id, steps, day)
        ), old AS (
            SELECT d.delivery_id, d.steps FROM delivery_replica AS d JOIN told USING (delivery_id)
        ), saved AS (
            INSERT INTO delivery_replica AS d (delivery_id, day, steps)
            SELECT delivery_id, day, steps FROM told
            ON CONFLICT (delivery_id) DO UPDATE SET steps = d.steps | EXCLUDED.steps
            RETURNING d.delivery_id, d.day, d.steps
        ), made AS (
            SELECT p.organization_id, s.day, step.name
            FROM saved AS s
            JOIN told USING (delivery_id)
            LEFT JOIN old AS o USING (delivery_id)
            LEFT JOIN person AS p ON p.id = told.user_id
            JOIN unnest(%(names)s::text[], %(bits)s::integer[]) AS step (name, bit)
              ON s.steps & ~coalesce(o.steps, 0) & step.bit <> 0
        )
        INSERT INTO figure AS f (organization_id, name, bucket, value)
        SELECT party.id, 'newsletter.' || made.name, made.day::text, count(*)
        FROM made CROSS JOIN LATERAL unnest(ARRAY[made.organization_id, %(market)s::uuid]) AS party (id)
        WHERE party.id IS NOT NULL
        GROUP BY party.id, made.name, made.day
        ON CONFLICT (organization_id, name, bucket) DO UPDATE SET value = f.value + EXCLUDED.value
        """,
        {
            "ids": [one.delivery_id for one in deliveries],
            "users": [one.user_id for one in deliveries],
            "steps": [one.steps for one in deliveries],
            "days": [one.day for one in deliveries],
            "names": list(STEPS),
            "bits": list(STEPS.values()),
            "market": MARKET,
        },
    )


async def forget_old(conn: Conn, *, days: int, limit: int) -> int:
    """Mails and the figures of their days, when nobody asks for them any more."""
    mails = await execute(
        conn,
        """
        DELETE FROM delivery_replica WHERE delivery_id IN (
            SELECT delivery_id FROM delivery_replica WHERE day < clock()::date - %(days)s LIMIT %(limit)s)
        """,
        {"days": days, "limit": limit},
    )
    return mails + await execute(
        conn,
        "DELETE FROM figure WHERE name LIKE 'newsletter.%%' AND bucket < (clock()::date - %(days)s)::text",
        {"days": days},
    )
