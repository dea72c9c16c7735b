"""Asks as fast as answers come: ``python -m bench.caller`` reads what to ask from its input and prints what it met.

A process of its own, on bare transports, so that it costs less than whatever it measures.
"""

import asyncio
import ssl
import sys
import time
from dataclasses import asdict, dataclass, field
from itertools import cycle
from typing import cast

import httptools
import orjson
import uvloop

from bench.table import percentile


@dataclass(frozen=True, slots=True)
class Task:
    """``certificate`` is the file to trust, None means plain HTTP. Paths are asked in turn."""

    port: int
    paths: list[str]
    authorization: str
    connections: int
    seconds: float
    certificate: str | None = None


@dataclass
class Met:
    """Times are in milliseconds."""

    answers: int = 0
    refused: int = 0
    refused_with: int = 0
    seconds: float = 0
    p50: float = 0
    p99: float = 0
    times: list[float] = field(default_factory=list[float])


class Caller(asyncio.Protocol):
    """One connection, one request at a time; a connection that the server closes is made anew."""

    def __init__(self, requests: "cycle[bytes]", met: Met, ended: asyncio.Event) -> None:
        self._requests = requests
        self._met = met
        self._ended = ended
        self._done = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own, of another family
        self._ask()

    def _ask(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._began = time.perf_counter()
        self._transport.write(next(self._requests))

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        if self._parser.get_status_code() == 200:
            self._met.answers += 1
            self._met.times.append((time.perf_counter() - self._began) * 1000)
        else:
            self._met.refused += 1
            self._met.refused_with = self._parser.get_status_code()
        if self._ended.is_set() or not self._parser.should_keep_alive():
            self._transport.close()
        else:
            asyncio.get_running_loop().call_soon(self._ask)

    def connection_lost(self, exc: Exception | None) -> None:
        self._done.set()

    async def done(self) -> None:
        await self._done.wait()


async def run(task: Task) -> Met:
    head = f" HTTP/1.1\r\nHost: localhost\r\nAuthorization: {task.authorization}\r\nAccept: */*\r\n\r\n"
    requests = cycle([f"GET {path}{head}".encode() for path in task.paths])
    trust = ssl.create_default_context(cafile=task.certificate) if task.certificate else None
    met, ended, loop = Met(), asyncio.Event(), asyncio.get_running_loop()

    async def keep_calling() -> None:
        while not ended.is_set():
            _, caller = await loop.create_connection(
                lambda: Caller(requests, met, ended),
                "127.0.0.1",
                task.port,
                ssl=trust,
                server_hostname="localhost" if trust else None,
            )
            await caller.done()

    began = time.perf_counter()
    loop.call_later(task.seconds, ended.set)
    await asyncio.gather(*(keep_calling() for _ in range(task.connections)))
    met.seconds = time.perf_counter() - began
    if not met.times:
        raise SystemExit(f"nothing was answered 200; the last status is {met.refused_with}")
    met.p50, met.p99 = percentile(met.times, 0.5), percentile(met.times, 0.99)
    met.times = []
    return met


def main() -> None:
    met = uvloop.run(run(Task(**orjson.loads(sys.stdin.buffer.read()))))
    sys.stdout.buffer.write(orjson.dumps(asdict(met)))


if __name__ == "__main__":
    main()
