"""Requests and answers of the gateway's own routes."""

import re
from functools import cache
from ipaddress import ip_network
from typing import Annotated, Literal
from uuid import UUID
from zoneinfo import available_timezones

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from gateway.passwords import PASSWORD_LENGTH_MAX
from shared.bodies import RequestBody
from shared.contracts.gateway import OrganizationChanged, UserChanged
from shared.instants import Instant

_DOMAIN = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")


def _address(text: str) -> str:
    try:
        found = validate_email(text, check_deliverability=False, test_environment=True, allow_smtputf8=False)
    except EmailNotValidError as error:
        raise ValueError(str(error)) from None
    return found.normalized


def _one_line(text: str) -> str:
    if _CONTROL.search(text):
        raise ValueError("must be one line of visible characters")
    return text


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _zone(text: str) -> str:
    if text not in _zones():
        raise ValueError("is not a time zone of the IANA list, such as Europe/Vienna")
    return text


def _domain(text: str) -> str:
    plain = text.lower().rstrip(".")
    if not _DOMAIN.fullmatch(plain):
        raise ValueError("is not the name of a mail domain, such as mill.example")
    return plain


def _network(text: str) -> str:
    return str(ip_network(text))


SignInName = Annotated[str, Field(min_length=3, max_length=254, examples=["purchasing@ostwelle.example"])]
Email = Annotated[str, Field(max_length=254, examples=["purchasing@ostwelle.example"]), AfterValidator(_address)]
SenderAddress = Annotated[Email, AfterValidator(str.lower)]
Domain = Annotated[str, Field(max_length=253, examples=["ostwelle.example"]), AfterValidator(_domain)]
Network = Annotated[str, Field(max_length=43, examples=["192.0.2.0/24"]), AfterValidator(_network)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(_one_line)]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=500)]
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$", examples=["de-AT"])]
Country = Annotated[str, Field(pattern="^[A-Z]{2}$", examples=["DE"])]
Currency = Annotated[str, Field(pattern="^[A-Z]{3}$", examples=["EUR"])]
TimeZone = Annotated[str, Field(max_length=64, examples=["Europe/Vienna"]), AfterValidator(_zone)]
Segment = Annotated[str, Field(pattern="^[a-z][a-z_ -]{1,40}$", examples=["converter"])]
Password = Annotated[str, Field(min_length=1, max_length=PASSWORD_LENGTH_MAX)]
RefreshToken = Annotated[str, Field(min_length=20, max_length=200)]
OrgRole = Literal["owner", "member"]


class Login(RequestBody):
    email: SignInName
    password: Password


class Refresh(RequestBody):
    """Browsers send the cookie instead and leave the body empty."""

    refresh_token: RefreshToken | None = None


class Logout(RequestBody):
    all: bool = False


class PasswordChange(RequestBody):
    current_password: Password
    new_password: Password


class PasswordResetRequest(RequestBody):
    email: SignInName


class PasswordReset(RequestBody):
    password: Password


