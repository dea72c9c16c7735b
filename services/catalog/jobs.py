"""Everything catalog does by the clock."""

from services.catalog.settings import settings
from services.catalog.store import items as item_store
from services.catalog.usecases import timers
from shared.db import Database, clock
from shared.scheduler import every


async def open_due_items(db: Database) -> int:
    """Pre-production items whose day has begun become available."""
    async with db.transaction() as conn:
        return await timers.open_due_items(conn, now=await clock(conn), limit=settings().due_items_max)


async def expire_items(db: Database) -> int:
    """Items that nobody confirmed in time end."""
    async with db.transaction() as conn:
        return await timers.expire_items(conn, now=await clock(conn), limit=settings().due_items_max)


JOBS = (
    every(seconds=60, run=open_due_items, next_due=item_store.next_available),
    every(seconds=3600, run=expire_items, next_due=item_store.next_expiry),
)
