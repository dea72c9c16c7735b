"""Lots come, change and go; the rights on them follow."""

from collections.abc import Sequence
from uuid import UUID

from services.exclusivity import domain
from services.exclusivity.domain import By, CloseReason, Ending, GrantOrigin, Outcome, Terms, Window
from services.exclusivity.store import interests, items, windows
from services.exclusivity.usecases.grants import grant, hand_over, interest_closed
from services.exclusivity.usecases.interests import register_pending
from shared import outbox
from shared.contracts.base import Event
from shared.contracts.catalog import ItemSnapshot, ItemsUnlisted, UnlistedItem
from shared.db import Conn


async def take_snapshots(conn: Conn, snapshots: Sequence[ItemSnapshot], *, terms: Terms) -> None:
    """Take over what catalog says of lots, register what waited for them, and grant what can be granted now."""
    newest = {one.item_id: one for one in sorted(snapshots, key=lambda one: one.version)}
    if not newest:
        return
    await items.add_unknown(conn, {item_id: newest[item_id].mill_id for item_id in sorted(newest)})
    locked = await items.lock_items(conn, list(newest))
    news = [newest[item.item_id] for item in locked if newest[item.item_id].version > item.version]
    if not news:
        return
    cycles: dict[UUID, int] = {item.item_id: item.listing_cycle for item in locked}
    relisted = [one.item_id for one in news if one.listing_cycle > cycles[one.item_id] > 0]
    # A new cycle without the end of the old one: the end is still on its way, and means the same.
    events = await _retire(conn, dict.fromkeys(relisted, CloseReason.ITEM_WITHDRAWN), buyers={}, terms=terms)
    await items.replace_items(conn, news)
    gone = {one.item_id: domain.GONE[one.status] for one in news if one.status in domain.GONE}
    events += await _retire(conn, gone, buyers={}, terms=terms)
    events += await settle_queues(conn, [one.item_id for one in news], terms=terms)
    await outbox.add(conn, *events)


async def settle_queues(conn: Conn, item_ids: Sequence[UUID], *, terms: Terms) -> list[Event]:
    """Register pending wishes on lots and grant the free ones; what is to be published."""
    locked = await items.lock_items(conn, item_ids)
    events = await register_pending(conn, locked)
    tradable = [item.item_id for item in locked if item.status in domain.TRADABLE]
    granted = await grant(conn, tradable, origin=GrantOrigin.LISTING, terms=terms)
    return events + granted.events()


async def unlist(conn: Conn, events: Sequence[ItemsUnlisted], *, terms: Terms) -> None:
    """Lots are no longer for sale: end their windows and queues, each side told why."""
    mills: dict[UUID, UUID] = {}
    newest: dict[UUID, UnlistedItem] = {}
    for event in events:
        for one in event.items:
            mills[one.item_id] = event.mill_id
            if one.item_id not in newest or newest[one.item_id].version < one.version:
                newest[one.item_id] = one
    if not newest:
        return
    await items.add_unknown(conn, {item_id: mills[item_id] for item_id in sorted(mills)})
    locked = await items.lock_items(conn, list(newest))
    news = [newest[item.item_id] for item in locked if newest[item.item_id].version > item.version]
    if not news:
        return
    await items.unlist_items(conn, news)
    reasons = {one.item_id: domain.GONE[one.reason.value] for one in news}
    buyers = {one.item_id: one.buyer_id for one in news if one.buyer_id is not None}
    await outbox.add(conn, *await _retire(conn, reasons, buyers=buyers, terms=terms))


async def _retire(
    conn: Conn, reasons: dict[UUID, CloseReason], *, buyers: dict[UUID, UUID], terms: Terms
) -> list[Event]:
    """End everything on locked lots that are gone. ``buyers``: who bought, where that is known."""
    if not reasons:
        return []
    held = await windows.active_on(conn, list(reasons))
    waiting = await interests.waiting(conn, list(reasons))
    closed = await interests.close(
        conn,
        [
            (one.interest_id, _told(reasons[one.item_id], bought=buyers.get(one.item_id) == one.buyer_id))
            for one in waiting
        ],
    )
    endings = [
        _ending(window, reasons[window.item_id], bought=buyers.get(window.item_id) == window.buyer_id)
        for window in held
    ]
    return [*await hand_over(conn, endings, terms=terms, gone=True), *map(interest_closed, closed)]


def _told(reason: CloseReason, *, bought: bool) -> CloseReason:
    return CloseReason.FULFILLED if bought else reason


def _ending(window: Window, reason: CloseReason, *, bought: bool) -> Ending:
    return Ending(
        window_id=window.id,
        outcome=Outcome.CONVERTED if bought else Outcome.CANCELLED,
        by=By.MILL,
        reason=None if bought else reason.value,
        interest=_told(reason, bought=bought),
    )
