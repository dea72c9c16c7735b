"""`bin/bench http`: one lot and a list of 50 out of 100,000, by four ways, in one run."""

import base64
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import jwt
import orjson
import psycopg
from psycopg.conninfo import conninfo_to_dict

from bench import market, processes
from bench.arena import Place, open_arena, until
from bench.caller import Met, Task
from bench.peers import same_query
from bench.table import Report, Row, alone, less_is_better, median, more_is_better
from deploy.embedded.place import ROOT
from deploy.embedded.process import listens
from shared.migrate import migrate
from tests.support.nginx import running_nginx
from tests.support.ports import free_ports
from tests.support.tokens import PUBLIC_KEY, bearer

LIST_FILTERS = {"grade_code": "GRADE_7", "gsm__gte": "100"}
CASES = {
    "one lot": ("/mvp/api/items/{id}", "/api/items/{id}/"),
    "list of 50": (
        "/mvp/api/items?grade_code=GRADE_7&gsm__gte=100&limit=50",
        "/api/items/?grade_code=GRADE_7&gsm__gte=100",
    ),
}
CONNECTIONS = (1, 8, 32, 128)
ROUNDS = 3
SECONDS = 0.7
WARM_SECONDS = 0.5
DJANGO_WORKERS = 3  # of the kind gunicorn runs by default, for two cores
STACK = "bench.peers.django_stack.items"
SECRET = "only measured, never reached, and long enough"  # noqa: S105 - of a throwaway process on loopback


@dataclass(frozen=True, slots=True)
class Way:
    """One way to the rows. ``pids`` are the processes that work for a request, without PostgreSQL."""

    name: str
    port: int
    authorization: str
    pids: Sequence[int]
    is_django: bool = False
    certificate: Path | None = None

    def task(self, case: str, ids: list[str], *, connections: int, seconds: float) -> Task:
        path = CASES[case][self.is_django]
        paths = [path.format(id=one) for one in ids] if "{id}" in path else [path]
        trust = str(self.certificate) if self.certificate else None
        return Task(self.port, paths, self.authorization, connections, seconds, trust)


@dataclass(frozen=True, slots=True)
class Measured:
    per_second: float
    cpu_us: float
    p50: float
    p99: float


def measure(report: Report, *, connections: Sequence[int] = CONNECTIONS) -> None:
    """All ways in turn in each round, so that a noisy moment of the machine meets each of them."""
    with open_arena() as arena, arena.fresh() as place, ExitStack() as stack:
        report.tell(f"storing {market.LOTS} lots")
        with psycopg.connect(place.database_url, autocommit=True) as conn:
            conn.execute("CREATE SCHEMA gateway")
        migrate(place.database_url, "gateway")
        ids = market.fill(place.database_url)
        ways = [*stack.enter_context(_ours(place)), stack.enter_context(_django(place))]
        found: dict[tuple[str, str, int], list[Measured]] = defaultdict(list)
        for case in CASES:
            for way in ways:
                _ask(way, case, ids, connections=8, seconds=WARM_SECONDS)
            for turn in range(1, ROUNDS + 1):
                report.tell(f"{case}, round {turn} of {ROUNDS}")
                for count in connections:
                    for way in ways:
                        one = _ask(way, case, ids, connections=count, seconds=SECONDS)
                        found[case, way.name, count].append(one)
            report.add(*_rows(case, connections, found))
        report.add(*_against_postgresql(place, connections, found))
        report.add(*(alone(f"memory, {way.name}", processes.pss_mib(way.pids), unit="MiB PSS") for way in ways))


def _against_postgresql(
    place: Place, connections: Sequence[int], found: dict[tuple[str, str, int], list[Measured]]
) -> Generator[Row]:
    """The list again, answered by PostgreSQL to whoever speaks its protocol."""
    query = same_query.statement(place.database_url, LIST_FILTERS)
    for count in connections:
        rates = [
            same_query.rate(place.database_url, query, place.logs, connections=count, seconds=1) for _ in range(ROUNDS)
        ]
        ours = median(one.per_second for one in found["list of 50", "gateway", count])
        case = f"http list of 50, {count} connections vs limit"
        yield more_is_better(case, ours, median(rates), unit="requests/s")


def _ask(way: Way, case: str, ids: list[str], *, connections: int, seconds: float) -> Measured:
    before = sum(map(processes.cpu_seconds, way.pids))
    task = way.task(case, ids, connections=connections, seconds=seconds)
    done = subprocess.run(
        [sys.executable, "-m", "bench.caller"], cwd=ROOT, input=orjson.dumps(asdict(task)), capture_output=True
    )
    if done.returncode != 0:
        raise AssertionError(f"{way.name}: {done.stderr.decode()}")
    met = Met(**orjson.loads(done.stdout))
    if met.refused or not met.answers:
        raise AssertionError(f"{way.name}, {case}: {met.refused} refused, {met.answers} answered")
    cpu = sum(map(processes.cpu_seconds, way.pids)) - before
    return Measured(met.answers / met.seconds, cpu / met.answers * 1e6, met.p50, met.p99)


