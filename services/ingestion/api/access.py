"""Whose batches an actor may see, and in whose name he acts."""

from uuid import UUID

from shared import trace
from shared.auth import Actor


def mill_of(actor: Actor) -> UUID | None:
    """The mill whose records these are; ``None`` for operators, who see all."""
    return None if actor.is_admin else actor.organization_id


def by(actor: Actor) -> trace.Trace:
    """The chain of this request with the person who began it: events name him."""
    chain = trace.current()
    return trace.started(actor.ref(), correlation_id=chain.correlation_id, traceparent=chain.traceparent)
