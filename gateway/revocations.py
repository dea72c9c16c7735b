"""Sessions that were ended, kept in memory by every gateway process: NOTIFY wakes, a poll each second is the net."""

import asyncio
import logging
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg

from gateway.store import identity
from gateway.usecases import REVOKED
from shared.db import Database

LOG = logging.getLogger(__name__)
POLL_SECONDS = 1.0
OVERLAP = timedelta(seconds=30)  # a transaction may commit later than the time it wrote


class Revocations:
    """What to refuse although its token is still valid. Bound: 2 s after the commit."""

    def __init__(self, db: Database, *, kept_seconds: int) -> None:
        self._db = db
        self._kept = timedelta(seconds=kept_seconds)
        self._since = datetime.now(UTC) - self._kept
        self._sessions: dict[UUID, datetime] = {}
        self._task: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()

    def ended(self, session_id: UUID) -> bool:
        return session_id in self._sessions

    async def start(self) -> None:
        self._task = asyncio.create_task(self._watch(), name="revocations")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _watch(self) -> None:
        listener = asyncio.create_task(self._listen(), name="revocations.listen")
        try:
            while True:
                # Cleared before reading, so that what commits while we read is read again.
                self._wake.clear()
                with suppress(psycopg.Error):
                    await self.read()
                with suppress(TimeoutError):
                    async with asyncio.timeout(POLL_SECONDS):
                        await self._wake.wait()
        finally:
            listener.cancel()

    async def read(self) -> None:
        """Read what is new; forget what no token can outlive."""
        async with self._db.transaction() as conn:
            found = await identity.revoked_since(conn, self._since - OVERLAP)
        for session_id, at in found:
            self._sessions[session_id] = at
            self._since = max(self._since, at)
        oldest = datetime.now(UTC) - self._kept - OVERLAP
        if len(self._sessions) > 1000:
            self._sessions = {one: at for one, at in self._sessions.items() if at > oldest}

    async def _listen(self) -> None:
        while True:
            try:
                async with self._db.session() as conn:
                    await conn.execute('LISTEN "gateway.revoked"')
                    async for _ in conn.notifies():
                        self._wake.set()
            except psycopg.Error:
                LOG.warning("cannot listen for revocations; polling goes on", extra={"channel": REVOKED})
                await asyncio.sleep(POLL_SECONDS)
