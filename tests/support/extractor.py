"""A small extractor of data sheets over HTTP that does what it is told: answer well, or misbehave."""

import asyncio
import contextlib
import gzip
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import orjson

HUGE_BYTES = 100_000_000
GOOD: dict[str, object] = {
    "product": "Nordliner",
    "grade_code": "KL_BROWN",
    "language": "en",
    "values": [
        {"gsm": 112, "property": "grammage", "value": 112, "unit": "g/m²", "confidence": 0.99},
        {"gsm": 112, "property": "thickness", "value": 0.165, "unit": "mm", "confidence": 0.97, "snippet": "165"},
        {"gsm": 112, "property": "burst", "value": 5.6, "unit": "bar", "confidence": 0.98, "page": 1},
        {"property": "moisture", "value": 7.5, "unit": "%"},
    ],
}


@dataclass(slots=True)
class Misbehaving:
    """``does``: good, hang, drip, error, html, huge, bad_json, wrong_shape, nan, gzip or redirect."""

    port: int
    does: str = "good"
    asked: int = 0
    sent_bytes: int = 0
    bodies: list[bytes] = field(default_factory=list[bytes])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/extract"


@asynccontextmanager
async def extractor_server() -> AsyncGenerator[Misbehaving]:
    """Listen on a free port until the block ends."""
    told = Misbehaving(0)
    running: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            running.add(task)
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
            told.bodies.append(await reader.readexactly(length))
            told.asked += 1
            await _answer(told, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # who asked has had enough
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    told.port = server.sockets[0].getsockname()[1]
    try:
        yield told
    finally:
        server.close()
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _answer(told: Misbehaving, writer: asyncio.StreamWriter) -> None:
    if told.does == "hang":
        await asyncio.Event().wait()
    good = orjson.dumps(GOOD)
    status, kind, body, more = {
        "error": (500, "application/json", b'{"error": "out of tokens"}', ""),
        "html": (200, "text/html", b"<html><h1>It works!</h1></html>", ""),
        "bad_json": (200, "application/json", good[:-9], ""),
        "wrong_shape": (200, "application/json", b'{"values": [{"property": "burst", "value": "a lot"}]}', ""),
        "nan": (200, "application/json", b'{"values": [{"property": "burst", "value": NaN}]}', ""),
        "gzip": (200, "application/json", gzip.compress(good), "Content-Encoding: gzip\r\n"),
        "redirect": (302, "application/json", b"{}", f"Location: {told.url}\r\n"),
    }.get(told.does, (200, "application/json", good, ""))
    length = HUGE_BYTES if told.does == "huge" else len(body)
    head = f"HTTP/1.1 {status} x\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n{more}Connection: close\r\n\r\n"
    writer.write(head.encode())
    if told.does == "huge":
        while told.sent_bytes < HUGE_BYTES:
            writer.write(b" " * 1_000_000)
            told.sent_bytes += 1_000_000
            await writer.drain()
        return
    if told.does == "drip":
        for byte in body:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.05)
    writer.write(body)
    await writer.drain()
