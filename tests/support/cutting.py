"""A wire that breaks: a loopback port that forwards to another and cuts the connection after so many bytes."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from deploy.embedded.process import HOST
from tests.support.ports import free_port

CHUNK = 256  # small, so that a cut falls where it is asked for


@dataclass(slots=True)
class Wire:
    """``cut_after``: bytes from the server until both ends are reset, once; ``None`` leaves it whole."""

    port: int
    cut_after: int | None = None
    cuts: int = 0
    passed: int = 0
    held: asyncio.Event = field(default_factory=asyncio.Event)
    hold_after: int | None = None  # bytes from the server until nothing passes any more, as when a host dies

    async def _answers(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(CHUNK):
            self.passed += len(data)
            if self.cut_after is not None and self.passed > self.cut_after:
                self.cut_after, self.cuts = None, self.cuts + 1
                return
            if self.hold_after is not None and self.passed > self.hold_after:
                self.held.set()
                await asyncio.get_running_loop().create_future()
            writer.write(data)
            await writer.drain()


@asynccontextmanager
async def wire_to(port: int) -> AsyncGenerator[Wire]:
    wire = Wire(free_port())
    open_now: set[asyncio.Task[None]] = set()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there = await asyncio.open_connection(HOST, port)
        asked = asyncio.create_task(_questions(reader, there))
        answered = asyncio.create_task(wire._answers(there_reader, writer))  # pyright: ignore[reportPrivateUsage] – one module
        open_now.update((asked, answered))
        with contextlib.suppress(ConnectionError):
            await asyncio.wait((asked, answered), return_when=asyncio.FIRST_COMPLETED)
        for task in (asked, answered):
            task.cancel()
        await asyncio.gather(asked, answered, return_exceptions=True)
        for end in (there, writer):
            end.transport.abort()

    server = await asyncio.start_server(carry, HOST, wire.port)
    try:
        yield wire
    finally:
        server.close()
        for task in open_now:
            task.cancel()
        await asyncio.gather(*open_now, return_exceptions=True)
        await server.wait_closed()


async def _questions(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(CHUNK):
        writer.write(data)
        await writer.drain()
