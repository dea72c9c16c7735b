"""HTTP/1.1 at the door of every process: a request's head is bounded in size and time, a refusal is a problem."""

import asyncio
from typing import Any
from uuid import uuid4

import orjson
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

HEAD_BYTES_MAX = 64 * 1024  # the parser itself would collect headers without end
HEAD_SECONDS_MAX = 20.0
HELD_BYTES_MAX = 64 * 1024
NOT_HTTP = "The request is not well-formed HTTP/1.1; send another."


class Gathering(asyncio.Transport):
    """Head and body of an answer leave in one piece: each write is a system call and a packet of its own.

    What is held leaves when the answer ends, when it is much, or else in the next turn of the loop.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._transport = transport
        self._loop = loop
        self._held: list[bytes | bytearray | memoryview] = []
        self._bytes = 0
        self._later: asyncio.Handle | None = None

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if not data:
            return
        self._held.append(data)
        self._bytes += len(data)
        if self._bytes > HELD_BYTES_MAX:
            self.flush()
        elif self._later is None:
            self._later = self._loop.call_soon(self.flush)

    def flush(self) -> None:
        """Hand over what is held."""
        if self._later is not None:
            self._later.cancel()
            self._later = None
        if self._held:
            held, self._held, self._bytes = self._held, [], 0
            if len(held) == 1:
                self._transport.write(held[0])
            else:
                self._transport.writelines(held)

    def close(self) -> None:
        self.flush()
        self._transport.close()

    def abort(self) -> None:
        self._transport.abort()

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def is_reading(self) -> bool:
        return self._transport.is_reading()

    def pause_reading(self) -> None:
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        self._transport.resume_reading()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._transport.get_extra_info(name, default)


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol on llhttp, which refuses ambiguous framing, with the limits that it lacks."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._in_head = True
        self._head_bytes = 0
        self._head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:
        self._gathering = Gathering(transport, self.loop)
        super().connection_made(self._gathering)
        # A connection that never asks for anything ends like one that has nothing more to ask.
        self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, self.timeout_keep_alive_handler)

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_ended()
        self._unset_keepalive_if_required()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if not self._in_head or self.transport.is_closing():
            return
        self._head_bytes += len(data)
        if self._head_bytes > HEAD_BYTES_MAX:
            self._refuse(431, "headers_too_large", f"At most {HEAD_BYTES_MAX} bytes of headers are taken; send less.")
        elif self._head_timer is None:
            self._head_timer = self.loop.call_later(HEAD_SECONDS_MAX, self._head_late)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head = True
        self._head_bytes = 0

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._head_ended()
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        self._gathering.flush()
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        self._refuse(400, "malformed_request", NOT_HTTP)

    def _head_ended(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _head_late(self) -> None:
        if not self.transport.is_closing():
            self._refuse(
                408,
                "request_timeout",
                f"The headers did not come within {HEAD_SECONDS_MAX:.0f} seconds; send them again.",
            )

    def _refuse(self, status: int, code: str, detail: str) -> None:
        """Answer at once and end the connection: what follows on it cannot be told apart from the next request."""
        self._head_ended()
        title = {400: "Malformed request", 408: "The request took too long", 431: "Headers too large"}[status]
        request_id = str(uuid4())
        told = {"type": f"/mvp/api/problems/{code}", "title": title, "status": status, "code": code, "detail": detail}
        body = orjson.dumps({**told, "trace_id": request_id})
        head = (
            f"HTTP/1.1 {status} {title}\r\ncontent-type: application/problem+json\r\n"
            f"x-request-id: {request_id}\r\ncache-control: private, no-store\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()
