"""Answers about what happened: notifications, audit, dashboard."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from shared.bodies import RequestBody
from shared.instants import Instant


class Notification(BaseModel):
    """Something its reader was told; ``href`` is where to look, read on the reader's own rights."""

    id: UUID
    kind: str
    title: str
    text: str
    href: str | None
    unread: bool
    occurred_at: Instant
    read_at: Instant | None


class ReadState(RequestBody):
    """Either ``ids``, or everything that happened up to ``up_to``."""

    ids: Annotated[list[UUID], Field(max_length=200)] | None = None
    up_to: AwareDatetime | None = None
    read: bool = True


class ReadStateChanged(BaseModel):
    changed: int
    unread: int


class Who(BaseModel):
    """Who did it, as far as the reader may know; ``side`` is where he stands."""

    side: Literal["own", "other", "system"]
    user_id: UUID | None
    name: str | None
    organization_id: UUID | None
    via: str


class Entity(BaseModel):
    kind: str
    id: str | None


class AuditEntry(BaseModel):
    """One deed. ``changes``: field, old and new; personal values are ``withheld``: nothing here is ever forgotten."""

    id: int
    at: Instant
    type: str
    entity: Entity
    actor: Who
    address: str | None
    correlation_id: str
    changes: list[dict[str, object]]
    facts: dict[str, object]
    reason: str | None


class ByStatus(BaseModel):
    """How many in each status; ``open`` is the sum of those that somebody still works on or can still ask for."""

    open: int
    by_status: dict[str, int]


class Windows(BaseModel):
    active: int
    ending_soon: int
    ending_soon_hours: int
    next_end: Instant | None


class Grant(BaseModel):
    """What became of windows that were the n-th of their lot; ``conversion`` is of those that have ended."""

    grant_number: int
    granted: int
    outcomes: dict[str, int]
    conversion: float | None


class Newsletter(BaseModel):
    """Newsletter mails of the last ``days`` days, each counted once per step, by people and not by machines."""

    days: int
    sent: int
    delivered: int
    opened: int
    clicked: int
    bounced: int
    complained: int


class Listing(BaseModel):
    """From a list's arrival to its last lot being listed, over the latest lists, reviews included."""

    lists: int
    median_seconds: float | None
    slowest_tenth_seconds: float | None


class Dashboard(BaseModel):
    """Figures of the own organisation; of the whole market for the operator. ``null``: not for this role."""

    as_of: Instant
    role: str
    batches: ByStatus | None
    items: ByStatus | None
    windows: Windows
    grants: list[Grant]
    newsletter: Newsletter | None
    listing: Listing | None
