"""Answers about the running system: what an operator sees of every service, and its dead letters."""

from typing import Literal
from uuid import UUID

from pydantic import BaseModel

from shared.instants import Instant
from shared.paging import Page

ServiceName = Literal["gateway", "ingestion", "catalog", "matching", "exclusivity", "newsletter"]


class StreamHealth(BaseModel):
    """One stream that a service reads. ``lag``: events it has not applied, ``None`` while the producer is away."""

    stream: str
    applied: int
    lag: int | None
    stopped: str | None


class DueTimer(BaseModel):
    """A timed job's next deadline; one in the past is late."""

    job: str
    at: Instant


class ServiceHealth(BaseModel):
    """One service. What its worker could not tell is ``None``; ``troubles`` are plain words, empty when all is well."""

    service: str
    api: str
    worker: str
    database: str | None = None
    redis: str | None = None
    version: str | None = None
    started_at: Instant | None = None
    outbox_waiting: int | None = None
    outbox_oldest_seconds: float | None = None
    parked: int | None = None
    dead: int | None = None
    oldest_due: DueTimer | None = None
    streams: list[StreamHealth] = []
    troubles: list[str] = []


class Health(BaseModel):
    """``services`` is for administrators only."""

    status: str
    services: list[ServiceHealth] | None = None


class DeadLetter(BaseModel):
    """An event that a service gave up on. Members that the service no longer keeps after a replay are ``None``."""

    id: UUID
    service: str
    type: str | None = None
    stream: str | None = None
    seq: int | None = None
    event_id: UUID | None = None
    key: str | None = None
    attempts: int | None = None
    error: str | None = None
    meta: str | None = None
    body: str | None = None
    occurred_at: Instant | None = None
    died_at: Instant | None = None


class DeadLetters(Page[DeadLetter]):
    """One page over all services; ``unreachable`` are those whose worker did not answer."""

    unreachable: list[str] = []
