"""Queues and windows, for a subscriber that has to start anew."""

from uuid import UUID

from services.exclusivity.domain import Window, opens_the_lot
from services.exclusivity.store import snapshots
from services.exclusivity.store.snapshots import Extension, ToldInterest
from services.exclusivity.usecases.grants import item_opened, window_closed, window_granted
from shared.contracts.base import Event
from shared.contracts.exclusivity import InterestClosed, InterestRegistered, WindowExtended
from shared.db import Conn
from shared.snapshots import PAGE, paged, publish


async def publish_snapshots(conn: Conn) -> int:
    """Interests, then windows; how many events. These carry no versions, so every change waits until we are done."""
    await snapshots.hold_all(conn)
    published = 0
    async for asked in paged(lambda after: snapshots.interests(conn, after=after, limit=PAGE), lambda one: one.place):
        published += await publish(conn, [_interest(one) for one in asked])
    async for held in paged(lambda after: snapshots.windows(conn, after=after, limit=PAGE), _place):
        later = {one.window_id: one for one in await snapshots.extensions(conn, [window.id for window in held])}
        published += await publish(conn, [event for window in held for event in _window(window, later.get(window.id))])
    return published


def _place(window: Window) -> tuple[UUID, int, int]:
    return window.item_id, window.listing_cycle, window.grant_number


def _interest(one: ToldInterest) -> Event:
    if one.reason is not None:
        return InterestClosed(
            item_id=one.item_id,
            mill_id=one.mill_id,
            listing_cycle=one.listing_cycle,
            interest_id=one.id,
            buyer_id=one.buyer_id,
            reason=one.reason,
        )
    return InterestRegistered(
        item_id=one.item_id,
        mill_id=one.mill_id,
        listing_cycle=one.listing_cycle,
        interest_id=one.id,
        buyer_id=one.buyer_id,
        position=one.position,
        origin=one.origin,
        ticket=one.ticket,
    )


def _window(window: Window, later: Extension | None) -> list[Event]:
    """A grant says the present end; who knew the window with its old one needs to hear of the extension."""
    if window.status == "active":
        granted: list[Event] = [window_granted(window)]
        return [*granted, _extended(window, later)] if later else granted
    closed: list[Event] = [window_closed(window, None)]
    return [*closed, item_opened(window)] if opens_the_lot(window) else closed


def _extended(window: Window, later: Extension) -> WindowExtended:
    return WindowExtended(
        item_id=window.item_id,
        mill_id=window.mill_id,
        listing_cycle=window.listing_cycle,
        window_id=window.id,
        buyer_id=window.buyer_id,
        old_expires_at=window.expires_at,  # the one before is not kept, and nobody acts on it
        expires_at=window.expires_at,
        by=later.by_role,
        reason=later.reason or "",
    )
