"""The history of everything: what the gateway keeps of every event."""

from collections.abc import Sequence

import orjson

from shared.consumer import Envelope
from shared.db import Conn, execute


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
