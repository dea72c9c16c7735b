"""The worker process of a service: its readers, its relay and its timed jobs in one event loop."""

import argparse
import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence

import uvloop

from shared import housekeeping, log
from shared.config import ServiceSettings
from shared.consumer.batch import Applier, Fuse
from shared.consumer.reader import BLOCK_S, Reader
from shared.consumer.retries import Retrier
from shared.consumer.subscriptions import Subscription, producers_of
from shared.contracts import groups_of
from shared.contracts.base import stream_of
from shared.db import Database
from shared.locks import Locks
from shared.outbox import CHANNEL
from shared.personal import Personal, nothing
from shared.process import keep_going, run_until_stopped, settle, stop_on_signals
from shared.relay import Relay
from shared.scheduler import Job, Runner
from shared.serve import tell_ready
from shared.status import Status, Troubles, no_troubles, serve_status
from shared.wire import WIRE_ERRORS, Wire

ROLES = ("consumer", "relay", "scheduler")
Loop = Coroutine[object, object, None]

logger = logging.getLogger(__name__)


def run_worker(
    settings: ServiceSettings,
    *,
    subscriptions: Sequence[Subscription],
    jobs: Sequence[Job],
    troubles: Troubles = no_troubles,
    personal: Personal = nothing,
) -> None:
    """Run until SIGINT or SIGTERM. The command line names the roles: ``consumer relay scheduler``, default all.

    ``troubles``: what the health page should say of this service's own affairs. ``personal``: what it holds about
    somebody who asks for that.
    """
    parser = argparse.ArgumentParser(description=f"Worker of {settings.service}")
    parser.add_argument("roles", nargs="*", choices=[*ROLES, []], help="default: all")
    roles: Sequence[str] = parser.parse_args().roles or ROLES
    log.configure(service=settings.service, process="worker", level=settings.log_level)
    uvloop.run(
        work(settings, roles=roles, subscriptions=subscriptions, jobs=jobs, troubles=troubles, personal=personal)
    )


async def work(
    settings: ServiceSettings,
    *,
    roles: Sequence[str],
    subscriptions: Sequence[Subscription],
    jobs: Sequence[Job],
    troubles: Troubles = no_troubles,
    personal: Personal = nothing,
) -> None:
    """Start the loops of these roles, and end when told to."""
    stop = stop_on_signals()
    database = Database(
        settings.database_url, service=settings.service, process="worker", size_max=settings.worker_pool_size_max
    )
    wire = Wire(settings.redis_url, block_s=BLOCK_S)
    locks = Locks(database, stop=stop)
    await refuse_eviction(wire)
    await database.open()
    loops: list[Loop] = []
    relay = Relay(database, wire, groups=groups_of(database.service), wake=locks.wake_on(CHANNEL), stop=stop)
    if "relay" in roles:
        loops.append(_held(locks, "relay", relay.run, stop))
    if "consumer" in roles:
        fuse = Fuse(deaths=settings.dead_letters_max, seconds=settings.dead_letters_seconds)
        loops.extend(consuming(database, wire, locks, subscriptions, stop, fuse))
    if "scheduler" in roles:
        loops.extend(scheduling(database, locks, (*jobs, *housekeeping.JOBS), stop))
    holding = asyncio.ensure_future(keep_going("locks", locks.run, stop=asyncio.Event()))
    status = Status(
        database,
        wire,
        roles=tuple(roles),
        jobs=jobs,
        public_key=settings.public_key,
        troubles=troubles,
        personal=personal,
        unsent=relay.trouble,
    )
    try:
        async with serve_status(status, port=settings.worker_port):
            settle()
            tell_ready()
            logger.info("worker runs", extra={"roles": list(roles)})
            await run_until_stopped(loops, stop=stop)
    finally:
        holding.cancel()
        await asyncio.gather(holding, return_exceptions=True)
        await wire.close()
        await database.close()


async def refuse_eviction(wire: Wire) -> None:
    """A Redis that evicts keys throws streams away while nobody looks: no start with it. One that is away may come."""
    try:
        policy = await wire.eviction_policy()
    except WIRE_ERRORS as error:
        logger.warning("redis is away, starting without it", extra={"reason": str(error)})
        return
    if policy != "noeviction":
        raise SystemExit(
            f"Redis is set to maxmemory-policy {policy}: when its memory is full it would delete streams and the notes"
            " of the relay. Set it to noeviction (redis-cli CONFIG SET maxmemory-policy noeviction, and in redis.conf)."
        )


def consuming(
    database: Database,
    wire: Wire,
    locks: Locks,
    subscriptions: Sequence[Subscription],
    stop: asyncio.Event,
    fuse: Fuse | None = None,
) -> list[Loop]:
    """One reader per stream, and the retries of all of them."""
    loops: list[Loop] = []
    appliers: dict[str, Applier] = {}
    for producer in producers_of(subscriptions):
        applier = Applier(database, stream_of(producer), subscriptions, fuse=fuse)
        appliers[stream_of(producer)] = applier
        reader = Reader(database, wire, applier, producer=producer, stop=stop)
        loops.append(_held(locks, f"reader:{producer}", reader.run, stop))
    if appliers:
        loops.append(_held(locks, "retries", Retrier(database, appliers, stop=stop).run, stop))
    return loops


def scheduling(database: Database, locks: Locks, jobs: Sequence[Job], stop: asyncio.Event) -> list[Loop]:
    """One loop per job; their names must differ, because locks and records go by name."""
    names = [job.name for job in jobs]
    if len(set(names)) < len(names):
        raise ValueError(f"two jobs of one name: {sorted(names)}")
    return [keep_going(job.name, Runner(job, database, locks, stop=stop).run, stop=stop) for job in jobs]


def _held(locks: Locks, name: str, run: Callable[[], Awaitable[None]], stop: asyncio.Event) -> Loop:
    return keep_going(name, lambda: locks.while_held(name, run), stop=stop)
