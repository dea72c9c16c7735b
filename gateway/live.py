"""Live clients: each gateway process reads the history as it grows, once for all of its streams.

A stream is a queue with a limit and no connection to the database. Whoever does not take what is sent is cut, and goes
on later from the last id he has seen.
"""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

import orjson

from gateway.ear import Ear
from gateway.errors import TooManyStreams
from gateway.revocations import Revocations
from gateway.settings import GatewaySettings
from gateway.store import events
from gateway.store.events import Logged
from gateway.told import href_of
from gateway.usecases.history import HISTORY
from shared import metrics
from shared.auth import Actor
from shared.db import Database
from shared.instants import written
from shared.problems import AppError, Unavailable
from shared.process import keep_going

POLL_SECONDS = 1.0
LOOK_SECONDS = 0.25  # how often sign-ins behind streams are looked at; revocations themselves take up to 1 s
PAGE = 500


def frame_of(one: Logged) -> bytes:
    """What a live client is told: that it happened, to what, and where to read it. Never more."""
    told = {
        "type": one.type,
        "kind": one.subject_kind,
        "id": one.subject_id,
        "version": one.version,
        "time": written(one.occurred_at),
        "href": href_of(one.subject_kind, one.subject_id),
    }
    return b"id: %d\ndata: %s\n\n" % (one.id, orjson.dumps(told))


@dataclass(frozen=True, slots=True)
class Wish:
    """What a client wants to hear. ``prefixes``: of types, none means all. ``last_id``: where he was, if he was."""

    prefixes: tuple[str, ...] = ()
    last_id: int | None = None

    def wants(self, name: str) -> bool:
        return not self.prefixes or name.startswith(self.prefixes)


class Stream:
    """One live client. ``ended`` says why, as soon as nothing more will come."""

    def __init__(self, actor: Actor, wish: Wish, *, begins_after: int, frames_max: int) -> None:
        self.actor = actor
        self.wish = wish
        self.begins_after = begins_after
        self.ended: str | None = None
        self.wake = asyncio.Event()
        self.over = asyncio.Event()
        self._frames: deque[tuple[int, bytes]] = deque()
        self._frames_max = frames_max

    @property
    def audience(self) -> UUID | None:
        """Whose events he may hear; ``None`` for the operator, who hears all."""
        return None if self.actor.is_admin else self.actor.organization_id

    def put(self, number: int, frame: bytes) -> None:
        if len(self._frames) >= self._frames_max:
            self.end("slow")
        else:
            self._frames.append((number, frame))
            self.wake.set()

    def take(self) -> Sequence[tuple[int, bytes]]:
        """What waits, and forget it."""
        self.wake.clear()
        taken = tuple(self._frames)
        self._frames.clear()
        return taken

    def end(self, why: str) -> None:
        self.ended = self.ended or why
        self.over.set()
        self.wake.set()


class Feed:
    """Reads the history as it grows and brings each event to the streams that may hear it."""

    def __init__(self, db: Database, ear: Ear, revocations: Revocations, settings: GatewaySettings) -> None:
        self._db = db
        self._revocations = revocations
        self._settings = settings
        self._wake = ear.wake_on(HISTORY)
        self._position: int | None = None
        self._streams: dict[UUID | None, set[Stream]] = {}
        self._of_user: Counter[UUID] = Counter()
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def position(self) -> int:
        """Everything up to here was brought to whom it concerns."""
        if self._position is None:
            raise Unavailable("Live events begin in a moment; connect again.")
        return self._position

    async def start(self) -> None:
        loops = {"live.follow": self._follow, "live.look_after": self._look_after}
        for name, loop in loops.items():
            self._tasks.append(asyncio.create_task(keep_going(name, loop, stop=asyncio.Event()), name=name))

    async def stop(self) -> None:
        self.end_all()
        for task in self._tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    def open(self, actor: Actor, wish: Wish) -> Stream:
        """A stream that hears what comes from now on. Raises ``TooManyStreams`` or ``Unavailable``."""
        if self._of_user[actor.user_id] >= self._settings.live_streams_per_user_max:
            raise TooManyStreams
        if self._of_user.total() >= self._settings.live_streams_max:
            raise Unavailable("This gateway has as many live streams as it takes; connect again shortly.")
        stream = Stream(actor, wish, begins_after=self.position, frames_max=self._settings.live_frames_max)
        self._streams.setdefault(stream.audience, set()).add(stream)
        self._of_user[actor.user_id] += 1
        metrics.LIVE_STREAMS.inc()
        return stream

    def close(self, stream: Stream) -> None:
        """Forget a stream; whoever sends it calls this whatever happened."""
        own = self._streams.get(stream.audience, set())
        if stream in own:
            own.discard(stream)
            self._of_user[stream.actor.user_id] -= 1
            self._of_user += Counter()  # forget those at zero
            metrics.LIVE_STREAMS.dec()
            metrics.LIVE_STREAMS_ENDED.labels(stream.ended or "left").inc()
        if not own:
            self._streams.pop(stream.audience, None)

    def end_all(self) -> None:
        """The process is about to end: clients go on with another one."""
        for stream in self._all():
            stream.end("restart")

    async def read(self) -> None:
        """Bring what is new. Ids are committed in their order, so nothing can appear below the last one seen."""
        while True:
            async with self._db.transaction() as conn:
                if self._position is None:
                    self._position = (await events.extent(conn)).head
                found = await events.after(conn, self._position, limit=PAGE)
            for one in found:
                self._bring(one)
                self._position = one.id
            if len(found) < PAGE:
                return

    def _bring(self, one: Logged) -> None:
        frame: bytes | None = None
        for audience in (None, *one.audience):
            for stream in self._streams.get(audience, ()):
                if stream.wish.wants(one.type) and stream.ended is None:
                    frame = frame or frame_of(one)
                    stream.put(one.id, frame)

    async def _follow(self) -> None:
        while True:
            self._wake.clear()
            await self.read()
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL_SECONDS):
                    await self._wake.wait()

    async def _look_after(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            now = time.time()
            for stream in self._all():
                if stream.actor.expires_at <= now:
                    stream.end("expired")
                    continue
                try:
                    self._revocations.check(stream.actor)
                except AppError as refusal:
                    stream.end(refusal.code)

    def _all(self) -> Iterable[Stream]:
        return [stream for streams in self._streams.values() for stream in streams]

    async def missed(self, stream: Stream, last: int) -> list[Logged]:
        """A page of what a client has missed before his stream began, oldest first."""
        async with self._db.transaction() as conn:
            return await events.after(conn, last, up_to=stream.begins_after, audience=stream.audience, limit=PAGE)

    async def extent(self) -> events.Extent:
        async with self._db.transaction() as conn:
            return await events.extent(conn)
