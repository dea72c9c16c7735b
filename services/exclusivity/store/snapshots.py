"""Interests and windows as others were last told of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from psycopg import sql

from services.exclusivity.domain import Window
from services.exclusivity.store.windows import COLUMNS
from shared.db import Conn, fetch_all


@dataclass(frozen=True, slots=True)
class ToldInterest:
    """``reason`` is ``None`` while the interest lives; ``position`` counts the living ones of the lot."""

    id: UUID
    item_id: UUID
    mill_id: UUID
    buyer_id: UUID
    listing_cycle: int
    ticket: int
    position: int
    origin: str
    reason: str | None

    @property
    def place(self) -> tuple[UUID, int]:
        """Where it stands among all."""
        return self.item_id, self.ticket


async def hold_all(conn: Conn) -> None:
    """Let nobody change anything about any lot until this transaction ends.

    Whoever does takes the row of the lot first, so all wait here; what they say afterwards comes after the snapshots.
    """
    await conn.execute("LOCK TABLE item_replica IN EXCLUSIVE MODE")


async def interests(conn: Conn, *, after: tuple[UUID, int] | None, limit: int) -> list[ToldInterest]:
    """Every interest, lot by lot in the order of the queue; the closed ones too: somebody may take them for living."""
    return await fetch_all(
        conn,
        ToldInterest,
        """
        SELECT n.id, n.item_id, i.mill_id, n.buyer_id, n.listing_cycle, n.ticket, n.origin, n.close_reason AS reason,
            (SELECT count(*)::integer FROM interests AS e
             WHERE e.item_id = n.item_id AND e.status <> 'closed' AND e.ticket <= n.ticket) AS position
        FROM interests AS n
        JOIN item_replica AS i ON i.item_id = n.item_id
        WHERE %(item_id)s::uuid IS NULL OR (n.item_id, n.ticket) > (%(item_id)s::uuid, %(ticket)s::integer)
        ORDER BY n.item_id, n.ticket
        LIMIT %(limit)s
        """,
        {"item_id": after[0] if after else None, "ticket": after[1] if after else None, "limit": limit},
    )


@dataclass(frozen=True, slots=True)
class Extension:
    """Who gave a window its present end, and why."""

    window_id: UUID
    by_role: str
    reason: str | None


async def extensions(conn: Conn, window_ids: Sequence[UUID]) -> list[Extension]:
    """The latest extension of each of these windows that has one."""
    return await fetch_all(
        conn,
        Extension,
        """
        SELECT DISTINCT ON (window_id) window_id, by_role, reason
        FROM window_history
        WHERE window_id = ANY(%(window_ids)s) AND entry = 'extended'
        ORDER BY window_id, id DESC
        """,
        {"window_ids": list(window_ids)},
    )


async def windows(conn: Conn, *, after: tuple[UUID, int, int] | None, limit: int) -> list[Window]:
    """Every window, lot by lot in the order of the grants; who held a lot once may see more of it for ever."""
    item_id, cycle, grant = after or (None, None, None)
    return await fetch_all(
        conn,
        Window,
        sql.SQL("""
        SELECT {columns}
        FROM windows
        WHERE %(item_id)s::uuid IS NULL
            OR (item_id, listing_cycle, grant_number) > (%(item_id)s::uuid, %(cycle)s::integer, %(grant)s::integer)
        ORDER BY item_id, listing_cycle, grant_number
        LIMIT %(limit)s
        """).format(columns=COLUMNS),
        {"item_id": item_id, "cycle": cycle, "grant": grant, "limit": limit},
    )
