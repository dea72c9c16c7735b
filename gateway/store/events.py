"""The history of everything: what the gateway keeps of every event."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson

from shared.consumer import Envelope
from shared.db import Conn, execute, fetch_all


async def append_events(conn: Conn, envelopes: Sequence[Envelope]) -> None:
    attributes = [envelope.attributes() for envelope in envelopes]
    await execute(
        conn,
        """
        INSERT INTO event_log (stream, seq, event_id, type, key, correlation_id, causation_id, actor, audience, body,
                               occurred_at)
        SELECT stream, seq, event_id, type, key, correlation_id, causation_id, actor::jsonb,
               ARRAY(SELECT jsonb_array_elements_text(audience::jsonb)::uuid), body::jsonb, occurred_at
        FROM unnest(%(streams)s::text[], %(seqs)s::bigint[], %(ids)s::uuid[], %(types)s::text[], %(keys)s::text[],
                    %(correlations)s::text[], %(causations)s::uuid[], %(actors)s::text[], %(audiences)s::text[],
                    %(bodies)s::text[], %(times)s::timestamptz[])
             AS e (stream, seq, event_id, type, key, correlation_id, causation_id, actor, audience, body, occurred_at)
        ON CONFLICT (stream, seq) DO NOTHING
        """,
        {
            "streams": [one.stream for one in envelopes],
            "seqs": [one.seq for one in envelopes],
            "ids": [one.event_id for one in envelopes],
            "types": [one.type for one in envelopes],
            "keys": [one.key for one in envelopes],
            "correlations": [one.correlation_id for one in attributes],
            "causations": [one.causation_id for one in attributes],
            "actors": [one.actor.model_dump_json() for one in attributes],
            "audiences": [orjson.dumps(one.audience).decode() for one in attributes],
            "bodies": [one.body for one in envelopes],
            "times": [one.occurred_at for one in envelopes],
        },
    )


@dataclass(frozen=True, slots=True)
class Remembered:
    """One event of the history."""

    stream: str
    seq: int
    event_id: UUID
    type: str
    key: str
    causation_id: UUID | None
    actor: dict[str, object]
    body: dict[str, object]
    occurred_at: datetime


async def chain(conn: Conn, correlation_id: str) -> list[Remembered]:
    """Every event of a chain of causes, of all services, however old."""
    return await fetch_all(
        conn,
        Remembered,
        """
        SELECT stream, seq, event_id, type, key, causation_id, actor, body, occurred_at
        FROM event_log
        WHERE correlation_id = %(correlation_id)s
        ORDER BY id
        """,
        {"correlation_id": correlation_id},
    )


async def chain_of(conn: Conn, event_id: UUID) -> str | None:
    """The chain that an event belongs to."""
    cursor = await conn.execute(
        "SELECT correlation_id FROM event_log WHERE event_id = %(event_id)s", {"event_id": event_id}
    )
    row = await cursor.fetchone()
    return str(row[0]) if row else None
