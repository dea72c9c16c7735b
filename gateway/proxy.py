"""The way to the services: streams both directions, tries again only what is safe, never mixes up two requests."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping
from itertools import cycle

import aiohttp
from starlette.requests import Request
from starlette.types import Receive, Scope, Send
from yarl import URL

from gateway import headers as rules
from gateway.routes import UPLOADS, Target
from gateway.settings import GatewaySettings
from shared import trace
from shared.problems import AppError, BadRequest, TooLarge, Unavailable, problem

LOG = logging.getLogger("proxy")
RETRY_PAUSE_SECONDS = 0.1
WORKER_SECONDS = 5.0  # one that is stopped must not hold up what is asked of all
REPEATABLE = frozenset({"GET", "HEAD"})


class UpstreamTimeout(AppError):
    status, slug, title = 504, "upstream_timeout", "The service took too long"


class UpstreamBroken(AppError):
    status, slug, title = 502, "upstream_error", "The service broke off"


class _Refused(Exception):
    """Nothing was sent: any method may be tried again."""


class Proxy:
    """One HTTP client for all services; aiohttp's, because it costs a seventh of httpx's per request."""

    def __init__(self, settings: GatewaySettings) -> None:
        self._settings = settings
        self._upstreams = {
            service: cycle([f"http://{settings.upstream_host}:{port}" for port in ports])
            for service, ports in settings.upstream_ports.items()
        }
        self._client: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        self._client = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=30),
            timeout=aiohttp.ClientTimeout(
                total=None,
                sock_connect=self._settings.connect_seconds,
                sock_read=self._settings.first_byte_seconds,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
        )

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()

    async def forward(
        self, target: Target, scope: Scope, receive: Receive, send: Send, *, authorization: str | None = None
    ) -> None:
        """Answer one request from a service, or with a problem that says what is wrong."""
        state = _Sent(send)
        try:
            await self._forward(target, scope, receive, state, authorization)
        except AppError as error:
            if state.started:
                raise
            await problem(Request(scope), error)(scope, receive, send)

    async def _forward(
        self, target: Target, scope: Scope, receive: Receive, state: "_Sent", authorization: str | None
    ) -> None:
        incoming: rules.Headers = scope["headers"]
        try:
            rules.check(incoming)
        except rules.BadFraming as error:
            raise BadRequest(str(error)) from None
        limit = self._settings.upload_bytes_max if target.segment in UPLOADS else self._settings.body_bytes_max
        length = next((int(value) for name, value in incoming if name == b"content-length"), None)
        if length is not None and length > limit:
            raise TooLarge(f"At most {limit} bytes are taken here; send less.")
        has_body = bool(length) or any(name == b"transfer-encoding" for name, _ in incoming)
        body = _Body(receive, limit) if has_body else None
        outgoing = rules.to_service(incoming, request_id=trace.current().correlation_id, authorization=authorization)
        if length and body is not None:
            outgoing.append(("content-length", str(length)))
        repeatable = scope["method"] in REPEATABLE or any(name == b"idempotency-key" for name, _ in incoming)
        await self._attempts(target, scope, state, outgoing, body, repeatable=repeatable and body is None)

    async def _attempts(
        self,
        target: Target,
        scope: Scope,
        state: "_Sent",
        outgoing: list[tuple[str, str]],
        body: "_Body | None",
        *,
        repeatable: bool,
    ) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._settings.boot_wait_seconds
        broken = 0
        while True:
            try:
                await self._once(target, scope, state, outgoing, body)
                return
            except _Refused:
                if loop.time() > deadline:
                    raise Unavailable(f"The {target.service} service is down; try again shortly.") from None
                await asyncio.sleep(RETRY_PAUSE_SECONDS)
            except (aiohttp.ServerTimeoutError, TimeoutError):
                raise UpstreamTimeout(
                    f"The {target.service} service did not answer in time; see what it did before you repeat this."
                ) from None
            except (aiohttp.ClientError, ConnectionError) as error:
                if body is not None and body.refused is not None:
                    raise body.refused from None
                broken += 1
                if state.started or not repeatable or broken > 2:
                    LOG.warning("upstream broke off", extra={"service": target.service, "cause": repr(error)})
                    raise UpstreamBroken(
                        f"The {target.service} service broke off; see what it did before you repeat this."
                    ) from None

    async def _once(
        self, target: Target, scope: Scope, state: "_Sent", outgoing: list[tuple[str, str]], body: "_Body | None"
    ) -> None:
        if self._client is None:
            raise Unavailable("The gateway is starting; try again.")
        raw: bytes = scope["raw_path"]
        query: bytes = scope["query_string"]
        address = next(self._upstreams[target.service]) + raw.decode("latin-1")
        if query:
            address += "?" + query.decode("latin-1")
        try:
            response = await self._client.request(
                scope["method"],
                URL(address, encoded=True),
                headers=outgoing,
                data=body.chunks() if body is not None else None,
                allow_redirects=False,
                skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
            )
        except aiohttp.ClientConnectorError:
            raise _Refused from None
        async with response:
            await state.start(response.status, rules.to_client(response.raw_headers))
            async for chunk in response.content.iter_any():
                await state.more(chunk)
            await state.end()

    async def call(
        self,
        service: str,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> tuple[int, bytes]:
        """Status and body of one request to its API; raises ``Unavailable`` when the service does not answer."""
        return await self._ask(service, method, next(self._upstreams[service]) + path, headers=headers, body=body)

    async def ask_worker(
        self, service: str, method: str, path: str, *, headers: Mapping[str, str] | None = None
    ) -> tuple[int, bytes]:
        """The same of a service's worker: health and dead letters."""
        address = f"http://{self._settings.upstream_host}:{self._settings.worker_ports[service]}{path}"
        return await self._ask(f"{service} worker", method, address, headers=headers, seconds=WORKER_SECONDS)

    async def _ask(
        self,
        name: str,
        method: str,
        address: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        seconds: float | None = None,
    ) -> tuple[int, bytes]:
        if self._client is None:
            raise Unavailable("The gateway is starting; try again.")
        timeout = aiohttp.ClientTimeout(total=seconds) if seconds else self._client.timeout
        try:
            async with self._client.request(method, address, headers=headers, data=body, timeout=timeout) as response:
                return response.status, await response.read()
        except (aiohttp.ClientError, TimeoutError):
            raise Unavailable(f"The {name} is down; try again shortly.") from None


class _Sent:
    """What has gone to the client so far."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.started = False

    async def start(self, status: int, headers: rules.Headers) -> None:
        self.started = True
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    async def more(self, chunk: bytes) -> None:
        await self._send({"type": "http.response.body", "body": chunk, "more_body": True})

    async def end(self) -> None:
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})


class _Body:
    """The client's body, chunk by chunk, never more than the limit."""

    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive = receive
        self._limit = limit
        self._taken = 0
        self.refused: AppError | None = None  # the client library hides what its body raised

    async def chunks(self) -> AsyncGenerator[bytes]:
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                self.refused = BadRequest("The request ended before its body did; send it again.")
                raise self.refused
            chunk: bytes = message.get("body", b"")
            self._taken += len(chunk)
            if self._taken > self._limit:
                self.refused = TooLarge(f"At most {self._limit} bytes are taken here; send less.")
                raise self.refused
            if chunk:
                yield chunk
            if not message.get("more_body", False):
                return
