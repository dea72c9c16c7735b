"""Access tokens (signed, short) and refresh tokens (opaque, rotating, stored as hashes)."""

import base64
import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from functools import cache
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.domain import Account
from gateway.settings import GatewaySettings
from shared.auth import ALGORITHM, AUDIENCE, ISSUER


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@cache
def _signing_key(private_key: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(_decoded(private_key))


def access_token(account: Account, *, session_id: UUID, settings: GatewaySettings, now: datetime) -> str:
    """A JWT that every service can verify with the public key."""
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": str(account.id),
        "sid": str(session_id),
        "org": str(account.organization_id),
        "org_kind": account.organization_kind,
        "role": account.role,
        "org_role": account.org_role,
        "suspended": account.organization_status == "suspended",
        "iat": now,
        "exp": now + timedelta(seconds=settings.access_token_seconds),
    }
    return jwt.encode(claims, _signing_key(settings.private_key), algorithm=ALGORITHM, headers={"typ": "at+jwt"})


def new_refresh_token() -> str:
    """A fresh opaque token of 256 bits."""
    return secrets.token_urlsafe(32)


def successor(token: str, *, refresh_key: str) -> str:
    """The one token that may follow: derived, so that two tabs get the same without our keeping it."""
    mac = hmac.digest(refresh_key.encode(), token.encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(mac).decode().rstrip("=")


def hash_of(token: str) -> bytes:
    """What is stored of a refresh token."""
    return hashlib.sha256(token.encode()).digest()
