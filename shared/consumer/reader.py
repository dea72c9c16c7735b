"""One reader per (subscriber, stream): takes entries off the wire, finds gaps, and asks again for what it misses.

Whatever happens to Redis is a gap to this loop: flushed, stream or group deleted, an old file loaded. Whatever happens
to the producer's database is not: a head below what was applied, or another epoch, stops the stream loudly.
"""

import asyncio
import logging
from collections.abc import Sequence
from uuid import UUID

from shared import faults, metrics
from shared.consumer import store
from shared.consumer.batch import Applier, Outrun, is_outage
from shared.consumer.envelope import Envelope, from_fields
from shared.consumer.store import Position
from shared.contracts.base import stream_of
from shared.db import Database
from shared.faults import Point, Remedy
from shared.process import wait_any
from shared.wire import WIRE_ERRORS, Entry, GroupLost, Head, Mark, Wire

BATCH_MAX = 500
BATCH_FIRST = 100  # until it is known how large the entries are
BATCH_BYTES = 4 << 20  # sets of 500 lots are large: what a batch holds is bounded by its size too
BLOCK_S = 1.0  # an idle look at the head after each
ASK_AGAIN_S = 2.0  # a request to refill can be wiped too
STOPPED_POLL_S = 2.0
PAUSE_FIRST_S = 0.1
PAUSE_MAX_S = 5.0
LOOKS_MIN = 2  # fresh looks that must agree before a gap at the tail, or a restored producer, is believed

log = logging.getLogger(__name__)


