"""Servers of a benchmark: PostgreSQL that waits for the disk, Redis with its append-only file, both only for us."""

import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import redis
from psycopg import sql

from deploy.embedded import PostgresServer, ValkeyServer, process
from shared.migrate import migrate
from tests.support.ports import free_port

SERVICES = ("catalog", "matching")
TEMPLATE = "bench_template"
# One row per handled event, whoever handles it; without a constraint of its own, so that a double would be seen.
EFFECT = """
    CREATE TABLE matching.effect (
        place     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        number    integer NOT NULL,
        event_id  uuid NOT NULL,
        key       text NOT NULL
    )
"""
POLL_S = 0.005


class TooSlow(Exception):
    """Something did not become true in time; the message says what, and how far it got."""


def until(condition: Callable[[], bool], *, deadline_s: float, what: Callable[[], str]) -> None:
    give_up = time.monotonic() + deadline_s
    while not condition():
        if time.monotonic() > give_up:
            raise TooSlow(f"after {deadline_s} s still waiting for {what()}")
        time.sleep(POLL_S)


@dataclass(frozen=True, slots=True)
class Place:
    """An empty database with its schemas, an empty Redis, and a folder for logs: fresh for every single run."""

    database_url: str
    redis_url: str
    logs: Path
    conn: psycopg.Connection

    def count(self, query: sql.SQL) -> int:
        row = self.conn.execute(query).fetchone()
        return int(row[0]) if row else 0

    def effects(self) -> int:
        """How many effects have begun, without counting them: costs the run nothing."""
        return self.count(sql.SQL("SELECT last_value FROM matching.effect_place_seq WHERE is_called"))

    def wait_for(self, effects: int, *, deadline_s: float = 100) -> None:
        """Return when so many effects are committed; more than that is a fault of who made them."""
        until(
            lambda: self.effects() >= effects and self._committed() >= effects,
            deadline_s=deadline_s,
            what=lambda: f"effect {effects}, there are {self.effects()}; logs:\n{self.tail()}",
        )

    def commit_times(self) -> dict[int, float]:
        """By number of the event, when its effect was committed, in seconds since the epoch."""
        found = self.conn.execute(
            "SELECT number, extract(epoch FROM pg_xact_commit_timestamp(xmin))::float FROM matching.effect"
        )
        return {int(number): float(when) for number, when in found}

    def prove_exactly_once(self, effects: int) -> None:
        found = self.count(sql.SQL("SELECT count(*) FROM matching.effect"))
        different = self.count(sql.SQL("SELECT count(DISTINCT event_id) FROM matching.effect"))
        if not found == different == effects:
            raise AssertionError(f"{effects} events had {found} effects of {different} events")

    def tail(self) -> str:
        ends = ((log.name, log.read_text(errors="replace")[-1500:]) for log in sorted(self.logs.glob("*.log")))
        return "\n".join(f"--- {name}\n{end}" for name, end in ends if end.strip())

    def _committed(self) -> int:
        return self.count(sql.SQL("SELECT count(*) FROM matching.effect"))


@dataclass(frozen=True, slots=True)
class Arena:
    """Both servers, running."""

    postgres: PostgresServer
    redis: ValkeyServer
    folder: Path

    def url_of(self, database: str) -> str:
        return f"{self.postgres.url.rpartition('/')[0]}/{database}"

    @contextmanager
    def fresh(self) -> Generator[Place]:
        """A place of its own for one run, removed afterwards."""
        name = f"bench_{secrets.token_hex(4)}"
        logs = self.folder / name
        logs.mkdir()
        with psycopg.connect(self.postgres.url, autocommit=True) as admin:
            admin.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(TEMPLATE))
            )
            admin.execute("CHECKPOINT")  # nobody pays for what the run before has written
            redis.Redis.from_url(self.redis.url).flushall()  # pyright: ignore[reportUnknownMemberType] – untyped in redis-py
            try:
                with psycopg.connect(self.url_of(name), autocommit=True) as conn:
                    yield Place(self.url_of(name), self.redis.url, logs, conn)
            finally:
                admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def open_arena() -> Generator[Arena]:
    """Start both servers on free loopback ports; whatever ends the run removes them and their data."""
    folder = Path(tempfile.mkdtemp(prefix="offcut-bench-"))
    folder.chmod(0o755)
    password = secrets.token_hex(16)
    postgres = PostgresServer(folder / "postgres", free_port(), password, folder / "programs")
    valkey = ValkeyServer(folder / "redis", free_port(), password, folder / "programs")
    arena = Arena(postgres, valkey, folder)
    try:
        # Commit times tell when an effect could be seen; ``throwaway`` here only means that they end with us.
        command = [*postgres.prepare(), "-c", "track_commit_timestamp=on"]
        postgres_process = process.spawn(command, account=postgres.account, log=postgres.log, throwaway=True)
        try:
            valkey_process = process.spawn(valkey.prepare(), account=valkey.account, log=valkey.log, throwaway=True)
            try:
                process.wait_until(lambda: process.listens(valkey.port), valkey_process, log=valkey.log)
                process.wait_until(lambda: _lets_in(postgres.url), postgres_process, log=postgres.log)
                _make_template(arena)
                yield arena
            finally:
                valkey.stop(valkey_process)
        finally:
            postgres.stop(postgres_process)
    finally:
        shutil.rmtree(folder)


def _lets_in(url: str) -> bool:
    try:
        psycopg.connect(url).close()
    except psycopg.OperationalError:
        return False
    return True


def _make_template(arena: Arena) -> None:
    with psycopg.connect(arena.postgres.url, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(TEMPLATE)))
    with psycopg.connect(arena.url_of(TEMPLATE), autocommit=True) as conn:
        for schema in ("extensions", *SERVICES):
            conn.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
        for extension in ("btree_gist", "pg_trgm"):
            conn.execute(sql.SQL("CREATE EXTENSION {} SCHEMA extensions").format(sql.Identifier(extension)))
    for service in SERVICES:
        migrate(arena.url_of(TEMPLATE), service)
    with psycopg.connect(arena.url_of(TEMPLATE), autocommit=True) as conn:
        conn.execute(EFFECT)
