"""Apply a batch of events: one transaction for all, or one for each when something in it fails."""

import logging
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby

import psycopg
from psycopg_pool import PoolTimeout

from shared import faults, metrics, trace
from shared.consumer import parking, store
from shared.consumer.envelope import Envelope, Unreadable
from shared.consumer.subscriptions import Handler, RawHandler, Reject, Subscription
from shared.contracts import BY_TYPE
from shared.contracts.base import Event
from shared.db import Conn, Database
from shared.faults import Point, Remedy

LADDER_SECONDS = (1.0, 5.0, 30.0, 120.0, 600.0)
JITTER = 0.2  # of the wait, so that what failed together is not tried together
DEATHS_MAX = 3  # processes an event may take down before the stream goes on without it
SUSPECT_ATTEMPTS = 2  # then it waits as long as after so many failures: whoever died beside it has settled by then

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Fuse:
    """When a stream stops by itself: ``deaths`` events given up within ``seconds`` are no longer single bad events.

    More likely our own new version is wrong, and every further event would only join them: an operator decides.
    """

    deaths: int = 100
    seconds: float = 600


class Outrun(Exception):
    """Somebody else has advanced this stream: look again where it stands. Never a failure of a handler."""


class Deadly(Exception):
    """Processes died with an event in hand. It may be innocent, so one more try, alone in its time, decides."""

    def __init__(self, deaths: int) -> None:
        super().__init__(f"{deaths} processes died while they handled it")


