"""Bring one schema to the newest form: ``python -m shared.migrate catalog [--database-url URL]``.

Applies ``shared/migrations/*.sql`` and then the service's own, each file once, in one transaction under an advisory
lock. An applied file must not change; write a new one.
"""

import argparse
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import LiteralString, cast

import psycopg
from psycopg import sql

ROOT = Path(__file__).resolve().parent.parent
LOCK = 63_720  # one migration at a time per database


@dataclass(frozen=True, slots=True)
class Migration:
    """One file of SQL; ``name`` is unique within a schema."""

    name: str
    text: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


def migrations_of(service: str) -> list[Migration]:
    """The shared files first, then the service's, each in the order of their names."""
    own = ROOT / ("gateway" if service == "gateway" else f"services/{service}") / "migrations"
    files = [*sorted((ROOT / "shared/migrations").glob("*.sql")), *sorted(own.glob("*.sql"))]
    return [Migration(name=f"{path.parent.parent.name}/{path.name}", text=path.read_text("utf-8")) for path in files]


def migrate(database_url: str, service: str) -> list[str]:
    """Apply what is missing; the names of the files applied now. Raises ``SystemExit`` when an applied file changed."""
    options = f"-c search_path={service},extensions -c lock_timeout=10s -c timezone=UTC"
    with psycopg.connect(database_url, options=options, application_name=f"{service}.migrate") as conn:
        conn.execute(
            "SELECT pg_advisory_xact_lock(%(lock)s, hashtext(%(service)s))", {"lock": LOCK, "service": service}
        )
        conn.execute(
            "CREATE TABLE IF NOT EXISTS migration (name text PRIMARY KEY, checksum text NOT NULL,"
            " applied_at timestamptz NOT NULL DEFAULT clock_timestamp())"
        )
        applied = dict(conn.execute("SELECT name, checksum FROM migration").fetchall())
        done: list[str] = []
        for migration in migrations_of(service):
            known = applied.get(migration.name)
            if known == migration.checksum:
                continue
            if known is not None:
                raise SystemExit(f"{migration.name} was applied and has changed since; write a new migration instead")
            # A file of ours, not input: the cast is the one place where SQL is not a literal.
            conn.execute(sql.SQL(cast(LiteralString, migration.text)))
            conn.execute(
                "INSERT INTO migration (name, checksum) VALUES (%(name)s, %(checksum)s)",
                {"name": migration.name, "checksum": migration.checksum},
            )
            done.append(migration.name)
        conn.execute(
            "INSERT INTO stream_head (stream) VALUES (%(s)s) ON CONFLICT DO NOTHING", {"s": f"events.{service}"}
        )
        return done


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("service")
    parser.add_argument("--database-url", default=None, help="default: OFFCUT_<SERVICE>_DATABASE_URL")
    arguments = parser.parse_args()
    url = arguments.database_url or os.environ[f"OFFCUT_{arguments.service.upper()}_DATABASE_URL"]
    for name in migrate(url, arguments.service):
        print(f"{arguments.service}: applied {name}")  # noqa: T201 - a command talks to a person


if __name__ == "__main__":
    main()
