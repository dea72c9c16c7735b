"""Run an app on its loopback port under PM2: say when it is ready, finish what is in hand on a signal."""

import os
import socket
from contextlib import suppress

import uvicorn
from starlette.types import ASGIApp

from shared import log
from shared.config import ServiceSettings

GRACE_SECONDS = 8  # PM2 waits two seconds longer before it kills
KEEP_ALIVE_SECONDS = 75  # longer than any proxy in front keeps an idle connection


def tell_ready() -> None:
    """Tell PM2 (``wait_ready``) that the port listens; does nothing when PM2 did not start us."""
    channel = os.environ.get("NODE_CHANNEL_FD")
    if channel is not None:
        os.write(int(channel), b'"ready"\n')


class _Server(uvicorn.Server):
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            tell_ready()


def listening(port: int, host: str = "127.0.0.1") -> socket.socket:
    """A socket that a second instance may share, so that a restart leaves no gap."""
    one = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    one.bind((host, port))
    return one


def serve(app: ASGIApp, settings: ServiceSettings, *, process: str = "api") -> None:
    """Serve until SIGINT or SIGTERM."""
    log.configure(service=settings.service, process=process, level=settings.log_level)
    config = uvicorn.Config(
        app,
        http="httptools",
        loop="uvloop",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
        h11_max_incomplete_event_size=64 * 1024,
    )
    with suppress(KeyboardInterrupt):  # uvicorn raises it again after a graceful end; PM2 stops with SIGINT
        _Server(config).run(sockets=[listening(settings.port)])
