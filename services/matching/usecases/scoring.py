"""Score what waits: listed items against all requirements, changed requirements against all open items.

One transaction at a time (advisory lock). It first takes changed requirements into the columns, then scores. A pair is
scored by whichever side is taken later, when the other is already stored: so none is missed.
"""

from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import orjson
from uuid_utils.compat import uuid7

from services.matching.columns import Columns, select
from services.matching.convert import explanation_of, requirement_in
from services.matching.domain.closing import why_closed
from services.matching.domain.rules import Assessment, assess
from services.matching.index import RequirementIndex
from services.matching.store import indexing, items, matches, queue
from services.matching.store.items import ItemRow
from services.matching.store.matches import ClosedRow, LiveMatch, NewMatch, StoredMatch
from services.matching.store.queue import Claimed
from services.matching.store.requirements import RequirementRow
from services.matching.usecases.runs import complete_runs, count_progress
from services.matching.usecases.telling import Found, Outcome, found_match, tell_closed, tell_found
from shared.contracts.grades import expanded
from shared.db import Conn

ITEMS_AT_ONCE = 2000  # open items read at a time for changed requirements
ROWS_AT_ONCE = 5000  # matches written by one statement
Pair = tuple[UUID, UUID, int]  # requirement, item, listing cycle
Claim = Callable[[UUID, UUID], Claimed]  # what asked for the scoring of a requirement and an item


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one transaction takes on, and how many buyers a lot keeps."""

    items: int
    requirements: int
    matches_per_item: int


@dataclass(frozen=True, slots=True)
class Fit:
    """A requirement and an item that fit."""

    requirement: RequirementRow
    item: ItemRow
    assessment: Assessment
    score: Decimal

    @property
    def pair(self) -> Pair:
        return self.requirement.id, self.item.item_id, self.item.listing_cycle


async def score_waiting(conn: Conn, *, index: RequirementIndex, limits: Limits, now: datetime) -> int:
    """Score the oldest of what waits and complete the runs that are through; how many things were taken on."""
    await indexing.lock(conn)
    listed = await queue.take_items(conn, limit=limits.items)
    wanted = await queue.take_requirements(conn, limit=limits.requirements)
    if listed or wanted:
        await index.refresh(conn, taken=list({one.target_id for one in wanted}), today=now.date())
        of_items = await _score_items(conn, index, listed, limits, now)
        of_requirements = await _score_requirements(conn, index, wanted, limits, now)
        for outcome in (of_items, of_requirements):
            await tell_closed(conn, outcome.closed)
            await tell_found(conn, outcome.found)
        await count_progress(conn, listed=listed, wanted=wanted, of_items=of_items, of_requirements=of_requirements)
    await complete_runs(conn, now=now)
    return len(listed) + len(wanted)


async def _score_items(
    conn: Conn, index: RequirementIndex, claimed: Sequence[Claimed], limits: Limits, now: datetime
) -> Outcome:
    if not claimed:
        return Outcome()
    by_item = {one.target_id: one for one in claimed}
    offered = [row for row in await items.by_ids(conn, ids=list(by_item)) if row.open]
    live = await matches.live_of_items(conn, item_ids=list(by_item))
    allowed = index.allowed({row.mill_id for row in offered})
    places, numbers = select(index.columns, [row.lot for row in offered], rates=index.rates, allowed=allowed)
    rows = {row.number: row for row in await indexing.by_numbers(conn, numbers=list(set(numbers)))}
    pairs = ((rows[number], offered[place]) for place, number in zip(places, numbers, strict=True))
    fits = _best(_confirmed(index, pairs), limit=limits.matches_per_item)
    return await _settle(conn, index, fits, live, claim=lambda _, item_id: by_item[item_id], now=now)


async def _score_requirements(
    conn: Conn, index: RequirementIndex, claimed: Sequence[Claimed], limits: Limits, now: datetime
) -> Outcome:
    if not claimed:
        return Outcome()
    by_requirement = {one.target_id: one for one in claimed}
    rows = {row.number: row for row in await indexing.by_ids(conn, ids=list(by_requirement)) if row.status == "active"}
    # A small copy of the columns with the same buyers, so that both sides are one piece of code.
    columns = Columns(buyers=index.columns.buyers)
    columns.put(((number, requirement_in(row)) for number, row in rows.items()), rates=index.rates)
    fits: list[Fit] = []
    async for offered in _open_items(conn, rows.values()):
        allowed = index.allowed({row.mill_id for row in offered})
        places, numbers = select(columns, [row.lot for row in offered], rates=index.rates, allowed=allowed)
        pairs = ((rows[number], offered[place]) for place, number in zip(places, numbers, strict=True))
        fits.extend(_confirmed(index, pairs))
    live = await matches.live_of_requirements(conn, requirement_ids=list(by_requirement))
    outcome = await _settle(
        conn, index, fits, live, claim=lambda requirement_id, _: by_requirement[requirement_id], now=now
    )
    touched = list({fit.item.item_id for fit in fits})
    crowded = await matches.crowded(conn, item_ids=touched, limit=limits.matches_per_item)
    await queue.add_items(conn, crowded, cause=claimed[-1].cause)  # the item's own side keeps its best
    return outcome


async def _open_items(conn: Conn, rows: Iterable[RequirementRow]) -> AsyncGenerator[list[ItemRow]]:
    codes: set[str] = set()
    for row in rows:
        codes |= expanded(grade_codes=tuple(row.grade_codes), families=tuple(row.families))
    after: UUID | None = None
    while slice_ := await items.open_of_grades(conn, codes=sorted(codes), after=after, limit=ITEMS_AT_ONCE):
        yield slice_
        after = slice_[-1].item_id


def _confirmed(index: RequirementIndex, pairs: Iterable[tuple[RequirementRow, ItemRow]]) -> list[Fit]:
    """What the columns selected, once more by the scalar rules, which say why; a requirement changed since is left."""
    fits: list[Fit] = []
    for row, item in pairs:
        if row.status == "active":
            assessment = assess(requirement_in(row), item.lot, index.rates)
            if assessment.fits:
                fits.append(Fit(row, item, assessment, score=assessment.score))
    return fits


def _best(fits: Iterable[Fit], *, limit: int) -> list[Fit]:
    """Per item the best ``limit``; of equal ones the older requirement."""
    by_item: dict[UUID, list[Fit]] = {}
    for fit in fits:
        by_item.setdefault(fit.item.item_id, []).append(fit)
    kept: list[Fit] = []
    for group in by_item.values():
        group.sort(key=lambda fit: (-fit.score, fit.requirement.number))
        kept.extend(group[:limit])
    return kept


async def _settle(
    conn: Conn, index: RequirementIndex, fits: Sequence[Fit], live: Sequence[LiveMatch], *, claim: Claim, now: datetime
) -> Outcome:
    """Store what fits, close what was live and fits no more."""
    by_pair = {fit.pair: fit for fit in fits}
    outcome = Outcome()
    for start in range(0, len(fits), ROWS_AT_ONCE):
        for stored in await matches.put(conn, [_new(fit) for fit in fits[start : start + ROWS_AT_ONCE]], now=now):
            if stored.status in ("active", "interested"):
                fit = by_pair[stored.requirement_id, stored.item_id, stored.listing_cycle]
                claimed = claim(stored.requirement_id, stored.item_id)
                outcome.found.append(_found(fit, stored, claimed))
    gone = [one for one in live if (one.requirement_id, one.item_id, one.listing_cycle) not in by_pair]
    if gone:
        for row in await _close(conn, index, gone, now):
            outcome.closed.append((claim(row.requirement_id, row.item_id).cause, row))
    return outcome


async def _close(conn: Conn, index: RequirementIndex, gone: Sequence[LiveMatch], now: datetime) -> list[ClosedRow]:
    offered = {row.item_id: row for row in await items.by_ids(conn, ids=list({one.item_id for one in gone}))}
    wanted = {row.id: row for row in await indexing.by_ids(conn, ids=list({one.requirement_id for one in gone}))}
    reasons: list[str] = []
    for one in gone:
        item = offered.get(one.item_id)
        reasons.append(
            why_closed(
                item_status=item.status if item else None,
                sold_to=item.sold_to if item else None,
                same_cycle=item is not None and item.listing_cycle == one.listing_cycle,
                buyer_id=one.buyer_id,
                match_status=one.status,
                requirement_status=wanted[one.requirement_id].status,
                may_see=item is not None and index.doors.open_to(item.mill_id, one.buyer_id),
            ).value
        )
    return await matches.close(conn, ids=[one.id for one in gone], reasons=reasons, now=now)


def _new(fit: Fit) -> NewMatch:
    return NewMatch(
        id=uuid7(),
        requirement_id=fit.requirement.id,
        item_id=fit.item.item_id,
        listing_cycle=fit.item.listing_cycle,
        buyer_id=fit.requirement.buyer_id,
        mill_id=fit.item.mill_id,
        score=fit.score,
        explanation=orjson.dumps(explanation_of(fit.assessment.lines)).decode(),
        cadence=fit.requirement.cadence,
        auto_interest=fit.requirement.auto_interest,
        valid_until=fit.requirement.valid_until,
    )


def _found(fit: Fit, stored: StoredMatch, claimed: Claimed) -> Found:
    match = found_match(
        match_id=stored.id,
        requirement_id=fit.requirement.id,
        title=fit.requirement.title,
        buyer_id=fit.requirement.buyer_id,
        score=fit.score,
        explanation=explanation_of(fit.assessment.lines),
        cadence=fit.requirement.cadence,
        auto_interest=fit.requirement.auto_interest,
        valid_until=fit.requirement.valid_until,
        version=stored.version,
    )
    return Found(
        cause=claimed.cause,
        item_id=fit.item.item_id,
        mill_id=fit.item.mill_id,
        listing_cycle=fit.item.listing_cycle,
        batch_id=claimed.batch_id,
        match=match,
    )
