"""Named points where a test kills this process, and remedies that a test switches off. Without effect otherwise.

``OFFCUT_CRASH_AT=after_commit_before_xack:3`` kills the process with SIGKILL when it passes that point the third time.
``OFFCUT_REMEDY_OFF=refill`` (or another of ``Remedy``) takes a safeguard away, to show that the tests would notice.
Both are refused in production.
"""

import os
import signal
from enum import StrEnum


class Point(StrEnum):
    """The moments at which a death hurts most."""

    BEFORE_COMMIT = "before_commit"
    AFTER_COMMIT_BEFORE_XADD = "after_commit_before_xadd"
    AFTER_XADD = "after_xadd"
    AFTER_COMMIT_BEFORE_XACK = "after_commit_before_xack"


class Remedy(StrEnum):
    """Safeguards that can be switched off."""

    REFILL = "refill"
    COMPARE_AND_SET = "compare_and_set"
    LEASE = "lease"  # a process that is stopped loses its locks
    DEATHS = "deaths"  # processes that die of an event are counted


def _wanted() -> tuple[Point | None, int]:
    name, _, turn = os.environ.get("OFFCUT_CRASH_AT", "").partition(":")
    return (Point(name), int(turn or 1)) if name else (None, 0)


_crash_at, _turns_left = _wanted()
_off = frozenset(Remedy(name) for name in os.environ.get("OFFCUT_REMEDY_OFF", "").split(",") if name)

if (_crash_at or _off) and os.environ.get("OFFCUT_ENVIRONMENT") == "production":
    raise SystemExit("OFFCUT_CRASH_AT and OFFCUT_REMEDY_OFF belong to tests: unset them in production")


def reached(point: Point) -> None:
    """Die here if a test asked for it."""
    global _turns_left
    if point is not _crash_at:
        return
    _turns_left -= 1
    if _turns_left == 0:
        os.kill(os.getpid(), signal.SIGKILL)


def arm(point: Point | None) -> None:
    """Die when this process next passes that point; ``None``: at none. For a rig that decides while it runs."""
    global _crash_at, _turns_left
    if os.environ.get("OFFCUT_ENVIRONMENT") == "production":
        raise RuntimeError("crash points belong to tests")
    _crash_at, _turns_left = point, 1


def on(remedy: Remedy) -> bool:
    """Whether a safeguard is in place; always true outside the tests that prove its worth."""
    return remedy not in _off
