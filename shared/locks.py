"""Who of several processes does a thing: advisory locks, and wake-ups by NOTIFY, on one connection of its own.

A process that dies loses its locks with its connection; one that is stopped (SIGSTOP, swapped out) loses them after
``LEASE_S``, because the server ends a session that has been silent that long. Whoever waits asks again every second:
the blocking form of the lock would hold vacuum back. A lock only says who works; that nothing happens twice is the
affair of the compare-and-set in ``consumer/store.py``.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

import psycopg
from psycopg import sql

from shared import faults
from shared.db import Conn, Database
from shared.faults import Remedy

LEASE_S = 10
ASK_S = 1.0
PING_S = 3.0
SILENCE_MAX_S = 8.0  # a server that does not answer for this long has taken our locks from us, as far as we know

log = logging.getLogger(__name__)


class Locks:
    """The locks and wake-ups of one process. ``run`` keeps them; ``while_held`` and ``wake_on`` use them.

    Once ``stop`` is set nobody waits for a lock any more; what is held stays held until the work is through.
    """

    def __init__(self, database: Database, *, stop: asyncio.Event) -> None:
        self._database = database
        self._stop = stop
        self._held: dict[str, asyncio.Event] = {}  # name -> set when it is held no longer
        self._wanted: dict[str, asyncio.Future[asyncio.Event]] = {}
        self._channels: dict[str, list[asyncio.Event]] = {}
        self._listening: set[str] = set()

    def wake_on(self, channel: str) -> asyncio.Event:
        """An event that is set whenever somebody notifies ``channel`` of this schema; whoever waits clears it."""
        event = asyncio.Event()
        self._channels.setdefault(f"{self._database.service}.{channel}", []).append(event)
        return event

    async def while_held(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Wait for the lock and do ``work``; when the lock is lost cancel the work and wait again."""
        while True:
            lost = await self._acquire(name)
            if lost is None:
                return
            working = asyncio.ensure_future(work())
            watching = asyncio.ensure_future(lost.wait())
            try:
                await asyncio.wait({working, watching}, return_when=asyncio.FIRST_COMPLETED)
                if working.done():
                    return working.result()
            finally:
                watching.cancel()
                working.cancel()
                await asyncio.gather(working, watching, return_exceptions=True)
            log.warning("lock lost, waiting for it again", extra={"lock": name})

    async def run(self) -> None:
        """Hold the connection until cancelled; without it nothing is held and nobody is woken."""
        while True:
            try:
                async with self._database.session() as conn:
                    if faults.on(Remedy.LEASE):
                        await conn.execute(sql.SQL("SET idle_session_timeout = {}").format(sql.Literal(f"{LEASE_S}s")))
                    self._listening.clear()
                    for event in (event for events in self._channels.values() for event in events):
                        event.set()  # what was notified while nobody listened
                    while True:
                        await self._round(conn)
            except (psycopg.Error, OSError, TimeoutError) as error:
                log.warning("lock connection lost", extra={"reason": str(error)})
            finally:
                for lost in self._held.values():
                    lost.set()
                self._held.clear()
            await asyncio.sleep(ASK_S)

    async def _acquire(self, name: str) -> asyncio.Event | None:
        held = self._held.get(name)
        if held is not None:
            return held  # the same process comes back to it
        waiting = self._wanted.setdefault(name, asyncio.get_running_loop().create_future())
        stopping = asyncio.ensure_future(self._stop.wait())
        try:
            await asyncio.wait({waiting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
        return waiting.result() if waiting.done() else None

    async def _round(self, conn: Conn) -> None:
        """Ask for what is wanted, then listen until the next round."""
        async with asyncio.timeout(SILENCE_MAX_S):
            for channel in self._channels.keys() - self._listening:
                await conn.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
                self._listening.add(channel)
            await self._claim(conn, list(self._wanted))
            async for notice in conn.notifies(timeout=ASK_S if self._wanted else PING_S):
                for event in self._channels.get(notice.channel, ()):
                    event.set()

    async def _claim(self, conn: Conn, names: list[str]) -> None:
        """One round trip for all names; with none it is the ping that keeps the session."""
        cursor = await conn.execute(
            """
            SELECT name, pg_try_advisory_lock(hashtext(%(service)s), hashtext(name))
            FROM unnest(%(names)s::text[]) AS wanted (name)
            """,
            {"service": self._database.service, "names": names},
        )
        for name, granted in await cursor.fetchall():
            if granted:
                self._held[name] = asyncio.Event()
                self._wanted.pop(name).set_result(self._held[name])
