"""Parked events come back here: the lowest of each key, when its time has come, one transaction each."""

import asyncio
import logging
from collections.abc import Mapping

from shared import metrics
from shared.consumer import parking, store
from shared.consumer.batch import DEATHS_MAX, Applier, describe, is_outage
from shared.consumer.envelope import Envelope
from shared.consumer.parking import Parked
from shared.consumer.subscriptions import Reject
from shared.db import Database
from shared.process import wait_any

POLL_S = 1.0
HEADS_MAX = 100

log = logging.getLogger(__name__)


class Retrier:
    """Tries parked events of all streams of one service, under the lock ``retries``."""

    def __init__(self, database: Database, appliers: Mapping[str, Applier], *, stop: asyncio.Event) -> None:
        self._database = database
        self._appliers = appliers
        self._stop = stop

    async def run(self) -> None:
        """Go on until ``stop``; after a success look again at once, because waiters may be free."""
        while not self._stop.is_set():
            done = await self.retry_due()
            if not done:
                await wait_any(self._stop, seconds=POLL_S)

    async def retry_due(self) -> int:
        """Try everything that is due; how many events are no longer parked."""
        async with self._database.transaction() as conn:
            heads = await parking.due(conn, list(self._appliers), limit=HEADS_MAX)
            aside = await parking.set_aside(conn)
        metrics.PARKED.set(aside.parked)
        metrics.DEAD_LETTERS.set(aside.dead)
        done = 0
        for head in heads:
            if self._stop.is_set():
                break
            done += await self._retry(head)
        return done

    async def _retry(self, head: Parked) -> bool:
        applier = self._appliers[head.stream]
        envelope = head.envelope()
        attempts = head.attempts + 1
        deaths = await applier.count_attempt(head.seq)
        if deaths > DEATHS_MAX:
            error = Reject(f"{deaths} processes died while they handled it")
            return await self._give_up_or_wait(applier, envelope, error, attempts=attempts)
        try:
            async with self._database.transaction() as conn:
                # The reader's transactions begin with this row: no event can be parked behind one that is just leaving.
                await store.lock(conn, head.stream)
                if await parking.still_parked(conn, head.stream, head.seq):
                    event = applier.parse(envelope)
                    await applier.run_handlers(conn, [envelope], [event] if event is not None else [])
                    await parking.unpark(conn, head.stream, head.seq)
                await store.end_attempts(conn, head.stream, [head.seq])
            applier.settled(head.seq)
            return True
        except Exception as error:  # a door: it waits for its next try, or is given up
            if is_outage(error):
                raise
            return await self._give_up_or_wait(applier, envelope, error, attempts=attempts)

    async def _give_up_or_wait(self, applier: Applier, envelope: Envelope, error: Exception, *, attempts: int) -> bool:
        wait_s = applier.wait_after(error, attempts=attempts)
        text = describe(error)
        async with self._database.transaction() as conn:
            await store.lock(conn, envelope.stream)
            if wait_s is not None:
                await parking.postpone(
                    conn, envelope.stream, envelope.seq, attempts=attempts, wait_s=wait_s, error=text
                )
            elif await parking.still_parked(conn, envelope.stream, envelope.seq):
                await applier.bury(conn, [envelope], attempts=attempts, errors=[text])
                await parking.unpark(conn, envelope.stream, envelope.seq)
            await store.end_attempts(conn, envelope.stream, [envelope.seq])
        applier.settled(envelope.seq)
        note = {"stream": envelope.stream, "seq": envelope.seq, "type": envelope.type, "reason": text}
        if wait_s is None:
            metrics.EVENTS_DIED.labels(envelope.stream).inc()
            log.error("event given up", extra={**note, "attempts": attempts})
            return True
        log.warning("event failed again", extra={**note, "attempts": attempts, "wait_s": round(wait_s, 1)})
        return False
