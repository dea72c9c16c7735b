"""PostgreSQL and Redis of the chaos ring: its own, because they are restarted, wiped and filled.

``OFFCUT_CHAOS_SERVERS=host`` takes those of the host's packages (Debian: PostgreSQL 15, Redis 7.0), else the embedded.
"""

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from redis import Redis

from deploy.embedded import PostgresServer, ValkeyServer
from deploy.embedded.place import own
from deploy.embedded.postgres import host_programs
from deploy.embedded.valkey import host_program
from tests.support.database import make_schemas
from tests.support.disk import small_disk
from tests.support.ports import free_ports

SERVICES = ("catalog", "matching")
KINDS = ("embedded", "host")
DISK_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class SmallDisk:
    """A file system of its own with a tablespace on it."""

    folder: Path
    tablespace: str


@dataclass(slots=True)
class Servers:
    """Both servers. ``place`` is a folder that nobody else uses."""

    place: Path
    postgres: PostgresServer
    redis: ValkeyServer
    _postgres_runs: "subprocess.Popen[bytes]"
    _redis_runs: "subprocess.Popen[bytes]"

    @property
    def redis_url(self) -> str:
        return self.redis.url

    def stop_postgres(self, how: signal.Signals) -> None:
        """SIGINT is a fast shutdown, SIGQUIT an immediate one, after which it recovers from its log."""
        self._postgres_runs.send_signal(how)
        self._postgres_runs.wait(30)

    def start_postgres(self) -> None:
        (self.postgres.data / "postmaster.pid").unlink(missing_ok=True)
        self._postgres_runs = self.postgres.start()

    def restart_redis_empty(self) -> None:
        """As one that keeps nothing comes back after a crash."""
        self._redis_runs.kill()
        self._redis_runs.wait(10)
        shutil.rmtree(self.redis.data)
        self._redis_runs = self.redis.start()

    def stop(self) -> None:
        self.postgres.stop(self._postgres_runs)
        self.redis.stop(self._redis_runs)

    def admin(self) -> psycopg.Connection:
        return psycopg.connect(self.postgres.url, autocommit=True)

    @contextmanager
    def database(self, *services: str, tablespace: str = "pg_default") -> Generator[str]:
        """The URL of a new database with the schemas of these services, by default of the rig.

        The throwaway server does not wait for its log, but this database does: a commit must outlive a crash of it.
        """
        name = f"chaos_{secrets.token_hex(4)}"
        url = f"{self.postgres.url.rpartition('/')[0]}/{name}"
        with self.admin() as admin:
            admin.execute(f"CREATE DATABASE {name} TEMPLATE template0 TABLESPACE {tablespace}".encode())
            admin.execute(f"ALTER DATABASE {name} SET synchronous_commit = on".encode())
        make_schemas(url, *(services or SERVICES))
        try:
            yield url
        finally:
            with self.admin() as admin:
                admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())

    @contextmanager
    def small_disk(self) -> Generator["SmallDisk"]:
        """Where the server's account may go, and nobody else writes."""
        folder = own(self.place / "small-disk", self.postgres.account)
        with small_disk(folder, size=DISK_BYTES):
            place = own(folder / "tables", self.postgres.account)
            with self.admin() as admin:
                admin.execute(f"CREATE TABLESPACE small_disk LOCATION '{place}'".encode())
                yield SmallDisk(folder, "small_disk")
                admin.execute("DROP TABLESPACE small_disk")

    def versions(self) -> str:
        """As they call themselves."""
        with self.admin() as admin:
            row = admin.execute("SHOW server_version").fetchone()
        with Redis.from_url(self.redis_url) as redis:  # pyright: ignore[reportUnknownMemberType] – untyped in redis-py
            info: dict[str, object] = redis.info("server")  # pyright: ignore[reportUnknownMemberType] – untyped in redis-py
        name = "Valkey" if "valkey_version" in info else "Redis"
        return f"PostgreSQL {row[0] if row else '?'}, {name} {info.get('valkey_version') or info['redis_version']}"


def wanted() -> str:
    kind = os.environ.get("OFFCUT_CHAOS_SERVERS") or "embedded"
    assert kind in KINDS, f"OFFCUT_CHAOS_SERVERS is {kind!r}; it takes {' or '.join(KINDS)}"
    return kind


def programs(kind: str) -> tuple[Path | None, Path | None]:
    """Where the servers' programs are; ``None`` stands for the embedded ones."""
    if kind == "embedded":
        return None, None
    postgres, redis = host_programs(), host_program()
    assert postgres, "no PostgreSQL among the host's packages: apt install postgresql"
    assert redis, "no Redis among the host's packages: apt install redis-server"
    return postgres, redis


@contextmanager
def running_servers(kind: str) -> Generator[Servers]:
    """Run both; nothing of them is left afterwards."""
    place = Path(tempfile.mkdtemp(prefix="offcut-chaos-"))
    place.chmod(0o755)
    postgres_programs, redis_program = programs(kind)
    postgres_port, redis_port = free_ports(2)
    copies, password = place / "programs", secrets.token_hex(16)
    postgres = PostgresServer(
        place / "postgres", postgres_port, password, copies, throwaway=True, programs=postgres_programs
    )
    redis = ValkeyServer(place / "redis", redis_port, password, copies, throwaway=True, program=redis_program)
    try:
        servers = Servers(place, postgres, redis, postgres.start(), redis.start())
        try:
            yield servers
        finally:
            servers.stop()
    finally:
        shutil.rmtree(place)
