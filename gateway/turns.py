"""One at a time per key: a hundred guesses sent at once count like a hundred sent one after the other."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from gateway.errors import LoginPaused

WAITING_MAX = 20  # attempts of one account from one address; at 18 ms each the last waits for a third of a second


class Turns:
    """Locks by key, kept only while somebody holds or wants them. Of one process: two processes allow twice as much."""

    def __init__(self) -> None:
        self._locks: dict[str, tuple[asyncio.Lock, int]] = {}

    @asynccontextmanager
    async def turn(self, key: str) -> AsyncGenerator[None]:
        """Hold the key's lock; raises ``LoginPaused`` when too many wait for it."""
        lock, wanted = self._locks.get(key, (asyncio.Lock(), 0))
        if wanted >= WAITING_MAX:
            raise LoginPaused(1)
        self._locks[key] = (lock, wanted + 1)
        try:
            async with lock:
                yield
        finally:
            lock, wanted = self._locks[key]
            if wanted == 1:
                del self._locks[key]
            else:
                self._locks[key] = (lock, wanted - 1)


TURNS = Turns()
