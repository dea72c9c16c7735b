"""Run an app on its loopback port under PM2: say when it is ready, lose no request on the way out."""

import asyncio
import ctypes
import os
import socket
import struct
import sys
from contextlib import suppress
from typing import Protocol, runtime_checkable

import uvicorn
from starlette.types import ASGIApp

from shared import log
from shared.config import ServiceSettings
from shared.process import settle
from shared.protocol import BoundedProtocol

GRACE_SECONDS = 8  # PM2 waits two seconds longer before it kills
LINGER_SECONDS = 0.5  # an idle connection may be taken by its client in the moment in which we would close it
ACCEPT_SECONDS = 0.05  # what was connected before the door closed is let in
KEEP_ALIVE_SECONDS = 75  # longer than any proxy in front keeps an idle connection
CLOSE: tuple[bytes, bytes] = (b"connection", b"close")
_SO_ATTACH_FILTER = 26
_DROP_EVERYTHING = struct.pack("HBBI", 0x06, 0, 0, 0)  # one instruction of classic BPF: keep 0 bytes of the packet


def tell_ready() -> None:
    """Tell PM2 (``wait_ready``) that the port listens; does nothing when PM2 did not start us."""
    channel = os.environ.get("NODE_CHANNEL_FD")
    if channel is not None:
        os.write(int(channel), b'"ready"\n')


@runtime_checkable
class HoldsAnswersOpen(Protocol):
    """An app with answers that end only when they are told to: live streams."""

    def end_answers(self) -> None: ...


class GracefulServer(uvicorn.Server):
    """Between the signal and the end no request is lost that a client has sent."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            tell_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let in whoever is connected, close the door, answer what still comes with ``Connection: close``, then end."""
        self.server_state.default_headers = [*self.server_state.default_headers, CLOSE]
        if isinstance(self.config.app, HoldsAnswersOpen):
            self.config.app.end_answers()
        for one in sockets or []:
            _let_nobody_in(one)
        await asyncio.sleep(ACCEPT_SECONDS)
        for server in self.servers:
            server.close()
        for one in sockets or []:
            one.close()
        if self.server_state.connections and not self.force_exit:
            await asyncio.sleep(LINGER_SECONDS)
        await super().shutdown(sockets)


def _let_nobody_in(listener: socket.socket) -> None:
    """Ignore new connections from now on, so that none waits unaccepted in the queue when the socket is closed.

    Whoever knocks in this moment tries again a second later, finds the port closed, and knows that nothing was sent.
    Only on Linux; elsewhere such a connection is reset.
    """
    if sys.platform != "linux":
        return
    code = ctypes.create_string_buffer(_DROP_EVERYTHING)
    program = struct.pack("HL", 1, ctypes.addressof(code))
    with suppress(OSError):
        listener.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, program)


def listening(port: int, host: str = "127.0.0.1") -> socket.socket:
    """A socket that a second instance may share, so that a restart leaves no gap."""
    one = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    one.bind((host, port))
    return one


def server_of(app: ASGIApp, *, host: str = "127.0.0.1", port: int = 0, loop: str = "uvloop") -> GracefulServer:
    """The server every process runs; ``host`` and ``port`` count only for who passes it no socket."""
    return GracefulServer(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            http=BoundedProtocol,
            ws="none",
            proxy_headers=False,  # else it believes anybody on loopback; the gateway has a setting for whom it believes
            loop=loop,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
    )


def serve(app: ASGIApp, settings: ServiceSettings, *, process: str = "api") -> None:
    """Serve until SIGINT or SIGTERM."""
    log.configure(service=settings.service, process=process, level=settings.log_level)
    settle()
    with suppress(KeyboardInterrupt):  # uvicorn raises it again after a graceful end; PM2 stops with SIGINT
        server_of(app).run(sockets=[listening(settings.port)])
