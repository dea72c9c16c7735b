"""All timed work of matching in one table at the bottom."""

from datetime import datetime
from weakref import WeakKeyDictionary

from services.matching.index import RequirementIndex
from services.matching.settings import settings
from services.matching.store import requirements
from services.matching.store.queue import CHANNEL
from services.matching.usecases.requirements import expire_requirements
from services.matching.usecases.scoring import Limits, score_waiting
from shared.db import Conn, Database, clock
from shared.scheduler import every

# One per pool, as long as the pool lives: loading a million requirements takes seconds, keeping them up to date none.
_INDEXES: WeakKeyDictionary[Database, RequirementIndex] = WeakKeyDictionary()


async def score(db: Database) -> int:
    """Score what waits, a bounded amount per transaction; how many items and requirements were taken on."""
    return await score_within(
        db,
        Limits(
            items=settings().items_per_run_max,
            requirements=settings().requirements_per_run_max,
            matches_per_item=settings().matches_per_item_max,
        ),
    )


async def score_within(db: Database, limits: Limits) -> int:
    """The same with given limits."""
    index = _INDEXES.setdefault(db, RequirementIndex())
    async with db.transaction() as conn:
        done = await score_waiting(conn, index=index, limits=limits, now=await clock(conn))
    index.settle()
    return done


async def expire(db: Database) -> int:
    """End requirements whose last day is over and have their matches closed."""
    async with db.transaction() as conn:
        return await expire_requirements(conn, now=await clock(conn))


async def next_end(conn: Conn) -> datetime | None:
    """When the next requirement ends."""
    return await requirements.first_end(conn)


JOBS = (
    # Woken by whoever adds to a queue; the poll is the net.
    every(seconds=10, run=score, wake_on=CHANNEL),
    every(seconds=3600, run=expire, next_due=next_end),
)
