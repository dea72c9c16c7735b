"""Wait for something to become true, never for time to pass."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar, cast

T = TypeVar("T")

POLL_S = 0.02


async def until(condition: Callable[[], T | Awaitable[T]], *, deadline_s: float = 10, what: str) -> T:
    """Ask a plain or async condition until its answer is truthy, and return that answer."""
    give_up = time.monotonic() + deadline_s
    while True:
        asked = condition()
        answer = cast("T", await asked if inspect.isawaitable(asked) else asked)
        if answer:
            return answer
        if time.monotonic() > give_up:
            raise AssertionError(f"after {deadline_s} s still waiting for {what}; the last answer was {answer!r}")
        await asyncio.sleep(POLL_S)


def until_sync(condition: Callable[[], T | None], *, deadline_s: float = 10, what: str) -> T:
    """Ask a plain condition until its answer is truthy, and return that answer."""
    give_up = time.monotonic() + deadline_s
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > give_up:
            raise AssertionError(f"after {deadline_s} s still waiting for {what}; the last answer was {answer!r}")
        time.sleep(POLL_S)
