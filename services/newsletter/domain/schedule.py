"""When a person's newsletter is due: local wall-clock time, safe over changes between summer and winter time."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


class Cadence(StrEnum):
    """How often. ``off`` only as a wish of a person, ``manual`` only as the origin of an issue."""

    DAILY = "daily"
    WEEKLY = "weekly"
    ON_MATCH = "on_match"
    OFF = "off"
    MANUAL = "manual"


@dataclass(frozen=True, slots=True)
class SendTime:
    """A person's wish: ``weekday`` 1 is Monday and counts for weekly only."""

    time_zone: str
    at: time
    weekday: int


def zone(name: str) -> ZoneInfo:
    """The time zone of this name; UTC for one that nobody knows, so that a bad replica never stops a timetable."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def next_send_at(wish: SendTime, cadence: Cadence, *, after: datetime, spread_seconds: int = 0) -> datetime:
    """The first due moment later than ``after``, in UTC.

    A local time that the clock skips in spring counts as that much later; one that happens twice in autumn counts
    once, the first time.
    """
    here = zone(wish.time_zone)
    day = after.astimezone(here).date() - timedelta(days=1)
    while True:
        due = datetime.combine(day, wish.at, here).astimezone(UTC) + timedelta(seconds=spread_seconds)
        if due > after and (cadence is not Cadence.WEEKLY or day.isoweekday() == wish.weekday):
            return due
        day += timedelta(days=1)


def spread_of(user_id: UUID, *, seconds_max: int) -> int:
    """The same few seconds every time for one person, different for different ones."""
    return user_id.int % (seconds_max + 1)


def period_key(cadence: Cadence, *, time_zone: str, now: datetime) -> str:
    """The period an issue stands for, as the reader's calendar has it. Periods missed are merged into this one."""
    today: date = now.astimezone(zone(time_zone)).date()
    if cadence is Cadence.WEEKLY:
        year, week, _ = today.isocalendar()
        return f"{year}-W{week:02}"
    return today.isoformat()


def end_of_quiet(
    *, quiet_from: time | None, quiet_until: time | None, time_zone: str, now: datetime
) -> datetime | None:
    """When a person may be disturbed again; ``None`` when that is now. Hours may span midnight."""
    if quiet_from is None or quiet_until is None or quiet_from == quiet_until:
        return None
    here = zone(time_zone)
    local = now.astimezone(here)
    at = local.time().replace(tzinfo=None)
    over_midnight = quiet_from > quiet_until
    inside = (at >= quiet_from or at < quiet_until) if over_midnight else quiet_from <= at < quiet_until
    if not inside:
        return None
    day = local.date() + timedelta(days=1) if over_midnight and at >= quiet_from else local.date()
    return datetime.combine(day, quiet_until, here).astimezone(UTC)