def _rows(case: str, connections: Sequence[int], found: dict[tuple[str, str, int], list[Measured]]) -> Generator[Row]:
    for count in connections:
        mid = {
            way: Measured(*(median(getattr(one, name) for one in runs) for name in Measured.__slots__))
            for (asked, way, at), runs in found.items()
            if asked == case and at == count
        }
        ours, title = mid["gateway"], f"http {case}, {count} connections"
        for other in ("django", "direct", "nginx"):
            yield more_is_better(f"{title} vs {other}", ours.per_second, mid[other].per_second, unit="requests/s")
        for other in ("django", "direct"):
            yield less_is_better(f"{title}, CPU vs {other}", ours.cpu_us, mid[other].cpu_us, unit="µs/request")
            yield less_is_better(f"{title}, p50 vs {other}", ours.p50, mid[other].p50, unit="ms")
            yield less_is_better(f"{title}, p99 vs {other}", ours.p99, mid[other].p99, unit="ms")
        yield less_is_better(f"{title}, nginx, p99 vs django", mid["nginx"].p99, mid["django"].p99, unit="ms")


@contextmanager
def _ours(place: Place) -> Generator[list[Way]]:
    """Catalog and a gateway, one process of each, and nginx in front."""
    gateway_port, catalog_port = free_ports(2)
    key = base64.urlsafe_b64encode(bytes(32)).decode().rstrip("=")
    environment = {
        "OFFCUT_PUBLIC_KEY": PUBLIC_KEY,
        "OFFCUT_PRIVATE_KEY": key,
        "OFFCUT_REFRESH_KEY": key,
        "OFFCUT_CURSOR_KEY": key,
        "OFFCUT_REDIS_URL": place.redis_url,
        "OFFCUT_CATALOG_DATABASE_URL": place.database_url,
        "OFFCUT_CATALOG_PORT": str(catalog_port),
        "OFFCUT_GATEWAY_DATABASE_URL": place.database_url,
        "OFFCUT_GATEWAY_PORT": str(gateway_port),
        "OFFCUT_GATEWAY_RATES_TIMES": "1000000",
        "OFFCUT_GATEWAY_UPSTREAM_PORTS": f'{{"catalog": [{catalog_port}]}}',
    }
    started = [
        processes.start([module], environment=environment, log=place.logs / f"{module}.log")
        for module in ("services.catalog.main", "gateway.main")
    ]
    try:
        for port in (catalog_port, gateway_port):
            _wait_for(port, place)
        with running_nginx((gateway_port,)) as nginx:
            catalog, gateway = (process.pid for process in started)
            allowed = bearer("buyer_user", market.BUYER)["Authorization"]
            workers = processes.family(nginx.pid)
            yield [
                Way("direct", catalog_port, allowed, [catalog]),
                Way("gateway", gateway_port, allowed, [catalog, gateway]),
                Way("nginx", nginx.site.https, allowed, [catalog, gateway, *workers],
                    certificate=nginx.site.certificate),
            ]  # fmt: skip
    finally:
        processes.stop(started)


@contextmanager
def _django(place: Place) -> Generator[Way]:
    """The same rows by Django REST framework under gunicorn."""
    address = conninfo_to_dict(place.database_url)
    environment = {
        "BENCH_DATABASE": str(address["dbname"]),
        "BENCH_DATABASE_USER": str(address["user"]),
        "BENCH_DATABASE_PASSWORD": str(address["password"]),
        "BENCH_DATABASE_PORT": str(address["port"]),
    }
    port = free_ports(1)[0]
    command = ["gunicorn", f"--workers={DJANGO_WORKERS}", "--no-control-socket", f"--bind=127.0.0.1:{port}"]
    gunicorn = processes.start(
        [*command, "--preload", f"{STACK}:application"], environment=environment, log=place.logs / "gunicorn.log"
    )
    try:
        _wait_for(port, place)
        until(
            lambda: len(processes.family(gunicorn.pid)) > DJANGO_WORKERS,
            deadline_s=20,
            what=lambda: f"gunicorn's workers\n{place.tail()}",
        )
        token = jwt.encode({"user_id": 1, "exp": int(time.time()) + 3600}, SECRET, algorithm="HS256")
        yield Way("django", port, f"Bearer {token}", processes.family(gunicorn.pid), is_django=True)
    finally:
        processes.stop([gunicorn])


def _wait_for(port: int, place: Place) -> None:
    until(lambda: listens(port), deadline_s=30, what=lambda: f"port {port}\n{place.tail()}")
