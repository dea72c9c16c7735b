"""Streams through the gateway: early, in step with both sides, and only as long as somebody listens."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from gateway.main import build
from gateway.settings import GatewaySettings
from tests.integration.gateway.conftest import bearer, settings_for, signed_in
from tests.support.ports import free_ports
from tests.support.servers import serving
from tests.support.wait import until
from tests.support.wires import exchange

CHUNK = b"x" * 65_536


class Upstream:
    """A service that notes how far it came."""

    def __init__(self) -> None:
        self.produced = 0
        self.asked = asyncio.Event()
        self.left = asyncio.Event()
        self.go_on = asyncio.Event()
        self.app = Starlette(
            routes=[
                Route("/mvp/api/items/endless", self.endless),
                Route("/mvp/api/items/waits", self.waits, methods=["GET", "POST"]),
                Route("/mvp/api/items/live", self.live),
                Route("/mvp/api/items/broken", self.broken),
                Route("/mvp/api/batches", self.take, methods=["POST"]),
            ]
        )

    async def endless(self, _: Request) -> Response:
        async def chunks() -> AsyncIterator[bytes]:
            try:
                while True:
                    self.produced += 1
                    yield CHUNK
                    await asyncio.sleep(0)  # the server takes everything without a pause once the client has left
            finally:
                self.left.set()

        return StreamingResponse(chunks())

    async def waits(self, request: Request) -> Response:
        await request.body()
        self.asked.set()
        while not await request.is_disconnected():  # noqa: ASYNC110 - Starlette offers nothing to wait on
            await asyncio.sleep(0.01)
        self.left.set()
        return Response()

    async def live(self, _: Request) -> Response:
        async def events() -> AsyncIterator[bytes]:
            yield b"data: 1\n\n"
            await self.go_on.wait()
            yield b"data: 2\n\n"

        return StreamingResponse(events(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})

    async def broken(self, _: Request) -> Response:
        async def half() -> AsyncIterator[bytes]:
            yield b"half"
            raise ConnectionError("on purpose")

        return StreamingResponse(half(), headers={"Content-Length": "8"})

    async def take(self, request: Request) -> Response:
        taken = 0
        async for chunk in request.stream():
            taken += len(chunk)
        return JSONResponse({"taken": taken})


@pytest_asyncio.fixture(scope="module", loop_scope="session", name="quick")
async def quick_settings(config: GatewaySettings) -> GatewaySettings:
    """The same gateway with little patience, on a port of its own."""
    port, service = free_ports(2)
    own = {"port": port, "upstream_ports": {"catalog": (service,), "ingestion": (service,)}}
    patience = {"first_byte_seconds": 0.5, "idle_seconds": 0.5}
    keys = config.model_dump(include={"public_key", "private_key"})
    return settings_for(config.database_url, **keys, **own, **patience)


@pytest_asyncio.fixture(scope="module", loop_scope="session", name="headers")
async def the_headers(client: aiohttp.ClientSession) -> dict[str, str]:
    return bearer(await signed_in(client, "anna@lindholz.example"))


@pytest_asyncio.fixture(loop_scope="session", name="upstream")
async def an_upstream(quick: GatewaySettings) -> AsyncIterator[Upstream]:
    upstream = Upstream()
    async with serving(upstream.app, quick.upstream_ports["catalog"][0]):
        yield upstream


@pytest_asyncio.fixture(loop_scope="session", name="door")
async def a_door(quick: GatewaySettings, headers: dict[str, str]) -> AsyncIterator[aiohttp.ClientSession]:
    async with (
        serving(build(quick), quick.port),
        aiohttp.ClientSession(f"http://127.0.0.1:{quick.port}", headers=headers) as session,
    ):
        yield session


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_client_when_it_leaves_before_the_answer_then_the_service_hears_of_it(
    door: aiohttp.ClientSession, upstream: Upstream, method: str
) -> None:
    body = b"a body" if method == "POST" else None

    async def ask() -> None:
        async with door.request(method, "/mvp/api/items/waits", data=body) as answer:
            await answer.read()

    asking = asyncio.create_task(ask())
    await until(upstream.asked.is_set, what="the service to have the request")
    asking.cancel()
    await until(upstream.left.is_set, what="the service to see that the client left")


async def test_client_when_it_leaves_in_the_answer_then_the_service_stops_making_it(
    door: aiohttp.ClientSession, upstream: Upstream
) -> None:
    async with door.get("/mvp/api/items/endless") as response:
        await response.content.readexactly(1_000_000)
        response.close()
    await until(upstream.left.is_set, what="the service to stop")


async def test_answer_when_the_client_does_not_read_then_the_service_waits_and_the_client_is_given_up(
    door: aiohttp.ClientSession, upstream: Upstream, quick: GatewaySettings, headers: dict[str, str]
) -> None:
    assert door
    _, writer = await asyncio.open_connection("127.0.0.1", quick.port, limit=1024)
    token = headers["Authorization"]
    writer.write(f"GET /mvp/api/items/endless HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\n\r\n".encode())
    await until(upstream.left.is_set, what="the gateway to give up")
    writer.close()
    assert upstream.produced * len(CHUNK) < 32 << 20  # socket buffers, not the gateway's memory


async def test_answer_when_it_is_live_then_each_part_comes_at_once(
    door: aiohttp.ClientSession, upstream: Upstream
) -> None:
    async with door.get("/mvp/api/items/live") as response:
        assert response.headers["X-Accel-Buffering"] == "no"
        assert await response.content.readuntil(b"\n\n") == b"data: 1\n\n"
        upstream.go_on.set()
        assert await response.content.readuntil(b"\n\n") == b"data: 2\n\n"


async def test_answer_when_it_goes_silent_then_the_client_sees_that_it_is_not_whole(
    door: aiohttp.ClientSession, upstream: Upstream
) -> None:
    assert upstream
    async with door.get("/mvp/api/items/live") as response:
        with pytest.raises(aiohttp.ClientPayloadError):
            await response.read()


async def test_answer_when_the_service_breaks_off_then_the_client_sees_that_it_is_not_whole(
    door: aiohttp.ClientSession, upstream: Upstream
) -> None:
    assert upstream
    async with door.get("/mvp/api/items/broken") as response:
        with pytest.raises(aiohttp.ClientPayloadError):
            await response.read()


async def test_service_when_it_never_answers_then_504(door: aiohttp.ClientSession, upstream: Upstream) -> None:
    async with door.get("/mvp/api/items/waits") as response:
        assert (response.status, (await response.json(content_type=None))["code"]) == (504, "upstream_timeout")
    await until(upstream.left.is_set, what="the service to be told")


async def test_upload_when_the_client_goes_silent_then_408(
    door: aiohttp.ClientSession, upstream: Upstream, quick: GatewaySettings, headers: dict[str, str]
) -> None:
    assert upstream
    assert door
    head = f"POST /mvp/api/batches HTTP/1.1\r\nHost: x\r\nAuthorization: {headers['Authorization']}\r\n"
    reply = await exchange(quick.port, f"{head}Content-Length: 10\r\nConnection: close\r\n\r\nhalf".encode())
    assert reply.status == 408


async def test_upload_when_it_is_large_then_memory_stays_as_it_was(
    config: GatewaySettings, headers: dict[str, str], upstream: Upstream, quick: GatewaySettings
) -> None:
    assert upstream
    port = free_ports(1)[0]
    values = quick.model_copy(update={"port": port, "first_byte_seconds": 30.0, "idle_seconds": 30.0})
    environment = {
        **os.environ,
        "OFFCUT_GATEWAY_PORT": str(port),
        "OFFCUT_GATEWAY_WORKER_PORT": "0",
        "OFFCUT_GATEWAY_DATABASE_URL": values.database_url,
        "OFFCUT_GATEWAY_UPSTREAM_PORTS": f'{{"ingestion": {list(values.upstream_ports["ingestion"])}}}',
        "OFFCUT_REDIS_URL": values.redis_url,
        "OFFCUT_PUBLIC_KEY": values.public_key,
        "OFFCUT_PRIVATE_KEY": values.private_key,
        "OFFCUT_REFRESH_KEY": values.refresh_key,
        "OFFCUT_CURSOR_KEY": values.cursor_key,
    }
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "gateway.main", env=environment)
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}", headers=headers) as session:
            await until(lambda: _listens(port), deadline_s=20, what="the gateway")
            assert await _upload(session, 1) == 1 << 20
            before = _peak_kib(process.pid)
            assert await _upload(session, 64) == 64 << 20
            assert _peak_kib(process.pid) - before < 4096
    finally:
        process.terminate()
        await process.wait()


async def _upload(session: aiohttp.ClientSession, mebibytes: int) -> int:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(mebibytes * 16):
            yield CHUNK

    async with session.post("/mvp/api/batches", data=chunks()) as response:
        assert response.status == 200, await response.text()
        return (await response.json())["taken"]


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionRefusedError:
        return False
    writer.close()
    return True


def _peak_kib(pid: int) -> int:
    with open(f"/proc/{pid}/status", encoding="utf-8") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))
