"""One event as it travels: its number and attributes in the open, its body still text."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from uuid import UUID

import orjson
from pydantic import ValidationError

from shared.contracts import BY_TYPE
from shared.contracts.base import ActorRef, Attributes, Event


class Unreadable(Exception):
    """An envelope that no later try can read: bad JSON, a field missing, a type or version nobody here knows."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """``seq`` is gapless within ``epoch``, one life of the producer's database."""

    stream: str
    seq: int
    epoch: UUID
    event_id: UUID
    type: str
    key: str
    meta: str
    body: str
    occurred_at: datetime

    @property
    def correlation_id(self) -> str:
        """The chain of causes it belongs to; empty when the envelope cannot be read."""
        try:
            return str(orjson.loads(self.meta)["correlation_id"])
        except (orjson.JSONDecodeError, KeyError, TypeError):
            return ""

    def attributes(self) -> Attributes:
        """The CloudEvents attributes; raises ``Unreadable``."""
        try:
            meta = orjson.loads(self.meta)
            return Attributes(
                id=self.event_id,
                seq=self.seq,
                epoch=self.epoch,
                source=self.stream.partition(".")[2],
                time=self.occurred_at,
                correlation_id=meta["correlation_id"],
                causation_id=meta.get("causation_id"),
                traceparent=meta.get("traceparent"),
                actor=meta.get("actor") or ActorRef(),
                audience=meta.get("audience") or (),
            )
        except (orjson.JSONDecodeError, ValidationError, KeyError, TypeError, AttributeError) as error:
            raise Unreadable(f"attributes cannot be read: {error}") from error

    def event(self) -> Event:
        """The event with its attributes; raises ``Unreadable``."""
        contract = BY_TYPE.get(self.type)
        if contract is None:
            raise Unreadable(f"no contract for {self.type}: a newer producer, or a retired type")
        try:
            event = contract.event.model_validate_json(self.body)
        except ValidationError as error:
            raise Unreadable(f"body does not fit {self.type}: {error}") from error
        # The event is ours alone until it is returned: setting one member costs a tenth of a copy.
        vars(event)["attributes"] = self.attributes()
        return event


def from_fields(stream: str, fields: Mapping[str, str]) -> Envelope | None:
    """Read one entry of a stream. ``None`` when it has no number: not ours, or its body was trimmed away."""
    try:
        return Envelope(
            stream=stream,
            seq=int(fields["seq"]),
            epoch=_epoch(fields["epoch"]),
            event_id=UUID(fields["id"]),
            type=fields["type"],
            key=fields["key"],
            meta=fields["meta"],
            body=fields["body"],
            occurred_at=datetime.fromisoformat(fields["time"]),
        )
    except (KeyError, ValueError):
        return None


@lru_cache(maxsize=64)
def _epoch(text: str) -> UUID:
    """The same for all events of a stream, year in, year out."""
    return UUID(text)
