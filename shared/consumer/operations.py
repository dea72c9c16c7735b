"""What an operator does with dead letters and with streams that stopped; commands and endpoints call it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.contracts.gateway import Role
from shared.db import Conn, execute, fetch_all, fetch_one
from shared.filtering import Field, Kind, Listing
from shared.keyset import Found, Question


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An event given up. ``body`` and ``meta`` are text as it travelled: they may be what could not be read."""

    id: UUID
    stream: str
    seq: int
    event_id: UUID
    type: str
    key: str
    meta: str
    body: str
    occurred_at: datetime
    attempts: int
    error: str
    died_at: datetime


LETTERS = Listing(
    {
        "died_at": Field(Kind.INSTANT, "died_at"),
        "occurred_at": Field(Kind.INSTANT, "occurred_at", sortable=False),
        "type": Field(Kind.TEXT, "type", sortable=False),
        "stream": Field(Kind.TEXT, "stream", sortable=False),
        "event_id": Field(Kind.ID, "event_id", sortable=False),
        "attempts": Field(Kind.INTEGER, "attempts", sortable=False),
        "error": Field(Kind.TEXT, "error", sortable=False),
    },
    id="id",
    sort="-died_at",
    also=("service",),
)
"""The gateway merges the letters of all services, which it can in the order of one time only."""


async def dead_letters(conn: Conn, *, limit: int) -> list[DeadLetter]:
    """What this service gave up, latest first."""
    filters, sort = LETTERS.parse((), Role.ADMIN)
    found = await letters_page(conn, Question(listing=LETTERS, filters=filters, sort=sort, limit=limit))
    return found.rows


async def letters_page(conn: Conn, question: Question) -> Found[DeadLetter]:
    """A page of what this service gave up."""
    return await question.fetch(
        conn,
        DeadLetter,
        """
        SELECT {mark}, id, stream, seq, event_id, type, key, meta, body, occurred_at, attempts, error, died_at
        FROM dead_letter
        WHERE true {filters}
        {order}
        """,
        {},
    )


async def dead_letter(conn: Conn, letter_id: UUID) -> DeadLetter | None:
    return await fetch_one(
        conn,
        DeadLetter,
        """
        SELECT id, stream, seq, event_id, type, key, meta, body, occurred_at, attempts, error, died_at
        FROM dead_letter
        WHERE id = %(id)s
        """,
        {"id": letter_id},
    )


async def retry_dead_letter(conn: Conn, letter_id: UUID) -> bool:
    """Try it again from the first step of the ladder, before what waits on its key; ``False``: there is none such.

    Later events of its key may have had their effect already: handlers look at versions for that.
    """
    moved = await execute(
        conn,
        """
        WITH taken AS (
            DELETE FROM dead_letter WHERE id = %(id)s
            RETURNING stream, seq, epoch, event_id, type, key, meta, body, occurred_at
        )
        INSERT INTO parked (stream, seq, epoch, event_id, type, key, meta, body, occurred_at)
        SELECT stream, seq, epoch, event_id, type, key, meta, body, occurred_at FROM taken
        ON CONFLICT (stream, seq) DO NOTHING
        """,
        {"id": letter_id},
    )
    return moved == 1


async def retry_dead_letters(conn: Conn) -> int:
    """Try all of them again; how many."""
    return await execute(
        conn,
        """
        WITH taken AS (
            DELETE FROM dead_letter
            RETURNING stream, seq, epoch, event_id, type, key, meta, body, occurred_at
        )
        INSERT INTO parked (stream, seq, epoch, event_id, type, key, meta, body, occurred_at)
        SELECT stream, seq, epoch, event_id, type, key, meta, body, occurred_at FROM taken
        ON CONFLICT (stream, seq) DO NOTHING
        """,
        {},
    )


async def resume(conn: Conn, stream: str) -> bool:
    """Let a stopped stream go on where it stands; ``False``: it was not stopped."""
    return (
        await execute(
            conn,
            "UPDATE subscription SET stopped = NULL, updated_at = clock_timestamp()"
            " WHERE stream = %(stream)s AND stopped IS NOT NULL",
            {"stream": stream},
        )
        == 1
    )


async def drop_dead_letter(conn: Conn, letter_id: UUID) -> bool:
    """Forget it for good; ``False``: there is none such."""
    return await execute(conn, "DELETE FROM dead_letter WHERE id = %(id)s", {"id": letter_id}) == 1


async def go_on_from(conn: Conn, stream: str, *, seq: int, epoch: UUID) -> None:
    """Set a stream on purpose, after snapshots: what was applied, parked or counted before means nothing any more."""
    await execute(
        conn,
        """
        INSERT INTO subscription (stream, applied_seq, epoch) VALUES (%(stream)s, %(seq)s, %(epoch)s)
        ON CONFLICT (stream) DO UPDATE
        SET applied_seq = excluded.applied_seq, epoch = excluded.epoch, stopped = NULL, updated_at = clock_timestamp()
        """,
        {"stream": stream, "seq": seq, "epoch": epoch},
    )
    await execute(
        conn,
        "DELETE FROM parked WHERE stream = %(stream)s AND epoch <> %(epoch)s",
        {"stream": stream, "epoch": epoch},
    )
    await execute(conn, "DELETE FROM attempt WHERE stream = %(stream)s", {"stream": stream})


@dataclass(frozen=True, slots=True)
class Trail:
    """One event as a list of them shows it."""

    seq: int
    event_id: UUID
    type: str
    key: str
    meta: str
    occurred_at: datetime


async def latest(conn: Conn, *, after: int | None, limit: int) -> list[Trail]:
    """The newest events of this service, or those after a number, oldest first."""
    found = await fetch_all(
        conn,
        Trail,
        """
        SELECT seq, event_id, type, key, meta, occurred_at
        FROM sent
        WHERE %(after)s::bigint IS NULL OR seq > %(after)s::bigint
        ORDER BY CASE WHEN %(after)s::bigint IS NULL THEN -seq ELSE seq END
        LIMIT %(limit)s
        """,
        {"after": after, "limit": limit},
    )
    return sorted(found, key=lambda event: event.seq)
