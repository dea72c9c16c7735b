"""Events of newsletter: who was told what, and what came back."""

from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from shared.contracts.base import Event, WireModel

DeliveryState = Literal[
    "queued", "sending", "sent", "delivered", "opened", "clicked", "bounced", "complained", "failed", "suppressed"
]


class PreferenceChanged(Event):
    """How often a person wants to hear from us; ``source`` api, unsubscribe, admin, snapshot."""

    TYPE: ClassVar[str] = "newsletter.preference.changed.v1"
    user_id: UUID
    organization_id: UUID
    version: int
    cadence: str
    paused: bool
    source: str

    @property
    def key(self) -> str:
        return str(self.user_id)

    @property
    def audience(self) -> tuple[UUID, ...]:
        return (self.organization_id,)


class IssueSent(Event):
    """A personal newsletter was accepted by the mail server."""

    TYPE: ClassVar[str] = "newsletter.issue.sent.v1"
    issue_id: UUID
    user_id: UUID
    buyer_id: UUID
    cadence: str
    item_ids: tuple[UUID, ...]

    @property
    def key(self) -> str:
        return str(self.user_id)

    @property
    def audience(self) -> tuple[UUID, ...]:
        return (self.buyer_id,)


class DeliveryProgress(WireModel):
    """One step of one message. ``machine``: caused by a proxy or scanner, not by a person.

    ``issue_id``: the newsletter it carries; ``None`` for other mails.
    """

    delivery_id: UUID
    user_id: UUID
    state: DeliveryState
    at: datetime
    item_id: UUID | None = None
    machine: bool = False
    smtp_status: str | None = None
    issue_id: UUID | None = None


class DeliveriesProgressed(Event):
    """A set of steps of deliveries."""

    TYPE: ClassVar[str] = "newsletter.deliveries.progressed.v1"
    deliveries: tuple[DeliveryProgress, ...]

    @property
    def key(self) -> str:
        return str(self.deliveries[0].user_id) if self.deliveries else ""


class SuppressionChanged(Event):
    """An address is written to no longer, or again. Only the hash of the address travels."""

    TYPE: ClassVar[str] = "newsletter.suppression.changed.v1"
    user_id: UUID | None
    address_hash: str
    suppressed: bool
    reason: str

    @property
    def key(self) -> str:
        return self.address_hash
