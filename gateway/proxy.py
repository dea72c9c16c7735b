"""The way to the services: streams both directions, ends a service's work when the client leaves."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping

import aiohttp
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from gateway import headers as rules
from gateway.errors import RequestTimeout, UpstreamBroken, UpstreamTimeout
from gateway.routes import UPLOADS, Target
from gateway.settings import GatewaySettings
from gateway.upstreams import Outgoing, Upstreams
from shared import trace
from shared.problems import AppError, BadRequest, TooLarge, problem

LOG = logging.getLogger("proxy")
SAFE = frozenset({"GET", "HEAD"})
KEPT_BYTES_MAX = 64 * 1024  # a body of this size is kept, so that a keyed request can be sent again
LOOK_AFTER_SECONDS = 0.2  # most answers come sooner, and are not worth a task that looks for a client who leaves
WORKER_SECONDS = 5.0  # one that is stopped must not hold up what is asked of all


class Proxy:
    """Answers a request from a service; also the gateway's own small calls."""

    def __init__(self, settings: GatewaySettings) -> None:
        self._settings = settings
        self._upstreams = Upstreams(settings)

    async def open(self) -> None:
        await self._upstreams.open()

    async def close(self) -> None:
        await self._upstreams.close()

    async def forward(
        self, target: Target, scope: Scope, receive: Receive, send: Send, *, authorization: str | None = None
    ) -> None:
        """Answer one request from a service, or with a problem that says what is wrong."""
        sent = _Sent(send, silence_seconds=self._settings.idle_seconds)
        try:
            await self._forward(target, scope, receive, sent, authorization)
        except AppError as error:
            if sent.started:
                raise  # the server breaks the connection, and the client sees that the answer is not whole
            await problem(Request(scope), error)(scope, receive, send)

    async def _forward(
        self, target: Target, scope: Scope, receive: Receive, sent: "_Sent", authorization: str | None
    ) -> None:
        incoming: rules.Headers = scope["headers"]
        length = rules.check(incoming, http_version=scope["http_version"])
        limit = self._settings.upload_bytes_max if target.segment in UPLOADS else self._settings.body_bytes_max
        if length is not None and length > limit:
            raise TooLarge(f"At most {limit} bytes are taken here; send less.")
        has_body = bool(length) or rules.value_of(incoming, b"transfer-encoding") is not None
        body = _Body(receive, limit=limit, silence_seconds=self._settings.idle_seconds, ended=not has_body)
        headers = rules.to_service(incoming, request_id=trace.current().correlation_id, authorization=authorization)
        keyed = rules.value_of(incoming, b"idempotency-key") is not None
        kept = None
        if has_body and keyed and length is not None and length <= KEPT_BYTES_MAX:
            kept = await body.whole()
        elif length:
            headers.append(("content-length", str(length)))
        query: bytes = scope["query_string"]
        path = (scope["raw_path"] + b"?" + query if query else scope["raw_path"]).decode("ascii")
        outgoing = Outgoing(
            method=scope["method"],
            path=path,
            headers=headers,
            body=kept if kept is not None else body.chunks() if has_body else None,
            repeatable=(scope["method"] in SAFE or keyed) and (kept is not None or not has_body),
        )
        with _Presence(receive, body):
            await self._answer(target.service, outgoing, body, sent)

    async def _answer(self, service: str, outgoing: Outgoing, body: "_Body", sent: "_Sent") -> None:
        try:
            answer = await self._upstreams.ask(service, outgoing)
        except UpstreamBroken:
            # The client library only says that sending failed; our body knows why.
            raise body.refused or UpstreamBroken(
                f"The {service} service broke off; see what it did before you repeat this."
            ) from None
        async with answer:
            if answer.connection is not None and answer.connection.protocol is not None:
                answer.connection.protocol.read_timeout = self._settings.idle_seconds
            await sent.start(answer.status, rules.to_client(answer.raw_headers, status=answer.status))
            try:
                ended = False
                while not ended:
                    chunk = await answer.content.readany()
                    ended = answer.content.at_eof()
                    await sent.more(chunk, last=ended)
            except aiohttp.ServerTimeoutError:
                raise UpstreamTimeout(f"The {service} service went silent in its answer; ask again.") from None
            except (aiohttp.ClientError, ConnectionError) as error:
                LOG.warning("upstream broke off in its answer", extra={"upstream": service, "cause": repr(error)})
                raise UpstreamBroken(f"The {service} service broke off in its answer; ask again.") from None

    async def call(
        self,
        service: str,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        patient: bool = True,
    ) -> tuple[int, bytes]:
        """Status and body of one request of the gateway's own; raises ``Unavailable`` when nobody answers."""
        given = headers or {}
        keyed = any(name.lower() == "idempotency-key" for name in given)
        request = Outgoing(
            method=method,
            path=path,
            headers=tuple(given.items()),
            body=body,
            repeatable=method in SAFE or keyed,
        )
        return await self._upstreams.call(service, request, patient=patient)

    async def ask_worker(
        self, service: str, method: str, path: str, *, headers: Mapping[str, str] | None = None
    ) -> tuple[int, bytes]:
        """The same of a service's worker: health and dead letters."""
        address = f"http://{self._settings.upstream_host}:{self._settings.worker_ports[service]}{path}"
        return await self._upstreams.ask_at(
            f"{service} worker", method, address, headers=headers or {}, seconds=WORKER_SECONDS
        )


