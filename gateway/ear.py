"""One connection of every gateway process that hears what the database says to all of them (NOTIFY)."""

import asyncio
import logging
from contextlib import suppress

import psycopg
from psycopg import sql

from shared.db import Database

LOG = logging.getLogger(__name__)
PAUSE_SECONDS = 1.0


class Ear:
    """Wakes whoever waits on a channel. What is said while it cannot hear is lost: listeners poll besides."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._wakes: dict[str, asyncio.Event] = {}
        self._task: asyncio.Task[None] | None = None

    def wake_on(self, channel: str) -> asyncio.Event:
        """Set whenever something is said on this channel of the own schema; to be asked for before ``start``."""
        return self._wakes.setdefault(f"{self._db.service}.{channel}", asyncio.Event())

    async def start(self) -> None:
        self._task = asyncio.create_task(self._listen(), name="ear")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _listen(self) -> None:
        while True:
            try:
                async with self._db.session() as conn:
                    for channel in self._wakes:
                        await conn.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
                    for wake in self._wakes.values():
                        wake.set()  # for what was said before we heard
                    async for said in conn.notifies():
                        if said.channel in self._wakes:
                            self._wakes[said.channel].set()
            except psycopg.Error:
                LOG.warning("cannot listen to the database; polling goes on")
                await asyncio.sleep(PAUSE_SECONDS)
