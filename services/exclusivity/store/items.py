"""Lots: the row that is locked before anything about a lot is decided."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from services.exclusivity.domain import Item
from shared.contracts.catalog import ItemSnapshot, UnlistedItem
from shared.db import Conn, execute, fetch_all, fetch_one


async def lock_item(conn: Conn, item_id: UUID) -> Item | None:
    """Lock one lot until the transaction ends. Read everything else about it after this, never before."""
    return await fetch_one(
        conn,
        Item,
        """
        SELECT item_id, mill_id, version, listing_cycle, status, tickets, live_interests
        FROM item_replica
        WHERE item_id = %(item_id)s
        FOR UPDATE
        """,
        {"item_id": item_id},
    )


async def lock_items(conn: Conn, item_ids: Sequence[UUID]) -> list[Item]:
    """Lock several lots in the order of their ids, so that two transactions never wait for each other."""
    return await fetch_all(
        conn,
        Item,
        """
        SELECT item_id, mill_id, version, listing_cycle, status, tickets, live_interests
        FROM item_replica
        WHERE item_id = ANY(%(item_ids)s)
        ORDER BY item_id
        FOR UPDATE
        """,
        {"item_ids": list(item_ids)},
    )


async def add_unknown(conn: Conn, mills: Mapping[UUID, UUID]) -> None:
    """Make rows for lots not heard of yet, to be filled by ``replace_items``. ``mills``: item → mill."""
    await execute(
        conn,
        """
        INSERT INTO item_replica (item_id, mill_id)
        SELECT item_id, mill_id
        FROM unnest(%(item_ids)s::uuid[], %(mill_ids)s::uuid[]) AS u (item_id, mill_id)
        ORDER BY item_id
        ON CONFLICT (item_id) DO NOTHING
        """,
        {"item_ids": list(mills), "mill_ids": list(mills.values())},
    )


async def replace_items(conn: Conn, snapshots: Sequence[ItemSnapshot]) -> None:
    """Write what catalog said last; the caller holds the locks and has compared the versions."""
    await execute(
        conn,
        """
        UPDATE item_replica AS i
        SET mill_id = u.mill_id, version = u.version, listing_cycle = u.listing_cycle, status = u.status
        FROM unnest(
            %(item_ids)s::uuid[], %(mill_ids)s::uuid[], %(versions)s::int[], %(cycles)s::int[], %(statuses)s::text[]
        ) AS u (item_id, mill_id, version, listing_cycle, status)
        WHERE i.item_id = u.item_id
        """,
        {
            "item_ids": [one.item_id for one in snapshots],
            "mill_ids": [one.mill_id for one in snapshots],
            "versions": [one.version for one in snapshots],
            "cycles": [one.listing_cycle for one in snapshots],
            "statuses": [one.status.value for one in snapshots],
        },
    )


async def unlist_items(conn: Conn, gone: Sequence[UnlistedItem]) -> None:
    """Write that lots are no longer for sale; the caller holds the locks and has compared the versions."""
    await execute(
        conn,
        """
        UPDATE item_replica AS i
        SET version = u.version, listing_cycle = u.listing_cycle, status = u.status
        FROM unnest(%(item_ids)s::uuid[], %(versions)s::int[], %(cycles)s::int[], %(statuses)s::text[])
            AS u (item_id, version, listing_cycle, status)
        WHERE i.item_id = u.item_id
        """,
        {
            "item_ids": [one.item_id for one in gone],
            "versions": [one.version for one in gone],
            "cycles": [one.listing_cycle for one in gone],
            "statuses": [one.reason.value for one in gone],
        },
    )


async def ids_touched_by(conn: Conn, organization_ids: Sequence[UUID]) -> list[UUID]:
    """Lots on which these organisations wait or hold, and the lots of these mills that somebody waits for or holds."""
    cursor = await conn.execute(
        """
        SELECT n.item_id
        FROM interests AS n
        WHERE n.buyer_id = ANY(%(organization_ids)s) AND n.status IN ('queued', 'granted')
        UNION
        SELECT i.item_id
        FROM item_replica AS i
        WHERE i.mill_id = ANY(%(organization_ids)s) AND i.live_interests > 0
        """,
        {"organization_ids": list(organization_ids)},
    )
    return [row[0] for row in await cursor.fetchall()]