class Applier:
    """Runs the handlers of one service on one stream, inside the transaction that says so."""

    def __init__(
        self,
        database: Database,
        stream: str,
        subscriptions: Sequence[Subscription],
        *,
        ladder: Sequence[float] = LADDER_SECONDS,
        fuse: Fuse | None = None,
    ) -> None:
        self.stream = stream
        self.ladder = tuple(ladder)
        self._fuse = fuse or Fuse()
        self._database = database
        self._handlers: dict[str, Handler] = {
            subscription.event.TYPE: subscription.handle
            for subscription in subscriptions
            if subscription.event is not None and subscription.handle is not None
        }
        self._raw: list[RawHandler] = [
            subscription.handle_raw for subscription in subscriptions if subscription.handle_raw is not None
        ]
        self._counted: set[int] = set()  # in hand of this very process, which is alive

    async def apply(self, envelopes: Sequence[Envelope], *, singly: bool) -> None:
        """Apply events that follow each other without a gap. Raises ``Outrun``, or why PostgreSQL is away.

        ``singly``: a process may have died of one of them, so each is counted before its handler sees it. The first
        time they are tried together all the same: most deaths have nothing to do with the events in hand.
        """
        counted = singly and await self._count_all(envelopes)
        if counted or not singly:
            try:
                return await self._together(envelopes, settle=counted)
            except Outrun:
                raise
            except Exception as error:  # a door: whatever a handler raises, the stream goes on
                if is_outage(error):
                    raise
                metrics.BATCHES_FAILED.labels(self.stream).inc()
                log.warning("batch failed, redone one by one", extra={"stream": self.stream, "reason": str(error)})
        for envelope in envelopes:
            await self._alone(envelope)

    async def run_handlers(self, conn: Conn, envelopes: Sequence[Envelope], events: Sequence[Event]) -> None:
        """Bring envelopes and their events to the handlers; events in runs of one type and one cause."""
        if envelopes:
            for handle_raw in self._raw:
                await handle_raw(conn, envelopes)
        for (name, _), run in groupby(events, key=_run_of):
            same = list(run)
            with trace.tracing(trace.caused_by(same[0])):
                await self._handlers[name](conn, same)

    def parse(self, envelope: Envelope) -> Event | None:
        """The event for its handler; ``None`` when no handler here wants it parsed. Raises ``Unreadable``."""
        if envelope.type in self._handlers or (not self._raw and envelope.type not in BY_TYPE):
            return envelope.event()
        return None

    def wait_after(self, error: Exception, *, attempts: int) -> float | None:
        """Seconds until the next try after ``attempts``; ``None`` when there is none."""
        if isinstance(error, Reject | Unreadable) or attempts > len(self.ladder):
            return None
        return self.ladder[attempts - 1] * (1 + random.uniform(-JITTER, JITTER))  # noqa: S311 - no secret

    async def count_attempt(self, seq: int) -> int:
        """Say that this process takes an event in hand; the number of processes that died with it before."""
        if seq in self._counted or not faults.on(Remedy.DEATHS):
            return 0
        async with self._database.transaction() as conn:
            counted = await store.begin_attempt(conn, self.stream, seq)
        self._counted.add(seq)
        return counted - 1

    async def _count_all(self, envelopes: Sequence[Envelope]) -> bool:
        """Count one attempt for all of them, unless a process has died with one of them since it was counted."""
        unknown = [envelope.seq for envelope in envelopes if envelope.seq not in self._counted]
        if not faults.on(Remedy.DEATHS):
            return False
        async with self._database.transaction() as conn:
            counted = await store.begin_attempts(conn, self.stream, unknown) == len(unknown)
        if counted:
            self._counted.update(unknown)
        return counted

    def settled(self, *seqs: int) -> None:
        """The transaction that ended the attempts is committed."""
        self._counted.difference_update(seqs)

    async def bury(self, conn: Conn, envelopes: Sequence[Envelope], *, attempts: int, errors: Sequence[str]) -> None:
        """Give events up, and stop the stream in the same transaction when too many have died lately."""
        await parking.bury(conn, envelopes, attempts=attempts, errors=errors)
        dead = await parking.died_lately(conn, self.stream, seconds=self._fuse.seconds)
        if dead >= self._fuse.deaths:
            reason = (
                f"{dead} events died within {self._fuse.seconds:.0f} s, the last of: {errors[-1][:200]};"
                " see 'Too many dead letters' in docs/runbook.md"
            )
            await store.stop(conn, self.stream, reason)
            log.error("subscription stopped", extra={"stream": self.stream, "reason": reason})

    async def _together(self, envelopes: Sequence[Envelope], *, settle: bool = False) -> None:
        began = time.perf_counter()
        async with self._database.transaction() as conn:
            await self._advance(conn, envelopes)
            free = await self._park_behind(conn, envelopes)
            events = await self._read(conn, free)
            await self.run_handlers(conn, free, events)
            if settle:
                await store.end_attempts(conn, self.stream, [envelope.seq for envelope in envelopes])
            faults.reached(Point.BEFORE_COMMIT)
        if settle:
            self.settled(*[envelope.seq for envelope in envelopes])
        metrics.APPLY_SECONDS.labels(self.stream).observe(time.perf_counter() - began)
        metrics.EVENTS_APPLIED.labels(self.stream).inc(len(envelopes))
        age = datetime.now(UTC) - envelopes[-1].occurred_at
        metrics.EFFECT_SECONDS.labels(self.stream).observe(max(age.total_seconds(), 0))

    async def _alone(self, envelope: Envelope) -> None:
        deaths = await self.count_attempt(envelope.seq)
        if deaths >= DEATHS_MAX:
            return await self._set_aside(envelope, Deadly(deaths), attempts=SUSPECT_ATTEMPTS)
        try:
            await self._together([envelope], settle=True)
        except Outrun:
            raise
        except Exception as error:  # a door: the guilty event is set aside, its neighbours go on
            if is_outage(error):
                raise
            await self._set_aside(envelope, error, attempts=1)

    async def _set_aside(self, envelope: Envelope, error: Exception, *, attempts: int) -> None:
        wait_s = self.wait_after(error, attempts=attempts)
        text = describe(error)
        async with self._database.transaction() as conn:
            await self._advance(conn, [envelope])
            if wait_s is None:
                await self.bury(conn, [envelope], attempts=attempts, errors=[text])
            else:
                await parking.park(conn, [envelope], attempts=attempts, wait_s=wait_s, error=text)
            if isinstance(error, Deadly):
                await store.keep_attempts(conn, self.stream, envelope.seq, DEATHS_MAX)
            else:
                await store.end_attempts(conn, self.stream, [envelope.seq])
        self.settled(envelope.seq)
        note = {"stream": self.stream, "seq": envelope.seq, "type": envelope.type, "key": envelope.key, "reason": text}
        if wait_s is None:
            metrics.EVENTS_DIED.labels(self.stream).inc()
            log.error("event given up", extra=note)
        else:
            metrics.EVENTS_PARKED.labels(self.stream).inc()
            log.warning("event parked", extra={**note, "wait_s": round(wait_s, 1)})

    async def _advance(self, conn: Conn, envelopes: Sequence[Envelope]) -> None:
        first, last = envelopes[0], envelopes[-1]
        if not await store.advance(conn, self.stream, first=first.seq, last=last.seq, epoch=first.epoch):
            raise Outrun

    async def _park_behind(self, conn: Conn, envelopes: Sequence[Envelope]) -> Sequence[Envelope]:
        """Park events whose key has one parked already; the rest."""
        wanted = [envelope for envelope in envelopes if self._wants(envelope)]
        waiting = await parking.parked_keys(conn, self.stream, [envelope.key for envelope in wanted])
        if not waiting:
            return wanted
        await parking.park(
            conn, [envelope for envelope in wanted if envelope.key in waiting], attempts=0, wait_s=None, error=None
        )
        return [envelope for envelope in wanted if envelope.key not in waiting]

    async def _read(self, conn: Conn, envelopes: Sequence[Envelope]) -> Sequence[Event]:
        """The events for the handlers; what nobody will ever be able to read is given up in this transaction."""
        events: list[Event] = []
        bad: list[tuple[Envelope, str]] = []
        for envelope in envelopes:
            try:
                event = self.parse(envelope)
            except Unreadable as error:
                bad.append((envelope, describe(error)))
                continue
            if event is not None:
                events.append(event)
        if bad:
            await self.bury(conn, [dead for dead, _ in bad], attempts=1, errors=[error for _, error in bad])
            metrics.EVENTS_DIED.labels(self.stream).inc(len(bad))
            for dead, error in bad:
                log.error(
                    "event cannot be read, given up",
                    extra={"stream": self.stream, "seq": dead.seq, "type": dead.type, "reason": error},
                )
        return events

    def _wants(self, envelope: Envelope) -> bool:
        """Known types without a handler here are passed over; unknown ones are not, somebody has to look at them."""
        return bool(self._raw) or envelope.type in self._handlers or envelope.type not in BY_TYPE


def _run_of(event: Event) -> tuple[str, str]:
    return event.TYPE, event.received().correlation_id


def describe(error: Exception) -> str:
    """What an operator reads: the kind of failure and what it says."""
    return f"{type(error).__name__}: {error}"


def is_outage(error: Exception) -> bool:
    """Whether PostgreSQL itself was the trouble (away, restarting, full, read-only) and not what was asked of it."""
    if isinstance(error, PoolTimeout | psycopg.InterfaceError):
        return True
    if not isinstance(error, psycopg.Error):
        return False
    state = error.sqlstate
    if state is None:
        return isinstance(error, psycopg.OperationalError)
    # connection, resources, operator intervention but for a statement that took too long, read-only
    return state[:2] in {"08", "53", "58"} or (state[:2] == "57" and state != "57014") or state in {"25006", "25P03"}
