"""People who press a button until they are told that it worked, and a ledger of what they were told.

The ledger is kept outside of the system. A request without an answer is unknown, never failed: whoever sent it sends it
again with the same key, as our clients do.
"""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import uuid4

import aiohttp

from tests.chaos.door import PATH
from tests.chaos.rig import KEYS
from tests.support.wait import until

PER_REQUEST = 2
PAUSE_S = 0.15
AGAIN_S = 0.1
PATIENCE_S = 8.0  # longer than an API waits for a connection to its database


@dataclass(slots=True)
class Ledger:
    """``intents`` are numbers that were acknowledged; ``wrong`` are answers that nobody should ever get."""

    intents: list[int]
    answers: Counter[str] = field(default_factory=Counter[str])
    wrong: list[str] = field(default_factory=list[str])


class Load:
    """One person per key, so that the order of its events is known. ``addresses``: API by name -> where it listens.

    ``new_keys`` takes the remedy away: a repeated request is a new one.
    """

    def __init__(self, addresses: Mapping[str, str], intents: list[int], *, seed: int, new_keys: bool = False) -> None:
        self.ledger = Ledger(intents)
        self.waiting: Counter[str] = Counter()  # requests under way, by API
        self._served: set[str] = set()  # APIs that did what was asked at least once
        self._addresses = addresses
        self._chance = random.Random(seed)
        self._new_keys = new_keys
        self._running = True
        self._session: aiohttp.ClientSession | None = None

    async def work(self, key: int) -> None:
        """Go on until told to stop; nobody leaves before he is told that his last one worked."""
        number = key + KEYS * (max(self.ledger.intents, default=0) // KEYS + 1)
        while self._running:
            numbers = [number + KEYS * n for n in range(PER_REQUEST)]
            number = numbers[-1] + KEYS
            idempotency_key = str(uuid4())
            while not await self._told(numbers, idempotency_key):
                idempotency_key = str(uuid4()) if self._new_keys else idempotency_key
                await asyncio.sleep(AGAIN_S * self._chance.uniform(0.5, 1.5))
            self.ledger.intents.extend(numbers)
            await asyncio.sleep(PAUSE_S * self._chance.uniform(0.5, 1.5))

    async def _told(self, numbers: list[int], key: str) -> bool:
        assert self._session is not None
        name = self._chance.choice(sorted(self._addresses))
        headers = {"Idempotency-Key": key}
        self.waiting[name] += 1
        try:
            async with self._session.post(
                self._addresses[name] + PATH, json={"numbers": numbers}, headers=headers
            ) as answer:
                worked = self._note(answer.status, await answer.text(), answer.headers)
                if worked:
                    self._served.add(name)
                return worked
        except (aiohttp.ClientError, TimeoutError):
            self.ledger.answers["unknown"] += 1
            return False
        finally:
            self.waiting[name] -= 1

    def _note(self, status: int, text: str, headers: Mapping[str, str]) -> bool:
        if status == 201:
            self.ledger.answers["ok"] += 1
            return True
        in_time = headers.get("Retry-After", "").isdigit()
        calm = "SQL" not in text and "psycopg" not in text and "relation" not in text
        if status not in (409, 503) or not in_time or not calm:
            self.ledger.wrong.append(f"{status} {dict(headers)} {text[:300]}")
        self.ledger.answers[str(status)] += 1
        return False

    @asynccontextmanager
    async def flowing(self) -> AsyncGenerator[Ledger]:
        """While the block runs people press, and every API serves; at its end each is told of his last one."""
        timeout = aiohttp.ClientTimeout(total=PATIENCE_S)
        async with aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=0)) as self._session:
            people = [asyncio.ensure_future(self.work(key)) for key in range(KEYS)]
            try:
                await until(lambda: self._served >= set(self._addresses), deadline_s=60, what="each API to serve")
                yield self.ledger
                self._running = False
                async with asyncio.timeout(60):
                    await asyncio.gather(*people)
            finally:
                for person in people:
                    person.cancel()
                await asyncio.gather(*people, return_exceptions=True)
