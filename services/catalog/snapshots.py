"""What is for sale and on whose rules, for a subscriber that has to start anew."""

from collections.abc import Sequence
from itertools import groupby
from uuid import UUID

from services.catalog.domain.items import LISTED, Item
from services.catalog.store import items, organizations
from services.catalog.usecases.publishing import snapshot, unlisted
from shared.contracts.base import Event
from shared.contracts.catalog import ItemReserved, ItemsChanged, ItemsUnlisted, VisibilityChanged
from shared.db import Conn
from shared.snapshots import PAGE, paged, publish


async def publish_snapshots(conn: Conn) -> int:
    """Rules, then items mill by mill, those no longer for sale too: somebody may still take them for it."""
    published = 0
    async for rules in paged(
        lambda after: organizations.rules_after(conn, after=after, limit=PAGE), lambda one: one.mill_id
    ):
        events = [VisibilityChanged(mill_id=one.mill_id, version=one.version, rules=one.rules) for one in rules]
        published += await publish(conn, events)
    async for page in paged(
        lambda after: items.told(conn, after=after, limit=PAGE), lambda item: (item.mill_id, item.item_id)
    ):
        for mill_id, of_mill in groupby(page, key=lambda item: item.mill_id):
            published += await publish(conn, _events(mill_id, list(of_mill)))
    return published


def _events(mill_id: UUID, told: Sequence[Item]) -> list[Event]:
    """A reservation goes first: its version is the item's, and a snapshot of the same version completes it."""
    listed = [item for item in told if item.status in LISTED]
    gone = [item for item in told if item.status not in LISTED]
    events: list[Event] = [
        ItemReserved(
            item_id=item.item_id,
            mill_id=mill_id,
            version=item.version,
            window_id=item.window_id,
            until=item.reserved_until,
        )
        for item in listed
        if item.window_id is not None and item.reserved_until is not None
    ]
    if listed:
        events.append(ItemsChanged(mill_id=mill_id, items=tuple(map(snapshot, listed))))
    if gone:
        events.append(ItemsUnlisted(mill_id=mill_id, items=tuple(map(unlisted, gone))))
    return events
