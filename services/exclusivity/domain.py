"""Rules of exclusivity: who may ask, who is next, when a right has ended. Pure; the time is a parameter."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shared.contracts.types import BuyerId, InterestId, ItemId, MillId, WindowId


class InterestStatus(StrEnum):
    QUEUED = "queued"
    GRANTED = "granted"
    CLOSED = "closed"


class CloseReason(StrEnum):
    """Why an interest ended. ``LAPSED``: the window ended without a deal; ``FULFILLED``: with one."""

    WITHDRAWN = "withdrawn"
    NOT_NEEDED = "not_needed"
    SOLD = "sold"
    ITEM_WITHDRAWN = "item_withdrawn"
    ITEM_EXPIRED = "item_expired"
    INELIGIBLE = "ineligible"
    LAPSED = "lapsed"
    FULFILLED = "fulfilled"


class Origin(StrEnum):
    """Who asked for the lot: a person, or a requirement that asks by itself."""

    PERSON = "person"
    AUTO_INTEREST = "auto_interest"


class GrantOrigin(StrEnum):
    """What opened a window."""

    FIRST_INTEREST = "first_interest"
    HAND_OVER = "hand_over"
    LISTING = "listing"
    ADMIN = "admin"


class WindowStatus(StrEnum):
    ACTIVE = "active"
    CLOSED = "closed"


class Outcome(StrEnum):
    """How a window ended; the values are those of the events."""

    EXPIRED = "expired"
    RELEASED = "released"
    REVOKED = "revoked"
    CANCELLED = "cancelled"
    CONVERTED = "converted"


class By(StrEnum):
    """Which side caused an entry of a window's history."""

    HOLDER = "holder"
    MILL = "mill"
    OPERATOR = "operator"
    SYSTEM = "system"


TRADABLE = frozenset({"available", "reserved"})
"""States of a lot in which a window may run. Catalog's ``reserved`` only mirrors our own windows."""

QUEUEABLE = TRADABLE | {"pre_production"}
GONE = {
    "sold": CloseReason.SOLD,
    "withdrawn": CloseReason.ITEM_WITHDRAWN,
    "expired": CloseReason.ITEM_EXPIRED,
}
"""States in which nobody can have the lot any more, and what its interests are told."""


@dataclass(frozen=True, slots=True)
class Terms:
    """The numbers of the trade; the settings decide them."""

    window_hours: int = 48
    grants_max: int = 3  # per listing cycle
    extension_hours: int = 24
    extensions_max: int = 1
    reminder_hours: tuple[int, ...] = (24, 4)
    slice_max: int = 500  # lots one transaction of a timed job takes


@dataclass(frozen=True, slots=True)
class Item:
    """A lot whose row is locked by this transaction. ``version`` 0: only named so far, not told by catalog."""

    item_id: ItemId
    mill_id: MillId
    version: int
    listing_cycle: int
    status: str
    tickets: int
    live_interests: int


@dataclass(frozen=True, slots=True)
class Interest:
    """One buyer's wish for one lot."""

    id: InterestId
    item_id: ItemId
    mill_id: MillId
    buyer_id: BuyerId
    listing_cycle: int
    origin: Origin
    status: InterestStatus


@dataclass(frozen=True, slots=True)
class Window:
    """The right of one buyer to one lot from ``granted_at`` to ``expires_at``."""

    id: WindowId
    version: int
    item_id: ItemId
    mill_id: MillId
    listing_cycle: int
    interest_id: InterestId
    buyer_id: BuyerId
    grant_number: int
    max_grants: int
    origin: GrantOrigin
    status: WindowStatus
    outcome: Outcome | None
    reason: str | None
    granted_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    extensions_used: int
    extension_asked_for: datetime | None


@dataclass(frozen=True, slots=True)
class Ending:
    """A window that is to be closed, and what its holder is told. ``interest``: the end of the interest behind it."""

    window_id: UUID
    outcome: Outcome
    by: By = By.SYSTEM
    reason: str | None = None
    interest: CloseReason = CloseReason.LAPSED


@dataclass(frozen=True, slots=True)
class Candidate:
    """One queued interest of a lot without a window. ``eligible``: the buyer may trade and the mill allows him."""

    item_id: ItemId
    interest_id: InterestId
    ticket: int
    eligible: bool
    not_needed_after: datetime | None


@dataclass(frozen=True, slots=True)
class Choice:
    """Who is granted the lot (``None``: nobody of those looked at), and who leaves the queue on the way."""

    granted: InterestId | None
    dropped: tuple[tuple[InterestId, CloseReason], ...]


def choose(queue: Sequence[Candidate], *, now: datetime) -> Choice:
    """The first in the queue who may and still wants to have the lot; those before him leave the queue."""
    dropped: list[tuple[InterestId, CloseReason]] = []
    for candidate in sorted(queue, key=lambda one: one.ticket):
        if not candidate.eligible:
            dropped.append((candidate.interest_id, CloseReason.INELIGIBLE))
        elif candidate.not_needed_after is not None and candidate.not_needed_after <= now:
            dropped.append((candidate.interest_id, CloseReason.NOT_NEEDED))
        else:
            return Choice(granted=candidate.interest_id, dropped=tuple(dropped))
    return Choice(granted=None, dropped=tuple(dropped))


def in_force(window: Window, *, now: datetime) -> bool:
    """Whether the holder still has the right, whatever the sweeper has done so far."""
    return window.status == WindowStatus.ACTIVE and window.expires_at > now


def opens_the_lot(window: Window) -> bool:
    """Whether the end of this window used up the grants of the cycle without a deal."""
    spent = window.grant_number >= window.max_grants
    return spent and window.outcome in (Outcome.EXPIRED, Outcome.RELEASED, Outcome.REVOKED)


def reminders_due(window: Window, *, now: datetime, thresholds: Sequence[int]) -> tuple[int, ...]:
    """Thresholds in hours before the end that have been reached; empty when the right has ended."""
    left = (window.expires_at - now).total_seconds() / 3600
    return tuple(hours for hours in sorted(thresholds) if 0 < left <= hours)


class AutoDecision(StrEnum):
    """What becomes of a match that asks for an interest by itself."""

    REGISTER = "register"
    DROP = "drop"
    WAIT = "wait"


def auto_interest(item: Item, *, listing_cycle: int, eligible: bool, asked_before: bool, needed: bool) -> AutoDecision:
    """Register once per cycle and buyer. A cycle not told yet, or a buyer not admitted yet, may still come: wait."""
    if listing_cycle < item.listing_cycle or asked_before or not needed:
        return AutoDecision.DROP
    if listing_cycle > item.listing_cycle:
        return AutoDecision.WAIT
    if item.status not in QUEUEABLE:
        return AutoDecision.DROP
    return AutoDecision.REGISTER if eligible else AutoDecision.WAIT
