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


class Step(StrEnum):
    """The gaps between the steps from a mailbox to the answer to a list; each is named after what is done by then."""

    MAIL_FETCHED = "mail_fetched"  # in memory only
    MAIL_STORED = "mail_stored"  # not marked in the mailbox
    MAIL_MARKED = "mail_marked"  # the poll is not written down
    MAIL_CLAIMED = "mail_claimed"
    SANDBOX_ASKED = "sandbox_asked"  # the first time for a mail, later for its lists: the child is at work
    MAIL_READ = "mail_read"
    MAIL_JUDGED = "mail_judged"  # its batches are not committed
    MAIL_TAKEN_IN = "mail_taken_in"
    LIST_CLAIMED = "list_claimed"
    LIST_READ = "list_read"
    LIST_JUDGED = "list_judged"  # not committed
    LIST_TAKEN_IN = "list_taken_in"
    ANSWER_CLAIMED = "answer_claimed"  # not sent
    ANSWER_SENT = "answer_sent"  # not written down


class Remedy(StrEnum):
    """Safeguards that can be switched off."""

    REFILL = "refill"
    COMPARE_AND_SET = "compare_and_set"
    LEASE = "lease"  # a process that is stopped loses its locks
    DEATHS = "deaths"  # processes that die of an event are counted


def _wanted() -> tuple[Point | Step | None, int]:
    name, _, turn = os.environ.get("OFFCUT_CRASH_AT", "").partition(":")
    if not name:
        return None, 0
    return Step(name) if name in [*Step] else Point(name), int(turn or 1)


_crash_at, _turns_left = _wanted()
_off = frozenset(Remedy(name) for name in os.environ.get("OFFCUT_REMEDY_OFF", "").split(",") if name)

if (_crash_at or _off) and os.environ.get("OFFCUT_ENVIRONMENT") == "production":
    raise SystemExit("OFFCUT_CRASH_AT and OFFCUT_REMEDY_OFF belong to tests: unset them in production")


def reached(point: Point | Step) -> None:
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
