"""Requirements and matches, for a subscriber that has to start anew."""

from collections.abc import Sequence
from itertools import groupby

from services.matching.store import requirements, snapshots
from services.matching.store.snapshots import ToldMatch
from services.matching.usecases.requirements import changed
from services.matching.usecases.telling import found_match
from shared.contracts.base import Event
from shared.contracts.matching import ClosedMatch, MatchesClosed, MatchesFound
from shared.db import Conn
from shared.snapshots import PAGE, paged, publish


async def publish_snapshots(conn: Conn) -> int:
    """Every requirement, then every match; how many events."""
    published = 0
    async for rows in paged(
        lambda before: requirements.newest(conn, before=before, limit=PAGE),
        lambda row: row.id,
    ):
        published += await publish(conn, [changed(row) for row in rows])
    async for page in paged(lambda after: snapshots.told(conn, after=after, limit=PAGE), lambda one: one.place):
        for _, of_item in groupby(page, key=lambda one: one.place[:2]):
            published += await publish(conn, _events(list(of_item)))
    return published


def _events(told: Sequence[ToldMatch]) -> list[Event]:
    """What is said of one item in one listing cycle."""
    first = told[0]
    found = tuple(
        found_match(
            match_id=one.id,
            requirement_id=one.requirement_id,
            title=one.requirement_title,
            buyer_id=one.buyer_id,
            score=one.score,
            explanation=one.explanation,
            cadence=one.cadence,
            auto_interest=one.auto_interest,
            valid_until=one.valid_until,
            version=one.version,
        )
        for one in told
        if one.closed_reason is None
    )
    closed = tuple(
        ClosedMatch(
            match_id=one.id,
            requirement_id=one.requirement_id,
            buyer_id=one.buyer_id,
            reason=one.closed_reason,
            version=one.version,
        )
        for one in told
        if one.closed_reason is not None
    )
    item, cycle = first.item_id, first.listing_cycle
    events: list[Event] = []
    if found:
        events.append(MatchesFound(item_id=item, mill_id=first.mill_id, listing_cycle=cycle, matches=found))
    if closed:
        events.append(MatchesClosed(item_id=item, listing_cycle=cycle, matches=closed))
    return events
