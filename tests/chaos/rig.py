"""A tiny market of two services on the real machinery: ``python -m tests.chaos.rig catalog|matching [role ...|api]``.

Catalog's API takes intents and publishes an item that became free for each. Matching notes each, and answers with an
event of its own; catalog notes the answers. The tables that count have no constraint of their own: only the backbone
keeps doubles out.

A signal names the point at which a process shall die next (``signal_of``), so that nothing has to be started for it.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from uuid import UUID

import uvloop
from pydantic_settings import SettingsConfigDict

from shared import faults, log, outbox
from shared.config import ServiceSettings
from shared.consumer import Subscription, on
from shared.contracts.base import Event
from shared.contracts.catalog import ItemReleased
from shared.contracts.matching import MatchesClosed
from shared.db import Conn, execute
from shared.faults import Point
from shared.serve import serve
from shared.worker import ROLES, work
from tests.chaos import door

TABLE = (
    "CREATE TABLE {}.effect (place bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, number integer NOT NULL,"
    " event_id uuid NOT NULL)"
)
KEYS = 17  # items the events are about

# Causes of events whose handler goes wrong.
POISON = "poison"  # killed from outside, as for want of memory
SEGFAULT = "segfault"
GREEDY = "greedy"  # wants more memory than there is, and is refused it
SLOW = "slow"  # its handler takes long enough to be stopped in its transaction

POINTS = (*Point, door.BEFORE_ANSWER)


class RigSettings(ServiceSettings):
    """Each process gets its values by environment, as under PM2."""

    model_config = SettingsConfigDict(env_prefix="OFFCUT_RIG_")


def released(number: int, cause: str = "") -> ItemReleased:
    return ItemReleased(item_id=UUID(int=number % KEYS), mill_id=UUID(int=1), version=number, cause=cause)


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
    causes = {event.cause for event in events}
    go_wrong(causes)
    if SLOW in causes:
        await conn.execute("SELECT pg_sleep(2)")
    await linger(conn, [event.version for event in events])


async def linger(conn: Conn, numbers: Sequence[int]) -> None:
    """Now and then a moment in the transaction, to be found there; each call would be more than a batch can bear."""
    if any(number % 20 == 0 for number in numbers):
        await conn.execute("SELECT pg_sleep(0.01)")


def go_wrong(causes: set[str]) -> None:
    if POISON in causes:
        os.kill(os.getpid(), signal.SIGKILL)
    if SEGFAULT in causes:
        ctypes.string_at(0)
    if GREEDY in causes:
        bytearray(1 << 50)


async def on_closed(conn: Conn, events: Sequence[MatchesClosed]) -> None:
    await note(conn, events, [event.listing_cycle for event in events])
    await linger(conn, [event.listing_cycle for event in events])


SUBSCRIPTIONS: dict[str, tuple[Subscription, ...]] = {
    "catalog": (on(MatchesClosed, on_closed),),
    "matching": (on(ItemReleased, on_released),),
}


def signal_of(point: str | None) -> int:
    """The signal that arms a point; ``None``: disarms all."""
    return signal.SIGRTMIN + 1 + (POINTS.index(point) if point is not None else len(POINTS))


def arm_on_signals() -> None:
    """From now on signals decide where this process dies."""

    def arm(number: int, _: FrameType | None) -> None:
        armed = next((point for point in POINTS if signal_of(point) == number), None)
        faults.arm(armed if isinstance(armed, Point) else None)
        door.armed = armed == door.BEFORE_ANSWER

    for point in (*POINTS, None):
        signal.signal(signal_of(point), arm)


def main() -> None:
    """Run one worker, or the API."""
    settings = RigSettings.load()
    log.configure(service=settings.service, process="rig", level=settings.log_level)
    arm_on_signals()
    if "api" in sys.argv[2:]:
        serve(door.build(settings, released), settings)
        return
    roles = sys.argv[2:] or ROLES
    uvloop.run(work(settings, roles=roles, subscriptions=SUBSCRIPTIONS[sys.argv[1]], jobs=()))


if __name__ == "__main__":
    main()
