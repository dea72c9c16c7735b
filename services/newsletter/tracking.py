"""Tokens in mails: made from a key and what they stand for, so a mail tried again carries the same ones.

Only their hashes are stored. Nobody can make one without the key, and none says anything about its target.
"""

import base64
import hashlib
import hmac
from uuid import UUID

TOKEN_BYTES = 18  # 144 bits
TOKEN_LENGTH = 24


def make_token(key: bytes, *, delivery_id: UUID, kind: str, item_id: UUID | None = None) -> str:
    """The token of one link of one message."""
    purpose = f"{delivery_id} {kind} {item_id or ''}"
    return base64.urlsafe_b64encode(hmac.digest(key, purpose.encode(), hashlib.sha256)[:TOKEN_BYTES]).decode()


def hash_token(token: str) -> bytes:
    """What the database keeps of a token."""
    return hashlib.sha256(token.encode()).digest()


def hash_address(address: str) -> str:
    """What a suppression keeps of an address when the person is gone."""
    return hashlib.sha256(address.strip().lower().encode()).hexdigest()
