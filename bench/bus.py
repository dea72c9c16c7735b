"""`bin/bench bus`: from the outbox row to the effect row."""

import time
from collections import defaultdict
from collections.abc import Sequence

from bench import backlog
from bench.arena import Arena, Place, open_arena
from bench.contestants import Contestant, Moments, Ours, Raw, WithCelery, running
from bench.peers import server_only
from bench.processes import cpu_seconds, family
from bench.table import Report, less_is_better, median, more_is_better, percentile

PARTS = ("throughput", "latency", "backlog")
ROUNDS = 3
WARM = 500  # events before the clock starts, so that no start of a process is measured
PER_SECOND = 200
PACED_SECONDS = 4
SINCE = ("", ", with publishing")  # since the publisher's answer, and since its call
CELERY_SHARE = 10  # Celery gets a tenth of the events: its rate does not depend on how many there are


def measure(report: Report, *, parts: Sequence[str], events: int, full: bool) -> None:
    """Rounds of all contestants in turn, so that a noisy moment of the machine meets each of them."""
    with open_arena() as arena:
        if "throughput" in parts:
            throughput(report, arena, events=events)
        if "latency" in parts:
            latency(report, arena)
        if "backlog" in parts:
            backlog.measure(report, arena, full=full)


def throughput(report: Report, arena: Arena, *, events: int) -> None:
    rates: dict[str, list[float]] = defaultdict(list)
    costs: dict[str, list[float]] = defaultdict(list)
    for turn in range(1, ROUNDS + 1):
        for contestant, count in ((Ours(), events), (Raw(), events), (WithCelery(), events // CELERY_SHARE)):
            report.tell(f"throughput {turn}/{ROUNDS}: {contestant.name}, {count} events")
            per_second, cpu_us = rate(arena, contestant, count)
            rates[contestant.name].append(per_second)
            costs[contestant.name].append(cpu_us)
        report.tell(f"throughput {turn}/{ROUNDS}: {server_only.NAME}")
        rates[server_only.NAME].append(server_only.rate(arena, events))
    ours = median(rates[Ours.name])
    for peer in (WithCelery.name, Raw.name, server_only.NAME):
        report.add(more_is_better(f"bus throughput vs {peer}", ours, median(rates[peer]), unit="events/s"))
    for peer in (WithCelery.name, Raw.name):
        cpu = {name: median(found) for name, found in costs.items()}
        report.add(less_is_better(f"bus throughput, CPU vs {peer}", cpu[Ours.name], cpu[peer], unit="µs/event"))


def rate(arena: Arena, contestant: Contestant, count: int) -> tuple[float, float]:
    """Events per second from the first insert to the last committed effect, and processor time in Python for each."""
    with arena.fresh() as place, running(contestant, place) as started:
        contestant.publish(range(1, WARM + 1))
        place.wait_for(WARM)
        pids = [pid for process in started.values() for pid in family(process.pid)]
        began, cpu_before = time.perf_counter(), time.process_time() + sum(map(cpu_seconds, pids))
        contestant.publish(range(WARM + 1, WARM + count + 1))
        published = time.process_time()  # from here on we only look whether it is through
        place.wait_for(WARM + count)
        seconds = time.perf_counter() - began
        cpu = published + sum(map(cpu_seconds, pids)) - cpu_before
        place.prove_exactly_once(WARM + count)
        return count / seconds, cpu / count * 1e6


def latency(report: Report, arena: Arena) -> None:
    """From the answer to the publisher (committed, or sent) to the commit of the effect, or the start of the no-op.

    Celery's worker may start before its publisher has the answer, and what our publisher waits for is a commit: so the
    same is told from the publisher's call too.
    """
    found: dict[tuple[str, str], list[list[float]]] = defaultdict(list)
    for turn in range(1, ROUNDS + 1):
        for contestant in (Ours(), Raw(outbox_first=False), WithCelery()):
            report.tell(f"latency {turn}/{ROUNDS}: {contestant.name}, {PER_SECOND} events/s")
            for since, delays in delays_ms(arena, contestant).items():
                found[since, contestant.name].append(delays)
    peers = ((WithCelery.name, "celery no-op"), (Raw.name, "raw stream + transaction"))
    for since in SINCE:
        for share in (0.5, 0.99):
            mid = {key: median(percentile(run, share) for run in runs) for key, runs in found.items()}
            for name, title in peers:
                case = f"bus latency p{share * 100:.0f} at {PER_SECOND}/s{since} vs {title}"
                report.add(less_is_better(case, mid[since, Ours.name], mid[since, name], unit="ms"))


def delays_ms(arena: Arena, contestant: Contestant) -> dict[str, list[float]]:
    with arena.fresh() as place, running(contestant, place):
        contestant.publish_paced(range(1, WARM + 1), per_second=10 * PER_SECOND)
        count = WARM + PER_SECOND * PACED_SECONDS
        _ended(place, contestant, WARM)
        began = contestant.publish_paced(range(WARM + 1, count + 1), per_second=PER_SECOND)
        ended = _ended(place, contestant, count)
        return {
            since: [(ended[number] - moment) * 1000 for number, moment in moments.items()]
            for since, moments in zip(SINCE, (began.answered, began.called), strict=True)
        }


def _ended(place: Place, contestant: Contestant, count: int) -> Moments:
    if isinstance(contestant, WithCelery):
        return contestant.moments(count)
    place.wait_for(count)
    return place.commit_times()
