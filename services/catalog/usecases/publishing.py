"""What catalog tells the others about items, in the order in which they have to hear it."""

from collections.abc import Sequence
from itertools import groupby
from uuid import UUID

from services.catalog.domain.items import Item
from services.catalog.domain.rows import Announcement, Decision
from shared import outbox
from shared.contracts.catalog import ItemsChanged, ItemsListed, ItemSnapshot, ItemsUnlisted, UnlistedItem, UnlistReason
from shared.contracts.types import ItemStatus
from shared.db import Conn

_REASONS = {
    ItemStatus.SOLD: UnlistReason.SOLD,
    ItemStatus.WITHDRAWN: UnlistReason.WITHDRAWN,
    ItemStatus.EXPIRED: UnlistReason.EXPIRED,
}


def snapshot(item: Item) -> ItemSnapshot:
    """An item as others keep it."""
    return ItemSnapshot(
        item_id=item.item_id,
        lot_key=item.lot_key,
        mill_id=item.mill_id,
        version=item.version,
        listing_cycle=item.listing_cycle,
        status=item.status,
        values=item.values,
        listed_at=item.listed_at,
        expires_on=item.expires_on,
        batch_id=item.batch_id,
        header_fingerprint=item.header_fingerprint,
    )


def unlisted(item: Item) -> UnlistedItem:
    """An item that is no longer for sale, as others keep it."""
    return UnlistedItem(
        item_id=item.item_id,
        lot_key=item.lot_key,
        version=item.version,
        listing_cycle=item.listing_cycle,
        reason=_REASONS[item.status],
        buyer_id=item.sold_to,
    )


def changes(decisions: Sequence[Decision], *, mill_id: UUID, batch_id: UUID | None) -> ItemsChanged | None:
    """The event of changed items; ``None`` when there are none."""
    told = _of(decisions, Announcement.CHANGED)
    if not told:
        return None
    return ItemsChanged(
        mill_id=mill_id,
        batch_id=batch_id,
        items=tuple(snapshot(item) for _, item in told),
        changed={str(item.item_id): decision.changed for decision, item in told},
    )


def departures(decisions: Sequence[Decision], *, mill_id: UUID, batch_id: UUID | None) -> ItemsUnlisted | None:
    """The event of items no longer for sale; ``None`` when there are none."""
    told = _of(decisions, Announcement.UNLISTED)
    if not told:
        return None
    return ItemsUnlisted(mill_id=mill_id, batch_id=batch_id, items=tuple(unlisted(item) for _, item in told))


def arrivals(decisions: Sequence[Decision]) -> tuple[ItemSnapshot, ...]:
    """The items now for sale."""
    return tuple(snapshot(item) for _, item in _of(decisions, Announcement.LISTED))


def _of(decisions: Sequence[Decision], announce: Announcement) -> list[tuple[Decision, Item]]:
    return [(one, one.item) for one in decisions if one.announce == announce and one.item is not None]


async def publish(conn: Conn, decisions: Sequence[Decision]) -> None:
    """Tell what became of items outside a batch, mill by mill."""

    def mill(decision: Decision) -> UUID:
        if decision.item is None:
            raise ValueError("only decisions about an item can be published")
        return decision.item.mill_id

    for mill_id, group in groupby(sorted(decisions, key=mill), key=mill):
        own = list(group)
        if changed := changes(own, mill_id=mill_id, batch_id=None):
            await outbox.add(conn, changed)
        if gone := departures(own, mill_id=mill_id, batch_id=None):
            await outbox.add(conn, gone)
        if listed := arrivals(own):
            await outbox.add(conn, ItemsListed(mill_id=mill_id, items=listed))


async def publish_listed(conn: Conn, items: Sequence[Item]) -> None:
    """Tell of items for sale, mill by mill."""
    for mill_id, group in groupby(sorted(items, key=lambda item: item.mill_id), key=lambda item: item.mill_id):
        await outbox.add(conn, ItemsListed(mill_id=mill_id, items=tuple(map(snapshot, group))))


async def publish_changed(conn: Conn, item: Item, changed: tuple[str, ...]) -> None:
    """Tell of one changed item."""
    named = {str(item.item_id): changed}
    await outbox.add(conn, ItemsChanged(mill_id=item.mill_id, items=(snapshot(item),), changed=named))


async def publish_unlisted(conn: Conn, items: Sequence[Item]) -> None:
    """Tell of items no longer for sale, mill by mill."""
    for mill_id, group in groupby(sorted(items, key=lambda item: item.mill_id), key=lambda item: item.mill_id):
        await outbox.add(conn, ItemsUnlisted(mill_id=mill_id, items=tuple(map(unlisted, group))))
