"""What caused what: one correlation id from an HTTP request or mail through every event to the newsletter click."""

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from secrets import token_hex
from uuid import UUID

from shared.contracts.base import ActorRef, Event

TIMER = ActorRef(via="timer")


@dataclass(frozen=True, slots=True)
class Trace:
    """Set at a door; read by the outbox and the log."""

    correlation_id: str
    causation_id: UUID | None = None
    traceparent: str | None = None
    actor: ActorRef = TIMER


_current: ContextVar[Trace | None] = ContextVar("trace", default=None)


def current() -> Trace:
    """The trace of the door we came through; a fresh one if nobody opened one."""
    return _current.get() or Trace(correlation_id=token_hex(16))


@contextmanager
def tracing(trace: Trace) -> Generator[Trace]:
    """Everything inside was caused by ``trace``."""
    token = _current.set(trace)
    try:
        yield trace
    finally:
        _current.reset(token)


def started(actor: ActorRef, *, correlation_id: str | None = None, traceparent: str | None = None) -> Trace:
    """A new chain of causes, begun by a request, a mail or a timer."""
    return Trace(correlation_id=correlation_id or token_hex(16), traceparent=traceparent, actor=actor)


def continued(correlation_id: str) -> Trace:
    """What is done now belongs to a chain that began earlier: a row kept its id. Who does it stays as it is."""
    return replace(current(), correlation_id=correlation_id)


def caused_by(event: Event) -> Trace:
    """The chain goes on: what a handler does was caused by the event it handles."""
    attributes = event.received()
    return Trace(
        correlation_id=attributes.correlation_id,
        causation_id=attributes.id,
        traceparent=attributes.traceparent,
        actor=ActorRef(user_id=attributes.actor.user_id, organization_id=attributes.actor.organization_id, via="event"),
    )
