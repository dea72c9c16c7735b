"""Argon2id in a small thread pool: one hash holds a core for some 18 ms and must not hold the event loop.

Passwords that came from a Django site (PBKDF2) are understood until their owner signs in for the first time.
"""

import asyncio
import base64
import hashlib
import hmac
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from shared import metrics
from shared.problems import Unavailable

PASSWORD_LENGTH_MAX = 256
WAITING_MAX = 64  # at 9 ms each, who comes then would wait for more than half a second
DJANGO = "pbkdf2_sha256$"
DJANGO_ITERATIONS_MAX = 2_000_000  # Django 5.2 makes 1,000,000; more would let a file of accounts block the threads
DIGEST_BYTES = 32
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a password fits; ``is_outdated``: it should be hashed anew while we have it."""

    fits: bool
    is_outdated: bool


class _Bench:
    """The threads that hash, and how many wait for them."""

    def __init__(self, threads: int) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="password")
        self._waiting = 0

    async def run(self, work: Callable[[], T]) -> T:
        if self._waiting >= WAITING_MAX:
            raise Unavailable("Too many people are signing in at this moment; try again.", retry_after_seconds=1)
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._waiting -= 1


@cache
def _bench(threads: int) -> _Bench:
    return _Bench(threads)


@cache
def _nobody() -> str:
    return _HASHER.hash("the password of nobody")


def hash_password(password: str) -> str:
    """The Argon2id hash to store."""
    metrics.PASSWORD_HASHES.inc()
    return _HASHER.hash(password)


async def hashed(password: str, *, threads: int) -> str:
    """Like ``hash_password``, beside the event loop."""
    return await _bench(threads).run(lambda: hash_password(password))


async def verified(stored: str | None, password: str, *, threads: int, imported_iterations: int) -> Verdict:
    """Whether the password fits. ``None`` (no such account) takes just as long and is always wrong.

    ``imported_iterations``: the cost of the slowest imported password left. A failure costs that much whosever password
    it was, so that its time does not tell an imported account from one that is not there.
    """
    return await _bench(threads).run(lambda: _verify(stored, password, imported_iterations))


def _verify(stored: str | None, password: str, imported_iterations: int) -> Verdict:
    spent = 0
    if stored is not None and stored.startswith(DJANGO):
        fits, spent = _fits_imported(stored, password)
        is_outdated = True
        if not fits:
            _fits(_nobody(), password)
    else:
        fits = _fits(stored or _nobody(), password) and stored is not None
        is_outdated = stored is not None and fits and _HASHER.check_needs_rehash(stored)
    if not fits and imported_iterations > spent:
        _pbkdf2(password, "nobody", imported_iterations - spent)
    return Verdict(fits=fits, is_outdated=fits and is_outdated)


def _fits(stored: str, password: str) -> bool:
    metrics.PASSWORD_HASHES.inc()
    try:
        return _HASHER.verify(stored, password)
    except (VerifyMismatchError, VerificationError, InvalidHashError):
        return False


def _fits_imported(stored: str, password: str) -> tuple[bool, int]:
    _, iterations, salt, digest = stored.split("$")
    return hmac.compare_digest(_pbkdf2(password, salt, int(iterations)), base64.b64decode(digest)), int(iterations)


def _pbkdf2(password: str, salt: str, iterations: int) -> bytes:
    metrics.IMPORTED_ITERATIONS.inc(iterations)
    return hashlib.pbkdf2_hmac("sha256", password.encode(), salt.encode(), iterations)


def is_importable(stored: str) -> bool:
    """Whether a hash of another system is one we understand: ``pbkdf2_sha256$iterations$salt$digest``."""
    parts = stored.split("$")
    if not stored.startswith(DJANGO) or len(parts) != 4 or not parts[1].isdigit() or not parts[2]:
        return False
    try:
        digest = base64.b64decode(parts[3], validate=True)
    except ValueError:
        return False
    return 1 <= int(parts[1]) <= DJANGO_ITERATIONS_MAX and len(digest) == DIGEST_BYTES
