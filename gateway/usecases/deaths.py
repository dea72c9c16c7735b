"""Events that a service gave up on are news for the operators, once."""

from collections.abc import Mapping

from uuid_utils.compat import uuid7

from gateway.store import notifications
from shared.db import Database


async def tell_of_dead_letters(db: Database, dead: Mapping[str, int]) -> None:
    """Compare with the last look and tell of what is new."""
    async with db.transaction() as conn:
        grown = await notifications.watch(conn, dead)
        for service, count in grown.items():
            await notifications.tell_operators(
                conn,
                topic=f"dead:{service}:{uuid7()}",
                kind="dead_letters",
                facts={"service": service, "count": count},
            )
