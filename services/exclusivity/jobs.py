"""The timetable of exclusivity. Every worker runs all of it: rows are claimed, so nothing is done twice."""

from services.exclusivity.settings import settings
from services.exclusivity.store import windows
from services.exclusivity.usecases import timers
from shared.db import Database
from shared.scheduler import every


async def expire_windows(db: Database) -> int:
    async with db.transaction() as conn:
        return await timers.expire_windows(conn, terms=settings().terms())


async def send_reminders(db: Database) -> int:
    async with db.transaction() as conn:
        return await timers.send_reminders(conn, terms=settings().terms())


async def close_unneeded(db: Database) -> int:
    async with db.transaction() as conn:
        return await timers.close_unneeded(conn, terms=settings().terms())


JOBS = (
    # Sleeps until the next window ends; the seconds are the net for clocks that were moved.
    every(seconds=5, run=expire_windows, next_due=windows.next_expiry, exclusive=False),
    every(seconds=60, run=send_reminders, exclusive=False),
    every(seconds=60, run=close_unneeded, exclusive=False),
)
