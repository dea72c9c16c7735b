"""HTTP/1.1 at the door of every process: a request's head is bounded in size and time, a refusal is a problem.

An answer given while the request still comes is heard: the rest of the request is let go by before the connection ends.
"""

import asyncio
from typing import Any, cast
from uuid import uuid4

import orjson
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

HEAD_BYTES_MAX = 64 * 1024  # the parser itself would collect headers without end
HEAD_SECONDS_MAX = 20.0
HELD_BYTES_MAX = 64 * 1024  # of an answer, before it leaves
PARTING_SECONDS_MAX = 30.0  # as long as nginx lingers; a stop waits less
NOT_HTTP = "The request is not well-formed HTTP/1.1; send another."


class _Line:
    """The transport as uvicorn sees it, but for its writes and its end.

    Head and body of an answer leave in one piece, because each write is a system call and a packet of its own: when the
    answer ends, when much is held, or else in the next turn of the loop. At the end with bytes unread the kernel would
    break the connection, and the client would lose an answer that it has not read yet.
    """

    def __init__(self, protocol: "BoundedProtocol", transport: asyncio.Transport) -> None:
        self._protocol = protocol
        self._transport = transport
        self.parting: asyncio.TimerHandle | None = None
        self._held: list[bytes] = []
        self._held_bytes = 0
        self._later: asyncio.Handle | None = None
        self.pause_reading = transport.pause_reading
        self.resume_reading = transport.resume_reading
        self.get_extra_info = transport.get_extra_info
        self.set_protocol = transport.set_protocol
        self.abort = transport.abort

    def write(self, data: bytes) -> None:
        self._held.append(data)
        self._held_bytes += len(data)
        if self._held_bytes > HELD_BYTES_MAX:
            self.flush()
        elif self._later is None:
            self._later = self._protocol.loop.call_soon(self.flush)

    def flush(self) -> None:
        if self._later is not None:
            self._later.cancel()
            self._later = None
        if self._held:
            held, self._held, self._held_bytes = self._held, [], 0
            self._transport.writelines(held)

    def is_closing(self) -> bool:
        return self.parting is not None or self._transport.is_closing()

    def close(self) -> None:
        self.flush()
        if self.is_closing() or not self._protocol.more_comes:
            if self.parting is None:
                self._transport.close()
            return
        self.parting = self._protocol.loop.call_later(PARTING_SECONDS_MAX, self._transport.close)
        self._transport.write_eof()
        self._protocol.flow.resume_reading()

    def lost(self) -> None:
        if self.parting is not None:
            self.parting.cancel()


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
        self._line = _Line(self, transport)
        super().connection_made(cast(asyncio.Transport, self._line))
        # A connection that never asks for anything ends like one that has nothing more to ask.
        self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, self.timeout_keep_alive_handler)

    @property
    def more_comes(self) -> bool:
        """Whether the client is still sending the request that is answered."""
        return bool(self.cycle) and self.cycle.more_body

    def connection_lost(self, exc: Exception | None) -> None:
        self._line.lost()
        self._head_ended()
        self._unset_keepalive_if_required()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._line.parting is not None:
            return
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

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self.cycle.more_body = False  # also of a request that was answered before its end

    def on_response_complete(self) -> None:
        self._line.flush()
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
