"""What passes the gateway, and what does not."""

import asyncio
import io
import re
from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from gateway.settings import GatewaySettings
from tests.integration.gateway.conftest import bearer, signed_in
from tests.support.servers import serving

TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


async def echo(request: Request) -> Response:
    body = await request.body()
    said = {"path": request.scope["raw_path"].decode(), "query": str(request.query_params), "length": len(body)}
    return JSONResponse(said | {"headers": dict(request.headers)}, headers={"Connection": "x-secret", "X-Secret": "1"})


async def slowly(request: Request) -> Response:
    async def numbers() -> AsyncIterator[bytes]:
        for number in range(3):
            yield f"{number}\n".encode()

    return StreamingResponse(numbers(), media_type="text/plain")


UPSTREAM = Starlette(
    routes=[
        Route("/mvp/api/items/stream", slowly),
        Route("/mvp/api/items/{rest:path}", echo, methods=["GET", "POST"]),
        Route("/mvp/api/items", echo, methods=["GET", "POST"]),
    ]
)


@pytest_asyncio.fixture(scope="module", loop_scope="session", name="upstream", autouse=True)
async def an_upstream(config: GatewaySettings) -> AsyncIterator[None]:
    async with serving(UPSTREAM, config.upstream_ports["catalog"][0]):
        yield


@pytest_asyncio.fixture(scope="module", loop_scope="session", name="headers")
async def the_headers(client: aiohttp.ClientSession) -> dict[str, str]:
    return bearer(await signed_in(client, "anna@lindholz.example"))


async def test_proxy_when_identity_headers_are_sent_then_they_do_not_arrive(
    client: aiohttp.ClientSession, headers: dict[str, str]
) -> None:
    lies = {"X-User-Id": "1", "X_Actor": "admin", "X-Forwarded-For": "1.2.3.4", "Forwarded": "for=1", "X-Role": "admin"}
    async with client.get("/mvp/api/items/1/?a=1", headers=headers | lies | {"X-Request-ID": "abcdefgh-1"}) as response:
        body = await response.json()
    assert body["path"] == "/mvp/api/items/1"
    assert body["query"] == "a=1"
    assert body["headers"]["x-request-id"] == "abcdefgh-1" == response.headers["X-Request-ID"]
    assert not {name.lower() for name in lies} & set(body["headers"])
    assert "x-secret" not in response.headers


@pytest.mark.parametrize("given", ["short", "a" * 65, "id with blanks", 'id"quoted"', "id;drop", "jö-jö-jö-jö"])
async def test_request_id_when_it_is_no_plain_word_then_another_is_made_and_told_to_all(
    client: aiohttp.ClientSession, headers: dict[str, str], given: str
) -> None:
    sent = headers | {"X-Request-ID": given, "traceparent": TRACEPARENT}
    async with client.get("/mvp/api/items/1", headers=sent) as response:
        heard = (await response.json())["headers"]
    assert heard["x-request-id"] == response.headers["X-Request-ID"] != given
    assert re.fullmatch(r"[0-9a-f]{32}", heard["x-request-id"])
    assert heard["traceparent"] == TRACEPARENT


async def test_proxy_when_no_token_then_401_without_asking_the_service(client: aiohttp.ClientSession) -> None:
    async with client.get("/mvp/api/items/1") as response:
        body = await response.json(content_type="application/problem+json")
    assert (response.status, body["code"]) == (401, "not_authenticated")
    assert response.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "path",
    ["/mvp/api/items%2f1", "/mvp/api/%69tems/1", "/mvp/api/items/../auth/me", "/mvp/api//items", "/mvp%2fapi/items"],
)
async def test_proxy_when_the_path_could_be_read_in_two_ways_then_400(
    config: GatewaySettings, headers: dict[str, str], path: str
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", config.port)
    token = headers["Authorization"]
    writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\nConnection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    assert answer.split(b"\r\n")[0].split()[1] == b"400"


async def test_proxy_when_body_is_streamed_then_it_arrives_whole(
    client: aiohttp.ClientSession, headers: dict[str, str]
) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(10):
            yield b"x" * 10_000

    async with client.post("/mvp/api/items", headers=headers, data=chunks()) as response:
        assert (await response.json())["length"] == 100_000
    async with client.get("/mvp/api/items/stream", headers=headers) as response:
        assert await response.text() == "0\n1\n2\n"


async def test_proxy_when_body_is_too_large_then_413(
    client: aiohttp.ClientSession, headers: dict[str, str], config: GatewaySettings
) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(config.body_bytes_max // 65_536 + 2):
            yield b"x" * 65_536

    async with client.post(
        "/mvp/api/items", headers=headers, data=io.BytesIO(b"x" * (config.body_bytes_max + 1))
    ) as response:
        assert response.status == 413
    async with client.post("/mvp/api/items", headers=headers, data=endless()) as response:
        assert (response.status, (await response.json(content_type=None))["code"]) == (413, "payload_too_large")


async def test_proxy_when_a_service_is_down_then_503_for_it_and_the_others_go_on(
    client: aiohttp.ClientSession, headers: dict[str, str]
) -> None:
    async with client.get("/mvp/api/batches", headers=headers) as response:
        assert (response.status, response.headers["Retry-After"]) == (503, "2")
    async with client.get("/mvp/api/items", headers=headers) as response:
        assert response.status == 200


async def test_gateway_when_asked_for_its_front_page_then_it_leads_to_the_docs(client: aiohttp.ClientSession) -> None:
    async with client.get("/mvp/") as response:
        assert response.url.path == "/mvp/api/docs/"
        assert "swagger-ui" in await response.text()
    async with client.get("/mvp/api/openapi.json") as response:
        document = await response.json()
    assert "/mvp/api/auth/login" in document["paths"]
    assert document["openapi"].startswith("3.1")


async def test_pages_when_nobody_is_signed_in_then_sign_in_leads_back_to_the_lot(
    client: aiohttp.ClientSession, config: GatewaySettings
) -> None:
    lot = "/mvp/app/lots/0190a6d2-0000-7000-8000-000000000000"
    async with client.get(lot) as response:
        assert response.url.path == "/mvp/app/sign-in"
        assert lot in await response.text()
    form = {"email": "kauf@kartonage.example", "password": "a long password", "next": "https://evil.example/"}
    async with client.post("/mvp/app/sign-in", data=form, allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (303, "/mvp/app/")
        assert all("HttpOnly" in cookie for cookie in response.headers.getall("Set-Cookie"))
