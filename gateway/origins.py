"""From where people ask for changes: written down a moment later, so that no request waits for it."""

import asyncio
import logging
from contextlib import suppress
from uuid import UUID

import psycopg

from gateway.store import origins
from shared.db import Database

LOG = logging.getLogger(__name__)
PAUSE_SECONDS = 0.2
KEPT_MAX = 10_000  # while the database is away


class Origins:
    """Collects requests that may change something. A process that dies loses those of its last moment."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._waiting: list[origins.Origin] = []
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def note(self, correlation_id: str, user_id: UUID, address: str) -> None:
        if len(self._waiting) < KEPT_MAX:
            self._waiting.append(origins.Origin(correlation_id, user_id, address))
            self._wake.set()

    async def start(self) -> None:
        self._task = asyncio.create_task(self._write(), name="origins")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        with suppress(psycopg.Error):
            await self._write_waiting()

    async def _write(self) -> None:
        while True:
            await self._wake.wait()
            await asyncio.sleep(PAUSE_SECONDS)  # one statement for many
            self._wake.clear()
            try:
                await self._write_waiting()
            except psycopg.Error as error:
                LOG.warning("origins of requests wait", extra={"reason": type(error).__name__})
                self._wake.set()

    async def _write_waiting(self) -> None:
        found = self._waiting[:]
        if found:
            async with self._db.transaction() as conn:
                await origins.add(conn, found)
            del self._waiting[: len(found)]
