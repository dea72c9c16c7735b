"""Events of exclusivity: who has the first right to a lot, and until when."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from shared.contracts.base import Event


class WindowOutcome(StrEnum):
    """How a window ended."""

    EXPIRED = "expired"
    RELEASED = "released"
    REVOKED = "revoked"
    CANCELLED = "cancelled"
    CONVERTED = "converted"


class _OfItem(Event):
    """Everything about one item stays in order."""

    item_id: UUID
    mill_id: UUID
    listing_cycle: int

    @property
    def key(self) -> str:
        return str(self.item_id)


class InterestRegistered(_OfItem):
    """A buyer asked for the item. ``position`` 1 is the first in the queue (or the one being granted).

    It is the place at that moment; ``ticket`` numbers the buyers of the item as they came, and says for ever who is
    before whom. ``None``: told before there were tickets in this event.
    """

    TYPE: ClassVar[str] = "exclusivity.interest.registered.v1"
    interest_id: UUID
    buyer_id: UUID
    position: int
    origin: str  # person | auto_interest
    ticket: int | None = None

    @property
    def audience(self) -> tuple[UUID, ...]:
        return (self.buyer_id,)


class InterestClosed(_OfItem):
    """``reason``: withdrawn, not_needed, sold, item_withdrawn, item_expired, ineligible, lapsed, fulfilled."""

    TYPE: ClassVar[str] = "exclusivity.interest.closed.v1"
    interest_id: UUID
    buyer_id: UUID
    reason: str

    @property
    def audience(self) -> tuple[UUID, ...]:
        return (self.buyer_id,)


class WindowGranted(_OfItem):
    """A buyer holds the item until ``expires_at``. ``grant_number`` 1–3 within the listing cycle."""

    TYPE: ClassVar[str] = "exclusivity.window.granted.v1"
    window_id: UUID
    buyer_id: UUID
    interest_id: UUID
    grant_number: int
    max_grants: int
    granted_at: datetime
    expires_at: datetime
    origin: str  # first_interest | hand_over | listing | admin

    @property
    def audience(self) -> tuple[UUID, ...]:
        return (self.buyer_id, self.mill_id)


class WindowClosed(_OfItem):
    """``next_window_id`` is the successor opened in the same transaction, ``None`` if nobody was waiting."""

    TYPE: ClassVar[str] = "exclusivity.window.closed.v1"
    window_id: UUID
    buyer_id: UUID
    outcome: WindowOutcome
    closed_at: datetime
    reason: str | None = None
    next_window_id: UUID | None = None
    grants_remaining: int

    @property
    def audience(self) -> tuple[UUID, ...]:
        return (self.buyer_id, self.mill_id)


class WindowExpiringSoon(_OfItem):
    """A reminder is due: ``threshold_hours`` before the end."""

    TYPE: ClassVar[str] = "exclusivity.window.expiring_soon.v1"
    window_id: UUID
    buyer_id: UUID
    expires_at: datetime
    threshold_hours: int

    @property
    def audience(self) -> tuple[UUID, ...]:
        return (self.buyer_id,)


class WindowExtensionRequested(_OfItem):
    """The holder asks the mill for more time; nothing has changed yet."""

    TYPE: ClassVar[str] = "exclusivity.window.extension_requested.v1"
    window_id: UUID
    buyer_id: UUID
    expires_at: datetime
    reason: str | None = None

    @property
    def audience(self) -> tuple[UUID, ...]:
        return (self.buyer_id, self.mill_id)


class WindowExtended(_OfItem):
    """The holder has more time. ``by``: mill or operator."""

    TYPE: ClassVar[str] = "exclusivity.window.extended.v1"
    window_id: UUID
    buyer_id: UUID
    old_expires_at: datetime
    expires_at: datetime
    by: str
    reason: str

    @property
    def audience(self) -> tuple[UUID, ...]:
        return (self.buyer_id, self.mill_id)


class ItemOpened(_OfItem):
    """All grants of the cycle are used up: open to every eligible buyer, without exclusivity."""

    TYPE: ClassVar[str] = "exclusivity.item.opened.v1"
    grants_used: int

    @property
    def audience(self) -> tuple[UUID, ...]:
        return (self.mill_id,)
