"""Events go out here: numbers in PostgreSQL, then one loop with one cursor that writes them to the stream.

One relay per service is active (lock ``relay``). Sending again is the same as sending: a request to refill only lowers
the cursor. A crash between commit and XADD heals because the next relay starts at the cursor.
"""

import asyncio
import logging
from collections.abc import Sequence

from shared import faults, metrics, numbering, outbox
from shared.db import Database
from shared.faults import Point, Remedy
from shared.numbering import HeadMoved, SentRow
from shared.process import wait_any
from shared.wire import WIRE_ERRORS, WIRE_FULL, Mark, Wire

TEND_S = 1.0  # head, refill requests
SWEEP_S = 10.0  # trim the stream, forget old rows
PAUSE_FIRST_S = 0.1
PAUSE_MAX_S = 5.0

log = logging.getLogger(__name__)


class Relay:
    """``groups``: every subscriber of the stream by contract; trimming and forgetting wait for all of them."""

    def __init__(
        self, database: Database, wire: Wire, *, groups: Sequence[str], wake: asyncio.Event, stop: asyncio.Event
    ) -> None:
        self._database = database
        self._service = database.service
        self._wire = wire
        self._groups = tuple(groups)
        self._wake = wake
        self._stop = stop
        self._started_at: Mark | None = None
        self._head: Mark | None = None
        self._cursor: Mark | None = None
        self._next_tend = 0.0
        self._next_sweep = 0.0
        self._pause = 0.0
        self._hindered: str | None = None  # why events wait

    async def run(self) -> None:
        """Number and send until ``stop``. Redis may go away and come back; PostgreSQL errors go to the caller."""
        metrics.RELAY_LEADER.set(1)
        try:
            await self.begin()
            while not self._stop.is_set():
                if not await self.round():
                    await wait_any(self._wake, self._stop, seconds=TEND_S)
        finally:
            self._hindered = None
            metrics.RELAY_LEADER.set(0)

    async def begin(self) -> None:
        """Nothing is known: who relayed before may have died anywhere."""
        self._head = self._cursor = None
        async with self._database.transaction() as conn:
            self._started_at = await numbering.head_of(conn, self._service)

    async def round(self) -> bool:
        """Give numbers, send, answer requests; whether there may be more to do at once."""
        self._wake.clear()
        moved = await self._number()
        busy = await self._converse(moved)
        return busy or len(moved) == numbering.BATCH_MAX

    async def _number(self) -> Sequence[SentRow]:
        """The events that have got a number. Who commits another one meanwhile wakes us again."""
        try:
            head, moved = await self._give_numbers(self._head)
        except HeadMoved:  # another relay while this one was stalled, or an operator
            head, moved = await self._give_numbers(None)
        if self._head is not None and head.epoch != self._head.epoch:
            self._cursor = None  # an operator began a new life: look again where to start
        self._head = head
        if moved:
            metrics.EVENTS_NUMBERED.inc(len(moved))
            faults.reached(Point.AFTER_COMMIT_BEFORE_XADD)
        return moved

    async def _give_numbers(self, known: Mark | None) -> tuple[Mark, Sequence[SentRow]]:
        async with self._database.reading() as conn:
            head = known or await numbering.head_of(conn, self._service)
            moved = await numbering.give_numbers(conn, self._service, head)
            if moved:
                return Mark(seq=moved[-1].seq, epoch=head.epoch), moved
            return await numbering.head_of(conn, self._service), ()

    async def _converse(self, moved: Sequence[SentRow]) -> bool:
        """One round with Redis; whether there is more to send at once. A failure costs a pause, never an event."""
        try:
            now = asyncio.get_running_loop().time()
            if now >= self._next_sweep:
                self._next_sweep = now + SWEEP_S
                await self._sweep()
            if self._cursor is None:
                self._cursor = await self._take_over()
            sent = await self._send(moved)
            if now >= self._next_tend:
                self._next_tend = now + TEND_S
                await self._tend(say_head=not sent)
            self._pause = 0.0
            self._hindered = None
            return self._behind() > 0
        except WIRE_FULL as error:
            await self._back_off("redis is full", error)
            await self._relieve()
            return False
        except WIRE_ERRORS as error:
            await self._back_off("redis refuses or is away", error)
            return False
        finally:
            metrics.RELAY_BEHIND.set(self._behind())

    async def _back_off(self, what: str, error: Exception) -> None:
        metrics.WIRE_FAILURES.labels("relay").inc()
        self._pause = min(max(self._pause * 2, PAUSE_FIRST_S), PAUSE_MAX_S)
        self._hindered = what
        log.warning(f"{what}, events wait", extra={"reason": str(error), "pause_s": self._pause})
        await wait_any(self._stop, seconds=self._pause)

    async def _relieve(self) -> None:
        """Make room: a subscriber that is away must not keep the others from their events."""
        try:
            if not await self._wire.trim(self._service, self._groups):
                cut = await self._wire.relieve(self._service)
                log.warning("stream cut for want of memory", extra={"entries": cut})
        except WIRE_ERRORS as error:
            log.warning("no room made", extra={"reason": str(error)})

    def trouble(self) -> str | None:
        """What an operator should know; ``None`` while events go out."""
        behind = self._behind()
        return f"{self._hindered}: {behind or 'new'} events wait in PostgreSQL" if self._hindered else None

    def _behind(self) -> int:
        return self._head.seq - self._cursor.seq if self._head and self._cursor else 0

    async def _take_over(self) -> Mark:
        """Where to start: at the cursor; where there is none, at the head we found, and readers ask for more.

        A cursor beyond our head means that this database was restored from an older copy: numbers would be given
        again for other events. So a new epoch begins, and readers stop instead of taking new events for old ones.
        """
        async with self._database.transaction() as conn:
            head = await numbering.head_of(conn, self._service)
        cursor = await self._wire.cursor(self._service)
        if cursor is not None and cursor.epoch == head.epoch and cursor.seq > head.seq:
            async with self._database.transaction() as conn:
                head = await numbering.new_epoch(conn, self._service)
            log.error("this database is older than what was sent from it: new epoch, subscribers will stop")
            cursor = None
        self._head = head
        start = next((mark for mark in (cursor, self._started_at) if mark and mark.epoch == head.epoch), head)
        await self._wire.send(self._service, (), cursor=start, head=head)
        return start

    async def _send(self, moved: Sequence[SentRow]) -> int:
        """From the cursor on. What has just got its number is at hand and follows on, unless something was missed."""
        if self._head is None or self._cursor is None or self._cursor.seq >= self._head.seq:
            return 0
        if moved and moved[0].seq == self._cursor.seq + 1:
            rows = numbering.sendable(moved)
        else:
            async with self._database.transaction() as conn:
                rows = await numbering.sent_after(conn, self._cursor.seq)
        if not rows:
            return 0
        epoch = self._head.epoch
        cursor = Mark(seq=rows[-1].seq, epoch=epoch)
        text = str(epoch)
        await self._wire.send(
            self._service, (row.values(text) for row in rows), cursor=cursor, head=max(self._head, cursor, key=_seq)
        )
        faults.reached(Point.AFTER_XADD)
        self._cursor = cursor
        metrics.EVENTS_SENT.inc(len(rows))
        return len(rows)

    async def _tend(self, *, say_head: bool) -> None:
        """Every second: say the head, so that an idle reader sees that it misses the tail; take refill requests."""
        if self._head is None or self._cursor is None:
            return
        if say_head:
            await self._wire.send(self._service, (), cursor=self._cursor, head=self._head)
        asked = await self._wire.take_refills(self._service)
        async with self._database.transaction() as conn:
            waiting, age_s = await outbox.pending(conn)
            metrics.OUTBOX_WAITING.set(waiting)
            metrics.OUTBOX_OLDEST_SECONDS.set(age_s)
            oldest = await numbering.oldest_kept(conn) if asked else None
        for subscriber, first in asked.items():
            if not faults.on(Remedy.REFILL) or first > self._head.seq:
                continue
            if oldest is None or first < oldest:
                log.error("asked for events that are gone", extra={"subscriber": subscriber, "first": first})
                await self._wire.say_gone(self._service, subscriber, oldest or self._head.seq + 1)
                continue
            metrics.REFILLS_ANSWERED.labels(subscriber).inc()
            if first <= self._cursor.seq:
                log.info("sending again", extra={"subscriber": subscriber, "first": first})
                self._cursor = Mark(seq=first - 1, epoch=self._cursor.epoch)

    async def _sweep(self) -> None:
        """Trim what all groups have acknowledged; forget rows that all have applied and that are old enough."""
        if self._head is None:
            return
        await self._wire.trim(self._service, self._groups)
        reports = await self._wire.applied(self._service)
        epoch = self._head.epoch
        applied = {name: reports[name].seq for name in self._groups if name in reports and reports[name].epoch == epoch}
        async with self._database.transaction() as conn:
            for name, seq in applied.items():
                late = await numbering.overdue(conn, after=seq)
                metrics.BEHIND_RETENTION.labels(name).set(late)
                if late:
                    log.error("subscriber needs events that are old enough to go", extra={"subscriber": name})
            if len(applied) == len(self._groups):
                await numbering.forget(conn, up_to=min(applied.values(), default=self._head.seq))


def _seq(mark: Mark) -> int:
    return mark.seq
