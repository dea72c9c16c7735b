"""PostgreSQL alone with the same inserts, by pgbench; where there is none, by two threads of psycopg."""

import re
import shutil
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg

from bench.arena import Arena, Place
from bench.rig import CAUSE

PGBENCH = shutil.which("pgbench")
NAME = "pgbench" if PGBENCH else "psycopg alone"
SET, BATCH = 100, 500
CLIENTS = 2
BODY = CAUSE.ljust(400, ".")

# One round brings a batch from the outbox to its effects, in the transactions in which the backbone does it.
PUBLISH = f"""
    INSERT INTO catalog.outbox (event_id, type, key, correlation_id, meta, body, occurred_at)
    SELECT gen_random_uuid(), 'catalog.item.released.v1', n::text, 'c1', '{{}}', '{BODY}', catalog.clock()
    FROM generate_series(1, {SET}) AS n
"""
NUMBER = f"""
    WITH taken AS (
        DELETE FROM catalog.outbox
        WHERE id = ANY (ARRAY(SELECT id FROM catalog.outbox ORDER BY id LIMIT {BATCH}))
        RETURNING id, event_id, type, key, correlation_id, meta, body, occurred_at
    ), numbered AS (
        INSERT INTO catalog.sent (seq, event_id, type, key, correlation_id, meta, body, occurred_at)
        SELECT (SELECT seq FROM catalog.stream_head) + row_number() OVER (ORDER BY id),
               event_id, type, key, correlation_id, meta, body, occurred_at
        FROM taken
        RETURNING seq, event_id, type, key, occurred_at, meta, body
    ), counted AS (
        SELECT count(*)::integer AS moved FROM taken
    ), moved_on AS (
        UPDATE catalog.stream_head SET seq = seq + counted.moved FROM counted WHERE counted.moved > 0
    )
    SELECT seq, event_id::text, type, key, occurred_at, meta, body FROM numbered ORDER BY seq
"""
APPLY = f"""
    INSERT INTO matching.effect (number, event_id, key)
    SELECT n, gen_random_uuid(), n::text FROM generate_series(1, {BATCH}) AS n
"""
ROUND = (
    *[PUBLISH] * (BATCH // SET),
    "BEGIN", "SELECT seq FROM catalog.stream_head FOR UPDATE", NUMBER, "COMMIT",
    "BEGIN",
    f"UPDATE matching.subscription SET applied_seq = applied_seq + {BATCH} WHERE stream = 'events.catalog'",
    "SELECT DISTINCT key FROM matching.parked WHERE stream = 'events.catalog'",
    APPLY, "COMMIT",
)  # fmt: skip


def rate(arena: Arena, events: int) -> float:
    """Events per second, with two clients: the server's part of the work and nothing else."""
    rounds = max(events // BATCH // CLIENTS, 1)
    with arena.fresh() as place:
        place.conn.execute("INSERT INTO matching.subscription (stream) VALUES ('events.catalog')")
        seconds = _by_pgbench(PGBENCH, place, rounds) if PGBENCH else _by_psycopg(place, rounds)
        place.wait_for(rounds * CLIENTS * BATCH)
    return rounds * CLIENTS * BATCH / seconds


def _by_pgbench(program: str, place: Place, rounds: int) -> float:
    script = place.logs / "round.sql"
    script.write_text("".join(f"{statement};\n" for statement in ROUND))
    told = subprocess.run(
        [program, "-n", "-c", str(CLIENTS), "-j", str(CLIENTS), "-t", str(rounds), "-f", script, place.database_url],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    found = re.search(r"tps = ([0-9.]+) \(without", told)
    if found is None:
        raise ValueError(f"pgbench said something else:\n{told}")
    return rounds * CLIENTS / float(found.group(1))


def _by_psycopg(place: Place, rounds: int) -> float:
    def client(conn: psycopg.Connection) -> None:
        for _ in range(rounds):
            for statement in ROUND:
                conn.execute(statement.encode())

    connections = [psycopg.connect(place.database_url, autocommit=True) for _ in range(CLIENTS)]
    began = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(client, connections))
    seconds = time.perf_counter() - began
    for conn in connections:
        conn.close()
    return seconds
