"""`bin/bench ingestion`: a mill's list as a file, until its rows are checked and stored."""

import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict

from bench import lists
from bench.arena import Arena, Place, open_arena
from bench.table import Report, Row, alone, less_is_better, median, more_is_better
from deploy.embedded.place import ROOT
from shared.migrate import migrate

SIZES = (10_000, 100_000)
ROUNDS = 3
OURS, PEER, LIMIT = "ours", "django", "limit"
MODULES = {OURS: "bench.list_rig", PEER: "bench.peers.django_stack.lists", LIMIT: "bench.peers.bare_list"}


@dataclass(frozen=True, slots=True)
class Run:
    """One list by one contestant: seconds by stage and in all, and the memory of its largest process."""

    stages: Mapping[str, float]
    total: float
    peak_mib: float


def measure(report: Report, *, sizes: Sequence[int], kinds: Sequence[str], rounds: int = ROUNDS) -> None:
    """All contestants in turn in each round, each in a process of its own on an empty database."""
    before: dict[str, tuple[int, float, float]] = {}
    with open_arena() as arena:
        for size in sizes:
            for kind in kinds:
                path = arena.folder / f"list-{size}.{kind}"
                path.write_bytes(lists.KINDS[kind](size))
                runs: dict[str, list[Run]] = defaultdict(list)
                for turn in range(1, rounds + 1):
                    for name in MODULES:
                        report.tell(f"{kind}, {size} rows, round {turn} of {rounds}: {name}")
                        runs[name].append(_bring(arena, name, path))
                report.add(*_rows(f"list {kind}, {size} rows", size, runs))
                report.add(*_inside(arena, f"list {kind}, {size} rows", size, path, rounds))
                total = median(run.total for run in runs[OURS])
                peak = median(run.peak_mib for run in runs[OURS])
                if kind in before:
                    report.add(*_growth(f"list {kind}, {size} rows", size, total, peak, before[kind]))
                before[kind] = size, total, peak


def _rows(title: str, size: int, runs: Mapping[str, Sequence[Run]]) -> Generator[Row]:
    rate = {name: size / median(run.total for run in found) for name, found in runs.items()}
    peak = {name: median(run.peak_mib for run in found) for name, found in runs.items()}
    yield more_is_better(f"{title} vs django", rate[OURS], rate[PEER], unit="rows/s")
    yield more_is_better(f"{title} vs limit", rate[OURS], rate[LIMIT], unit="rows/s")
    yield less_is_better(f"{title}, peak vs django", peak[OURS], peak[PEER], unit="MiB RSS")
    for name, found in runs.items():
        for stage in found[0].stages:
            seconds = median(run.stages[stage] for run in found)
            yield alone(f"{title}, {name}: {stage}", size / seconds, unit="rows/s")


def _inside(arena: Arena, title: str, size: int, path: Path, rounds: int) -> Generator[Row]:
    with arena.fresh() as place:
        runs = [_run(MODULES[OURS], path, {**_environment(place), "BENCH_EXPLAIN": "1"}) for _ in range(rounds)]
    for stage in runs[0].stages:
        yield alone(
            f"{title}, in the sandbox: {stage}", size / median(run.stages[stage] for run in runs), unit="rows/s"
        )


def _growth(title: str, size: int, total: float, peak: float, before: tuple[int, float, float]) -> Generator[Row]:
    size_before, total_before, peak_before = before
    yield more_is_better(f"{title} vs {size_before} rows", size / total, size_before / total_before, unit="rows/s")
    yield less_is_better(f"{title}, peak vs {size_before} rows", peak, peak_before, unit="MiB RSS")


def _bring(arena: Arena, name: str, path: Path) -> Run:
    with arena.fresh() as place:
        if name == OURS:
            with psycopg.connect(place.database_url, autocommit=True) as conn:
                conn.execute("CREATE SCHEMA ingestion")
            migrate(place.database_url, "ingestion")
        return _run(MODULES[name], path, _environment(place))


def _run(module: str, path: Path, environment: Mapping[str, str]) -> Run:
    done = subprocess.run(
        [sys.executable, "-m", module, path], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    if done.returncode != 0:
        raise AssertionError(f"{module} failed:\n{done.stderr}")
    return Run(**json.loads(done.stdout.splitlines()[-1]))


def _environment(place: Place) -> dict[str, str]:
    address = conninfo_to_dict(place.database_url)
    return {
        "BENCH_DATABASE_URL": place.database_url,
        "BENCH_DATABASE": str(address["dbname"]),
        "BENCH_DATABASE_USER": str(address["user"]),
        "BENCH_DATABASE_PASSWORD": str(address["password"]),
        "BENCH_DATABASE_PORT": str(address["port"]),
        "BENCH_REDIS_URL": place.redis_url,
        "OFFCUT_INGESTION_DATABASE_URL": place.database_url,
        "OFFCUT_REDIS_URL": place.redis_url,
        "OFFCUT_PUBLIC_KEY": "none",
        "OFFCUT_CURSOR_KEY": "none",
        "OFFCUT_LOG_LEVEL": "WARNING",
    }
