"""The gateway's timetable."""

from gateway.store import identity
from shared.db import Database
from shared.scheduler import every

SLICE = 1000


async def clean_up(db: Database) -> int:
    """Drop ended sessions and old failures, a slice at a time."""
    async with db.transaction() as conn:
        return await identity.forget_old(conn, limit=SLICE)


JOBS = (every(seconds=86_400, run=clean_up),)
