"""nginx with our configuration: what it adds, refuses, and passes on as it is."""

import asyncio
import io
import re
from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from tests.support.disk import small_disk
from tests.support.nginx import Nginx, running_nginx
from tests.support.ports import free_ports
from tests.support.servers import serving

pytestmark = pytest.mark.nginx
GO_ON = asyncio.Event()
PROTECTING = ("Strict-Transport-Security", "X-Content-Type-Options", "Referrer-Policy", "Content-Security-Policy",
              "X-Request-Id", "Cache-Control")  # fmt: skip
OWN_CSP = "default-src 'self'"


async def echo(request: Request) -> Response:
    length = 0
    async for chunk in request.stream():
        length += len(chunk)
    said = {"path": request.scope["raw_path"].decode(), "length": length, "headers": dict(request.headers)}
    return JSONResponse(said)


async def page(_: Request) -> Response:
    return HTMLResponse("a page", headers={"Content-Security-Policy": OWN_CSP, "X-Content-Type-Options": "nosniff"})


async def waits(_: Request) -> Response:
    async def nothing() -> AsyncIterator[bytes]:
        yield b": begun\n\n"
        await asyncio.Event().wait()  # until the client leaves

    return StreamingResponse(nothing(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


async def live(_: Request) -> Response:
    async def events() -> AsyncIterator[bytes]:
        yield b"data: 1\n\n"
        await GO_ON.wait()
        yield b"data: 2\n\n"

    return StreamingResponse(events(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


GATEWAY = Starlette(
    routes=[
        Route("/mvp/api/events", live),
        Route("/mvp/api/waits", waits),
        Route("/mvp/app/", page),
        Route("/{rest:path}", echo, methods=["GET", "POST", "PUT", "DELETE"]),
    ]
)


@pytest_asyncio.fixture(scope="module", loop_scope="session", name="nginx")
async def an_nginx() -> AsyncIterator[Nginx]:
    """In front of a gateway of which only the second instance runs."""
    first, second = free_ports(2)
    async with serving(GATEWAY, second):
        with running_nginx((first, second)) as nginx:
            yield nginx


@pytest_asyncio.fixture(scope="module", loop_scope="session", name="client")
async def a_client(nginx: Nginx) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(nginx.address, connector=aiohttp.TCPConnector(ssl=nginx.trust)) as session:
        yield session


@pytest.mark.parametrize(
    ("path", "leads_to"),
    [
        ("/", "/mvp/"),
        ("/mvp", "/mvp/api/docs/"),
        ("/mvp/", "/mvp/api/docs/"),
        ("/mvp/app", "/mvp/app/"),
        ("/mvp/admin", "/mvp/admin/"),
    ],
)
async def test_front_page_leads_on(client: aiohttp.ClientSession, path: str, leads_to: str) -> None:
    async with client.get(path, allow_redirects=False) as answer:
        assert answer.status == 302
        assert answer.headers["Location"].endswith(leads_to)


async def test_plain_http_leads_to_https_of_our_own_name(nginx: Nginx) -> None:
    plain = f"http://127.0.0.1:{nginx.site.http}/mvp/api/items?a=1"
    async with (
        aiohttp.ClientSession() as session,
        session.get(plain, headers={"Host": "evil.example"}, allow_redirects=False) as answer,
    ):
        assert (answer.status, answer.headers["Location"]) == (308, f"{nginx.address}/mvp/api/items?a=1")


@pytest.mark.parametrize(
    "path",
    ["/mvp/api/items", "/mvp/admin/organizations", "/mvp/app/lots/1", "/mvp/api/batches", "/.well-known/jwks.json"],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_our_addresses_reach_the_gateway_that_runs(client: aiohttp.ClientSession, path: str, method: str) -> None:
    async with client.request(method, path) as answer:
        assert (answer.status, (await answer.json())["path"]) == (200, path)


@pytest.mark.parametrize("path", ["/metrics", "/health/ready", "/internal/openapi.json", "/mvpx", "/.git/config"])
async def test_nothing_else_reaches_it(client: aiohttp.ClientSession, path: str) -> None:
    async with client.get(path) as answer:
        assert answer.status == 404
        assert answer.content_type == "application/problem+json"


async def test_headers_protect_every_answer_and_none_is_said_twice(client: aiohttp.ClientSession) -> None:
    for path, policy in (("/mvp/api/items", "default-src 'none'; frame-ancestors 'none'"), ("/mvp/app/", OWN_CSP)):
        async with client.get(path) as answer:
            assert answer.headers.getall("Content-Security-Policy") == [policy]
            assert answer.headers.getall("X-Content-Type-Options") == ["nosniff"]
            assert answer.headers.getall("Referrer-Policy") == ["strict-origin-when-cross-origin"]
            assert answer.headers.getall("Strict-Transport-Security") == ["max-age=31536000"]
            assert answer.headers["Server"] == "nginx"


async def test_gateway_hears_whence_a_request_came_and_no_lies(client: aiohttp.ClientSession) -> None:
    lies = {"X-Forwarded-For": "6.6.6.6", "X_Role": "admin", "X-Request-ID": "abcdefgh-1", "Connection": "close",
            "Forwarded": "for=6.6.6.6", "X-Real-IP": "6.6.6.6", "X-Forwarded-Host": "evil.example"}  # fmt: skip
    async with client.get("/mvp/api/items", headers=lies) as answer:
        heard = (await answer.json())["headers"]
    assert heard["x-forwarded-for"] == "127.0.0.1"
    assert heard["x-request-id"] == "abcdefgh-1"
    assert heard["host"] == "localhost"
    assert not {"x_role", "forwarded", "x-real-ip", "x-forwarded-host", "x-forwarded-port"} & set(heard)
    assert heard["x-forwarded-proto"] == "https"


async def test_plain_http_to_the_port_of_https_is_led_there(nginx: Nginx) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", nginx.site.https)
    writer.write(b"GET /mvp/api/items HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    async with asyncio.timeout(5):
        head = (await reader.read()).partition(b"\r\n\r\n")[0]
    writer.close()
    assert head.startswith(b"HTTP/1.1 308 ")
    assert f"Location: {nginx.address}/mvp/api/items".encode() in head


async def test_path_is_passed_on_byte_for_byte(nginx: Nginx) -> None:
    for path in ("/mvp/api/items%2f1", "/mvp/api//items/%69", "/mvp/api/a/../items"):
        raw = await raw_answer(nginx, f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert f'"path":"{path}"'.encode() in raw


@pytest.mark.parametrize(
    "framing",
    [
        "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "Content-Length: 0\r\nContent-Length: 5\r\n\r\nGET /",
        "Content-Length: +3\r\n\r\nabc",
        "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "Host: other\r\n\r\n",
    ],
)
async def test_framing_that_could_be_read_in_two_ways_is_refused(nginx: Nginx, framing: str) -> None:
    raw = await raw_answer(nginx, f"POST /mvp/api/items HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{framing}")
    assert raw.split()[1] in (b"400", b"501")


async def test_body_over_the_limit_is_refused_as_a_problem_and_a_list_is_not(client: aiohttp.ClientSession) -> None:
    body = b"x" * ((1 << 20) + 1)
    async with client.post("/mvp/api/items", data=io.BytesIO(body)) as answer:
        assert (answer.status, answer.content_type) == (413, "application/problem+json")
    async with client.post("/mvp/api/batches", data=io.BytesIO(body)) as answer:
        assert (await answer.json())["length"] == len(body)


@pytest.mark.mounts
async def test_body_that_finds_no_room_on_its_way_is_refused_as_a_problem(
    client: aiohttp.ClientSession, nginx: Nginx
) -> None:
    body = b"x" * (512 << 10)
    with small_disk(nginx.site.state / "body", size=64 << 10):
        async with client.post("/mvp/api/batches", data=io.BytesIO(body)) as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (503, "60")
            assert (await answer.json(content_type="application/problem+json"))["code"] == "no_room"
        async with client.post("/mvp/api/batches", data=b"small") as answer:
            assert (await answer.json())["length"] == len(b"small")
    async with client.post("/mvp/api/batches", data=io.BytesIO(body)) as answer:
        assert (await answer.json())["length"] == len(body)


async def test_live_stream_comes_part_by_part(client: aiohttp.ClientSession) -> None:
    async with client.get("/mvp/api/events") as answer:
        async with asyncio.timeout(1):
            assert await answer.content.readuntil(b"\n\n") == b"data: 1\n\n"
        GO_ON.set()
        async with asyncio.timeout(1):
            assert await answer.content.readuntil(b"\n\n") == b"data: 2\n\n"


async def test_gateway_that_is_away_is_said_so_as_a_problem() -> None:
    with running_nginx((free_ports(1)[0],)) as nginx:
        connector = aiohttp.TCPConnector(ssl=nginx.trust)
        async with (
            aiohttp.ClientSession(connector=connector) as session,
            session.post(f"{nginx.address}/mvp/api/items") as answer,
        ):
            assert (answer.status, answer.headers.getall("Retry-After")) == (503, ["2"])
            assert answer.content_type == "application/problem+json"
            assert all(len(answer.headers.getall(name)) == 1 for name in PROTECTING)


async def test_front_end_is_shown_from_its_folder_and_nothing_beside_it() -> None:
    with running_nginx((free_ports(1)[0],)) as nginx:
        folder = nginx.site.state.parent / "built"
        folder.mkdir()
        (folder / "index.html").write_text("the front end")
        (folder / "main.js").write_text("1")
        with running_nginx((free_ports(1)[0],), pages=folder) as shown:
            connector = aiohttp.TCPConnector(ssl=shown.trust)
            async with aiohttp.ClientSession(shown.address, connector=connector) as session:
                for path, text in (("", "the front end"), ("lots/1", "the front end"), ("main.js", "1")):
                    async with session.get(f"/mvp/app/{path}") as answer:
                        assert (answer.status, await answer.text()) == (200, text)
                        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
            for path in (
                "/mvp/app/../key.pem",
                "/mvp/app/%2e%2e/key.pem",
                "/mvp/app../key.pem",
                "/mvp/app/..%2fkey.pem",
            ):
                raw = await raw_answer(shown, f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                assert b"PRIVATE KEY" not in raw


async def raw_answer(nginx: Nginx, sent: str) -> bytes:
    """Head and body of the answer to these very bytes."""
    reader, writer = await asyncio.open_connection("localhost", nginx.site.https, ssl=nginx.trust)
    writer.write(sent.encode("latin-1"))
    async with asyncio.timeout(5):
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"\r\nContent-Length: (\d+)", head)
        # Of a body that nginx refused it waits for the rest, so the end of the connection is not waited for.
        raw = head + (await reader.readexactly(int(length[1])) if length else await reader.read())
    writer.close()
    return raw
