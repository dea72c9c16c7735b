"""Timed work of a service: the ``JOBS`` tuple at the bottom of its ``jobs.py``, and the loop that runs it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from shared.db import Conn, Database

Run = Callable[[Database], Awaitable[int]]
NextDue = Callable[[Conn], Awaitable[datetime | None]]


@dataclass(frozen=True, slots=True)
class Job:
    """One line of a service's timetable."""

    name: str
    seconds: float
    run: Run
    wake_on: str | None = None
    next_due: NextDue | None = None
    exclusive: bool = True


def every(
    *,
    seconds: float,
    run: Run,
    wake_on: str | None = None,
    next_due: NextDue | None = None,
    exclusive: bool = True,
) -> Job:
    """Run ``run`` at least every ``seconds``; it answers how many things it did, and after more than 0 runs again.

    ``wake_on``: a NOTIFY channel of the own schema (``db.notify``) that makes it run at once.
    ``next_due``: the next deadline, so that it runs on time; ``None`` when nothing is due.
    ``exclusive``: one runner over all workers, by advisory lock; otherwise every worker runs it, and it claims its
    rows with SKIP LOCKED.
    """
    return Job(
        name=getattr(run, "__name__", "job"),
        seconds=seconds,
        run=run,
        wake_on=wake_on,
        next_due=next_due,
        exclusive=exclusive,
    )