class Tokens(BaseModel):
    """``expires_in_seconds`` counts from now; refresh before it ends."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the scheme, not a secret
    expires_in_seconds: int
    refresh_token: str


class OrganizationRef(BaseModel):
    id: UUID
    kind: str
    name: str
    status: str


class Me(BaseModel):
    """The signed-in user; ``permissions`` say what a client may offer him."""

    id: UUID
    name: str
    email: str
    role: str
    org_role: str
    language: str
    time_zone: str
    permissions: list[str]
    unread_notifications: int
    organization: OrganizationRef


class User(BaseModel):
    """Somebody who signs in, or is invited to."""

    id: UUID
    version: int
    organization_id: UUID
    role: str
    org_role: str
    status: str
    name: str
    email: str
    language: str
    time_zone: str

    @classmethod
    def of(cls, one: UserChanged) -> "User":
        return cls(id=one.user_id, **one.model_dump(include=set(cls.model_fields) - {"id"}))


class Invitation(RequestBody):
    """``organization_id`` is for the operator; others invite into their own organisation."""

    email: Email
    name: Name
    organization_id: UUID | None = None
    role: Literal["admin", "mill_user", "buyer_user"] | None = None
    org_role: OrgRole = "member"
    language: Language | None = None
    time_zone: TimeZone | None = None


class UserPatch(RequestBody):
    """JSON Merge Patch; nothing in it can be taken out, so ``null`` is refused."""

    name: Name = ""
    language: Language = ""
    time_zone: TimeZone = ""
    role: Literal["admin", "mill_user", "buyer_user"] = "buyer_user"
    org_role: OrgRole = "member"


class UserStatusChange(RequestBody):
    """``reason`` is needed for ``inactive``."""

    status: Literal["active", "inactive", "revoked"]
    reason: Reason | None = None


class Acceptance(RequestBody):
    password: Password
    name: Name | None = None


class Contact(RequestBody):
    name: Name
    email: Email
    phone: Annotated[str, Field(pattern=r"^[0-9+() /.-]{4,40}$")] | None = None


class ContactCard(BaseModel):
    name: str
    email: str
    phone: str | None


class Organization(BaseModel):
    """A mill, a buyer, or the operator."""

    id: UUID
    version: int
    kind: str
    slug: str
    name: str
    status: str
    country: str
    language: str
    time_zone: str
    currency: str
    trusted: bool
    segment: str | None
    sender_addresses: list[str]
    sender_domains: list[str]
    contacts: list[ContactCard]

    @classmethod
    def of(cls, one: OrganizationChanged) -> "Organization":
        return cls(id=one.organization_id, **one.model_dump(include=set(cls.model_fields) - {"id"}))


class OrganizationPatch(RequestBody):
    """JSON Merge Patch; lists are replaced whole. ``trusted`` is for the operator."""

    name: Name = ""
    country: Country = ""
    language: Language = ""
    time_zone: TimeZone = ""
    currency: Currency = ""
    segment: Segment | None = None
    contacts: Annotated[list[Contact], Field(max_length=20)] = []
    sender_addresses: Annotated[list[SenderAddress], Field(max_length=100)] = []
    sender_domains: Annotated[list[Domain], Field(max_length=20)] = []
    trusted: bool = False


class OrganizationStatusChange(RequestBody):
    status: Literal["approved", "suspended", "closed"]
    reason: Reason


class FirstUser(RequestBody):
    name: Name
    email: Email


class Registration(RequestBody):
    """A company that wants to take part. The first user sets his password when the operator has let it in."""

    kind: Literal["mill", "buyer"]
    name: Name
    country: Country
    language: Language = "en"
    time_zone: TimeZone = "UTC"
    currency: Currency = "EUR"
    segment: Segment | None = None
    user: FirstUser


class Registered(BaseModel):
    """The operator looks at it; the first user is written to then."""

    organization_id: UUID
    status: Literal["pending"] = "pending"


class ApiTokenWish(RequestBody):
    """Scopes are ``<first path segment>:read`` or ``:write``. No networks: from any address."""

    name: Annotated[Name, Field(max_length=100)]
    scopes: Annotated[list[Annotated[str, Field(max_length=60)]], Field(min_length=1, max_length=60)]
    networks: Annotated[list[Network], Field(max_length=20)] = []
    expires_in_days: Annotated[int, Field(ge=1, le=365)] = 90


class ApiToken(BaseModel):
    """``prefix`` is how the secret begins."""

    id: UUID
    organization_id: UUID
    person_id: UUID
    name: str
    prefix: str
    scopes: list[str]
    networks: list[str]
    created_at: Instant
    expires_at: Instant
    last_used_at: Instant | None


class NewApiToken(ApiToken):
    """``secret`` is shown this once: ``null`` when the same request is sent again."""

    secret: str | None
