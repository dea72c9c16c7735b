"""Rows of the receiving side: how far each stream is applied, and how many processes an event has outlived."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from shared import faults
from shared.db import Conn, execute, fetch_one
from shared.faults import Remedy


@dataclass(frozen=True, slots=True)
class Position:
    """How far a stream is applied. ``epoch`` is ``None`` before the first event, ``stopped`` unless it is halted."""

    applied_seq: int
    epoch: UUID | None
    stopped: str | None


async def position(conn: Conn, stream: str) -> Position:
    """The row of this stream, made on first use."""
    await execute(
        conn,
        "INSERT INTO subscription (stream) VALUES (%(stream)s) ON CONFLICT DO NOTHING",
        {"stream": stream},
    )
    found = await fetch_one(
        conn,
        Position,
        "SELECT applied_seq, epoch, stopped FROM subscription WHERE stream = %(stream)s",
        {"stream": stream},
    )
    if found is None:
        raise RuntimeError(f"the row of {stream} in subscription was deleted while it was made")
    return found


async def adopt_epoch(conn: Conn, stream: str, epoch: UUID) -> None:
    """A new subscriber takes the producer's present life for its own."""
    await execute(
        conn,
        "UPDATE subscription SET epoch = %(epoch)s, updated_at = clock_timestamp()"
        " WHERE stream = %(stream)s AND epoch IS NULL",
        {"stream": stream, "epoch": epoch},
    )


async def advance(conn: Conn, stream: str, *, first: int, last: int, epoch: UUID) -> bool:
    """The compare-and-set, first statement of every transaction with effects; ``False``: somebody was faster.

    This one row keeps duplicates out, keeps the order, and fences off a reader that was stalled and wakes up.
    """
    if not faults.on(Remedy.COMPARE_AND_SET):
        return bool(
            await execute(
                conn,
                "UPDATE subscription SET applied_seq = greatest(applied_seq, %(last)s) WHERE stream = %(stream)s",
                {"stream": stream, "last": last},
            )
        )
    moved = await execute(
        conn,
        """
        UPDATE subscription SET applied_seq = %(last)s, updated_at = clock_timestamp()
        WHERE stream = %(stream)s AND epoch = %(epoch)s AND applied_seq = %(first)s - 1 AND stopped IS NULL
        """,
        {"stream": stream, "first": first, "last": last, "epoch": epoch},
    )
    return moved == 1


async def stop(conn: Conn, stream: str, reason: str) -> None:
    """Halt the stream until an operator has decided; the first reason stays."""
    await execute(
        conn,
        "UPDATE subscription SET stopped = coalesce(stopped, %(reason)s), updated_at = clock_timestamp()"
        " WHERE stream = %(stream)s",
        {"stream": stream, "reason": reason},
    )


async def lock(conn: Conn, stream: str) -> None:
    """Keep the reader of this stream from committing until this transaction ends."""
    await conn.execute("SELECT FROM subscription WHERE stream = %(stream)s FOR UPDATE", {"stream": stream})


@dataclass(frozen=True, slots=True)
class _Attempts:
    attempts: int


async def begin_attempt(conn: Conn, stream: str, seq: int) -> int:
    """Count that this process takes the event in hand; how many have done so and not finished, this one included."""
    row = await fetch_one(
        conn,
        _Attempts,
        """
        INSERT INTO attempt (stream, seq, attempts) VALUES (%(stream)s, %(seq)s, 1)
        ON CONFLICT (stream, seq) DO UPDATE SET attempts = attempt.attempts + 1
        RETURNING attempts
        """,
        {"stream": stream, "seq": seq},
    )
    return row.attempts if row else 1


async def begin_attempts(conn: Conn, stream: str, seqs: Sequence[int]) -> int:
    """The same for a whole batch, or for none of it when one of them was counted before; how many were counted."""
    return await execute(
        conn,
        """
        INSERT INTO attempt (stream, seq, attempts)
        SELECT %(stream)s, seq, 1
        FROM unnest(%(seqs)s::bigint[]) AS e (seq)
        WHERE NOT EXISTS (SELECT FROM attempt WHERE stream = %(stream)s AND seq = ANY (%(seqs)s))
        """,
        {"stream": stream, "seqs": list(seqs)},
    )


async def end_attempts(conn: Conn, stream: str, seqs: Sequence[int]) -> None:
    """These events were handled, or failed in an orderly way: nobody died of them."""
    await execute(
        conn,
        "DELETE FROM attempt WHERE stream = %(stream)s AND seq = ANY (%(seqs)s)",
        {"stream": stream, "seqs": list(seqs)},
    )


async def keep_attempts(conn: Conn, stream: str, seq: int, deaths: int) -> None:
    """Remember the deaths of an event that is parked for its last try; the process that parks it is not one of them."""
    await execute(
        conn,
        "UPDATE attempt SET attempts = %(deaths)s WHERE stream = %(stream)s AND seq = %(seq)s",
        {"stream": stream, "seq": seq, "deaths": deaths},
    )
