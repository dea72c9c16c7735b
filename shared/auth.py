"""Who is asking. Tokens are issued by the gateway; every service verifies signature, expiry and role itself."""

import base64
import hashlib
import math
import re
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Annotated
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from fastapi import Depends, Request

from shared.contracts.base import ActorRef
from shared.contracts.gateway import OrganizationKind, Role
from shared.problems import NotAllowed, NotAuthenticated

ALGORITHM = "EdDSA"
ISSUER = "offcut"
AUDIENCE = "offcut-api"
TOKEN_BYTES_MAX = 4096
LEEWAY_SECONDS = 5
API = "/mvp/api/"
READING = frozenset({"GET", "HEAD", "OPTIONS"})
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")  # the library also takes padding
_VERIFIED = "offcut.verified"  # of a request: its header, and whom it speaks of
_REQUIRED = ["exp", "iat", "iss", "aud", "sub", "sid"]


@dataclass(frozen=True, slots=True)
class Actor:
    """A signed-in person. ``org_role`` is ``owner`` or ``member``.

    ``rights``: versions of the person's and the organisation's rights that the token speaks of. ``scopes``: what an
    API token is limited to, ``None`` for a person.
    """

    user_id: UUID
    organization_id: UUID
    organization_kind: OrganizationKind
    role: Role
    org_role: str
    session_id: UUID
    suspended: bool = False
    rights: tuple[int, int] = (0, 0)
    scopes: frozenset[str] | None = None
    expires_at: float = math.inf  # seconds since 1970; for whoever answers for longer than a moment

    @property
    def is_admin(self) -> bool:
        return self.role == Role.ADMIN

    @property
    def is_owner(self) -> bool:
        return self.org_role == "owner"

    def ref(self) -> ActorRef:
        """What events keep of him."""
        return ActorRef(user_id=self.user_id, organization_id=self.organization_id, via="http")


class TokenVerifier:
    """Verifies access tokens; a verified one is remembered by its hash until it expires (bounded)."""

    def __init__(self, public_key: str, *, remembered_max: int = 10_000) -> None:
        padded = public_key + "=" * (-len(public_key) % 4)
        self._key = Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(padded))
        self._remembered: OrderedDict[bytes, tuple[float, Actor]] = OrderedDict()
        self._remembered_max = remembered_max

    def verify(self, token: str) -> Actor:
        """The actor of a valid access token; raises ``NotAuthenticated`` with the reason."""
        if len(token) > TOKEN_BYTES_MAX:
            raise NotAuthenticated("The access token is too long to be one of ours; sign in again.")
        if not _COMPACT.fullmatch(token):
            raise NotAuthenticated("The access token is not valid; sign in again.")
        digest = hashlib.sha256(token.encode()).digest()
        known = self._remembered.get(digest)
        now = time.time()
        if known and known[0] > now:
            return known[1]
        expires, actor = self._decode(token)
        self._remembered[digest] = (expires, actor)
        while len(self._remembered) > self._remembered_max:
            self._remembered.popitem(last=False)
        return actor

    def _decode(self, token: str) -> tuple[float, Actor]:
        try:
            if jwt.get_unverified_header(token).get("typ") != "at+jwt":
                raise NotAuthenticated("This is not an access token; sign in again.")
            claims = jwt.decode(
                token,
                key=self._key,
                algorithms=[ALGORITHM],
                audience=AUDIENCE,
                issuer=ISSUER,
                leeway=LEEWAY_SECONDS,
                options={"require": _REQUIRED},
            )
            actor = Actor(
                user_id=UUID(claims["sub"]),
                organization_id=UUID(claims["org"]),
                organization_kind=OrganizationKind(claims["org_kind"]),
                role=Role(claims["role"]),
                org_role=str(claims["org_role"]),
                session_id=UUID(claims["sid"]),
                suspended=bool(claims.get("suspended", False)),
                rights=_rights(claims.get("ver", (0, 0))),
                scopes=frozenset(str(claims["scope"]).split()) if "scope" in claims else None,
                expires_at=float(claims["exp"]),
            )
            return actor.expires_at, actor
        except jwt.ExpiredSignatureError:
            raise NotAuthenticated("The access token has expired; refresh it.", slug="token_expired") from None
        except (jwt.PyJWTError, KeyError, ValueError, TypeError, AttributeError):
            raise NotAuthenticated("The access token is not valid; sign in again.") from None


def _rights(claimed: tuple[int, int]) -> tuple[int, int]:
    person, organization = claimed
    return int(person), int(organization)


@cache
def verifier(public_key: str) -> TokenVerifier:
    """One verifier per process and key."""
    return TokenVerifier(public_key)


def actor_of(request: Request) -> Actor:
    """The verified actor of a request; raises ``NotAuthenticated``."""
    given: bytes = next((value for name, value in request.scope["headers"] if name == b"authorization"), b"")
    known: tuple[bytes, Actor] | None = request.scope.get(_VERIFIED)
    if known is not None and known[0] == given:
        return known[1]
    scheme, _, token = given.decode("latin-1").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise NotAuthenticated("Send a Bearer access token in the Authorization header.")
    actor = verifier(request.app.state.settings.public_key).verify(token.strip())
    if actor.scopes is not None:
        check_scope(actor.scopes, method=request.method, path=request.url.path)
    request.scope[_VERIFIED] = given, actor
    return actor


def check_scope(scopes: frozenset[str], *, method: str, path: str) -> None:
    """Raise ``NotAllowed`` unless an API token reaches this far: ``items:read`` reads below ``/mvp/api/items``."""
    needed = f"{path.removeprefix(API).partition('/')[0]}:{'read' if method in READING else 'write'}"
    if needed not in scopes:
        raise NotAllowed(f"This API token lacks the scope {needed}; make one that has it.", slug="scope_missing")


class Requirement:
    """The dependency behind ``require``; the route test reads ``roles`` from it."""

    def __init__(self, roles: frozenset[Role]) -> None:
        self.roles = roles

    async def __call__(self, request: Request) -> Actor:
        actor = actor_of(request)
        if actor.role not in self.roles:
            wanted = " or ".join(sorted(self.roles))
            raise NotAllowed(
                f"You are signed in as {actor.role}; this needs the role {wanted}, so ask somebody who has it."
            )
        return actor


def require(*roles: Role) -> Callable[..., Actor]:
    """A dependency that lets only these roles pass: ``actor: Annotated[Actor, require(Role.ADMIN)]``."""
    return Depends(Requirement(frozenset(roles)))


async def _everybody() -> None:
    """Marks a route as public on purpose; the route test demands this or a role on every route."""


PUBLIC_MARK = _everybody
public = Depends(PUBLIC_MARK)

AnyActor = Annotated[Actor, require(*Role)]
AdminActor = Annotated[Actor, require(Role.ADMIN)]
MillActor = Annotated[Actor, require(Role.ADMIN, Role.MILL_USER)]
BuyerActor = Annotated[Actor, require(Role.ADMIN, Role.BUYER_USER)]
