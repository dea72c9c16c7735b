"""What every event carries, whoever publishes it: CloudEvents 1.0 attributes and our extensions."""

from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

Via = Literal["http", "mail", "event", "timer", "command"]


class WireModel(BaseModel):
    """A frozen part of an event body. Readers ignore members they do not know, so adding one keeps the version."""

    model_config = ConfigDict(frozen=True, extra="ignore", ser_json_inf_nan="null")


class ActorRef(WireModel):
    """Who caused it. ``user_id`` is ``None`` for timers and for mails of an organisation without a known user."""

    user_id: UUID | None = None
    organization_id: UUID | None = None
    via: Via = "event"


class Attributes(WireModel):
    """CloudEvents attributes of a received event: ``id time subject traceparent`` and the extensions."""

    id: UUID
    seq: int
    epoch: UUID
    source: str
    time: datetime
    correlation_id: str
    causation_id: UUID | None = None
    traceparent: str | None = None
    actor: ActorRef = ActorRef()
    audience: tuple[UUID, ...] = ()


class Event(WireModel):
    """Base of all events. A subclass sets ``TYPE`` and says with ``key`` what must stay in order."""

    TYPE: ClassVar[str]

    attributes: Attributes | None = Field(default=None, exclude=True)
    """Filled in by the reader; ``None`` on an event that has not been published yet."""

    @property
    def key(self) -> str:
        """The subject: events of one key keep their order through retries."""
        raise NotImplementedError

    @property
    def audience(self) -> tuple[UUID, ...]:
        """Organisations that may learn that this happened. Empty: operators only."""
        return ()

    @classmethod
    def producer(cls) -> str:
        """The service whose stream carries this type."""
        return cls.TYPE.partition(".")[0]

    def received(self) -> Attributes:
        """The attributes of an event that came from a stream; a handler may rely on them."""
        if self.attributes is None:
            raise ValueError(f"{self.TYPE} was not received from a stream, so it has no attributes yet")
        return self.attributes


def stream_of(producer: str) -> str:
    """Name of the Redis stream of one producer."""
    return f"events.{producer}"
