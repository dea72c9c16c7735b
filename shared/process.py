"""Run the loops of a process until it is told to stop, and let it finish what is in hand."""

import asyncio
import gc
import logging
import signal
from collections.abc import Awaitable, Callable, Coroutine

import psycopg

GRACE_S = 8.0  # PM2's kill_timeout is 2 s longer
RESTART_FIRST_S = 0.2
RESTART_MAX_S = 10.0
GARBAGE_AFTER = 20_000  # new objects until the collector looks at them; a batch of 500 events is a few thousand

log = logging.getLogger(__name__)


def stop_on_signals() -> asyncio.Event:
    """An event that SIGINT (PM2) or SIGTERM sets."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return stop


def settle() -> None:
    """Call once everything is loaded: modules leave the collector's sight, and it looks for cycles less often.

    A batch of events is many objects that live for milliseconds. The collector took them for growth, and walked all
    modules again and again: measured, that was 44 % of the time of a reader under load.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_AFTER, 20, 20)


async def wait_any(*events: asyncio.Event, seconds: float | None) -> None:
    """Return when one of the events is set, or after ``seconds``."""
    if any(event.is_set() for event in events):
        return
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()


async def keep_going(name: str, work: Callable[[], Awaitable[None]], *, stop: asyncio.Event) -> None:
    """Start ``work`` again when it fails, later each time, until it returns or ``stop`` is set."""
    pause = RESTART_FIRST_S
    loop = asyncio.get_running_loop()
    while not stop.is_set():
        began = loop.time()
        try:
            return await work()
        except psycopg.OperationalError as error:  # the database is away; each loop says so, none gives up
            log.warning("loop lost the database", extra={"loop": name, "pause_s": pause, "reason": str(error)})
        except Exception:  # a door: one failing loop must not take the others of this process with it
            log.exception("loop failed, it starts again", extra={"loop": name, "pause_s": pause})
        if loop.time() - began > RESTART_MAX_S:
            pause = RESTART_FIRST_S
        await wait_any(stop, seconds=pause)
        pause = min(pause * 2, RESTART_MAX_S)


async def run_until_stopped(
    loops: list[Coroutine[object, object, None]], *, stop: asyncio.Event, grace_s: float = GRACE_S
) -> None:
    """Run loops that end by themselves soon after ``stop``; what is not through after ``grace_s`` is cancelled.

    A loop that was cancelled in its transaction leaves no effect: its work is found again by whoever starts next.
    """
    tasks = [asyncio.ensure_future(loop) for loop in loops]
    await stop.wait()
    done, late = await asyncio.wait(tasks, timeout=grace_s)
    for task in late:
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)
    for task in done:
        task.result()
    if late:
        log.warning("stopped with work in hand", extra={"loops": len(late)})
