"""A tiny market of two services on the real machinery: ``python -m tests.chaos.rig catalog|matching``.

Catalog publishes items that became free. Matching notes each, and answers with an event of its own; catalog notes the
answers. The tables that count have no constraint of their own: only the backbone keeps doubles out.
"""

import os
import signal
import sys
from collections.abc import Sequence

import uvloop
from pydantic_settings import SettingsConfigDict

from shared import log, outbox
from shared.config import ServiceSettings
from shared.consumer import Subscription, on
from shared.contracts.base import Event
from shared.contracts.catalog import ItemReleased
from shared.contracts.matching import MatchesClosed
from shared.db import Conn, execute
from shared.worker import ROLES, work

TABLE = (
    "CREATE TABLE {}.effect (place bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, number integer NOT NULL,"
    " event_id uuid NOT NULL)"
)
POISON = "poison"  # the cause of an event whose handler kills its process
SLOW = "slow"  # its handler takes long enough to be stopped in its transaction


class RigSettings(ServiceSettings):
    """Each process gets its values by environment, as under PM2."""

    model_config = SettingsConfigDict(env_prefix="OFFCUT_RIG_")


async def note(conn: Conn, events: Sequence[Event], numbers: Sequence[int]) -> None:
    await execute(
        conn,
        """
        INSERT INTO effect (number, event_id)
        SELECT number, event_id
        FROM unnest(%(numbers)s::integer[], %(ids)s::uuid[]) WITH ORDINALITY AS e (number, event_id, place)
        ORDER BY place
        """,
        {"numbers": list(numbers), "ids": [event.received().id for event in events]},
    )


async def on_released(conn: Conn, events: Sequence[ItemReleased]) -> None:
    await note(conn, events, [event.version for event in events])
    answers = [MatchesClosed(item_id=event.item_id, listing_cycle=event.version, matches=()) for event in events]
    await outbox.add(conn, *answers)
    if any(event.cause == POISON for event in events):
        os.kill(os.getpid(), signal.SIGKILL)
    slow = any(event.cause == SLOW for event in events)
    await conn.execute("SELECT pg_sleep(%(seconds)s)", {"seconds": 2 if slow else 0.01})


async def on_closed(conn: Conn, events: Sequence[MatchesClosed]) -> None:
    await note(conn, events, [event.listing_cycle for event in events])
    await conn.execute("SELECT pg_sleep(0.01)")


SUBSCRIPTIONS: dict[str, tuple[Subscription, ...]] = {
    "catalog": (on(MatchesClosed, on_closed),),
    "matching": (on(ItemReleased, on_released),),
}


def main() -> None:
    """Run one of the two workers."""
    settings = RigSettings.load()
    log.configure(service=settings.service, process="rig", level=settings.log_level)
    roles = sys.argv[2:] or ROLES
    uvloop.run(work(settings, roles=roles, subscriptions=SUBSCRIPTIONS[sys.argv[1]], jobs=()))


if __name__ == "__main__":
    main()