class _Sent:
    """What has gone to the client so far. A client that takes nothing for too long is given up."""

    def __init__(self, send: Send, *, silence_seconds: float) -> None:
        self._send = send
        self._silence = silence_seconds
        self._more = False
        self.started = False

    async def start(self, status: int, headers: rules.Headers) -> None:
        self.started = True
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    async def more(self, chunk: bytes, *, last: bool) -> None:
        message = {"type": "http.response.body", "body": chunk, "more_body": not last}
        if not self._more:  # after the head nothing waits that was not waited for with the head
            self._more = True
            await self._send(message)
            return
        try:
            async with asyncio.timeout(self._silence):
                await self._send(message)
        except TimeoutError:
            raise RequestTimeout(
                f"Nothing of the answer was taken for {self._silence:.0f} seconds; ask again."
            ) from None


class _Body:
    """The client's body, chunk by chunk, never more than the limit."""

    def __init__(self, receive: Receive, *, limit: int, silence_seconds: float, ended: bool) -> None:
        self._receive = receive
        self._limit = limit
        self._silence = silence_seconds
        self._taken = 0
        self.ended = ended
        self.refused: AppError | None = None

    async def chunks(self) -> AsyncGenerator[bytes]:
        while not self.ended:
            chunk = await self._chunk()
            if chunk:
                yield chunk

    async def whole(self) -> bytes:
        return b"".join([chunk async for chunk in self.chunks()])

    async def _chunk(self) -> bytes:
        try:
            async with asyncio.timeout(self._silence):
                message = await self._receive()
        except TimeoutError:
            raise self._refuse(
                RequestTimeout(f"No part of the body came for {self._silence:.0f} seconds; send it again.")
            ) from None
        if message["type"] == "http.disconnect":
            raise self._refuse(BadRequest("The request ended before its body did; send it again."))
        chunk: bytes = message.get("body", b"")
        self._taken += len(chunk)
        if self._taken > self._limit:
            raise self._refuse(TooLarge(f"At most {self._limit} bytes are taken here; send less."))
        self.ended = not message.get("more_body", False)
        return chunk

    def _refuse(self, error: AppError) -> AppError:
        self.refused = error
        return error


class _Presence:
    """Cancels the work inside when the client leaves; leaving the block after that is quiet."""

    def __init__(self, receive: Receive, body: _Body) -> None:
        self._receive = receive
        self._body = body
        self._left = False
        self._look: asyncio.Task[None] | None = None

    def __enter__(self) -> None:
        self._work = asyncio.current_task()
        self._loop = asyncio.get_running_loop()
        self._timer = self._loop.call_later(LOOK_AFTER_SECONDS, self._begin)

    def _begin(self) -> None:
        if self._body.ended:
            self._look = self._loop.create_task(self._until_gone())
        else:  # who reads the body sees that it breaks off
            self._timer = self._loop.call_later(LOOK_AFTER_SECONDS, self._begin)

    async def _until_gone(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        if self._work is not None:
            self._left = True
            self._work.cancel()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        self._timer.cancel()
        if self._look is not None:
            self._look.cancel()
        if self._left and self._work is not None:
            self._work.uncancel()
        return self._left and kind is asyncio.CancelledError
