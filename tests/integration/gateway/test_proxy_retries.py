"""What is sent again, and what is not: a request is lost only when nobody can know whether it was done."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from uuid import uuid4

import aiohttp
import pytest
import pytest_asyncio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from gateway.main import build
from gateway.settings import GatewaySettings
from shared.serve import listening, server_of
from tests.integration.gateway.conftest import bearer, settings_for, signed_in
from tests.support.ports import free_port, free_ports
from tests.support.servers import serving
from tests.support.wait import until

PATIENCE = 10.0  # longer than anything takes on a machine that is busy
TURNS = 500  # of the loop that both ends share: by then the first try was refused
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


async def length(request: Request) -> Response:
    return PlainTextResponse(str(len(await request.body())))


UPSTREAM = Starlette(routes=[Route("/{rest:path}", length, methods=METHODS)])


@pytest_asyncio.fixture(loop_scope="session", name="own")
async def own_settings(config: GatewaySettings) -> GatewaySettings:
    """The same gateway in front of two instances of catalog."""
    port, first, second = free_ports(3)
    keys = config.model_dump(include={"public_key", "private_key"})
    ports = {"catalog": (first, second)}
    return settings_for(config.database_url, **keys, port=port, upstream_ports=ports, boot_wait_seconds=PATIENCE)


@pytest_asyncio.fixture(loop_scope="session", name="door")
async def a_door(client: aiohttp.ClientSession, own: GatewaySettings) -> AsyncIterator[aiohttp.ClientSession]:
    headers = bearer(await signed_in(client, "anna@lindholz.example"))
    async with (
        serving(build(own), own.port),
        aiohttp.ClientSession(f"http://127.0.0.1:{own.port}", headers=headers) as session,
    ):
        yield session


async def ask(door: aiohttp.ClientSession, method: str = "GET", headers: dict[str, str] | None = None) -> int:
    data = b"some body" if method in ("POST", "PUT", "PATCH") else None
    async with door.request(method, "/mvp/api/items", data=data, headers=headers) as response:
        if response.status == 200 and data is not None:
            assert await response.text() == str(len(data))
        return response.status


@pytest.mark.parametrize("method", METHODS)
async def test_port_when_closed_then_the_next_is_taken_at_once(
    door: aiohttp.ClientSession, own: GatewaySettings, method: str
) -> None:
    async with serving(UPSTREAM, own.upstream_ports["catalog"][1]):
        began = time.perf_counter()
        assert [await ask(door, method) for _ in range(4)] == [200] * 4
        assert time.perf_counter() - began < PATIENCE / 2


@pytest.mark.parametrize("method", METHODS)
async def test_service_when_it_is_just_starting_then_the_request_waits_for_it(
    door: aiohttp.ClientSession, own: GatewaySettings, method: str
) -> None:
    asked = asyncio.create_task(ask(door, method))
    for _ in range(TURNS):
        await asyncio.sleep(0)
    assert not asked.done()
    async with serving(UPSTREAM, own.upstream_ports["catalog"][0]):
        assert await asked == 200


async def test_service_when_it_stays_down_then_only_the_first_request_waits(
    own: GatewaySettings, door: aiohttp.ClientSession
) -> None:
    impatient = own.model_copy(update={"port": free_port(), "boot_wait_seconds": 1.0})
    address = f"http://127.0.0.1:{impatient.port}"
    async with (
        serving(build(impatient), impatient.port),
        aiohttp.ClientSession(address, headers=door.headers) as asking,
    ):
        took: list[float] = []
        for _ in range(4):
            began = time.perf_counter()
            async with asking.get("/mvp/api/items") as response:
                assert (response.status, response.headers["Retry-After"]) == (503, "2")
            took.append(time.perf_counter() - began)
    assert took[0] > impatient.boot_wait_seconds
    assert min(took[1:]) < impatient.boot_wait_seconds / 2


class Rude:
    """A service that answers its first request on a connection, and at the second closes it without a word."""

    def __init__(self) -> None:
        self.requests = 0
        self.connections = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        for turn in range(2):
            head = await reader.readuntil(b"\r\n\r\n")
            if b"ontent-" in head or b"hunked" in head:
                await reader.read(100)
            self.requests += 1
            if turn == 0:
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n9")  # of "some body"
        writer.close()


class Mute(Rude):
    """A service that takes each request and closes the connection without an answer."""

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        await reader.readuntil(b"\r\n\r\n")
        self.requests += 1
        writer.close()


@asynccontextmanager
async def listener(
    handle: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[None, None, None]], port: int
) -> AsyncGenerator[None]:
    async def quietly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await handle(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async with await asyncio.start_server(quietly, "127.0.0.1", port):
        yield


async def test_connection_when_the_service_has_dropped_it_then_a_get_is_sent_again(
    door: aiohttp.ClientSession, own: GatewaySettings
) -> None:
    rude = Rude()
    async with listener(rude, own.upstream_ports["catalog"][0]):
        assert [await ask(door) for _ in range(3)] == [200] * 3
    assert rude.requests > 3


async def test_connection_when_others_may_have_dropped_it_then_a_post_takes_a_new_one(
    door: aiohttp.ClientSession, own: GatewaySettings
) -> None:
    rude = Rude()
    async with listener(rude, own.upstream_ports["catalog"][0]):
        assert await ask(door) == 200
        assert [await ask(door, "POST", headers={"X": "y"}) for _ in range(3)] == [200] * 3
    assert (rude.requests, rude.connections) == (4, 4)


@pytest.mark.parametrize(("method", "keyed", "sent"), [
    ("GET", False, 3), ("POST", False, 1), ("PUT", False, 1), ("DELETE", False, 1), ("POST", True, 3),
])  # fmt: skip
async def test_service_when_it_breaks_off_then_only_what_is_safe_is_sent_again(
    door: aiohttp.ClientSession, own: GatewaySettings, method: str, keyed: bool, sent: int
) -> None:
    mute = Mute()
    headers = {"Idempotency-Key": str(uuid4())} if keyed else {}
    async with listener(mute, own.upstream_ports["catalog"][0]):
        assert await ask(door, method, headers=headers) == 502
    assert mute.requests == sent


async def test_server_when_it_is_told_to_stop_under_load_then_no_request_is_lost(
    door: aiohttp.ClientSession, own: GatewaySettings
) -> None:
    """Four times one of two instances ends while requests of all kinds go on; none fails."""
    running = True
    statuses: list[int] = []

    async def keep_asking(method: str) -> None:
        while running:
            statuses.append(await ask(door, method))

    first, second = own.upstream_ports["catalog"]
    async with serving(UPSTREAM, second):
        asking = [asyncio.create_task(keep_asking(method)) for method in (*METHODS, *METHODS)]
        for _ in range(4):
            server = server_of(UPSTREAM)
            task = asyncio.create_task(server.serve(sockets=[listening(first)]))
            enough = len(statuses) + 200
            await until(lambda enough=enough: len(statuses) >= enough, deadline_s=30, what="some load")
            server.should_exit = True
            await task
        running = False
        await asyncio.gather(*asking)
    assert set(statuses) == {200}
