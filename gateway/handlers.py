"""What the gateway does with events: it reads all of them, for live clients, audit, notifications and figures."""

from collections.abc import Sequence

from gateway.settings import settings
from gateway.told import read
from gateway.usecases.history import record
from shared.consumer import Envelope, on_any
from shared.db import Conn


async def remember(conn: Conn, envelopes: Sequence[Envelope]) -> None:
    """Take events in; one that cannot be read is kept by the machinery as a dead letter."""
    told = [read(envelope) for envelope in envelopes]
    await record(conn, told, notice_age_hours_max=settings().notification_age_hours_max)


SUBSCRIPTIONS = (on_any(remember),)
