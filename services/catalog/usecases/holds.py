"""What matching and exclusivity decide about an item, and what catalog makes of it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from services.catalog.domain.items import GONE, Item, Moment, extended, released, reserved, sold
from services.catalog.domain.rows import apply_pending
from services.catalog.store import items as item_store
from services.catalog.store import organizations, relations
from services.catalog.usecases import publishing
from shared import outbox
from shared.contracts.catalog import ItemReleased, ItemReserved
from shared.contracts.exclusivity import (
    InterestClosed,
    InterestRegistered,
    ItemOpened,
    WindowClosed,
    WindowExtended,
    WindowGranted,
    WindowOutcome,
)
from shared.contracts.matching import MatchesClosed, MatchesFound
from shared.contracts.types import BuyerId, ItemId, ItemStatus, WindowId
from shared.db import Conn


async def record_matches(conn: Conn, events: Sequence[MatchesFound]) -> None:
    """Matched buyers see more of an item."""
    states = [
        relations.MatchState(
            match.match_id, event.item_id, match.buyer_id, event.listing_cycle, match.version, match.score, True
        )
        for event in events
        for match in event.matches
    ]
    await relations.save_matches(conn, states)


async def close_matches(conn: Conn, events: Sequence[MatchesClosed]) -> None:
    """Buyers whose last match of an item ended see less of it again."""
    states = [
        relations.MatchState(
            match.match_id, event.item_id, match.buyer_id, event.listing_cycle, match.version, None, False
        )
        for event in events
        for match in event.matches
    ]
    await relations.save_matches(conn, states)


async def record_interest(conn: Conn, event: InterestRegistered) -> None:
    """A buyer waits for the item or is about to hold it."""
    await relations.set_interest(
        conn, item_id=event.item_id, buyer_id=event.buyer_id, interest_id=event.interest_id, ticket=event.ticket
    )


async def close_interest(conn: Conn, event: InterestClosed) -> None:
    """A buyer waits no longer."""
    await relations.close_interest(conn, item_id=event.item_id, buyer_id=event.buyer_id, interest_id=event.interest_id)


async def reserve_items(conn: Conn, *, events: Sequence[WindowGranted], now: datetime, listing_days: int) -> None:
    """Show items as held. A grant that comes after a sale or withdrawal is left to exclusivity to cancel."""
    moments = await _moments(conn, events, now=now, listing_days=listing_days)
    for event in events:
        await relations.set_window(
            conn,
            item_id=event.item_id,
            buyer_id=event.buyer_id,
            window_id=event.window_id,
            expires_at=event.expires_at,
        )
        if event.mill_id in moments:
            await _reserve(conn, event, moments[event.mill_id])


async def _reserve(conn: Conn, event: WindowGranted, moment: Moment) -> None:
    item = await item_store.lock_item(conn, ItemId(event.item_id))
    if item is None or item.listing_cycle != event.listing_cycle or item.grants_used >= event.grant_number:
        return
    if item.status not in (ItemStatus.AVAILABLE, ItemStatus.RESERVED):
        return
    held = reserved(
        item,
        moment,
        window_id=WindowId(event.window_id),
        buyer_id=BuyerId(event.buyer_id),
        until=event.expires_at,
        grants_used=event.grant_number,
        max_grants=event.max_grants,
    )
    await item_store.save(conn, [held])
    await _tell_reserved(conn, held, event)


async def extend_holds(conn: Conn, *, events: Sequence[WindowExtended], now: datetime, listing_days: int) -> None:
    """Show held items with their later end. Of a window that is over, or was, nothing changes."""
    moments = await _moments(conn, events, now=now, listing_days=listing_days)
    for event in events:
        await relations.extend_window(
            conn,
            item_id=event.item_id,
            buyer_id=event.buyer_id,
            window_id=event.window_id,
            expires_at=event.expires_at,
        )
        if event.mill_id in moments:
            await _extend(conn, event, moments[event.mill_id])


async def _extend(conn: Conn, event: WindowExtended, moment: Moment) -> None:
    item = await item_store.lock_item(conn, ItemId(event.item_id))
    if item is None or item.window_id != event.window_id or item.reserved_until is None:
        return
    if event.expires_at > item.reserved_until:
        held = extended(item, moment, until=event.expires_at)
        await item_store.save(conn, [held])
        await _tell_reserved(conn, held, event)


async def _tell_reserved(conn: Conn, held: Item, event: WindowGranted | WindowExtended) -> None:
    told = ItemReserved(
        item_id=held.item_id,
        mill_id=held.mill_id,
        version=held.version,
        window_id=event.window_id,
        until=event.expires_at,
    )
    await outbox.add(conn, told)


async def end_holds(conn: Conn, *, events: Sequence[WindowClosed], now: datetime, listing_days: int) -> None:
    """Free items, sell them to their holders, or leave them to the successor, whose grant follows on the stream."""
    moments = await _moments(conn, events, now=now, listing_days=listing_days)
    for event in events:
        await relations.close_window(conn, item_id=event.item_id, buyer_id=event.buyer_id, window_id=event.window_id)
        if event.mill_id in moments:
            await _end(conn, event, moments[event.mill_id])


async def _end(conn: Conn, event: WindowClosed, moment: Moment) -> None:
    item = await item_store.lock_item(conn, ItemId(event.item_id))
    if item is None or item.status != ItemStatus.RESERVED or item.window_id != event.window_id:
        return
    if event.outcome == WindowOutcome.CONVERTED:
        await relations.set_purchaser(conn, item_id=item.item_id, buyer_id=event.buyer_id)
        done = sold(item, moment, buyer_id=BuyerId(event.buyer_id))
        await item_store.save(conn, [done])
        await publishing.publish_unlisted(conn, [done])
    elif event.next_window_id is None:
        await _release(conn, item, moment, cause=event.outcome.value)


async def _release(conn: Conn, item: Item, moment: Moment, *, cause: str) -> None:
    free = released(item, moment)
    follow_up = apply_pending(free, moment)
    after = follow_up.item if follow_up and follow_up.item else free
    await item_store.save(conn, [after])
    if after.status not in GONE:
        told = ItemReleased(item_id=item.item_id, mill_id=item.mill_id, version=after.version, cause=cause)
        await outbox.add(conn, told)
    if follow_up is not None:
        await publishing.publish(conn, [follow_up])


async def _moments(
    conn: Conn,
    events: Sequence[WindowGranted] | Sequence[WindowExtended] | Sequence[WindowClosed],
    *,
    now: datetime,
    listing_days: int,
) -> dict[UUID, Moment]:
    """The calendars of the mills whose items these are, their rows locked before any item's."""
    mill_ids = await item_store.mills_of(conn, [event.item_id for event in events])
    mills = await organizations.lock_mills(conn, mill_ids)
    return {
        mill_id: Moment(now=now, time_zone=mill.time_zone, listing_days=listing_days) for mill_id, mill in mills.items()
    }


async def open_item(conn: Conn, event: ItemOpened) -> None:
    """Show that every eligible buyer may make an offer from now on."""
    item = await item_store.lock_item(conn, ItemId(event.item_id))
    if item is None or item.listing_cycle != event.listing_cycle or item.opened:
        return
    await item_store.save(conn, [replace(item, opened=True, grants_used=event.grants_used, version=item.version + 1)])
