"""The backbone at work: `python -m bench.rig catalog relay` sends, `python -m bench.rig matching consumer` takes in.

These are the real worker processes; only the handler is ours. It writes one row per event, in one statement per set.
"""

import sys
from collections.abc import Sequence
from uuid import UUID

import uvloop
from pydantic_settings import SettingsConfigDict

from shared import log
from shared.config import ServiceSettings
from shared.consumer import on
from shared.contracts.catalog import ItemReleased
from shared.db import Conn, execute
from shared.worker import work

MILL = UUID(int=1)
ITEMS = 1000  # keys the events are about
CAUSE = "released in a benchmark ".ljust(240, ".")  # makes a body of about 410 bytes


class RigSettings(ServiceSettings):
    """Each process gets its values by environment, as under PM2."""

    model_config = SettingsConfigDict(env_prefix="OFFCUT_RIG_")


def released(number: int) -> ItemReleased:
    """The event of this number."""
    return ItemReleased(item_id=UUID(int=number % ITEMS), mill_id=MILL, version=number, cause=CAUSE)


async def note(conn: Conn, events: Sequence[ItemReleased]) -> None:
    await execute(
        conn,
        """
        INSERT INTO effect (number, event_id, key)
        SELECT number, event_id, key
        FROM unnest(%(numbers)s::integer[], %(ids)s::uuid[], %(keys)s::text[])
             WITH ORDINALITY AS e (number, event_id, key, place)
        ORDER BY place
        """,
        {
            "numbers": [event.version for event in events],
            "ids": [event.received().id for event in events],
            "keys": [event.key for event in events],
        },
    )


def main() -> None:
    """Run one of the two workers until a signal."""
    service, *roles = sys.argv[1:]
    settings = RigSettings.load()
    log.configure(service=service, process="bench", level=settings.log_level)
    uvloop.run(work(settings, roles=roles, subscriptions=(on(ItemReleased, note),), jobs=()))


if __name__ == "__main__":
    main()
