"""Give lots to the next in the queue. Every function expects the lots to be locked, and returns what to publish."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from uuid_utils.compat import uuid7

from services.exclusivity import domain
from services.exclusivity.domain import Candidate, Ending, GrantOrigin, Terms, Window
from services.exclusivity.store import interests, windows
from services.exclusivity.store.interests import Closed, Waiting
from services.exclusivity.usecases.eligibility import eligible_pairs
from shared.contracts.base import Event
from shared.contracts.exclusivity import InterestClosed, ItemOpened, WindowClosed, WindowGranted, WindowOutcome
from shared.db import Conn

HEADS = 5  # of each queue looked at in one go; more only when all of them have become ineligible


@dataclass(slots=True)
class Granted:
    """Windows opened by item, and those who left their queues on the way."""

    windows: dict[UUID, Window] = field(default_factory=dict[UUID, Window])
    dropped: list[Closed] = field(default_factory=list[Closed])

    def events(self) -> list[Event]:
        """Everything to publish when nothing else happened to these lots."""
        return [*map(interest_closed, self.dropped), *map(window_granted, self.windows.values())]


async def grant(conn: Conn, item_ids: Iterable[UUID], *, origin: GrantOrigin, terms: Terms) -> Granted:
    """Open a window for the first eligible buyer of each lot that is for sale, not held and has grants left."""
    done = Granted()
    open_items = list(item_ids)
    while open_items:
        heads = await interests.queue_heads(conn, open_items, per_item=HEADS, grants_max=terms.grants_max)
        if not heads:
            break
        queues = await _queues(conn, heads)
        choices = {item_id: domain.choose(queue, now=heads[0].at) for item_id, queue in queues.items()}
        leaving = [ending for choice in choices.values() for ending in choice.dropped]
        done.dropped += await interests.close(conn, leaving)
        chosen: dict[UUID, UUID] = {
            choice.granted: uuid7() for choice in choices.values() if choice.granted is not None
        }
        if chosen:
            opened = await windows.open_windows(conn, chosen, origin=origin, terms=terms)
            done.windows.update((window.item_id, window) for window in opened)
        open_items = [item_id for item_id, choice in choices.items() if choice.granted is None]
    return done


async def _queues(conn: Conn, heads: Sequence[Waiting]) -> dict[UUID, list[Candidate]]:
    may = await eligible_pairs(conn, {(head.mill_id, head.buyer_id) for head in heads})
    queues: dict[UUID, list[Candidate]] = defaultdict(list)
    for head in heads:
        candidate = Candidate(
            item_id=head.item_id,
            interest_id=head.interest_id,
            ticket=head.ticket,
            eligible=(head.mill_id, head.buyer_id) in may,
            not_needed_after=head.not_needed_after,
        )
        queues[head.item_id].append(candidate)
    return queues


async def hand_over(conn: Conn, endings: Sequence[Ending], *, terms: Terms, gone: bool = False) -> list[Event]:
    """Close windows and give each lot to the next in the queue, in one transaction.

    After the last grant of a cycle ended without a deal the lot is open to all instead. ``gone``: the lots are no
    longer for sale, so nobody is next.
    """
    ended = await windows.close(conn, endings)
    if not ended:
        return []
    reasons = {ending.window_id: ending.interest for ending in endings}
    left = await interests.close(conn, [(window.interest_id, reasons[window.id]) for window in ended])
    free = [] if gone else [window.item_id for window in ended]
    granted = await grant(conn, free, origin=GrantOrigin.HAND_OVER, terms=terms)
    left_by_item = {closed.item_id: closed for closed in left}
    events: list[Event] = []
    for window in ended:
        following = granted.windows.pop(window.item_id, None)
        events.append(window_closed(window, following))
        if window.item_id in left_by_item:
            events.append(interest_closed(left_by_item[window.item_id]))
        events += [interest_closed(one) for one in granted.dropped if one.item_id == window.item_id]
        if following is not None:
            events.append(window_granted(following))
        elif not gone and domain.opens_the_lot(window):
            events.append(item_opened(window))
    return events


def window_granted(window: Window) -> WindowGranted:
    return WindowGranted(
        item_id=window.item_id,
        mill_id=window.mill_id,
        listing_cycle=window.listing_cycle,
        window_id=window.id,
        buyer_id=window.buyer_id,
        interest_id=window.interest_id,
        grant_number=window.grant_number,
        max_grants=window.max_grants,
        granted_at=window.granted_at,
        expires_at=window.expires_at,
        origin=window.origin,
    )


def window_closed(window: Window, following: Window | None) -> WindowClosed:
    if window.outcome is None or window.ended_at is None:
        raise ValueError(f"window {window.id} has not been closed")
    latest = following or window
    return WindowClosed(
        item_id=window.item_id,
        mill_id=window.mill_id,
        listing_cycle=window.listing_cycle,
        window_id=window.id,
        buyer_id=window.buyer_id,
        outcome=WindowOutcome(window.outcome),
        closed_at=window.ended_at,
        reason=window.reason,
        next_window_id=following.id if following else None,
        grants_remaining=latest.max_grants - latest.grant_number,
    )


def interest_closed(closed: Closed) -> InterestClosed:
    return InterestClosed(
        item_id=closed.item_id,
        mill_id=closed.mill_id,
        listing_cycle=closed.listing_cycle,
        interest_id=closed.id,
        buyer_id=closed.buyer_id,
        reason=closed.reason,
    )


def item_opened(window: Window) -> ItemOpened:
    return ItemOpened(
        item_id=window.item_id,
        mill_id=window.mill_id,
        listing_cycle=window.listing_cycle,
        grants_used=window.grant_number,
    )
