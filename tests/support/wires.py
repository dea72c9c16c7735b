"""HTTP by hand: exactly these bytes, and what comes back."""

import asyncio
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reply:
    """``status`` is 0 when the connection was closed without an answer."""

    status: int
    raw: bytes

    @property
    def answers(self) -> int:
        """How many requests the server saw in what was sent."""
        return self.raw.count(b"HTTP/1.1 ") - self.raw.count(b"HTTP/1.1 100 ")


async def exchange(port: int, sent: bytes, *, seconds_max: float = 10) -> Reply:
    """Send bytes on a new connection and read until the server closes it; it is expected to."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        async with asyncio.timeout(seconds_max):
            try:
                writer.write(sent)
                await writer.drain()
                raw = await reader.read()
            except ConnectionResetError:  # the server answered and closed before it had read everything
                raw = b""
    finally:
        writer.close()
    return Reply(int(raw.split()[1]) if raw else 0, raw)
