"""Argon2id in a small thread pool: one hash holds a core for some 18 ms and must not hold the event loop."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

PASSWORD_LENGTH_MAX = 256
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


@cache
def _threads(count: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(count, thread_name_prefix="password")


@cache
def _nobody() -> str:
    return _HASHER.hash("the password of nobody")


def hash_password(password: str) -> str:
    """The Argon2id hash to store."""
    return _HASHER.hash(password)


def _verify(stored: str | None, password: str) -> bool:
    try:
        fits = _HASHER.verify(stored or _nobody(), password)
    except (VerifyMismatchError, VerificationError, InvalidHashError):
        return False
    return fits and stored is not None


async def verified(stored: str | None, password: str, *, threads: int) -> bool:
    """Whether the password fits. ``None`` (no such account) takes just as long and is always wrong."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_threads(threads), _verify, stored, password)
