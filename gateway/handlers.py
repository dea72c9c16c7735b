"""What the gateway does with events: it keeps all of them, for history, tracing and live clients."""

from collections.abc import Sequence

from gateway.store import events
from shared.consumer import Envelope, on_any
from shared.db import Conn


async def remember(conn: Conn, envelopes: Sequence[Envelope]) -> None:
    """Write events to the history; one that cannot be read is kept by the machinery as a dead letter."""
    await events.append_events(conn, envelopes)


SUBSCRIPTIONS = (on_any(remember),)
