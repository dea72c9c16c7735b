"""Events of the gateway: who there is. Only these carry personal data."""

from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from pydantic import JsonValue

from shared.contracts.base import Event, WireModel


class OrganizationKind(StrEnum):
    """Side of the market; the operator is an organisation too."""

    MILL = "mill"
    BUYER = "buyer"
    OPERATOR = "operator"


class OrganizationStatus(StrEnum):
    """Only ``approved`` organisations trade."""

    PENDING = "pending"
    APPROVED = "approved"
    SUSPENDED = "suspended"
    CLOSED = "closed"


class Role(StrEnum):
    """What a user may do at all; what he may do with one thing is decided by the service that owns it."""

    ADMIN = "admin"
    MILL_USER = "mill_user"
    BUYER_USER = "buyer_user"


class UserStatus(StrEnum):
    """``erased`` is final: the name is gone, trade records stay."""

    INVITED = "invited"
    ACTIVE = "active"
    INACTIVE = "inactive"
    REVOKED = "revoked"
    ERASED = "erased"


class Change(WireModel):
    """One member that a person or timer changed; ``old`` is ``None`` on what is new."""

    field: str
    old: JsonValue = None
    new: JsonValue = None


class Contact(WireModel):
    """A person or desk to write to; disclosed with a window."""

    name: str
    email: str
    phone: str | None = None


class OrganizationChanged(Event):
    """Full snapshot of a mill or buyer. Newer ``version`` wins."""

    TYPE: ClassVar[str] = "gateway.organization.changed.v1"
    organization_id: UUID
    version: int
    kind: OrganizationKind
    name: str
    slug: str
    status: OrganizationStatus
    country: str
    language: str
    time_zone: str
    currency: str
    trusted: bool = False
    segment: str | None = None  # corrugator, merchant, printer …
    sender_addresses: tuple[str, ...] = ()
    sender_domains: tuple[str, ...] = ()
    contacts: tuple[Contact, ...] = ()
    changes: tuple[Change, ...] = ()  # against the version before
    reason: str | None = None  # given by whoever changed the status

    @property
    def key(self) -> str:
        return str(self.organization_id)

    @property
    def audience(self) -> tuple[UUID, ...]:
        return (self.organization_id,)


class UserChanged(Event):
    """Full snapshot of a user. Newer ``version`` wins."""

    TYPE: ClassVar[str] = "gateway.user.changed.v1"
    user_id: UUID
    version: int
    organization_id: UUID
    role: Role
    org_role: str  # owner | member
    status: UserStatus
    name: str
    email: str
    language: str
    time_zone: str
    changes: tuple[Change, ...] = ()  # against the version before
    reason: str | None = None  # given by whoever changed the status

    @property
    def key(self) -> str:
        return str(self.user_id)

    @property
    def audience(self) -> tuple[UUID, ...]:
        return (self.organization_id,)


class UserErased(Event):
    """The person asked to be forgotten: every service replaces what names him."""

    TYPE: ClassVar[str] = "gateway.user.erased.v1"
    user_id: UUID

    @property
    def key(self) -> str:
        return str(self.user_id)
