"""Rows of events set aside: parked for another try, waiting behind a parked one, or dead."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.consumer.envelope import Envelope
from shared.db import Conn, execute, fetch_all, fetch_one

ERROR_CHARS_MAX = 4000


@dataclass(frozen=True, slots=True)
class Parked:
    """A parked event as the retry loop sees it."""

    stream: str
    seq: int
    epoch: UUID
    event_id: UUID
    type: str
    key: str
    meta: str
    body: str
    occurred_at: datetime
    attempts: int

    def envelope(self) -> Envelope:
        return Envelope(
            stream=self.stream,
            seq=self.seq,
            epoch=self.epoch,
            event_id=self.event_id,
            type=self.type,
            key=self.key,
            meta=self.meta,
            body=self.body,
            occurred_at=self.occurred_at,
        )


@dataclass(frozen=True, slots=True)
class _Key:
    key: str


async def parked_keys(conn: Conn, stream: str, keys: Sequence[str]) -> frozenset[str]:
    """Which of these keys have an event parked: whatever follows on them has to wait."""
    rows = await fetch_all(
        conn,
        _Key,
        "SELECT DISTINCT key FROM parked WHERE stream = %(stream)s AND key = ANY (%(keys)s)",
        {"stream": stream, "keys": list(set(keys))},
    )
    return frozenset(row.key for row in rows)


async def park(
    conn: Conn, envelopes: Sequence[Envelope], *, attempts: int, wait_s: float | None, error: str | None
) -> None:
    """Set events aside. ``wait_s`` is ``None`` for those that only wait behind another one of their key."""
    await execute(
        conn,
        """
        INSERT INTO parked (stream, seq, epoch, event_id, type, key, meta, body, occurred_at,
                            attempts, next_attempt_at, last_error)
        SELECT stream, seq, epoch, event_id, type, key, meta, body, occurred_at,
               %(attempts)s, clock() + make_interval(secs => %(wait_s)s), %(error)s
        FROM unnest(%(streams)s::text[], %(seqs)s::bigint[], %(epochs)s::uuid[], %(ids)s::uuid[], %(types)s::text[],
                    %(keys)s::text[], %(metas)s::text[], %(bodies)s::text[], %(times)s::timestamptz[])
             AS e (stream, seq, epoch, event_id, type, key, meta, body, occurred_at)
        ON CONFLICT (stream, seq) DO NOTHING
        """,
        {**_columns(envelopes), "attempts": attempts, "wait_s": wait_s, "error": _short(error)},
    )


async def bury(conn: Conn, envelopes: Sequence[Envelope], *, attempts: int, errors: Sequence[str]) -> None:
    """Give events up, each with its reason; an operator replays or drops them."""
    await execute(
        conn,
        """
        INSERT INTO dead_letter (stream, seq, epoch, event_id, type, key, meta, body, occurred_at, attempts, error)
        SELECT stream, seq, epoch, event_id, type, key, meta, body, occurred_at, %(attempts)s, error
        FROM unnest(%(streams)s::text[], %(seqs)s::bigint[], %(epochs)s::uuid[], %(ids)s::uuid[], %(types)s::text[],
                    %(keys)s::text[], %(metas)s::text[], %(bodies)s::text[], %(times)s::timestamptz[],
                    %(errors)s::text[])
             AS e (stream, seq, epoch, event_id, type, key, meta, body, occurred_at, error)
        ON CONFLICT (stream, epoch, seq) DO UPDATE
        SET attempts = excluded.attempts, error = excluded.error, died_at = clock_timestamp()
        """,
        {**_columns(envelopes), "attempts": attempts, "errors": [_short(error) for error in errors]},
    )


async def died_lately(conn: Conn, stream: str, *, seconds: float) -> int:
    """How many events of a stream were given up within this time and not looked at since."""
    cursor = await conn.execute(
        """
        SELECT count(*)::integer FROM dead_letter
        WHERE stream = %(stream)s AND died_at > clock_timestamp() - make_interval(secs => %(seconds)s)
        """,
        {"stream": stream, "seconds": seconds},
    )
    row = await cursor.fetchone()
    return row[0] if row else 0


async def due(conn: Conn, streams: Sequence[str], *, limit: int) -> list[Parked]:
    """Events whose turn it is: the lowest number of their key, and their time has come. A stopped stream waits."""
    return await fetch_all(
        conn,
        Parked,
        """
        SELECT stream, seq, epoch, event_id, type, key, meta, body, occurred_at, attempts
        FROM parked
        WHERE stream = ANY (%(streams)s)
          AND (next_attempt_at IS NULL OR next_attempt_at <= clock())
          AND NOT EXISTS (SELECT FROM subscription WHERE stream = parked.stream AND stopped IS NOT NULL)
          AND NOT EXISTS (
              SELECT FROM parked AS earlier
              WHERE earlier.stream = parked.stream AND earlier.key = parked.key AND earlier.seq < parked.seq
          )
        ORDER BY stream, seq
        LIMIT %(limit)s
        """,
        {"streams": list(streams), "limit": limit},
    )


async def still_parked(conn: Conn, stream: str, seq: int) -> bool:
    """Whether nobody else has dealt with it since; locks the row."""
    cursor = await conn.execute(
        "SELECT 1 FROM parked WHERE stream = %(stream)s AND seq = %(seq)s FOR UPDATE", {"stream": stream, "seq": seq}
    )
    return await cursor.fetchone() is not None


async def unpark(conn: Conn, stream: str, seq: int) -> None:
    await execute(
        conn, "DELETE FROM parked WHERE stream = %(stream)s AND seq = %(seq)s", {"stream": stream, "seq": seq}
    )


async def postpone(conn: Conn, stream: str, seq: int, *, attempts: int, wait_s: float, error: str) -> None:
    """It failed again: note why, and when to try next."""
    await execute(
        conn,
        """
        UPDATE parked
        SET attempts = %(attempts)s, next_attempt_at = clock() + make_interval(secs => %(wait_s)s),
            last_error = %(error)s
        WHERE stream = %(stream)s AND seq = %(seq)s
        """,
        {"stream": stream, "seq": seq, "attempts": attempts, "wait_s": wait_s, "error": _short(error)},
    )


@dataclass(frozen=True, slots=True)
class Aside:
    """How many events are set aside in a schema."""

    parked: int
    dead: int


async def set_aside(conn: Conn) -> Aside:
    """The figures alarms watch."""
    found = await fetch_one(
        conn,
        Aside,
        "SELECT (SELECT count(*) FROM parked)::integer AS parked, (SELECT count(*) FROM dead_letter)::integer AS dead",
        {},
    )
    return found or Aside(parked=0, dead=0)


def _columns(envelopes: Sequence[Envelope]) -> dict[str, list[object]]:
    return {
        "streams": [envelope.stream for envelope in envelopes],
        "seqs": [envelope.seq for envelope in envelopes],
        "epochs": [envelope.epoch for envelope in envelopes],
        "ids": [envelope.event_id for envelope in envelopes],
        "types": [envelope.type for envelope in envelopes],
        "keys": [envelope.key for envelope in envelopes],
        "metas": [envelope.meta for envelope in envelopes],
        "bodies": [envelope.body for envelope in envelopes],
        "times": [envelope.occurred_at for envelope in envelopes],
    }


def _short(error: str | None) -> str | None:
    return None if error is None else error.replace("\x00", "")[:ERROR_CHARS_MAX]
