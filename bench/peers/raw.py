"""The limit: the backbone's statements, sent by redis-py and psycopg alone: no framework, no checks, no recovery.

`python -m bench.peers.raw relay` numbers and sends; `python -m bench.peers.raw reader` takes in. Whatever these two
save against the real ones is the price of the framework.
"""

import os
import sys
import time
from collections.abc import Sequence
from datetime import datetime
from typing import cast

import orjson
import psycopg
from redis import Redis

from shared.wire import APPEND

SET_MAX = 500
IDLE_S = 0.002
BLOCK_MS = 1000
STREAM = "events.catalog"
GROUP = "matching"
EPOCH = "6d9e3e43-6a0f-4c6b-9d2e-1f1d7c0a5b11"
META = (
    '{"correlation_id":"%032x","causation_id":null,"traceparent":null,'
    '"actor":{"user_id":null,"organization_id":null,"via":"timer"},"audience":[]}'
)
Entries = list[tuple[str, dict[str, str]]]
Numbered = tuple[int, str, str, str, datetime, str, str]


def connect(schema: str) -> tuple[psycopg.Connection, Redis]:
    """A connection of the one and a client of the other, as their environment names them."""
    conn = psycopg.connect(os.environ["BENCH_DATABASE_URL"], options=f"-c search_path={schema}")
    return conn, open_redis(os.environ["BENCH_REDIS_URL"])


def open_redis(url: str) -> Redis:
    return Redis.from_url(  # pyright: ignore[reportUnknownMemberType] – untyped in redis-py
        url, decode_responses=True, protocol=3, legacy_responses=False, socket_timeout=15
    )


def publish(conn: psycopg.Connection, numbers: Sequence[int], ids: Sequence[object], bodies: Sequence[str]) -> None:
    """Insert events into the outbox as ``shared.outbox.add`` does, and commit."""
    keys = [orjson.loads(body)["item_id"] for body in bodies]
    conn.execute(
        """
        INSERT INTO catalog.outbox (event_id, type, key, correlation_id, meta, body, occurred_at)
        SELECT event_id, type, key, %(correlation_id)s, meta, body, catalog.clock()
        FROM unnest(%(ids)b::uuid[], %(types)b::text[], %(keys)b::text[], %(metas)b::text[], %(bodies)b::text[])
             WITH ORDINALITY AS e (event_id, type, key, meta, body, place)
        ORDER BY place
        """,
        {
            "ids": list(ids),
            "types": ["catalog.item.released.v1"] * len(numbers),
            "keys": keys,
            "metas": [META % numbers[0]] * len(numbers),
            "bodies": list(bodies),
            "correlation_id": f"{numbers[0]:032x}",
        },
    )
    conn.commit()


def relay() -> None:
    """Number what waits, send it in order."""
    conn, redis = connect("catalog")
    append = redis.register_script(APPEND)
    head = 0
    while True:
        rows = _number(conn, head)
        if not rows:
            time.sleep(IDLE_S)
            continue
        head = rows[-1][0]
        values: list[str | int] = [mark := f"{rows[-1][0]} {EPOCH}", mark, 100_000]
        for seq, event_id, name, key, occurred_at, meta, body in rows:
            values += (str(seq), EPOCH, event_id, name, key, occurred_at.isoformat(), meta, body)
        append((STREAM, "sent:catalog", "head:catalog"), values)


def _number(conn: psycopg.Connection, head: int) -> list[Numbered]:
    moved = conn.execute(
        """
        WITH taken AS (
            DELETE FROM outbox
            WHERE id = ANY (ARRAY(SELECT id FROM outbox ORDER BY id LIMIT %(limit)s))
            RETURNING id, event_id, type, key, correlation_id, meta, body, occurred_at
        ), moved_on AS (
            UPDATE stream_head AS h SET seq = h.seq + c.moved
            FROM (SELECT count(*) AS moved FROM taken) AS c
            WHERE h.seq = %(head)s AND c.moved > 0
            RETURNING h.seq - c.moved AS seq
        ), numbered AS (
            INSERT INTO sent (seq, event_id, type, key, correlation_id, meta, body, occurred_at)
            SELECT m.seq + row_number() OVER (ORDER BY t.id),
                   t.event_id, t.type, t.key, t.correlation_id, t.meta, t.body, t.occurred_at
            FROM taken AS t LEFT JOIN moved_on AS m ON true
            RETURNING seq, event_id, type, key, occurred_at, meta, body
        )
        SELECT seq, event_id::text, type, key, occurred_at, meta, body FROM numbered ORDER BY seq
        """,
        {"head": head, "limit": SET_MAX},
    ).fetchall()
    conn.commit()
    return moved


def reader() -> None:
    """Take what comes, one transaction per read with the compare-and-set, acknowledge."""
    conn, redis = connect("matching")
    redis.xgroup_create(STREAM, GROUP, id="0", mkstream=True)
    conn.execute("INSERT INTO subscription (stream) VALUES (%(stream)s)", {"stream": STREAM})
    conn.commit()
    while True:
        answer = redis.xreadgroup(GROUP, GROUP, {STREAM: ">"}, count=SET_MAX, block=BLOCK_MS)
        entries = cast(dict[str, Entries], answer or {}).get(STREAM, [])
        if entries:
            _apply(conn, [fields for _, fields in entries])
            pipeline = redis.pipeline(transaction=False)  # pyright: ignore[reportUnknownMemberType] – untyped in redis-py
            pipeline.hset("applied:catalog", GROUP, f"{entries[-1][1]['seq']} {EPOCH}")
            pipeline.xack(STREAM, GROUP, *(entry_id for entry_id, _ in entries))
            pipeline.execute()


def _apply(conn: psycopg.Connection, events: Sequence[dict[str, str]]) -> None:
    first, last = int(events[0]["seq"]), int(events[-1]["seq"])
    moved = conn.execute(
        """
        UPDATE subscription SET applied_seq = %(last)s, updated_at = clock_timestamp()
        WHERE stream = %(stream)s AND applied_seq = %(first)s - 1
        """,
        {"stream": STREAM, "first": first, "last": last},
    ).rowcount
    if moved != 1:
        raise SystemExit(f"events {first} to {last} do not follow")
    keys = [event["key"] for event in events]
    conn.execute(
        "SELECT DISTINCT key FROM parked WHERE stream = %(stream)s AND key = ANY (%(keys)s)",
        {"stream": STREAM, "keys": list(set(keys))},
    )
    conn.execute(
        """
        INSERT INTO effect (number, event_id, key)
        SELECT number, event_id, key
        FROM unnest(%(numbers)s::integer[], %(ids)s::uuid[], %(keys)s::text[])
             WITH ORDINALITY AS e (number, event_id, key, place)
        ORDER BY place
        """,
        {
            "numbers": [orjson.loads(event["body"])["version"] for event in events],
            "ids": [event["id"] for event in events],
            "keys": keys,
        },
    )
    conn.commit()


if __name__ == "__main__":
    {"relay": relay, "reader": reader}[sys.argv[1]]()
