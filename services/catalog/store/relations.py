"""How buyers stand to items: matched, waiting, holding, having held, having bought."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from shared.db import Conn, execute


@dataclass(frozen=True, slots=True)
class MatchState:
    """One match as matching last told it."""

    match_id: UUID
    item_id: UUID
    buyer_id: UUID
    listing_cycle: int
    version: int
    score: Decimal | None  # None: closed
    live: bool


async def save_matches(conn: Conn, matches: Sequence[MatchState]) -> None:
    """Take over matches (newer versions win), then point each pair at its best live one."""
    if not matches:
        return
    newest: dict[UUID, MatchState] = {}
    for match in matches:
        known = newest.get(match.match_id)
        if known is None or known.version < match.version:
            newest[match.match_id] = match
    chosen = list(newest.values())
    await execute(
        conn,
        """
        INSERT INTO match_replica AS known (match_id, item_id, buyer_id, listing_cycle, version, score, live)
        SELECT match_id, item_id, buyer_id, listing_cycle, version, coalesce(score, 0), live
        FROM unnest(%(match_ids)s::uuid[], %(item_ids)s::uuid[], %(buyer_ids)s::uuid[], %(cycles)s::integer[],
            %(versions)s::bigint[], %(scores)s::numeric[], %(lives)s::boolean[])
            AS m (match_id, item_id, buyer_id, listing_cycle, version, score, live)
        ON CONFLICT (match_id) DO UPDATE SET
            listing_cycle = excluded.listing_cycle, version = excluded.version, score = excluded.score,
            live = excluded.live
        WHERE known.version < excluded.version
        """,
        {
            "match_ids": [match.match_id for match in chosen],
            "item_ids": [match.item_id for match in chosen],
            "buyer_ids": [match.buyer_id for match in chosen],
            "cycles": [match.listing_cycle for match in chosen],
            "versions": [match.version for match in chosen],
            "scores": [match.score for match in chosen],
            "lives": [match.live for match in chosen],
        },
    )
    pairs = sorted({(match.item_id, match.buyer_id) for match in chosen})
    await execute(
        conn,
        """
        INSERT INTO relation AS known (item_id, buyer_id, match_id, match_score)
        SELECT pair.item_id, pair.buyer_id, best.match_id, best.score
        FROM unnest(%(item_ids)s::uuid[], %(buyer_ids)s::uuid[]) AS pair (item_id, buyer_id)
        LEFT JOIN LATERAL (
            SELECT match_id, score
            FROM match_replica AS m
            WHERE m.item_id = pair.item_id AND m.buyer_id = pair.buyer_id AND m.live
            ORDER BY m.score DESC, m.match_id
            LIMIT 1
        ) AS best ON true
        ON CONFLICT (item_id, buyer_id) DO UPDATE SET
            match_id = excluded.match_id, match_score = excluded.match_score, version = known.version + 1
        """,
        {"item_ids": [pair[0] for pair in pairs], "buyer_ids": [pair[1] for pair in pairs]},
    )


async def set_interest(
    conn: Conn, *, item_id: UUID, buyer_id: UUID, interest_id: UUID, ticket: int | None = None
) -> None:
    """A buyer waits for the item. ``ticket`` ``None``: from before they were told, so before all who have one."""
    await execute(
        conn,
        """
        INSERT INTO relation AS known (item_id, buyer_id, interest_id, interest_ticket)
        VALUES (%(item_id)s, %(buyer_id)s, %(interest_id)s, %(ticket)s)
        ON CONFLICT (item_id, buyer_id) DO UPDATE SET
            interest_id = excluded.interest_id, interest_ticket = excluded.interest_ticket,
            version = known.version + 1
        """,
        {"item_id": item_id, "buyer_id": buyer_id, "interest_id": interest_id, "ticket": ticket},
    )


async def close_interest(conn: Conn, *, item_id: UUID, buyer_id: UUID, interest_id: UUID) -> None:
    """A buyer waits no longer."""
    await execute(
        conn,
        """
        UPDATE relation
        SET interest_id = NULL, interest_ticket = NULL, version = version + 1
        WHERE item_id = %(item_id)s AND buyer_id = %(buyer_id)s AND interest_id = %(interest_id)s
        """,
        {"item_id": item_id, "buyer_id": buyer_id, "interest_id": interest_id},
    )


async def set_window(conn: Conn, *, item_id: UUID, buyer_id: UUID, window_id: UUID, expires_at: datetime) -> None:
    """A buyer holds the item."""
    await execute(
        conn,
        """
        INSERT INTO relation AS known (item_id, buyer_id, window_id, window_expires_at)
        VALUES (%(item_id)s, %(buyer_id)s, %(window_id)s, %(expires_at)s)
        ON CONFLICT (item_id, buyer_id) DO UPDATE SET
            window_id = excluded.window_id, window_expires_at = excluded.window_expires_at,
            version = known.version + 1
        """,
        {"item_id": item_id, "buyer_id": buyer_id, "window_id": window_id, "expires_at": expires_at},
    )


async def extend_window(conn: Conn, *, item_id: UUID, buyer_id: UUID, window_id: UUID, expires_at: datetime) -> None:
    """The holder's window ends later; one that is over stays so."""
    await execute(
        conn,
        """
        UPDATE relation
        SET window_expires_at = %(expires_at)s, version = version + 1
        WHERE item_id = %(item_id)s AND buyer_id = %(buyer_id)s AND window_id = %(window_id)s
          AND window_expires_at < %(expires_at)s
        """,
        {"item_id": item_id, "buyer_id": buyer_id, "window_id": window_id, "expires_at": expires_at},
    )


