"""PostgreSQL answering catalog's own query with nobody in front: by pgbench, or by threads of psycopg without it."""

import re
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
from psycopg import ClientCursor

from bench import market
from services.catalog.search import ITEMS
from services.catalog.store import views
from shared.contracts.gateway import Role
from shared.keyset import Question

PGBENCH = shutil.which("pgbench")
CLIENTS_MAX = 16  # more of them only wait for the processors
LIMIT = 50
OPTIONS = "-c search_path=catalog,extensions"


def statement(database_url: str, filters: Mapping[str, str]) -> str:
    """What catalog asks for a buyer's first page, with its values written into it."""
    chosen, sort = ITEMS.parse(list(filters.items()), Role.BUYER_USER)
    question = Question(listing=ITEMS, filters=chosen, sort=sort, limit=LIMIT)
    asked, params = views.asked(question, words=None, buyer_id=market.BUYER, mill_id=None)
    with psycopg.connect(database_url, options=OPTIONS) as conn:
        said = ClientCursor(conn).mogrify(asked, params)
        found = len(conn.execute(said.encode()).fetchall())
    if found != LIMIT + 1:
        raise AssertionError(f"the list has {found} rows")
    return said


def rate(database_url: str, query: str, folder: Path, *, connections: int, seconds: int) -> float:
    """Answers per second; each connection has prepared the statement, as the pool's connections have."""
    clients = min(connections, CLIENTS_MAX)
    if PGBENCH is None:
        return _by_psycopg(database_url, query, clients, seconds)
    script = folder / "list.sql"
    script.write_text(f"{query.strip()};\n")
    told = subprocess.run(
        [PGBENCH, "-n", "-M", "prepared", "-c", str(clients), "-j", "2", "-T", str(seconds), "-f", script,
         f"{database_url}?options={OPTIONS.replace(' ', '%20').replace('=', '%3D')}"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    found = re.search(r"tps = ([0-9.]+) \(without", told)
    if found is None:
        raise ValueError(f"pgbench said something else:\n{told}")
    return float(found.group(1))


def _by_psycopg(database_url: str, query: str, clients: int, seconds: int) -> float:
    def client(conn: psycopg.Connection) -> int:
        answers, ends = 0, time.perf_counter() + seconds
        while time.perf_counter() < ends:
            conn.execute(query.encode(), prepare=True).fetchall()
            answers += 1
        return answers

    connections: Sequence[psycopg.Connection] = [
        psycopg.connect(database_url, autocommit=True, options=OPTIONS) for _ in range(clients)
    ]
    began = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        answers = sum(pool.map(client, connections))
    took = time.perf_counter() - began
    for conn in connections:
        conn.close()
    return answers / took
