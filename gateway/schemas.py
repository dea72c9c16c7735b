"""Requests and answers of the gateway's own routes."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from gateway.passwords import PASSWORD_LENGTH_MAX
from shared.bodies import RequestBody

Email = Annotated[str, Field(min_length=3, max_length=254, examples=["purchasing@ostwelle.example"])]
RefreshToken = Annotated[str, Field(min_length=20, max_length=200)]


class Login(RequestBody):
    email: Email
    password: Annotated[str, Field(min_length=1, max_length=PASSWORD_LENGTH_MAX)]


class Refresh(RequestBody):
    """Browsers send the cookie instead and leave the body empty."""

    refresh_token: RefreshToken | None = None


class Logout(RequestBody):
    all: bool = False


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
    """The signed-in user."""

    id: UUID
    name: str
    email: str
    role: str
    org_role: str
    language: str
    time_zone: str
    organization: OrganizationRef


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
