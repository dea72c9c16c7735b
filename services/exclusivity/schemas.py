"""What the API takes and gives."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, StringConstraints

from shared.bodies import RequestBody
from shared.instants import Instant

InterestState = Literal["queued", "granted", "closed"]
WindowState = Literal["active", "closed"]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=500)]


class InterestRequest(RequestBody):
    """``not_needed_after``: from then on a lot not yet granted is of no use; null: no limit."""

    item_id: UUID
    not_needed_after: AwareDatetime | None = None


class RevocationRequest(RequestBody):
    reason: Reason


class ExtensionRequest(RequestBody):
    """``reason`` is needed from mills and operators; a holder may give one with the request."""

    reason: Reason | None = None


class QueuedBuyer(BaseModel):
    """A buyer in a mill's queue. ``id`` and ``name`` are null until the lot was granted to him."""

    label: str
    country: str
    segment: str | None
    id: UUID | None
    name: str | None


class Interest(BaseModel):
    """``position`` counts those who wait or hold; 1 holds or is the next. ``buyer``: for mills and operators."""

    id: UUID
    status: InterestState
    close_reason: str | None = None
    item_id: UUID
    listing_cycle: int
    origin: str
    position: int | None = None
    not_needed_after: Instant | None = None
    window_id: UUID | None = None
    created_at: Instant
    buyer: QueuedBuyer | None = None


class Contact(BaseModel):
    name: str
    email: str
    phone: str | None = None


class Counterparty(BaseModel):
    """The other side: known to both from the moment a window is granted."""

    id: UUID
    name: str
    contact: Contact | None
    contacts: list[Contact]


class TimelineEntry(BaseModel):
    """``entry``: granted, reminded, extension_requested, extended, closed. ``by``: holder, mill, operator, system."""

    at: Instant
    entry: str
    by: str
    reason: str | None


class Window(BaseModel):
    """``expires_in_seconds`` counts from ``server_time``, so a client with a wrong clock still counts down right."""

    id: UUID
    version: int
    status: WindowState
    outcome: str | None
    reason: str | None
    item_id: UUID
    mill_id: UUID
    buyer_id: UUID
    listing_cycle: int
    grant_number: int
    max_grants: int
    granted_at: Instant
    expires_at: Instant
    ended_at: Instant | None
    expires_in_seconds: int
    server_time: Instant
    extensions_used: int
    extensions_left: int
    extension_requested: bool


class WindowDetail(Window):
    """With the other side's card (for an operator: the holder's) and what happened so far."""

    counterparty: Counterparty | None
    timeline: list[TimelineEntry]
