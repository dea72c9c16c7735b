"""An ASGI app on a real loopback port, as long as a test needs it."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import uvicorn
from starlette.types import ASGIApp

from tests.support.wait import until


@asynccontextmanager
async def serving(app: ASGIApp, port: int) -> AsyncGenerator[None]:
    """Serve ``app`` with the HTTP parser that production uses."""
    config = uvicorn.Config(app, host="127.0.0.1", port=port, http="httptools", log_config=None, access_log=False)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    try:
        await until(lambda: server.started or task.done(), deadline_s=10, what=f"a server on port {port}")
        yield
    finally:
        server.should_exit = True
        await task
