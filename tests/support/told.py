"""Events as they reach the gateway's worker, without a stream."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from uuid import UUID

import orjson
from uuid_utils.compat import uuid7

from gateway.told import read
from gateway.usecases.history import record
from shared import contracts
from shared.consumer import Envelope
from shared.contracts import CONTRACTS
from shared.contracts.base import ActorRef, Event, stream_of
from shared.db import Database

EXAMPLES = Path(contracts.__file__).resolve().parent / "examples"
EPOCH = UUID(int=7)
_numbers = count(1)


def envelope_of(
    event: Event, *, actor: ActorRef | None = None, chain: str | None = None, at: datetime | None = None
) -> Envelope:
    """An event on its stream, just said by ``actor``."""
    meta = {
        "correlation_id": chain or uuid7().hex,
        "actor": (actor or ActorRef(via="event")).model_dump(mode="json"),
        "audience": event.audience,
    }
    return Envelope(
        stream=stream_of(event.producer()),
        seq=next(_numbers),
        epoch=EPOCH,
        event_id=uuid7(),
        type=event.TYPE,
        key=event.key,
        meta=orjson.dumps(meta).decode(),
        body=event.model_dump_json(),
        occurred_at=at or datetime.now(UTC),
    )


async def tell(db: Database, *events: Event | Envelope) -> Sequence[Envelope]:
    """Let the worker take events in, in one batch."""
    envelopes = [envelope_of(one) if isinstance(one, Event) else one for one in events]
    async with db.transaction() as conn:
        await record(conn, [read(one) for one in envelopes], notice_age_hours_max=72)
    return envelopes


def examples() -> list[Event]:
    """One event of every type, with every member filled."""
    return [one.event.model_validate_json((EXAMPLES / f"{one.event.TYPE}.json").read_bytes()) for one in CONTRACTS]
