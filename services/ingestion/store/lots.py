"""Lots of a mill: what its lists said about them, and what catalog says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import orjson

from shared.db import Conn, execute, fetch_sets


@dataclass(frozen=True, slots=True)
class ListedLot:
    """``lot`` is packed: a mill may have a hundred thousand."""

    lot_key: str
    lot: str
    of_this_list: bool
    status: str


async def listed_lots(conn: Conn, *, mill_id: UUID, header_fingerprint: str) -> dict[str, ListedLot]:
    """The mill's lots for sale by their key; ``of_this_list``: a list of this kind confirmed it last."""
    found: dict[str, ListedLot] = {}
    async for some in fetch_sets(
        conn,
        ListedLot,
        """
        SELECT r.lot_key, r.lot::text AS lot, r.status,
               coalesce(l.header_fingerprint = %(header_fingerprint)s, false) AS of_this_list
        FROM lot_replica r
        LEFT JOIN lot l ON l.mill_id = r.mill_id AND l.lot_key = r.lot_key
        WHERE r.mill_id = %(mill_id)s AND r.listed
        """,
        {"mill_id": mill_id, "header_fingerprint": header_fingerprint},
    ):
        found.update((one.lot_key, one) for one in some)
    return found


async def count_commits(
    conn: Conn, *, mill_id: UUID, header_fingerprint: str, present: Sequence[str], missing: Sequence[str]
) -> None:
    """Count one more commit of each lot; the lots present now belong to this kind of list."""
    await execute(
        conn,
        """
        INSERT INTO lot (mill_id, lot_key, commits, header_fingerprint)
        SELECT %(mill_id)s, lot_key, 1, %(header_fingerprint)s
        FROM (SELECT unnest(%(present)s::text[] || %(missing)s::text[]) AS lot_key ORDER BY 1) AS keys
        ON CONFLICT (mill_id, lot_key) DO UPDATE
        SET commits = lot.commits + 1, previous_fingerprint = lot.header_fingerprint,
            header_fingerprint = excluded.header_fingerprint
        """,
        {
            "mill_id": mill_id,
            "header_fingerprint": header_fingerprint,
            "present": list(present),
            "missing": list(missing),
        },
    )


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A lot as catalog has it."""

    mill_id: UUID
    lot_key: str
    item_id: UUID
    version: int
    listed: bool
    status: str
    lot: Mapping[str, object]


async def save_snapshots(conn: Conn, snapshots: Sequence[Snapshot]) -> None:
    """Keep the newest version of each; an older one that comes late changes nothing."""
    await execute(
        conn,
        """
        INSERT INTO lot_replica (mill_id, lot_key, item_id, version, listed, status, lot)
        SELECT DISTINCT ON (mill_id, lot_key) mill_id, lot_key, item_id, version, listed, status, lot
        FROM unnest(%(mill_ids)s::uuid[], %(lot_keys)s::text[], %(item_ids)s::uuid[], %(versions)s::integer[],
                    %(listed)s::boolean[], %(statuses)s::text[], %(lots)s::jsonb[])
             AS s (mill_id, lot_key, item_id, version, listed, status, lot)
        ORDER BY mill_id, lot_key, version DESC
        ON CONFLICT (mill_id, lot_key) DO UPDATE
        SET item_id = excluded.item_id, version = excluded.version, listed = excluded.listed,
            status = excluded.status, lot = excluded.lot
        WHERE lot_replica.version < excluded.version
        """,
        {
            "mill_ids": [one.mill_id for one in snapshots],
            "lot_keys": [one.lot_key for one in snapshots],
            "item_ids": [one.item_id for one in snapshots],
            "versions": [one.version for one in snapshots],
            "listed": [one.listed for one in snapshots],
            "statuses": [one.status for one in snapshots],
            "lots": [orjson.dumps(one.lot).decode() for one in snapshots],
        },
    )


async def save_unlisted(
    conn: Conn,
    *,
    mill_id: UUID,
    lot_keys: Sequence[str],
    item_ids: Sequence[UUID],
    versions: Sequence[int],
    statuses: Sequence[str],
) -> None:
    """Lots that are no longer for sale; one that we never saw is kept as a stub, so that a late listing is older."""
    await execute(
        conn,
        """
        INSERT INTO lot_replica (mill_id, lot_key, item_id, version, listed, status, lot)
        SELECT DISTINCT ON (lot_key) %(mill_id)s, lot_key, item_id, version, false, status, '{}'::jsonb
        FROM unnest(%(lot_keys)s::text[], %(item_ids)s::uuid[], %(versions)s::integer[], %(statuses)s::text[])
             AS u (lot_key, item_id, version, status)
        ORDER BY lot_key, version DESC
        ON CONFLICT (mill_id, lot_key) DO UPDATE
        SET version = excluded.version, listed = false, status = excluded.status
        WHERE lot_replica.version < excluded.version
        """,
        {
            "mill_id": mill_id,
            "lot_keys": list(lot_keys),
            "item_ids": list(item_ids),
            "versions": list(versions),
            "statuses": list(statuses),
        },
    )


async def set_status(conn: Conn, *, item_id: UUID, version: int, status: str) -> None:
    """A lot for sale that a buyer holds now, or no longer. Its values stay as old as its version says."""
    await execute(
        conn,
        """
        UPDATE lot_replica
        SET status = %(status)s
        WHERE item_id = %(item_id)s AND version < %(version)s AND listed
        """,
        {"item_id": item_id, "version": version, "status": status},
    )


async def take_over_answers(conn: Conn, *, batch_id: UUID, row_ids: Sequence[UUID]) -> None:
    """Let the replica follow catalog's answers at once.

    The next list of the mill may be compared as soon as this one is committed, before catalog's own snapshots of the
    last part have been read. They carry a higher version and replace what is written here.
    """
    await execute(
        conn,
        """
        INSERT INTO lot_replica (mill_id, lot_key, item_id, version, listed, status, lot)
        SELECT b.mill_id, r.lot_key, r.item_id, 0, r.outcome <> 'withdrawn',
               CASE r.outcome WHEN 'withdrawn' THEN 'withdrawn' ELSE 'available' END, coalesce(r.lot, '{}'::jsonb)
        FROM batch_row r
        JOIN batch b ON b.batch_id = r.batch_id
        WHERE r.batch_id = %(batch_id)s AND r.row_id = ANY (%(row_ids)s) AND r.item_id IS NOT NULL
          AND r.outcome IN ('created', 'updated', 'relisted', 'withdrawn')
        ON CONFLICT (mill_id, lot_key) DO UPDATE
        SET listed = excluded.listed,
            status = CASE WHEN lot_replica.listed AND excluded.listed THEN lot_replica.status ELSE excluded.status END,
            lot = CASE WHEN excluded.listed THEN excluded.lot ELSE lot_replica.lot END
        """,
        {"batch_id": batch_id, "row_ids": list(row_ids)},
    )
