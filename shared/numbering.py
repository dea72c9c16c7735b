"""What the relay asks of PostgreSQL: give numbers, read what has one, forget what nobody needs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg import AsyncCursor
from psycopg.errors import NotNullViolation
from psycopg.rows import class_row

from shared.contracts.base import stream_of
from shared.db import Conn, execute, fetch_all, fetch_one
from shared.wire import Mark

BATCH_MAX = 500
BATCH_BYTES_MAX = 1 << 20  # a transaction in Redis needs room for all of it at once
KEEP_DAYS = 30


@dataclass(frozen=True, slots=True)
class SentRow:
    """One event with its number."""

    seq: int
    event_id: str
    type: str
    key: str
    meta: str
    body: str
    occurred_at: datetime

    def values(self, epoch: str) -> Sequence[str]:
        """As it goes into the stream, in the order of ``wire.FIELDS``; ``envelope.from_fields`` reads it back."""
        return (
            str(self.seq),
            epoch,
            self.event_id,
            self.type,
            self.key,
            self.occurred_at.isoformat(),
            self.meta,
            self.body,
        )


class HeadMoved(Exception):
    """Numbers were given, or a new life was begun, by somebody else: look again where the stream stands."""


async def head_of(conn: Conn, service: str) -> Mark:
    """The last number given."""
    head = await fetch_one(
        conn,
        Mark,
        "SELECT seq, epoch FROM stream_head WHERE stream = %(stream)s",
        {"stream": stream_of(service)},
    )
    if head is None:
        raise RuntimeError(f"schema {service} has no stream head: run its migrations")
    return head


async def hold_head(conn: Conn, service: str) -> Mark:
    """The last number given; none is given until this transaction ends."""
    head = await fetch_one(
        conn,
        Mark,
        "SELECT seq, epoch FROM stream_head WHERE stream = %(stream)s FOR UPDATE",
        {"stream": stream_of(service)},
    )
    if head is None:
        raise RuntimeError(f"schema {service} has no stream head: run its migrations")
    return head


async def give_numbers(conn: Conn, service: str, head: Mark) -> Sequence[SentRow]:
    """Move up to ``BATCH_MAX`` events from ``outbox`` to ``sent``; they get the numbers that follow ``head``.

    One statement, so that nothing is locked while somebody thinks. It sees the outbox as it was before it waited for
    another relay, so it only moves a head that stands where the caller believes it to stand. If it does not, there is
    no number for what was taken, ``sent`` refuses it, and nothing has happened: ``HeadMoved``.
    """
    try:
        # A plain cursor begins nothing: where the connection is in no transaction, the statement is one by itself.
        async with AsyncCursor(conn, row_factory=class_row(SentRow)) as cursor:
            await cursor.execute(
                """
                WITH taken AS (
                    DELETE FROM outbox
                    WHERE id = ANY (ARRAY(SELECT id FROM outbox ORDER BY id LIMIT %(limit)s))
                    RETURNING id, event_id, type, key, correlation_id, meta, body, occurred_at
                ), moved_on AS (
                    UPDATE stream_head AS h SET seq = h.seq + c.moved
                    FROM (SELECT count(*) AS moved FROM taken) AS c
                    WHERE h.stream = %(stream)s AND h.seq = %(seq)s AND h.epoch = %(epoch)s AND c.moved > 0
                    RETURNING h.seq - c.moved AS seq
                ), numbered AS (
                    INSERT INTO sent (seq, event_id, type, key, correlation_id, meta, body, occurred_at)
                    SELECT m.seq + row_number() OVER (ORDER BY t.id),
                           t.event_id, t.type, t.key, t.correlation_id, t.meta, t.body, t.occurred_at
                    FROM taken AS t LEFT JOIN moved_on AS m ON true
                    RETURNING seq, event_id, type, key, meta, body, occurred_at
                )
                SELECT seq, event_id::text, type, key, meta, body, occurred_at FROM numbered ORDER BY seq
                """,
                {"stream": stream_of(service), "seq": head.seq, "epoch": head.epoch, "limit": BATCH_MAX},
            )
            return await cursor.fetchall()
    except NotNullViolation:
        raise HeadMoved from None


def sendable(rows: Sequence[SentRow]) -> Sequence[SentRow]:
    """As many of these as ``sent_after`` would give at once."""
    size = 0
    for place, row in enumerate(rows):
        if size >= BATCH_BYTES_MAX:
            return rows[:place]
        size += len(row.body.encode())
    return rows


async def new_epoch(conn: Conn, service: str) -> Mark:
    """Begin a new life of the stream: its numbers no longer mean what they meant before."""
    await execute(
        conn,
        "UPDATE stream_head SET epoch = gen_random_uuid() WHERE stream = %(stream)s",
        {"stream": stream_of(service)},
    )
    return await head_of(conn, service)


async def sent_after(conn: Conn, seq: int) -> Sequence[SentRow]:
    """The next events after a number, in order: at most ``BATCH_MAX``, and about ``BATCH_BYTES_MAX`` of bodies."""
    return await fetch_all(
        conn,
        SentRow,
        """
        SELECT seq, event_id::text, type, key, meta, body, occurred_at
        FROM (
            SELECT seq, event_id, type, key, meta, body, occurred_at,
                   sum(octet_length(body)) OVER (ORDER BY seq) - octet_length(body) AS bytes_before
            FROM (
                SELECT seq, event_id, type, key, meta, body, occurred_at
                FROM sent
                WHERE seq > %(seq)s
                ORDER BY seq
                LIMIT %(limit)s
            ) AS following
        ) AS measured
        WHERE bytes_before < %(bytes)s
        ORDER BY seq
        """,
        {"seq": seq, "limit": BATCH_MAX, "bytes": BATCH_BYTES_MAX},
    )


async def oldest_kept(conn: Conn) -> int | None:
    """The lowest number that can still be sent again; ``None`` when nothing is kept."""
    cursor = await conn.execute("SELECT min(seq) FROM sent")
    row = await cursor.fetchone()
    return row[0] if row else None


async def forget(conn: Conn, *, up_to: int, keep_days: int = KEEP_DAYS, limit: int = 5000) -> int:
    """Delete numbered events that every subscriber has applied (``up_to``) and that are old enough."""
    return await execute(
        conn,
        """
        DELETE FROM sent
        WHERE seq IN (
            SELECT seq FROM sent
            WHERE seq <= %(up_to)s AND sent_at < clock() - make_interval(days => %(days)s)
            ORDER BY seq
            LIMIT %(limit)s
        )
        """,
        {"up_to": up_to, "days": keep_days, "limit": limit},
    )


async def overdue(conn: Conn, *, after: int, keep_days: int = KEEP_DAYS) -> bool:
    """Whether the event after a number is already old enough to go: its subscriber is about to be left behind."""
    cursor = await conn.execute(
        """
        SELECT EXISTS (
            SELECT FROM sent WHERE seq = %(next)s AND sent_at < clock() - make_interval(days => %(days)s)
        )
        """,
        {"next": after + 1, "days": keep_days},
    )
    row = await cursor.fetchone()
    return bool(row and row[0])