async def close_window(conn: Conn, *, item_id: UUID, buyer_id: UUID, window_id: UUID) -> None:
    """A buyer holds the item no longer, but has seen who sells it."""
    await execute(
        conn,
        """
        INSERT INTO relation AS known (item_id, buyer_id, former_holder)
        VALUES (%(item_id)s, %(buyer_id)s, true)
        ON CONFLICT (item_id, buyer_id) DO UPDATE SET
            window_id = NULLIF(known.window_id, %(window_id)s),
            window_expires_at = CASE WHEN known.window_id = %(window_id)s THEN NULL ELSE known.window_expires_at END,
            former_holder = true, version = known.version + 1
        """,
        {"item_id": item_id, "buyer_id": buyer_id, "window_id": window_id},
    )


async def set_purchaser(conn: Conn, *, item_id: UUID, buyer_id: UUID) -> None:
    """A buyer bought the item."""
    await execute(
        conn,
        """
        INSERT INTO relation AS known (item_id, buyer_id, purchaser)
        VALUES (%(item_id)s, %(buyer_id)s, true)
        ON CONFLICT (item_id, buyer_id) DO UPDATE SET purchaser = true, version = known.version + 1
        """,
        {"item_id": item_id, "buyer_id": buyer_id},
    )


async def clear_purchaser(conn: Conn, item_id: UUID) -> None:
    """The sale of the item was cancelled."""
    await execute(
        conn,
        "UPDATE relation SET purchaser = false, version = version + 1 WHERE item_id = %(item_id)s AND purchaser",
        {"item_id": item_id},
    )


async def anyone_waits(conn: Conn, item_id: UUID) -> bool:
    """Whether a buyer waits for the item."""
    cursor = await conn.execute(
        "SELECT 1 FROM relation WHERE item_id = %(item_id)s AND interest_id IS NOT NULL LIMIT 1", {"item_id": item_id}
    )
    return await cursor.fetchone() is not None


async def waited_for(conn: Conn, item_ids: Sequence[UUID]) -> frozenset[UUID]:
    """Those of the items that at least one buyer waits for."""
    cursor = await conn.execute(
        "SELECT DISTINCT item_id FROM relation WHERE item_id = ANY(%(item_ids)s) AND interest_id IS NOT NULL",
        {"item_ids": list(item_ids)},
    )
    return frozenset(row[0] for row in await cursor.fetchall())