class Reader:
    """Reads the stream of ``producer`` for one service while it holds the lock ``reader:<producer>``."""

    def __init__(self, database: Database, wire: Wire, applier: Applier, *, producer: str, stop: asyncio.Event) -> None:
        self._database = database
        self._wire = wire
        self._applier = applier
        self._producer = producer
        self._stream = stream_of(producer)
        self._group = database.service
        self._stop = stop
        self._position = Position(applied_seq=0, epoch=None, stopped=None)
        self._forgotten = True  # how far we are: to be read again
        self._draining = True
        self._after_death = True
        self._doubts = 0  # looks in a row that speak against the producer's numbers
        self._tail = -1  # applied_seq at the last look that found the head beyond it
        self._tick = 0
        self._asked_at = float("-inf")
        self._looked_at = float("-inf")
        self._pause = 0.0
        self._count = BATCH_FIRST

    async def run(self) -> None:
        """Read until ``stop``. Redis and PostgreSQL may go away and come back."""
        metrics.READER_ACTIVE.labels(self._stream).set(1)
        try:
            await self.begin()
            while not self._stop.is_set():
                await self.round()
        finally:
            metrics.READER_ACTIVE.labels(self._stream).set(0)

    async def begin(self) -> None:
        """Nothing is known: who read before may have died with entries in hand."""
        self._draining = self._after_death = self._forgotten = True
        await self._regroup()

    async def round(self) -> None:
        """Take what is there, or look at the head when nothing is."""
        try:
            if self._forgotten:
                await self._load()
            if self._position.stopped is not None:
                await wait_any(self._stop, seconds=STOPPED_POLL_S)
                return await self._load()
            entries = await self._read()
            if entries:
                size = sum(len(fields.get("body", "")) for _, fields in entries) // len(entries)
                self._count = max(1, min(BATCH_MAX, BATCH_BYTES // max(size, 1)))
                await self._take(entries)
                await self._look(idle=False)
            elif self._draining:
                self._draining = self._after_death = False
            else:
                await self._look(idle=True)
            self._pause = 0.0
        except GroupLost as lost:
            log.warning("group is gone, made again", extra={"stream": self._stream, "reason": str(lost)})
            await self._regroup()
        except WIRE_ERRORS as error:
            metrics.WIRE_FAILURES.labels("reader").inc()
            await self._back_off("redis is away", error)
        except Exception as error:  # a door: only an outage is waited for, all else is a fault of ours
            if not is_outage(error):
                raise
            self._forgotten = True
            await self._back_off("postgresql is away", error)

    async def _read(self) -> list[Entry]:
        """Entries, or none after ``BLOCK_S``. Told to stop it lets go: what was on its way is pending."""
        reading = asyncio.ensure_future(
            self._wire.read(self._producer, self._group, pending=self._draining, count=self._count)
        )
        stopping = asyncio.ensure_future(self._stop.wait())
        try:
            await asyncio.wait({reading, stopping}, return_when=asyncio.FIRST_COMPLETED)
            return reading.result() if reading.done() else []
        finally:
            stopping.cancel()
            if not reading.done():
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)

    async def _take(self, entries: Sequence[Entry]) -> None:
        """Apply what follows on, drop the rest, acknowledge both; after the commit, never before."""
        envelopes = [from_fields(self._stream, fields) for _, fields in entries]
        while True:
            fresh, settled = self._sort(envelopes)
            if not settled:
                return await self._doubt_epoch()
            if not fresh:
                break
            try:
                await self._applier.apply(fresh, singly=self._draining and self._after_death)
            except Outrun:
                await self._load()
                if self._position.stopped is not None:
                    return
                continue
            self._position = Position(applied_seq=fresh[-1].seq, epoch=fresh[-1].epoch, stopped=None)
            faults.reached(Point.AFTER_COMMIT_BEFORE_XACK)
            break
        await self._acknowledge([entry_id for entry_id, _ in entries])
        if any(envelope is not None and envelope.seq > self._position.applied_seq for envelope in envelopes):
            await self._ask_refill()

    def _sort(self, envelopes: Sequence[Envelope | None]) -> tuple[list[Envelope], bool]:
        """What follows on from ``applied_seq`` without a gap, and ``False`` if an entry is of an epoch not ours."""
        if not faults.on(Remedy.COMPARE_AND_SET):
            return [envelope for envelope in envelopes if envelope is not None], True
        fresh: list[Envelope] = []
        following = self._position.applied_seq + 1
        dropped = {"unreadable": 0, "duplicate": 0, "early": 0}
        for envelope in envelopes:
            if envelope is None:
                dropped["unreadable"] += 1
            elif envelope.epoch != self._position.epoch:
                return [], False
            elif envelope.seq == following:
                fresh.append(envelope)
                following += 1
            else:
                dropped["early" if envelope.seq > following else "duplicate"] += 1
        for why, count in dropped.items():
            if count:
                metrics.EVENTS_DROPPED.labels(self._stream, why).inc(count)
        return fresh, True

    async def _look(self, *, idle: bool) -> None:
        """Compare with the head as the relay says it, at most once a second when there is work."""
        now = asyncio.get_running_loop().time()
        if not idle and now - self._looked_at < BLOCK_S:
            return
        self._looked_at = now
        head, gone = await self._wire.look(self._producer, self._group)
        if gone is not None:
            await self._wire.forget_gone(self._producer, self._group)
            if gone > self._position.applied_seq + 1:
                return await self._halt(
                    f"events {self._position.applied_seq + 1} to {gone - 1} of {self._producer} are no longer kept:"
                    f" bin/events snapshot {self._producer} --subscriber {self._group}"
                )
        if head is None or head.tick == self._tick:
            return
        self._tick = head.tick
        metrics.LAG.labels(self._stream).set(max(head.seq - self._position.applied_seq, 0))
        if self._position.epoch is None:
            return await self._adopt(head.epoch)
        if head.epoch != self._position.epoch or head.seq < self._position.applied_seq:
            return await self._doubt(head)
        self._doubts = 0
        if idle:
            await self._mind_the_tail(head)

    async def _mind_the_tail(self, head: Head) -> None:
        """The head is beyond us and nothing comes: the second look in a row without progress finds a gap."""
        applied = self._position.applied_seq
        if head.seq <= applied:
            self._tail = -1
        elif self._tail == applied:
            self._draining = True
            await self._ask_refill()
        self._tail = applied

    async def _doubt(self, head: Head) -> None:
        """The producer's numbers do not fit ours; said twice, it is true."""
        self._doubts += 1
        if self._doubts < LOOKS_MIN:
            return
        applied = self._position.applied_seq
        what = (
            f"head {head.seq} is below applied {applied}"
            if head.epoch == self._position.epoch
            else f"epoch {head.epoch} is not ours ({self._position.epoch}, applied {applied})"
        )
        await self._halt(
            f"the database of {self._producer} was restored: {what};"
            f" bin/events snapshot {self._producer} --subscriber {self._group}"
        )

    async def _doubt_epoch(self) -> None:
        """Entries of another epoch: what the relay says is the present one decides what they are."""
        head, _ = await self._wire.look(self._producer, self._group)
        self._draining = True
        if head is not None and self._position.epoch is None:
            return await self._adopt(head.epoch)
        if head is not None and head.epoch == self._position.epoch:
            return await self._drop_stale(head.epoch)
        await wait_any(self._stop, seconds=BLOCK_S)
        await self._look(idle=False)

    async def _drop_stale(self, epoch: UUID) -> None:
        """Left over from an earlier life of the producer's database: nobody needs them."""
        entries = await self._wire.read(self._producer, self._group, pending=True, count=BATCH_MAX)
        stale = [
            entry_id
            for entry_id, fields in entries
            if (envelope := from_fields(self._stream, fields)) is None or envelope.epoch != epoch
        ]
        metrics.EVENTS_DROPPED.labels(self._stream, "stale").inc(len(stale))
        await self._acknowledge(stale)

    async def _adopt(self, epoch: UUID) -> None:
        async with self._database.transaction() as conn:
            await store.adopt_epoch(conn, self._stream, epoch)
        await self._load()

    async def _ask_refill(self) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._asked_at < ASK_AGAIN_S or not faults.on(Remedy.REFILL):
            return
        self._asked_at = now
        first = self._position.applied_seq + 1
        log.info("events are missing, asking for them", extra={"stream": self._stream, "first": first})
        metrics.REFILLS_REQUESTED.labels(self._stream).inc()
        await self._wire.ask_refill(self._producer, self._group, first)

    async def _acknowledge(self, entry_ids: Sequence[str]) -> None:
        position = self._position
        mark = Mark(seq=position.applied_seq, epoch=position.epoch) if position.epoch is not None else None
        await self._wire.acknowledge(self._producer, self._group, entry_ids, mark)

    async def _regroup(self) -> None:
        try:
            await self._wire.create_group(self._producer, self._group)
            self._draining = True
            self._tail = self._position.applied_seq  # as good as a first look: something is lost for sure
        except WIRE_ERRORS as error:
            await self._back_off("redis is away", error)

    async def _halt(self, reason: str) -> None:
        log.error("subscription stopped", extra={"stream": self._stream, "reason": reason})
        async with self._database.transaction() as conn:
            await store.stop(conn, self._stream, reason)
        await self._load()

    async def _load(self) -> None:
        async with self._database.transaction() as conn:
            self._position = await store.position(conn, self._stream)
        self._forgotten = False
        self._doubts = 0
        metrics.SUBSCRIPTION_STOPPED.labels(self._stream).set(self._position.stopped is not None)

    async def _back_off(self, what: str, error: Exception) -> None:
        """Wait longer each time. Afterwards the pending entries come first: a reply may have been lost on its way."""
        self._pause = min(max(self._pause * 2, PAUSE_FIRST_S), PAUSE_MAX_S)
        self._draining = True
        log.warning(what, extra={"stream": self._stream, "reason": str(error), "pause_s": self._pause})
        await wait_any(self._stop, seconds=self._pause)
