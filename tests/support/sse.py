"""A live client without a browser."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import orjson

Told = dict[str, Any]  # JSON


class LiveClient:
    """Reads a stream as it comes. ``last_id`` is where it would go on."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self._answer = answer
        self.last_id: str | None = None
        self.told: list[Told] = []
        self.names: list[str] = []

    async def next(self, *, deadline_s: float = 5) -> Told | None:
        """The next event; ``None`` when the server ended the stream."""
        async with asyncio.timeout(deadline_s):
            while True:
                block = await self._answer.content.readuntil(b"\n\n")
                if not block.endswith(b"\n\n"):
                    return None
                found = self._read(block.decode())
                if found is not None:
                    return found

    async def take(self, count: int, *, deadline_s: float = 5) -> list[Told]:
        taken = [await self.next(deadline_s=deadline_s) for _ in range(count)]
        return [one for one in taken if one is not None]

    async def ended(self, *, deadline_s: float) -> bool:
        """Whether the server ends the stream in time."""
        async with asyncio.timeout(deadline_s):
            while await self.next(deadline_s=deadline_s) is not None:
                pass
        return True

    def _read(self, block: str) -> Told | None:
        fields: dict[str, str] = {}
        for line in block.splitlines():
            name, _, value = line.partition(": ")
            fields[name] = value
        self.last_id = fields.get("id", self.last_id)
        if "data" not in fields:
            return None
        self.names.append(fields.get("event", "message"))
        self.told.append(orjson.loads(fields["data"]))
        return self.told[-1]


@asynccontextmanager
async def listening(
    session: aiohttp.ClientSession, headers: dict[str, str], *, query: str = "", last_id: str | None = None
) -> AsyncGenerator[LiveClient]:
    """An open stream whose server has begun to answer."""
    sent = {**headers, **({"Last-Event-ID": last_id} if last_id else {})}
    timeout = aiohttp.ClientTimeout(total=None, sock_read=None)
    async with session.get(f"/mvp/api/events{query}", headers=sent, timeout=timeout) as answer:
        assert answer.status == 200, await answer.text()
        assert answer.content_type == "text/event-stream"
        yield LiveClient(answer)


@dataclass
class Follower:
    """A client as it should be written: it comes back from where it was. ``heard``: when, by the id of the subject."""

    session: aiohttp.ClientSession
    headers: dict[str, str]
    query: str = ""
    heard: dict[str, list[float]] = field(default_factory=dict[str, list[float]])
    connections: int = 0
    refused: int = 0

    async def run(self) -> None:
        last_id: str | None = None
        while True:
            try:
                async with listening(self.session, self.headers, query=self.query, last_id=last_id) as stream:
                    self.connections += 1
                    try:
                        while (told := await stream.next(deadline_s=60)) is not None:
                            self.heard.setdefault(str(told["id"]), []).append(time.monotonic())
                    finally:
                        last_id = stream.last_id or last_id
            except (aiohttp.ClientError, ConnectionError, AssertionError):
                self.refused += 1  # nobody there, or one that begins
            await asyncio.sleep(0.05)
