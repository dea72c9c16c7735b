"""What others are told of matches: one event per item and cause, 500 matches at most in each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

from services.matching.store.matches import ClosedRow
from services.matching.store.queue import Cause
from shared import outbox
from shared.contracts.base import ActorRef, Event
from shared.contracts.matching import ClosedMatch, Criterion, FoundMatch, MatchesClosed, MatchesFound
from shared.db import Conn
from shared.outbox import SET_MAX
from shared.trace import Trace, tracing


@dataclass(frozen=True, slots=True)
class Found:
    """A match to tell of, with what caused it."""

    cause: Cause
    item_id: UUID
    mill_id: UUID
    listing_cycle: int
    batch_id: UUID | None
    match: FoundMatch


@dataclass(slots=True)
class Outcome:
    """What one side of a scoring did."""

    found: list[Found] = field(default_factory=list[Found])
    closed: list[tuple[Cause, ClosedRow]] = field(default_factory=list[tuple[Cause, ClosedRow]])


def found_match(
    *,
    match_id: UUID,
    requirement_id: UUID,
    title: str,
    buyer_id: UUID,
    score: Decimal,
    explanation: Sequence[dict[str, object]],
    cadence: str,
    auto_interest: bool,
    valid_until: date | None,
    version: int,
) -> FoundMatch:
    """The element of an event. An interest that follows from it is not needed after the requirement's last day."""
    end = None
    if valid_until is not None:
        end = datetime.combine(valid_until + timedelta(days=1), time(0), tzinfo=UTC)
    return FoundMatch(
        match_id=match_id,
        requirement_id=requirement_id,
        requirement_title=title,
        buyer_id=buyer_id,
        score=score,
        explanation=tuple(Criterion.model_validate(line) for line in explanation),
        cadence=cadence,
        auto_interest=auto_interest,
        not_needed_after=end,
        version=version,
    )


async def tell_found(conn: Conn, found: Iterable[Found]) -> None:
    """Publish new and changed matches."""
    groups: dict[tuple[Cause, UUID, UUID, int, UUID | None], list[FoundMatch]] = {}
    for one in found:
        key = (one.cause, one.item_id, one.mill_id, one.listing_cycle, one.batch_id)
        groups.setdefault(key, []).append(one.match)
    events: list[tuple[Cause, Event]] = []
    for (cause, item_id, mill_id, cycle, batch_id), group in groups.items():
        group.sort(key=lambda match: (-match.score, match.match_id))
        for start in range(0, len(group), SET_MAX):
            part = tuple(group[start : start + SET_MAX])
            event = MatchesFound(item_id=item_id, mill_id=mill_id, listing_cycle=cycle, batch_id=batch_id, matches=part)
            events.append((cause, event))
    await _publish(conn, events)


async def tell_closed(conn: Conn, closed: Iterable[tuple[Cause, ClosedRow]]) -> None:
    """Publish matches that no longer stand."""
    groups: dict[tuple[Cause, UUID, int], list[ClosedMatch]] = {}
    for cause, row in closed:
        match = ClosedMatch(
            match_id=row.id,
            requirement_id=row.requirement_id,
            buyer_id=row.buyer_id,
            reason=row.closed_reason,
            version=row.version,
        )
        groups.setdefault((cause, row.item_id, row.listing_cycle), []).append(match)
    events: list[tuple[Cause, Event]] = []
    for (cause, item_id, cycle), group in groups.items():
        for start in range(0, len(group), SET_MAX):
            part = tuple(group[start : start + SET_MAX])
            events.append((cause, MatchesClosed(item_id=item_id, listing_cycle=cycle, matches=part)))
    await _publish(conn, events)


async def tell_of_one(conn: Conn, cause: Cause, event: Event) -> None:
    """Publish one event as caused by ``cause``."""
    await _publish(conn, [(cause, event)])


async def _publish(conn: Conn, events: Sequence[tuple[Cause, Event]]) -> None:
    by_cause: dict[Cause, list[Event]] = {}
    for cause, event in events:
        by_cause.setdefault(cause, []).append(event)
    for cause, group in by_cause.items():
        chain = Trace(cause.correlation_id, causation_id=cause.causation_id, actor=ActorRef(via="event"))
        with tracing(chain):
            await outbox.add(conn, *group)
