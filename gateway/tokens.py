"""Access tokens (signed, short); refresh tokens, links in mails and API tokens (opaque, stored as hashes)."""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.domain import Account
from gateway.settings import GatewaySettings
from shared.auth import ALGORITHM, AUDIENCE, ISSUER

API_TOKEN = "off_"  # noqa: S105 - how one begins, not a secret
API_CHECK_LENGTH = 8
API_TOKEN_LENGTH = len(API_TOKEN) + 43 + API_CHECK_LENGTH


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@cache
def _signing_key(private_key: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(_decoded(private_key))


@cache
def public_jwk(public_key: str) -> dict[str, str]:
    """What others verify our access tokens with (RFC 8037); its ``kid`` is its own thumbprint (RFC 7638)."""
    key = {"crv": "Ed25519", "kty": "OKP", "x": public_key}
    print_of = hashlib.sha256(json.dumps(key, separators=(",", ":"), sort_keys=True).encode()).digest()
    kid = base64.urlsafe_b64encode(print_of).decode().rstrip("=")
    return {**key, "use": "sig", "alg": ALGORITHM, "kid": kid}


def access_token(
    account: Account,
    *,
    session_id: UUID,
    settings: GatewaySettings,
    now: datetime,
    seconds: int,
    scopes: Sequence[str] | None = None,
) -> str:
    """A JWT that every service can verify with the public key; ``scopes`` limit that of an API token."""
    claims: dict[str, object] = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": str(account.id),
        "sid": str(session_id),
        "org": str(account.organization_id),
        "org_kind": account.organization_kind,
        "role": account.role,
        "org_role": account.org_role,
        "suspended": account.organization_status == "suspended",
        "ver": [account.person_rights, account.organization_rights],
        "iat": now,
        "exp": now + timedelta(seconds=seconds),
    }
    if scopes is not None:
        claims["scope"] = " ".join(scopes)
    headers = {"typ": "at+jwt", "kid": public_jwk(settings.public_key)["kid"]}
    return jwt.encode(claims, _signing_key(settings.private_key), algorithm=ALGORITHM, headers=headers)


def operator_token(*, settings: GatewaySettings, now: datetime, seconds: int = 60) -> str:
    """A JWT of the gateway itself, for what it asks services on loopback on somebody's behalf."""
    nobody = Account(
        id=UUID(int=0), organization_id=UUID(int=0), organization_kind="operator", organization_name="", role="admin",
        organization_status="approved", org_role="member", status="active", name="", email="", language="en",
        time_zone="UTC", password_hash=None, person_rights=0, organization_rights=0,
    )  # fmt: skip
    return access_token(nobody, session_id=UUID(int=0), settings=settings, now=now, seconds=seconds)


def new_refresh_token() -> str:
    """A fresh opaque token of 256 bits."""
    return secrets.token_urlsafe(32)


def successor(token: str, *, refresh_key: str) -> str:
    """The one token that may follow: derived, so that two tabs get the same without our keeping it."""
    mac = hmac.digest(refresh_key.encode(), token.encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(mac).decode().rstrip("=")


def link_token(mail_id: UUID, *, settings: GatewaySettings) -> str:
    """The token in the link of a mail: made from its id, so that it need not be kept until the mail is sent."""
    mac = hmac.digest(settings.link_key, mail_id.bytes, hashlib.sha256)
    return base64.urlsafe_b64encode(mac).decode().rstrip("=")


def new_api_token(*, settings: GatewaySettings) -> str:
    """A fresh API token: 256 random bits and a check, so that an invented one is refused without a look-up."""
    body = secrets.token_urlsafe(32)
    return f"{API_TOKEN}{body}{_api_check(body, settings)}"


def is_api_token(token: str, *, settings: GatewaySettings) -> bool:
    """Whether we could have made this one."""
    body, check = token[len(API_TOKEN) : -API_CHECK_LENGTH], token[-API_CHECK_LENGTH:]
    if not token.isascii() or len(token) != API_TOKEN_LENGTH or not token.startswith(API_TOKEN):
        return False
    return hmac.compare_digest(check, _api_check(body, settings))


def _api_check(body: str, settings: GatewaySettings) -> str:
    return hmac.new(settings.link_key, f"api token {body}".encode(), hashlib.sha256).hexdigest()[:API_CHECK_LENGTH]


def hash_of(token: str) -> bytes:
    """What is stored of an opaque token."""
    return hashlib.sha256(token.encode()).digest()
