"""What buyers think of matches, and what became of those they were told of."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.matching.domain.closing import CloseReason
from services.matching.domain.model import MatchStatus
from services.matching.errors import MatchEnded, MatchUnknown, Suspended
from services.matching.store import market, matches
from services.matching.store.matches import FeedbackRow
from services.matching.usecases.telling import found_match
from shared import outbox
from shared.auth import Actor
from shared.contracts.matching import ClosedMatch, MatchesClosed, MatchesFound
from shared.contracts.newsletter import DeliveriesProgressed, IssueSent
from shared.db import Conn


async def give_feedback(
    conn: Conn, *, match_id: UUID, verdict: str, reason: str | None, actor: Actor, now: datetime
) -> None:
    """``dismissed`` takes an active match out of the newsletters, ``relevant`` takes a dismissed one back in."""
    if actor.suspended:
        raise Suspended
    row = await matches.locked(conn, match_id=match_id, buyer_id=actor.organization_id)
    if row is None:
        raise MatchUnknown
    status = _after(row, verdict)
    version = row.version + (status != row.status)
    await matches.give_feedback(
        conn, match_id=match_id, status=status.value, version=version, verdict=verdict, reason=reason, now=now
    )
    if status == row.status:
        return
    event = _dismissed(row, version) if status == MatchStatus.DISMISSED else _again(row, version)
    await outbox.add(conn, event, actor=actor.ref())


def _after(row: FeedbackRow, verdict: str) -> MatchStatus:
    if row.status == MatchStatus.CLOSED:
        raise MatchEnded(row.status, allowed=["active", "dismissed"], advice="judge one that is active.")
    if verdict == "relevant":
        return MatchStatus.ACTIVE if row.status == MatchStatus.DISMISSED else MatchStatus(row.status)
    if row.status == MatchStatus.INTERESTED:
        raise MatchEnded(row.status, allowed=["active"], advice="withdraw your interest in the lot first.")
    return MatchStatus.DISMISSED


def _dismissed(row: FeedbackRow, version: int) -> MatchesClosed:
    closed = ClosedMatch(
        match_id=row.id,
        requirement_id=row.requirement_id,
        buyer_id=row.buyer_id,
        reason=CloseReason.DISMISSED.value,
        version=version,
    )
    return MatchesClosed(item_id=row.item_id, listing_cycle=row.listing_cycle, matches=(closed,))


def _again(row: FeedbackRow, version: int) -> MatchesFound:
    match = found_match(
        match_id=row.id,
        requirement_id=row.requirement_id,
        title=row.title,
        buyer_id=row.buyer_id,
        score=row.score,
        explanation=row.explanation,
        cadence=row.cadence,
        auto_interest=row.auto_interest,
        valid_until=row.valid_until,
        version=version,
    )
    return MatchesFound(item_id=row.item_id, mill_id=row.mill_id, listing_cycle=row.listing_cycle, matches=(match,))


async def count_shown(conn: Conn, events: Sequence[IssueSent], *, now: datetime) -> None:
    """Matches know how often their buyer was shown the item; readers are remembered for their clicks."""
    await market.put_readers(
        conn, users=[event.user_id for event in events], buyers=[event.buyer_id for event in events]
    )
    pairs = [(event.buyer_id, item_id) for event in events for item_id in event.item_ids]
    await market.count_shown(conn, buyers=[one for one, _ in pairs], items=[item for _, item in pairs], now=now)


async def count_clicks(conn: Conn, events: Sequence[DeliveriesProgressed]) -> None:
    """Clicks of people on items; those of scanners and proxies say nothing."""
    pairs = [
        (one.user_id, one.item_id)
        for event in events
        for one in event.deliveries
        if one.state == "clicked" and one.item_id is not None and not one.machine
    ]
    if pairs:
        await market.count_clicks(conn, users=[user for user, _ in pairs], items=[item for _, item in pairs])
