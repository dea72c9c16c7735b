"""Matches that ask for an interest by themselves, kept until they can be decided."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.contracts.matching import MatchesClosed, MatchesFound
from shared.db import Conn, execute, fetch_all


@dataclass(frozen=True, slots=True)
class Pending:
    """A match that waits for its interest. ``asked_before``: this buyer had his turn in this listing cycle."""

    match_id: UUID
    item_id: UUID
    mill_id: UUID
    buyer_id: UUID
    listing_cycle: int
    not_needed_after: datetime | None
    asked_before: bool
    still_needed: bool


async def keep(conn: Conn, events: Sequence[MatchesFound]) -> list[UUID]:
    """Keep the newest version of matches; the lots that have one pending now.

    A match that never asked by itself is kept as ``dropped`` only if it is known already, to forget the wish.
    """
    newest = {
        match.match_id: (event, match)
        for event in events
        for match in sorted(event.matches, key=lambda one: one.version)
    }
    ordered = [newest[match_id] for match_id in sorted(newest)]
    cursor = await conn.execute(
        """
        INSERT INTO match_replica AS k
            (match_id, version, item_id, mill_id, listing_cycle, buyer_id, score, not_needed_after, status)
        SELECT match_id, version, item_id, mill_id, listing_cycle, buyer_id, score, not_needed_after,
            CASE WHEN auto_interest THEN 'pending' ELSE 'dropped' END
        FROM unnest(%(ids)s::uuid[], %(versions)s::int[], %(item_ids)s::uuid[], %(mill_ids)s::uuid[], %(cycles)s::int[],
            %(buyer_ids)s::uuid[], %(scores)s::numeric[], %(not_needed)s::timestamptz[], %(auto)s::bool[])
            AS u (match_id, version, item_id, mill_id, listing_cycle, buyer_id, score, not_needed_after, auto_interest)
        WHERE auto_interest OR EXISTS (SELECT FROM match_replica AS e WHERE e.match_id = u.match_id)
        ON CONFLICT (match_id) DO UPDATE
        SET version = excluded.version, item_id = excluded.item_id, mill_id = excluded.mill_id,
            listing_cycle = excluded.listing_cycle, buyer_id = excluded.buyer_id, score = excluded.score,
            not_needed_after = excluded.not_needed_after,
            status = CASE WHEN k.status = 'registered' AND k.listing_cycle = excluded.listing_cycle
                THEN k.status ELSE excluded.status END
        WHERE k.version < excluded.version
        RETURNING item_id, status
        """,
        {
            "ids": [match.match_id for _, match in ordered],
            "versions": [match.version for _, match in ordered],
            "item_ids": [event.item_id for event, _ in ordered],
            "mill_ids": [event.mill_id for event, _ in ordered],
            "cycles": [event.listing_cycle for event, _ in ordered],
            "buyer_ids": [match.buyer_id for _, match in ordered],
            "scores": [match.score for _, match in ordered],
            "not_needed": [match.not_needed_after for _, match in ordered],
            "auto": [match.auto_interest for _, match in ordered],
        },
    )
    return sorted({row[0] for row in await cursor.fetchall() if row[1] == "pending"})


async def close(conn: Conn, events: Sequence[MatchesClosed]) -> list[UUID]:
    """Close matches that no longer stand; the lots on which that may leave a wish without a reason."""
    newest = {
        match.match_id: (event, match)
        for event in events
        for match in sorted(event.matches, key=lambda one: one.version)
    }
    ordered = [newest[match_id] for match_id in sorted(newest)]
    cursor = await conn.execute(
        """
        UPDATE match_replica AS k
        SET version = u.version, status = 'closed'
        FROM unnest(%(ids)s::uuid[], %(versions)s::int[]) AS u (match_id, version)
        WHERE k.match_id = u.match_id AND k.version < u.version AND k.status <> 'closed'
        RETURNING k.item_id
        """,
        {
            "ids": [match.match_id for _, match in ordered],
            "versions": [match.version for _, match in ordered],
        },
    )
    return sorted({row[0] for row in await cursor.fetchall()})


async def pending_on(conn: Conn, item_ids: Sequence[UUID]) -> list[Pending]:
    """Matches that wait for an interest on these locked lots, best score first within a lot."""
    return await fetch_all(
        conn,
        Pending,
        """
        SELECT k.match_id, k.item_id, i.mill_id, k.buyer_id, k.listing_cycle, k.not_needed_after,
            EXISTS (
                SELECT FROM interests AS n
                WHERE n.item_id = k.item_id AND n.buyer_id = k.buyer_id
                    AND (n.status <> 'closed' OR (n.listing_cycle = k.listing_cycle
                        AND n.close_reason NOT IN ('not_needed', 'ineligible')))
            ) AS asked_before,
            k.not_needed_after IS NULL OR k.not_needed_after > (SELECT clock()) AS still_needed
        FROM match_replica AS k
        JOIN item_replica AS i ON i.item_id = k.item_id
        WHERE k.item_id = ANY(%(item_ids)s) AND k.status = 'pending' AND i.version > 0
        ORDER BY k.item_id, k.score DESC, k.match_id
        """,
        {"item_ids": list(item_ids)},
    )


async def pending_items_of(conn: Conn, organization_ids: Sequence[UUID]) -> list[UUID]:
    """Lots with a pending match of one of these buyers, or on a lot of one of these mills."""
    cursor = await conn.execute(
        """
        SELECT item_id FROM match_replica WHERE status = 'pending' AND buyer_id = ANY(%(organization_ids)s)
        UNION
        SELECT item_id FROM match_replica WHERE status = 'pending' AND mill_id = ANY(%(organization_ids)s)
        """,
        {"organization_ids": list(organization_ids)},
    )
    return [row[0] for row in await cursor.fetchall()]


async def settle(conn: Conn, *, registered: Sequence[UUID], dropped: Sequence[UUID]) -> None:
    """Write what became of pending matches."""
    await execute(
        conn,
        """
        UPDATE match_replica
        SET status = CASE WHEN match_id = ANY(%(registered)s) THEN 'registered' ELSE 'dropped' END
        WHERE match_id = ANY(%(registered)s) OR match_id = ANY(%(dropped)s)
        """,
        {"registered": list(registered), "dropped": list(dropped)},
    )


async def unwanted(conn: Conn, item_ids: Sequence[UUID]) -> list[UUID]:
    """Queued automatic interests on these locked lots that no standing match asks for any more."""
    cursor = await conn.execute(
        """
        SELECT n.id
        FROM interests AS n
        WHERE n.item_id = ANY(%(item_ids)s) AND n.status = 'queued' AND n.origin = 'auto_interest'
            AND NOT EXISTS (
                SELECT FROM match_replica AS k
                WHERE k.item_id = n.item_id AND k.buyer_id = n.buyer_id AND k.status IN ('pending', 'registered')
            )
        """,
        {"item_ids": list(item_ids)},
    )
    return [row[0] for row in await cursor.fetchall()]
