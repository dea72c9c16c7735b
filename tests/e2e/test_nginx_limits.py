"""What nginx refuses and slows down by itself, and how it says so; the gateway behind it is that of ``test_nginx``."""

import asyncio
import socket
import ssl
import warnings
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import aiohttp
import orjson
import pytest
import pytest_asyncio

from shared.explanations import EXPLANATIONS
from tests.e2e.test_nginx import GATEWAY, PROTECTING, raw_answer
from tests.support.nginx import Nginx, running_nginx
from tests.support.ports import free_ports
from tests.support.servers import serving

pytestmark = pytest.mark.nginx


@pytest_asyncio.fixture(scope="module", loop_scope="session", name="nginx")
async def an_nginx() -> AsyncIterator[Nginx]:
    [gateway] = free_ports(1)
    async with serving(GATEWAY, gateway):
        with running_nginx((gateway,)) as nginx:
            yield nginx


OWN_ANSWERS = {
    404: "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n",
    405: "TRACE /mvp/api/items HTTP/1.1\r\nHost: localhost\r\n\r\n",
    400: "GET /mvp/api/items HTTP/1.1\r\n\r\n",
    413: f"POST /mvp/api/items HTTP/1.1\r\nHost: localhost\r\nContent-Length: {2 << 20}\r\n\r\n",
    431: f"GET /mvp/api/items HTTP/1.1\r\nHost: localhost\r\nCookie: {'c' * 9000}\r\n\r\n",
}


@pytest.mark.parametrize("status", OWN_ANSWERS)
async def test_what_nginx_answers_itself_is_a_problem_with_every_header_once(nginx: Nginx, status: int) -> None:
    raw = await raw_answer(nginx, OWN_ANSWERS[status].replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"))
    head, _, body = raw.partition(b"\r\n\r\n")
    assert head.split()[1] == str(status).encode()
    said = [line.partition(b":")[0].lower() for line in head.split(b"\r\n")[1:]]
    for name in PROTECTING:
        assert said.count(name.lower().encode()) == 1, name
    problem = orjson.loads(body)
    explained = EXPLANATIONS[problem["code"]]
    assert (problem["status"], problem["title"]) == (explained.status, explained.title) == (status, explained.title)
    assert f"X-Request-Id: {problem['trace_id']}".encode() in head


@pytest.mark.parametrize(
    ("version", "ciphers"),
    [
        (ssl.TLSVersion.TLSv1_1, "ALL:@SECLEVEL=0"),
        (ssl.TLSVersion.TLSv1_2, "AES128-GCM-SHA256"),  # no forward secrecy
        (ssl.TLSVersion.TLSv1_2, "ECDHE-ECDSA-AES128-SHA256"),  # not authenticated encryption
    ],
    ids=["TLS 1.1", "RSA key exchange", "CBC"],
)
async def test_encryption_that_is_not_of_today_is_refused(nginx: Nginx, version: ssl.TLSVersion, ciphers: str) -> None:
    context = nginx.trust
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = version
    context.set_ciphers(ciphers)
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await asyncio.open_connection("localhost", nginx.site.https, ssl=context)


KNOCKS = [
    "POST /mvp/api/auth/login", "POST /mvp/api/auth/login/", "POST /mvp/api/auth/refresh",
    "POST /mvp/api/auth/password-resets", "PUT /mvp/api/auth/password-resets/token", "POST /mvp/api/registrations",
    "POST /mvp/api/invitations/token/acceptances", "POST /mvp/app/sign-in", "POST /mvp/admin/sign-in",
    "POST /mvp/app/invitations/token", "POST /mvp/app/password-resets/token",
]  # fmt: skip


@pytest.mark.parametrize("knock", KNOCKS)
async def test_knocking_at_doors_open_to_all_is_slowed_down_for_that_address_only(nginx: Nginx, knock: str) -> None:
    method, path = knock.split()
    guesser = f"127.0.1.{KNOCKS.index(knock) + 1}"
    guessed = await statuses(nginx, guesser, method, path, 60)
    assert guessed.count(200) >= nginx.site.sign_in_burst
    assert guessed.count(429) >= 20
    assert set(await statuses(nginx, guesser, "GET", path, 30)) == {200}
    assert set(await statuses(nginx, guesser, "POST", "/mvp/api/items", 30)) == {200}
    assert set(await statuses(nginx, f"127.0.2.{KNOCKS.index(knock) + 1}", method, path, 10)) == {200}


async def statuses(nginx: Nginx, source: str, method: str, path: str, count: int) -> list[int]:
    """What so many requests at once are answered, from one address."""
    async with client_at(nginx, source) as session:

        async def one() -> int:
            async with session.request(method, path) as answer:
                return answer.status

        return await asyncio.gather(*(one() for _ in range(count)))


def client_at(nginx: Nginx, source: str) -> aiohttp.ClientSession:
    connector = aiohttp.TCPConnector(ssl=nginx.trust, local_addr=(source, 0), family=socket.AF_INET, limit=0)
    return aiohttp.ClientSession(nginx.address, connector=connector)


async def test_connections_of_one_address_leave_room_for_others() -> None:
    gateway = free_ports(1)[0]
    async with serving(GATEWAY, gateway):
        with running_nginx((gateway,), connections_per_address=4) as nginx:
            async with AsyncExitStack() as stack:
                greedy = await stack.enter_async_context(client_at(nginx, "127.0.3.1"))
                waits = "/mvp/api/waits"
                for _ in range(4):
                    answer = await stack.enter_async_context(greedy.get(waits))
                    assert answer.status == 200
                async with greedy.get("/mvp/api/items") as answer:
                    assert (answer.status, answer.content_type) == (429, "application/problem+json")
                assert await statuses(nginx, "127.0.3.2", "GET", "/mvp/api/items", 3) == [200, 200, 200]
