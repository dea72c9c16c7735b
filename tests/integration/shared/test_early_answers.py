"""An answer that is given while the request still comes: who sends to the end reads it, who never ends is left."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from shared import protocol
from tests.support.ports import free_port
from tests.support.servers import serving

LENGTH = 16 << 20  # more than all buffers between both ends hold
CHUNK = b"x" * 65_536
HEAD = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\nConnection: %s\r\n\r\n"


async def refuse(_: Request) -> Response:
    return PlainTextResponse("no", status_code=413)


@pytest_asyncio.fixture(scope="module", loop_scope="session", name="port")
async def a_server_that_reads_nothing() -> AsyncIterator[int]:
    port = free_port()
    async with serving(Starlette(routes=[Route("/", refuse, methods=["POST"])]), port):
        yield port


@pytest.mark.parametrize("after", [b"close", b"keep-alive"])
async def test_body_when_it_is_sent_to_its_end_though_it_was_refused_then_the_answer_is_there(
    port: int, after: bytes
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    async with asyncio.timeout(10):
        writer.write(HEAD % (LENGTH, after))
        for _ in range(LENGTH // len(CHUNK)):
            writer.write(CHUNK)
            await writer.drain()
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 413 ")
        assert await reader.readexactly(2) == b"no"
    writer.close()


async def test_body_when_it_never_ends_then_the_connection_does(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "PARTING_SECONDS_MAX", 0.2)
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(HEAD % (LENGTH, b"close"))
    with pytest.raises(ConnectionError):
        await go_on_for_ever(writer)
    writer.close()


async def go_on_for_ever(writer: asyncio.StreamWriter) -> None:
    async with asyncio.timeout(10):
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0)  # lets the server read
