"""The present state of a service as events: for a subscriber that cannot have the history, because it is new or late.

Each service has ``publish_snapshots(conn)`` in its room ``snapshots``. Whoever is up to date drops what it knows
already: snapshots carry the versions that were published before.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import TypeVar

from shared import outbox
from shared.contracts.base import Event
from shared.db import Conn

K = TypeVar("K")
R = TypeVar("R")

PAGE = outbox.SET_MAX


async def paged(read: Callable[[K | None], Awaitable[Sequence[R]]], key: Callable[[R], K]) -> AsyncGenerator[list[R]]:
    """Pages of at most ``PAGE`` rows; ``read`` gets the ``key`` of the last row seen, ``None`` at first."""
    after: K | None = None
    while rows := list(await read(after)):
        yield rows
        if len(rows) < PAGE:
            return
        after = key(rows[-1])


async def publish(conn: Conn, events: Sequence[Event]) -> int:
    """Put events into the outbox; how many."""
    await outbox.add(conn, *events)
    return len(events)
