"""How the backbone drains what has piled up: does a hundred times as much cost a hundred times, and how much memory?"""

import time
from dataclasses import dataclass

from bench.arena import Arena, Place
from bench.contestants import start_workers
from bench.processes import peak_rss_mib, stop
from bench.rig import released
from bench.table import Report, alone, less_is_better, median, more_is_better

SIZES = (10_000, 100_000)
SIZE_FULL = 1_000_000
ROUNDS = 3
DRAIN_SECONDS_MAX = 600
WARM = 500  # events before it, so that no start of a process is measured


@dataclass(frozen=True, slots=True)
class Drained:
    """One backlog drained: events per second, and the most memory each of the two workers has held."""

    rate: float
    relay_mib: float
    reader_mib: float


def measure(report: Report, arena: Arena, *, full: bool) -> None:
    """1x, 10x and with ``full`` 100x; each beside the smallest."""
    base: Drained | None = None
    for size in (*SIZES, SIZE_FULL) if full else SIZES:
        rounds = 1 if size == SIZE_FULL else ROUNDS
        runs: list[Drained] = []
        for turn in range(1, rounds + 1):
            report.tell(f"backlog {turn}/{rounds}: {size} events")
            runs.append(drain(arena, size))
        found = Drained(
            rate=median(run.rate for run in runs),
            relay_mib=median(run.relay_mib for run in runs),
            reader_mib=median(run.reader_mib for run in runs),
        )
        if base is None:
            base = found
            report.add(alone(f"bus backlog {size}: drain", found.rate, unit="events/s"))
            report.add(alone(f"bus backlog {size}: peak of the relay", found.relay_mib, unit="MiB RSS"))
            report.add(alone(f"bus backlog {size}: peak of the reader", found.reader_mib, unit="MiB RSS"))
            continue
        rows = f"bus backlog {size}"
        against = f"vs {SIZES[0]}"
        report.add(
            more_is_better(f"{rows}: drain {against}", found.rate, base.rate, unit="events/s"),
            less_is_better(f"{rows}: peak of the relay {against}", found.relay_mib, base.relay_mib, unit="MiB RSS"),
            less_is_better(f"{rows}: peak of the reader {against}", found.reader_mib, base.reader_mib, unit="MiB RSS"),
        )


def drain(arena: Arena, size: int) -> Drained:
    """Both workers are warm and idle when the backlog appears, all of it by one commit: from there to its last effect.

    So neither the start of a process nor the filling of the outbox is measured, and a small backlog is not flattered
    or punished by either.
    """
    with arena.fresh() as place:
        workers = start_workers(place)
        try:
            fill(place, first=1, size=WARM)
            place.wait_for(WARM)
            place.conn.execute("CHECKPOINT")
            fill(place, first=WARM + 1, size=size)
            began = time.perf_counter()
            place.wait_for(WARM + size, deadline_s=DRAIN_SECONDS_MAX)
            seconds = time.perf_counter() - began
            place.prove_exactly_once(WARM + size)
            return Drained(
                rate=size / seconds,
                relay_mib=peak_rss_mib(workers["relay"].pid),
                reader_mib=peak_rss_mib(workers["reader"].pid),
            )
        finally:
            stop(workers.values())


def fill(place: Place, *, first: int, size: int) -> None:
    """What ``outbox.add`` would have left behind, made by the server in one transaction: a hundred to one cause."""
    model = released(1)
    with place.conn.transaction():
        place.conn.execute(
            """
            INSERT INTO catalog.outbox (event_id, type, key, correlation_id, meta, body, occurred_at)
            SELECT gen_random_uuid(), %(type)s, %(key)s, 'c' || n / 100,
                   jsonb_build_object('correlation_id', 'c' || n / 100)::text,
                   jsonb_set(%(body)s::jsonb, '{version}', to_jsonb(n))::text, clock_timestamp()
            FROM generate_series(%(first)s::integer, %(last)s::integer) AS n
            """,
            {
                "type": model.TYPE,
                "key": model.key,
                "body": model.model_dump_json(),
                "first": first,
                "last": first + size - 1,
            },
        )
        place.conn.execute("SELECT pg_notify('catalog.outbox', '')")
