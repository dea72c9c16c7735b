"""Requests that two parsers could read in two ways are refused or harmless, and the gateway goes on."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.settings import GatewaySettings
from tests.integration.gateway.conftest import bearer, signed_in
from tests.support.servers import serving
from tests.support.wires import exchange

SEEN: list[str] = []


async def note(request: Request) -> Response:
    body = await request.body()
    SEEN.append(f"{request.method} {request.scope['raw_path'].decode()} {len(body)}")
    return JSONResponse({"length": len(body), "headers": request.headers.items()})


UPSTREAM = Starlette(routes=[Route("/{rest:path}", note, methods=["GET", "POST", "PUT", "DELETE", "OPTIONS"])])


@pytest_asyncio.fixture(scope="module", loop_scope="session", name="upstream", autouse=True)
async def an_upstream(config: GatewaySettings) -> AsyncIterator[None]:
    async with serving(UPSTREAM, config.upstream_ports["catalog"][0]):
        yield


@pytest_asyncio.fixture(scope="module", loop_scope="session", name="allowed")
async def an_authorization(client: aiohttp.ClientSession) -> str:
    return bearer(await signed_in(client, "anna@lindholz.example"))["Authorization"]


@pytest_asyncio.fixture(autouse=True, loop_scope="session")
async def alive_afterwards(client: aiohttp.ClientSession, allowed: str) -> AsyncIterator[None]:
    SEEN.clear()
    yield
    async with client.get("/mvp/api/items/alive", headers={"Authorization": allowed}) as response:
        assert response.status == 200


HEAD = "POST /mvp/api/items HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\nConnection: close\r\n"
SECOND = "GET /mvp/api/items/smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
REFUSED = {
    "content-length and chunked": "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SECOND,
    "chunked and content-length": "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n" + SECOND,
    "chunked by another name": "Transfer-Encoding: xchunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n" + SECOND,
    "chunked not last": "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + SECOND,
    "chunked twice": "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SECOND,
    "compressed transfer": "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" + SECOND,
    "same length twice": "Content-Length: 0\r\nContent-Length: 0\r\n\r\n" + SECOND,
    "two lengths": "Content-Length: 0\r\nContent-Length: 51\r\n\r\n" + SECOND,
    "list of lengths": "Content-Length: 0, 0\r\n\r\n" + SECOND,
    "length with plus": "Content-Length: +3\r\n\r\nabc" + SECOND,
    "negative length": "Content-Length: -1\r\n\r\n" + SECOND,
    "length in hex": "Content-Length: 0x3\r\n\r\nabc" + SECOND,
    "endless length": "Content-Length: 99999999999999999999999\r\n\r\n",
    "space before colon": "Content-Length : 3\r\n\r\nabc" + SECOND,
    "folded header": "X-Note: a\r\n b\r\n\r\n" + SECOND,
    "folded length": "Content-Length:\r\n 3\r\n\r\nabc" + SECOND,
    "bare LF": "X-Note: a\nX-Role: admin\r\n\r\n" + SECOND,
    "bare CR": "X-Note: a\rX-Role: admin\r\n\r\n" + SECOND,
    "NUL in a value": "X-Note: a\0b\r\n\r\n" + SECOND,
    "NUL in a name": "X-\0Note: a\r\n\r\n" + SECOND,
    "no name": ": a\r\n\r\n" + SECOND,
    "two hosts": "Host: y\r\n\r\n" + SECOND,
    "chunk size with plus": "Transfer-Encoding: chunked\r\n\r\n+3\r\nabc\r\n0\r\n\r\n" + SECOND,
    "chunk longer than said": "Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n" + SECOND,
    "chunk ended by LF": "Transfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n" + SECOND,
}


@pytest.mark.parametrize("rest", REFUSED.values(), ids=REFUSED.keys())
async def test_framing_when_it_could_be_read_in_two_ways_then_4xx_and_nothing_more_is_read(
    config: GatewaySettings, allowed: str, rest: str
) -> None:
    reply = await exchange(config.port, (HEAD.format(token=allowed) + rest).encode("latin-1"))
    assert 400 <= reply.status < 500
    assert b"application/problem+json" in reply.raw
    assert reply.answers == 1
    assert not any("smuggled" in one for one in SEEN)


LINES = {
    "no host": "GET /mvp/api/items HTTP/1.1\r\nConnection: close\r\n",
    "no version": "GET /mvp/api/items\r\n",
    "unknown version": "GET /mvp/api/items HTTP/3.7\r\nHost: x\r\n",
    "unknown method": "GRAB /mvp/api/items HTTP/1.1\r\nHost: x\r\n",
    "not http": "\x16\x03\x01\x02\r\n",
    "space in the path": "GET /mvp/api/items /x HTTP/1.1\r\nHost: x\r\n",
    "latin letter in the path": "GET /mvp/api/items/\xe9 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n",
    "latin letter in the query": "GET /mvp/api/items?q=\xe9 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n",
    "tunnel": "CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: x\r\n",
    "backslash": "GET /mvp/api/items\\..\\auth HTTP/1.1\r\nHost: x\r\nConnection: close\r\n",
    "dots encoded twice": "GET /mvp/api/items/%252fx HTTP/1.1\r\nHost: x\r\nConnection: close\r\n",
    "encoded dots": "GET /mvp/api/items/%2e%2e/auth/me HTTP/1.1\r\nHost: x\r\nConnection: close\r\n",
    "encoded line end": "GET /mvp/api/items/%0d%0aX-Role:admin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n",
}


@pytest.mark.parametrize("line", LINES.values(), ids=LINES.keys())
async def test_request_line_when_it_is_not_plain_then_4xx(config: GatewaySettings, allowed: str, line: str) -> None:
    sent = f"{line}Authorization: {allowed}\r\n\r\n".encode("latin-1")
    reply = await exchange(config.port, sent)
    assert 400 <= reply.status < 500
    assert SEEN == []


async def test_target_when_absolute_then_it_leads_to_our_service_whatever_host_it_names(
    config: GatewaySettings, allowed: str
) -> None:
    sent = f"GET http://evil.example/mvp/api/items/1 HTTP/1.1\r\nHost: x\r\nAuthorization: {allowed}\r\n"
    reply = await exchange(config.port, f"{sent}Connection: close\r\n\r\n".encode())
    assert reply.status == 200
    assert SEEN == ["GET /mvp/api/items/1 0"]
    assert b"evil.example" not in reply.raw


@pytest.mark.parametrize(
    "headers",
    [
        "X-Long: " + "x" * 40_000,
        "X-Long: " + "x" * 100_000,
        "\r\n".join(f"X-{number}: {'x' * 60}" for number in range(1000)),
        "\r\n".join(f"X-{number}: x" for number in range(150)),
    ],
    ids=["one of 40 KB", "one of 100 KB", "many of 64 KB", "many"],
)
async def test_headers_when_too_large_then_431(config: GatewaySettings, allowed: str, headers: str) -> None:
    reply = await exchange(config.port, f"{HEAD.format(token=allowed)}{headers}\r\n\r\n".encode())
    assert reply.status == 431
    assert SEEN == []


async def test_headers_when_they_never_end_then_the_connection_does(config: GatewaySettings) -> None:
    endless = b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X-Long: x\r\n" * 200_000
    assert (await exchange(config.port, endless)).status in (431, 0)


async def test_pipelined_requests_when_both_are_good_then_both_are_answered(
    config: GatewaySettings, allowed: str
) -> None:
    first = f"GET /mvp/api/items/1 HTTP/1.1\r\nHost: x\r\nAuthorization: {allowed}\r\n\r\n"
    last = f"GET /mvp/api/items/2 HTTP/1.1\r\nHost: x\r\nAuthorization: {allowed}\r\nConnection: close\r\n\r\n"
    reply = await exchange(config.port, (first + last).encode())
    assert reply.answers == 2
    assert SEEN == ["GET /mvp/api/items/1 0", "GET /mvp/api/items/2 0"]


LIES = (
    "X-User-Id", "X_User_Id", "X-Actor", "X_ROLE", "x-org-id", "X-Internal-Call", "X-Auth-Request", "X-Remote-User",
    "X-Forwarded-For", "X_Forwarded_For", "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded", "X-Real-IP",
    "X-Original-URL", "X-Rewrite-URL", "Keep-Alive", "TE", "Trailer", "Upgrade", "Proxy-Authorization", "X-Named",
)  # fmt: skip


async def test_headers_when_they_claim_who_or_whence_then_they_do_not_pass(
    config: GatewaySettings, allowed: str
) -> None:
    lies = "".join(f"{name}: lie\r\n" for name in LIES)
    sent = f"GET /mvp/api/items HTTP/1.1\r\nHost: x\r\nAuthorization: {allowed}\r\n{lies}"
    reply = await exchange(config.port, f"{sent}X-Kept: \u00fc\r\nConnection: close, x-named\r\n\r\n".encode())
    assert reply.status == 200
    assert b"lie" not in reply.raw
    assert b'["x-kept",' in reply.raw
    assert reply.raw.lower().count(b"\r\ndate: ") == 1
