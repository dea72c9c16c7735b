"""The service as it runs in production: a process of its own, on a database of the test."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import BinaryIO

import aiohttp

from shared.db import Database
from tests.support.doors import surroundings
from tests.support.ports import free_port
from tests.support.wait import until


@dataclass(frozen=True, slots=True)
class Running:
    """A started process that is ready."""

    address: str
    process: asyncio.subprocess.Process


@asynccontextmanager
async def running(
    db: Database,
    module: str,
    *arguments: str,
    redis_url: str = "redis://unused",
    log: BinaryIO | None = None,
    **given: str,
) -> AsyncGenerator[Running]:
    """Start this module of the service whose database it is, wait until it is ready, and end it afterwards.

    ``log`` takes a line for every request; ``None``: nobody reads them.
    """
    port = free_port()
    mine = f"OFFCUT_{db.service.upper()}"
    environment = {
        **os.environ,
        **surroundings(db.service, **given),
        f"{mine}_DATABASE_URL": db.url,
        f"{mine}_PORT": str(port),
        f"{mine}_WORKER_PORT": str(port),
        "OFFCUT_REDIS_URL": redis_url,
        "OFFCUT_LOG_LEVEL": "INFO" if log else "WARNING",
    }
    command = [sys.executable, "-m", f"services.{db.service}.{module}", *arguments]
    process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=log or asyncio.subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        async with aiohttp.ClientSession() as session:

            async def ready() -> bool:
                try:
                    async with session.get(f"{address}/health/ready") as answer:
                        return answer.status == 200
                except aiohttp.ClientConnectionError:
                    return False

            await until(ready, deadline_s=20, what=f"{module} to be ready")
        yield Running(address=address, process=process)
    finally:
        process.terminate()
        process.send_signal(signal.SIGCONT)  # a stopped process would not hear the first signal
        await process.wait()
