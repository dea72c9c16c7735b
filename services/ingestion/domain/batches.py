"""A batch is one list of one mill; a row is one lot in it. Their states, and which may follow which."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class BatchStatus(StrEnum):
    RECEIVED = "received"
    DUPLICATE = "duplicate"
    PARSING = "parsing"
    MAPPING_REQUIRED = "mapping_required"
    VALIDATING = "validating"
    REVIEW_REQUIRED = "review_required"
    COMMITTING = "committing"
    COMMITTED = "committed"
    REVERTING = "reverting"
    REVERTED = "reverted"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


S = BatchStatus

TRANSITIONS: Mapping[BatchStatus, frozenset[BatchStatus]] = {
    S.RECEIVED: frozenset({S.DUPLICATE, S.PARSING, S.FAILED, S.CANCELLED}),
    S.PARSING: frozenset({S.MAPPING_REQUIRED, S.VALIDATING, S.FAILED, S.CANCELLED}),
    S.MAPPING_REQUIRED: frozenset({S.PARSING, S.CANCELLED, S.EXPIRED}),
    S.VALIDATING: frozenset({S.COMMITTING, S.REVIEW_REQUIRED, S.FAILED, S.CANCELLED}),
    S.REVIEW_REQUIRED: frozenset({S.VALIDATING, S.PARSING, S.COMMITTING, S.CANCELLED, S.EXPIRED}),
    S.COMMITTING: frozenset({S.COMMITTED, S.FAILED}),
    S.FAILED: frozenset({S.PARSING}),
    S.DUPLICATE: frozenset(),
    S.COMMITTED: frozenset({S.REVERTING}),
    S.REVERTING: frozenset({S.REVERTED, S.COMMITTED}),  # committed again: nothing could be undone
    S.REVERTED: frozenset(),
    S.CANCELLED: frozenset(),
    S.EXPIRED: frozenset(),
}


AT_WORK = frozenset({S.RECEIVED, S.PARSING, S.VALIDATING, S.COMMITTING, S.REVERTING})
"""It moves on by itself: asking again soon is worth it."""


def sources_of(target: BatchStatus) -> tuple[BatchStatus, ...]:
    """The states from which a batch may come to ``target``."""
    return tuple(state for state, following in TRANSITIONS.items() if target in following)


class RowStatus(StrEnum):
    VALID = "valid"
    WARNING = "warning"
    INVALID = "invalid"
    DUPLICATE = "duplicate"
    EXCLUDED = "excluded"
    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    APPLIED = "applied"
    REJECTED = "rejected"
    REVERTED = "reverted"


ACCEPTABLE = (RowStatus.VALID, RowStatus.WARNING)
EDITABLE = (*ACCEPTABLE, RowStatus.INVALID, RowStatus.DUPLICATE, RowStatus.EXCLUDED)


class Action(StrEnum):
    """What one row asks catalog to do with its lot."""

    CREATE = "create"
    UPDATE = "update"
    CONFIRM = "confirm"
    WITHDRAW = "withdraw"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing about a row that a person should know."""

    code: str
    message: str
    severity: str  # error | warning
    field: str | None = None
    column: str | None = None
    raw: str | None = None
    suggestion: str | None = None


def status_of(*, readable: bool, doubted: bool, repeated: bool) -> RowStatus:
    """Where validation puts a row. ``doubted``: there is something to say about it.

    ``repeated``: its lot number stood in an earlier row of this list.
    """
    if not readable:
        return RowStatus.INVALID
    if repeated:
        return RowStatus.DUPLICATE
    return RowStatus.WARNING if doubted else RowStatus.VALID
