"""Access tokens as the gateway issues them, signed with a key that only tests know."""

import base64
import time
from uuid import UUID, uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.auth import ALGORITHM, AUDIENCE, ISSUER

_KEY = Ed25519PrivateKey.from_private_bytes(b"offcut tests sign with this key!")
PUBLIC_KEY = base64.urlsafe_b64encode(_KEY.public_key().public_bytes_raw()).decode().rstrip("=")
KINDS = {"admin": "operator", "mill_user": "mill", "buyer_user": "buyer"}


def token(
    role: str,
    organization_id: UUID,
    *,
    user_id: UUID | None = None,
    org_role: str = "owner",
    expires_in_seconds: int = 900,
    **claims: object,
) -> str:
    """A signed access token; ``claims`` overwrite or add members."""
    now = int(time.time())
    body: dict[str, object] = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": str(user_id or uuid4()),
        "sid": str(uuid4()),
        "org": str(organization_id),
        "org_kind": KINDS[role],
        "role": role,
        "org_role": org_role,
        "iat": now,
        "exp": now + expires_in_seconds,
        **claims,
    }
    return jwt.encode(body, _KEY, algorithm=ALGORITHM, headers={"typ": "at+jwt"})


def bearer(role: str, organization_id: UUID, *, user_id: UUID | None = None, org_role: str = "owner") -> dict[str, str]:
    """The Authorization header of such a token."""
    return {"Authorization": f"Bearer {token(role, organization_id, user_id=user_id, org_role=org_role)}"}
