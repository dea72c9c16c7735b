"""`bin/bench memory`: what the whole system costs while nothing happens."""

import json
import time
import urllib.request
from collections.abc import Mapping

from bench.arena import open_arena
from bench.peers import django_server
from bench.processes import cpu_seconds, family, pss_mib
from bench.table import Report, alone, less_is_better, median
from deploy.layout import SERVICES, Layout
from tests.support.system import System, running_system

ROUNDS = 3
SETTLE_SECONDS = 12  # caches are filled, the first timed jobs have run
IDLE_SECONDS = 10
PEER_PROCESSES = [4, 3, 1]  # gunicorn 1+3, Celery with two children, beat
REQUESTS = 20  # to each API, so that neither side is measured before it has worked


def measure(report: Report) -> None:
    """Both systems run side by side, warm and without data; medians of several looks at both."""
    report.tell("starting the system")
    with running_system("--no-demo") as system, open_arena() as arena:
        report.tell("starting Django, gunicorn, Celery")
        with django_server.running(arena) as peer:
            _warm(system.layout)
            report.tell(f"both are warm; settling for {SETTLE_SECONDS} s")
            time.sleep(SETTLE_SECONDS)
            families = [family(pid) for pid in peer]  # now, because Celery forks its children late
            if [len(members) for members in families] != PEER_PROCESSES:
                raise AssertionError(f"the peer runs {families} instead of {PEER_PROCESSES} processes")
            _measure_memory(report, _pids(system), families)
            report.tell(f"idle for {IDLE_SECONDS} s")
            _measure_idle(report, _pids(system), families)


def _measure_memory(report: Report, ours: Mapping[str, int], peer: list[list[int]]) -> None:
    kinds = {kind: [pid for name, pid in ours.items() if name.endswith(kind)] for kind in ("-api", "-worker")}
    mail = [pid for name, pid in ours.items() if name.endswith("-mail")]
    looks: list[tuple[float, float, float, float]] = []
    for _ in range(ROUNDS):
        apis, workers, infra = (pss_mib(pids) for pids in (kinds["-api"], kinds["-worker"], mail))
        looks.append((apis, workers, infra, pss_mib(pid for pids in peer for pid in pids)))
    apis, workers, infra, theirs = (median(values) for values in zip(*looks, strict=True))
    count = sum(map(len, peer))
    report.add(
        less_is_better(f"memory idle, all services vs django ({count} processes)", apis + workers, theirs,
                       unit="MiB PSS"),
        alone(f"memory idle, {len(kinds['-api'])} APIs", apis, unit="MiB PSS"),
        alone(f"memory idle, {len(kinds['-worker'])} workers", workers, unit="MiB PSS"),
        alone("memory idle, stand-ins for mail servers on this machine", infra, unit="MiB PSS"),
    )  # fmt: skip


def _measure_idle(report: Report, ours: Mapping[str, int], peer: list[list[int]]) -> None:
    workers = {name: pid for name, pid in ours.items() if name.endswith("-worker")}
    celery = [pid for pids in peer[1:] for pid in pids]
    before = {pid: cpu_seconds(pid) for pid in (*workers.values(), *celery)}
    time.sleep(IDLE_SECONDS)
    used = {pid: (cpu_seconds(pid) - before[pid]) / IDLE_SECONDS * 100 for pid in before}
    busiest = max(workers, key=lambda name: used[workers[name]])
    all_of_us, theirs = (sum(used[pid] for pid in pids) for pids in (workers.values(), celery))
    report.add(
        less_is_better(f"idle CPU, busiest worker ({busiest}) vs 1 % of a core", used[workers[busiest]], 1.0, unit="%"),
        less_is_better(f"idle CPU, all {len(workers)} workers vs celery and beat", all_of_us, theirs, unit="%"),
    )


def _pids(system: System) -> dict[str, int]:
    """By PM2's name, the processes of Python; what is not written in it (PostgreSQL, Valkey) is on both sides."""
    told = json.loads(system.shell("pm2 jlist").stdout)
    pids = {str(process["name"]): int(process["pid"]) for process in told}
    python = {name: pid for name, pid in pids.items() if name.endswith(("-api", "-worker", "-mail"))}
    for name, pid in python.items():
        if len(family(pid)) > 1:
            raise AssertionError(f"{name} has children that nobody counts")
    return python


def _warm(layout: Layout) -> None:
    for service in SERVICES:
        for path in ("health/ready", "internal/openapi.json"):
            for _ in range(REQUESTS):
                url = f"http://127.0.0.1:{layout.service_port(service)}/{path}"
                with urllib.request.urlopen(url, timeout=10) as answer:
                    answer.read()
