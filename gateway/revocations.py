"""What was ended, kept in memory by every gateway process: NOTIFY wakes, a poll each second is the net."""

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

import psycopg
from psycopg_pool import PoolTimeout

from gateway.ear import Ear
from gateway.errors import RightsChanged, TokenRevoked
from gateway.store import identity
from gateway.usecases.sessions import REVOKED
from shared.auth import LEEWAY_SECONDS, Actor
from shared.db import Database, clock

POLL_SECONDS = 1.0
OVERLAP = timedelta(seconds=30)  # a transaction may commit later than the time it wrote


class Revocations:
    """What to refuse although its token is still valid. Bound: 2 s after the commit."""

    def __init__(self, db: Database, ear: Ear, *, kept_seconds: int) -> None:
        self._db = db
        self._kept = timedelta(seconds=kept_seconds + LEEWAY_SECONDS)
        self._read_at: datetime | None = None  # on the database's clock
        self._sessions: dict[UUID, datetime] = {}
        self._people: dict[UUID, identity.Ended] = {}
        self._organizations: dict[UUID, identity.Ended] = {}
        self._task: asyncio.Task[None] | None = None
        self._wake = ear.wake_on(REVOKED)

    def ended(self, session_id: UUID) -> bool:
        return session_id in self._sessions

    def check(self, actor: Actor) -> None:
        """Raise ``TokenRevoked`` for who may not act any more, ``RightsChanged`` for a token that is out of date."""
        if actor.session_id in self._sessions:
            raise TokenRevoked
        person, organization = self._people.get(actor.user_id), self._organizations.get(actor.organization_id)
        for found, spoken_of in ((person, actor.rights[0]), (organization, actor.rights[1])):
            if found is not None and not found.may_act:
                raise TokenRevoked
            if found is not None and found.rights > spoken_of:
                raise RightsChanged

    async def start(self) -> None:
        """Know what was ended before the first request; a database that is away does not stop a start."""
        with suppress(psycopg.Error, PoolTimeout):
            await self.read()
        self._task = asyncio.create_task(self._watch(), name="revocations")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _watch(self) -> None:
        while True:
            # Cleared before reading, so that what commits while we read is read again.
            self._wake.clear()
            with suppress(psycopg.Error, PoolTimeout):
                await self.read()
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL_SECONDS):
                    await self._wake.wait()

    async def read(self) -> None:
        """Read what is new; forget what no token can outlive."""
        async with self._db.transaction() as conn:
            now = await clock(conn)
            since = self._read_at or now - self._kept
            found = await identity.ended_since(conn, since - OVERLAP)
        self._read_at = now
        for one in found:
            if one.what == "session":
                self._sessions[one.id] = one.at
            elif one.what == "person":
                self._people[one.id] = one
            else:
                self._organizations[one.id] = one
        oldest = now - self._kept - OVERLAP
        if len(self._sessions) > 1000:
            self._sessions = {one: at for one, at in self._sessions.items() if at > oldest}
        if len(self._people) + len(self._organizations) > 1000:
            self._people = {one: entry for one, entry in self._people.items() if entry.at > oldest}
            self._organizations = {one: entry for one, entry in self._organizations.items() if entry.at > oldest}
