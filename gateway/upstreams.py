"""One HTTP client for all services: takes the next port when one is closed, waits while a service starts."""

import asyncio
import logging
import time
from collections.abc import AsyncIterable, Mapping, Sequence
from dataclasses import dataclass

import aiohttp
from yarl import URL

from gateway.errors import UpstreamBroken, UpstreamTimeout
from gateway.settings import GatewaySettings
from shared.problems import Unavailable

LOG = logging.getLogger("proxy")
RETRY_PAUSE_SECONDS = 0.1
BROKEN_MAX = 2  # a repeatable request is sent so often again after a connection broke
NOT_MADE_UP = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request for a service. ``path`` is sent byte for byte; ``repeatable`` means that sending it twice is safe."""

    method: str
    path: str
    headers: Sequence[tuple[str, str]]
    body: bytes | AsyncIterable[bytes] | None
    repeatable: bool


class Upstreams:
    """The ports of every service. aiohttp's client, because it costs a seventh of httpx's per request."""

    def __init__(self, settings: GatewaySettings) -> None:
        self._settings = settings
        host = settings.upstream_host
        self._ports = {name: _Ports(host, ports) for name, ports in settings.upstream_ports.items()}
        self._kept: aiohttp.ClientSession | None = None
        self._fresh: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        # Connections are kept shorter than the services keep them, so that they seldom close one that we are taking.
        self._kept = self._session(aiohttp.TCPConnector(limit=0, keepalive_timeout=30))
        self._fresh = self._session(aiohttp.TCPConnector(limit=0, force_close=True))

    def _session(self, connector: aiohttp.TCPConnector) -> aiohttp.ClientSession:
        session = aiohttp.ClientSession(
            connector=connector,
            timeout=aiohttp.ClientTimeout(
                total=None,
                sock_connect=self._settings.connect_seconds,
                sock_read=self._settings.first_byte_seconds,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            skip_auto_headers=NOT_MADE_UP,
        )
        # Its own second try takes PUT and DELETE for harmless, and sends a body that has been used up.
        session._retry_connection = False  # pyright: ignore[reportPrivateUsage] – no public switch
        return session

    async def close(self) -> None:
        for session in (self._kept, self._fresh):
            if session is not None:
                await session.close()

    async def ask(self, service: str, request: Outgoing, *, patient: bool = True) -> aiohttp.ClientResponse:
        """Send until somebody answers; the answer's body is not read yet.

        A closed port means that nothing was sent: the next one is taken at once, whatever the method, and all of them
        again until a start would be over (``patient``). A connection that broke is tried again only for a request
        that may be repeated; any other is sent on a new connection, which cannot have been closed in the meantime.
        """
        if self._kept is None or self._fresh is None:
            raise Unavailable("The gateway is starting; try again.")
        ports = self._ports[service]
        broken = 0
        while True:
            for address in ports.in_turn():
                session = self._kept if request.repeatable and not broken else self._fresh
                try:
                    answer = await session.request(
                        request.method,
                        URL(address + request.path, encoded=True),
                        headers=request.headers,
                        data=request.body,
                        allow_redirects=False,
                    )
                except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
                    continue
                except (aiohttp.ServerTimeoutError, TimeoutError):
                    raise UpstreamTimeout(
                        f"The {service} service did not answer in time; see what it did before you repeat this."
                    ) from None
                except (aiohttp.ClientError, ConnectionError) as error:
                    broken += 1
                    if not request.repeatable or broken > BROKEN_MAX:
                        LOG.warning("upstream broke off", extra={"upstream": service, "cause": repr(error)})
                        raise UpstreamBroken(
                            f"The {service} service broke off; see what it did before you repeat this."
                        ) from error
                else:
                    ports.answered()
                    return answer
            if not patient or ports.down_too_long(self._settings.boot_wait_seconds):
                raise Unavailable(f"The {service} service is down; try again shortly.")
            await asyncio.sleep(RETRY_PAUSE_SECONDS)

    async def call(self, service: str, request: Outgoing, *, patient: bool = True) -> tuple[int, bytes]:
        """Status and body of one small answer, for the gateway's own use; raises ``Unavailable`` if there is none."""
        try:
            async with await self.ask(service, request, patient=patient) as answer:
                return answer.status, await answer.read()
        except (aiohttp.ClientError, TimeoutError, UpstreamBroken, UpstreamTimeout):
            raise Unavailable(f"The {service} service is down; try again shortly.") from None

    async def ask_at(
        self, name: str, method: str, address: str, *, headers: Mapping[str, str], seconds: float
    ) -> tuple[int, bytes]:
        """One small answer from one address, within ``seconds``; raises ``Unavailable`` if there is none."""
        if self._fresh is None:
            raise Unavailable("The gateway is starting; try again.")
        timeout = aiohttp.ClientTimeout(total=seconds)
        try:
            async with self._fresh.request(method, address, headers=headers, timeout=timeout) as answer:
                return answer.status, await answer.read()
        except (aiohttp.ClientError, TimeoutError):
            raise Unavailable(f"The {name} is down; try again shortly.") from None


class _Ports:
    """The instances of one service, and since when none of them takes a connection."""

    def __init__(self, host: str, ports: Sequence[int]) -> None:
        self._addresses = [f"http://{host}:{port}" for port in ports]
        self._next = 0
        self._refused_since: float | None = None
        self._refused_last = 0.0

    def in_turn(self) -> list[str]:
        """Each instance once, beginning with another one each time."""
        first = self._next = (self._next + 1) % len(self._addresses)
        return self._addresses[first:] + self._addresses[:first]

    def answered(self) -> None:
        self._refused_since = None

    def down_too_long(self, patience_seconds: float) -> bool:
        """Note that all were refused. A service that stays down is not waited for again by each new request."""
        now = time.monotonic()
        if self._refused_since is None or now - self._refused_last > patience_seconds:
            self._refused_since = now
        self._refused_last = now
        return now - self._refused_since >= patience_seconds
