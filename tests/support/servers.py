"""An ASGI app on a real loopback port, as long as a test needs it."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from starlette.types import ASGIApp

from shared.serve import server_of
from tests.support.wait import until


@asynccontextmanager
async def serving(app: ASGIApp, port: int) -> AsyncGenerator[None]:
    """Serve ``app`` with the server that production uses."""
    server = server_of(app, port=port)
    task = asyncio.create_task(server.serve())
    try:
        await until(lambda: server.started or task.done(), deadline_s=10, what=f"a server on port {port}")
        yield
    finally:
        server.should_exit = True
        await task
