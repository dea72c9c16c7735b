"""Ask for a lot, and leave the queue again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from uuid_utils.compat import uuid7

from services.exclusivity import domain
from services.exclusivity.domain import (
    AutoDecision,
    CloseReason,
    Ending,
    GrantOrigin,
    InterestStatus,
    Item,
    Origin,
    Outcome,
    Terms,
)
from services.exclusivity.errors import AlreadyInterested, HadHisTurn, Hidden, InterestState, NotForSale, NotTrading
from services.exclusivity.store import interests, items, matches, parties, reading
from services.exclusivity.store.interests import NewInterest, Placed, Standing
from services.exclusivity.store.reading import InterestView
from services.exclusivity.usecases.eligibility import APPROVED, eligible_pairs, visible
from services.exclusivity.usecases.grants import grant, hand_over, interest_closed
from shared import outbox
from shared.contracts.base import ActorRef, Event
from shared.contracts.exclusivity import InterestRegistered
from shared.db import Conn


@dataclass(frozen=True, slots=True)
class Registered:
    """A new interest; ``window_id`` when the lot was free and this buyer is the first."""

    interest: Placed
    position: int
    window_id: UUID | None


async def register_interest(
    conn: Conn,
    *,
    item_id: UUID,
    buyer_id: UUID,
    user_id: UUID,
    not_needed_after: datetime | None,
    terms: Terms,
    by: ActorRef,
) -> Registered:
    """Put a buyer into the queue of a lot, and grant it at once when it is free and he is the first.

    The lot's row is locked first, so of two who ask at once the second sees the first: a lost race is a place in the
    queue, not an error.
    """
    item = await items.lock_item(conn, item_id)
    if item is None or item.version == 0 or item.status == "draft":
        raise Hidden("lot")
    await _must_be_open_to(conn, item, buyer_id)
    standing, events = await _standing_on_time(conn, item, buyer_id, terms=terms)
    if item.status not in domain.QUEUEABLE:
        raise NotForSale(item.status)
    if standing.live_interest_id is not None:
        raise AlreadyInterested(standing.live_interest_id)
    if standing.granted_before:
        raise HadHisTurn
    asked = NewInterest(
        id=uuid7(),
        item_id=item_id,
        buyer_id=buyer_id,
        user_id=user_id,
        origin=Origin.PERSON,
        not_needed_after=not_needed_after,
    )
    [placed] = await interests.insert(conn, [asked])
    events.append(interest_registered(placed))
    position, window_id = placed.position, None
    if standing.active_window_id is None and item.status in domain.TRADABLE:
        granted = await grant(conn, [item_id], origin=GrantOrigin.FIRST_INTEREST, terms=terms)
        events += granted.events()
        window = granted.windows.get(item_id)
        position -= len(granted.dropped)  # they stood before him and have just left
        window_id = window.id if window and window.interest_id == placed.id else None
    await outbox.add(conn, *events, actor=by)
    return Registered(interest=placed, position=position, window_id=window_id)


async def _must_be_open_to(conn: Conn, item: Item, buyer_id: UUID) -> None:
    found = await parties.parties(conn, [(item.mill_id, buyer_id)])
    if not found or not visible(found[0]):
        raise Hidden("lot")
    if found[0].buyer_status != APPROVED:
        raise NotTrading(found[0].buyer_status)


async def _standing_on_time(conn: Conn, item: Item, buyer_id: UUID, *, terms: Terms) -> tuple[Standing, list[Event]]:
    """How the buyer stands to the lot; a window whose time is over is handed over first, however late the sweeper."""
    cycle = item.listing_cycle
    standing = await interests.standing(conn, item_id=item.item_id, buyer_id=buyer_id, listing_cycle=cycle)
    if standing.active_window_id is None or standing.active_until is None or standing.active_until > standing.at:
        return standing, []
    ending = Ending(window_id=standing.active_window_id, outcome=Outcome.EXPIRED)
    events = await hand_over(conn, [ending], terms=terms)
    after = await interests.standing(conn, item_id=item.item_id, buyer_id=buyer_id, listing_cycle=cycle)
    return after, events


async def withdraw_interest(conn: Conn, *, interest_id: UUID, buyer_id: UUID | None, by: ActorRef) -> InterestView:
    """Leave the queue. ``buyer_id`` ``None``: an operator does it for the buyer."""
    seen = await interests.find(conn, interest_id)
    if seen is None or (buyer_id is not None and seen.buyer_id != buyer_id):
        raise Hidden("interest")
    await items.lock_item(conn, seen.item_id)
    now = await interests.find(conn, interest_id)
    if now is None or now.status == InterestStatus.CLOSED:
        raise InterestState(
            "This interest has ended already; nothing is left to withdraw.", status=InterestStatus.CLOSED
        )
    if now.status == InterestStatus.GRANTED:
        raise InterestState("You hold this lot; release the window instead.", status=InterestStatus.GRANTED)
    closed = await interests.close(conn, [(interest_id, CloseReason.WITHDRAWN)])
    await outbox.add(conn, *map(interest_closed, closed), actor=by)
    view = await reading.interest(conn, interest_id)
    if view is None:
        raise Hidden("interest")
    return view


async def register_pending(conn: Conn, locked: Sequence[Item]) -> list[Event]:
    """Register what matches ask for by themselves on these locked lots, the best match of a lot first."""
    by_id: dict[UUID, Item] = {item.item_id: item for item in locked}
    pending = await matches.pending_on(conn, list(by_id))
    if not pending:
        return []
    may = await eligible_pairs(conn, {(match.mill_id, match.buyer_id) for match in pending})
    asked: dict[tuple[UUID, UUID], NewInterest] = {}
    registered: list[UUID] = []
    dropped: list[UUID] = []
    for match in pending:
        decision = domain.auto_interest(
            by_id[match.item_id],
            listing_cycle=match.listing_cycle,
            eligible=(match.mill_id, match.buyer_id) in may,
            asked_before=match.asked_before,
            needed=match.still_needed,
        )
        if decision == AutoDecision.DROP:
            dropped.append(match.match_id)
        elif decision == AutoDecision.REGISTER:
            registered.append(match.match_id)
            wish = NewInterest(
                id=uuid7(),
                item_id=match.item_id,
                buyer_id=match.buyer_id,
                user_id=None,
                origin=Origin.AUTO_INTEREST,
                not_needed_after=match.not_needed_after,
            )
            asked.setdefault((match.item_id, match.buyer_id), wish)
    if registered or dropped:
        await matches.settle(conn, registered=registered, dropped=dropped)
    placed = await interests.insert(conn, list(asked.values())) if asked else []
    return [interest_registered(one) for one in placed]


def interest_registered(placed: Placed) -> InterestRegistered:
    return InterestRegistered(
        item_id=placed.item_id,
        mill_id=placed.mill_id,
        listing_cycle=placed.listing_cycle,
        interest_id=placed.id,
        buyer_id=placed.buyer_id,
        position=placed.position,
        origin=placed.origin,
        ticket=placed.ticket,
    )
