"""From where changes were asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from shared.db import Conn, execute


@dataclass(frozen=True, slots=True)
class Origin:
    """One request that may change something."""

    correlation_id: str
    user_id: UUID
    address: str


async def add(conn: Conn, found: Sequence[Origin]) -> None:
    await execute(
        conn,
        """
        INSERT INTO request_origin (correlation_id, user_id, address)
        SELECT correlation_id, user_id, address
        FROM unnest(%(correlations)s::text[], %(users)s::uuid[], %(addresses)s::text[])
             AS o (correlation_id, user_id, address)
        """,
        {
            "correlations": [one.correlation_id for one in found],
            "users": [one.user_id for one in found],
            "addresses": [one.address for one in found],
        },
    )


async def forget_old(conn: Conn, *, days: int, limit: int) -> int:
    return await execute(
        conn,
        """
        DELETE FROM request_origin WHERE id IN (
            SELECT id FROM request_origin WHERE at < clock() - make_interval(days => %(days)s) LIMIT %(limit)s)
        """,
        {"days": days, "limit": limit},
    )
