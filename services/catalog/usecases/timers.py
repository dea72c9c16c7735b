"""What time does to items: planned lots come into stock, forgotten ones go."""

from dataclasses import replace
from datetime import datetime

from services.catalog.domain.items import Moment, changed
from services.catalog.store import items as item_store
from services.catalog.usecases import publishing
from shared.contracts.types import ItemStatus
from shared.db import Conn


async def open_due_items(conn: Conn, *, now: datetime, limit: int) -> int:
    """Make pre-production items available whose day has begun where the mill is; how many."""
    due = await item_store.lock_now_available(conn, limit=limit)
    moment = Moment(now=now, time_zone="UTC", listing_days=0)  # the deadlines were worked out when the date was set
    opened = [changed(item, moment, status=ItemStatus.AVAILABLE, listed_at=now) for item in due]
    await item_store.save(conn, opened)
    await publishing.publish_listed(conn, opened)
    return len(opened)


async def expire_items(conn: Conn, *, now: datetime, limit: int) -> int:
    """End items that nobody confirmed in time; how many."""
    due = await item_store.lock_now_expired(conn, limit=limit)
    moment = Moment(now=now, time_zone="UTC", listing_days=0)
    expired = [
        replace(changed(item, moment, status=ItemStatus.EXPIRED), closed_reason="expired", pending_change=None)
        for item in due
    ]
    await item_store.save(conn, expired)
    await publishing.publish_unlisted(conn, expired)
    return len(expired)
