"""Events leave a service only here: a row in the transaction of the effect, sent by the relay after the commit."""

from uuid import UUID

import orjson
from uuid_utils.compat import uuid7

from shared import trace
from shared.contracts.base import ActorRef, Event
from shared.db import Conn, notify

CHANNEL = "outbox"
COUNTED_MAX = 10_000
SET_MAX = 500  # elements of one set event; a longer list travels in parts


async def add(conn: Conn, *events: Event, actor: ActorRef | None = None) -> None:
    """Publish events with the transaction, in this order.

    Call it after the key's own row is locked or inserted: then events of one key commit in their order.
    """
    if not events:
        return
    chain = trace.current()
    who = (actor or chain.actor).model_dump(mode="json")
    ids: list[UUID] = [uuid7() for _ in events]
    metas = [
        orjson.dumps(
            {
                "correlation_id": chain.correlation_id,
                "causation_id": chain.causation_id,
                "traceparent": chain.traceparent,
                "actor": who,
                "audience": event.audience,
            }
        ).decode()
        for event in events
    ]
    await conn.execute(
        """
        INSERT INTO outbox (event_id, type, key, correlation_id, meta, body, occurred_at)
        SELECT event_id, type, key, %(correlation_id)s, meta, body, clock()
        FROM unnest(%(ids)b::uuid[], %(types)b::text[], %(keys)b::text[], %(metas)b::text[], %(bodies)b::text[])
             WITH ORDINALITY AS e (event_id, type, key, meta, body, place)
        ORDER BY place
        """,
        {
            "ids": ids,
            "types": [event.TYPE for event in events],
            "keys": [event.key for event in events],
            "metas": metas,
            "bodies": [event.model_dump_json() for event in events],
            "correlation_id": chain.correlation_id,
        },
    )
    await notify(conn, CHANNEL)


async def pending(conn: Conn) -> tuple[int, float]:
    """How many events wait for their number, and for how many seconds the first: the figures that alarms watch.

    Asked every second, so a million of them are not counted: beyond ``COUNTED_MAX`` the ids say about how many.
    """
    cursor = await conn.execute(
        """
        SELECT CASE WHEN few.n < %(most)s THEN few.n ELSE (SELECT max(id) - min(id) + 1 FROM outbox) END::integer,
               coalesce(extract(epoch FROM clock() - (SELECT occurred_at FROM outbox ORDER BY id LIMIT 1)), 0)::float
        FROM (SELECT count(*) AS n FROM (SELECT FROM outbox LIMIT %(most)s) AS looked_at) AS few
        """,
        {"most": COUNTED_MAX},
    )
    row = await cursor.fetchone()
    return (row[0], row[1]) if row else (0, 0.0)
