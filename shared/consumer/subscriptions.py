"""The tuple at the bottom of every ``handlers.py``: which event goes to which function."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar, cast

from shared.consumer.envelope import Envelope
from shared.contracts import SERVICES
from shared.contracts.base import Event
from shared.db import Conn

E = TypeVar("E", bound=Event)
Handler = Callable[[Conn, Sequence[Event]], Awaitable[None]]
RawHandler = Callable[[Conn, Sequence[Envelope]], Awaitable[None]]


class Reject(Exception):
    """Raised by a handler for an event that a rule refuses for good: a dead letter at once, without another try.

    Everything else a handler raises is tried again on the ladder of ``retries.LADDER_SECONDS``.
    """


@dataclass(frozen=True, slots=True)
class Subscription:
    """One handler. ``event`` is ``None`` for a handler of everything, which gets envelopes instead of events."""

    event: type[Event] | None
    handle: Handler | None = None
    handle_raw: RawHandler | None = None


def on(event: type[E], handler: Callable[[Conn, Sequence[E]], Awaitable[None]]) -> Subscription:
    """Bring events of one type to a handler, as sets in the order of the stream.

    The handler runs inside the transaction that marks the events as applied: its effects happen exactly once. It does
    short database work only, and it answers for each element by itself instead of failing the set.
    """
    return Subscription(event=event, handle=cast(Handler, handler))


def on_any(handler: RawHandler) -> Subscription:
    """Bring every event of every stream to a handler, unparsed: for the history of everything."""
    return Subscription(event=None, handle_raw=handler)


def producers_of(subscriptions: Sequence[Subscription]) -> tuple[str, ...]:
    """The services whose streams have to be read for these subscriptions."""
    if any(subscription.event is None for subscription in subscriptions):
        return SERVICES
    named = {subscription.event.producer() for subscription in subscriptions if subscription.event is not None}
    return tuple(service for service in SERVICES if service in named)
