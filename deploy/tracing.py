"""One chain of causes over all services, from the mail or request that began it: what `bin/events trace` shows."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeVar, cast
from uuid import UUID

import orjson
from rich.markup import escape

from gateway.store import events as history
from shared.consumer import tracing
from shared.consumer.tracing import Fate
from shared.contracts import BY_TYPE, SERVICES
from shared.contracts.base import stream_of
from shared.db import Conn

T = TypeVar("T")
TOLD = ("file_name", "status", "previous", "scope", "name", "title", "outcome", "reason", "cadence", "source", "cause")
BEGUN_BY = {"mail": "a mail", "http": "a request", "timer": "a timed job", "command": "a command", "event": "an event"}
MARKS = {"applied": "[green]✓[/]", "waiting": "[yellow]…[/]", "parked": "[yellow]parked[/]", "dead": "[red]dead[/]",
         "stopped": "[red]stopped[/]"}  # fmt: skip


class Everywhere(Protocol):
    """Asks the schema of every service, or those named."""

    async def __call__(self, ask: Callable[[Conn, str], Awaitable[T]], /) -> dict[str, T]: ...


@dataclass(slots=True)
class Event:
    """One event with what became of it in each of its subscribers. ``seq`` is ``None`` before it has its number."""

    service: str
    seq: int | None
    event_id: UUID
    type: str
    key: str
    caused_by: UUID | None
    actor: Mapping[str, object]
    body: Mapping[str, object]
    at: datetime
    fates: dict[str, Fate] = field(default_factory=dict[str, Fate])

    def facts(self) -> str:
        """What a reader wants to see of the body: states and names, and how many elements its sets have."""
        said = [str(self.body[name]) for name in TOLD if self.body.get(name)]
        if self.body.get("part"):
            said.append(f"part {self.body['part']} of {self.body['parts']}")
        for name, value in self.body.items():
            if isinstance(value, list) and value and isinstance(value[0], dict):
                elements = cast(list[dict[str, object]], value)
                states = sorted({str(one["state"]) for one in elements if "state" in one})
                said.append(" ".join([f"{len(elements)} {name}", *states]))
        return ", ".join(said)

    def as_json(self) -> dict[str, object]:
        return {
            "service": self.service,
            "seq": self.seq,
            "id": self.event_id,
            "type": self.type,
            "key": self.key,
            "caused_by": self.caused_by,
            "at": self.at,
            "actor": self.actor,
            "facts": self.facts(),
            "subscribers": {name: fate for name, fate in self.fates.items()},
        }


async def chain_id(everywhere: Everywhere, given: str) -> str:
    """The chain an id stands for: its own, or that of the event which has it."""
    try:
        event_id = UUID(given)
    except ValueError:
        return given

    async def look(conn: Conn, service: str) -> str | None:
        found = await tracing.chain_of(conn, event_id)
        return found or (await history.chain_of(conn, event_id) if service == "gateway" else None)

    return next((found for found in (await everywhere(look)).values() if found), given)


async def follow(everywhere: Everywhere, correlation_id: str) -> list[Event]:
    """Every event of a chain in the order of time; the gateway's history where a service keeps it no longer."""

    async def look(conn: Conn, service: str) -> list[Event]:
        found = [_of_step(service, step) for step in await tracing.steps(conn, correlation_id)]
        if service == "gateway":
            # What the services still keep says more and comes after it.
            found = [*(_of_history(one) for one in await history.chain(conn, correlation_id)), *found]
        return found

    events = {event.event_id: event for found in (await everywhere(look)).values() for event in found}
    chain = sorted(events.values(), key=lambda event: (event.at, event.service, event.seq or 0))

    async def judge(conn: Conn, service: str) -> list[tuple[Event, Fate]]:
        judged: list[tuple[Event, Fate]] = []
        for producer in SERVICES:
            heard = {event.seq: event for event in chain if event.service == producer and service in _readers(event)}
            numbers = [seq for seq in heard if seq is not None]
            if numbers:
                found = await tracing.fates(conn, stream_of(producer), numbers)
                judged += [(heard[fate.seq], fate) for fate in found]
        return judged

    for service, judged in (await everywhere(judge)).items():
        for event, fate in judged:
            event.fates[service] = fate
    return chain


def _readers(event: Event) -> tuple[str, ...]:
    contract = BY_TYPE.get(event.type)
    return (*(contract.subscribers if contract else ()), "gateway")


def read(text: str) -> Mapping[str, object] | None:
    """The members of a JSON object; ``None`` when it is none: a damaged event is what somebody looks for."""
    try:
        found: object = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return cast(dict[str, object], found) if isinstance(found, dict) else None


def _of_step(service: str, step: tracing.Step) -> Event:
    meta = read(step.meta) or {}
    cause, body = meta.get("causation_id"), read(step.body)
    return Event(
        service=service,
        seq=step.seq,
        event_id=step.event_id,
        type=step.type,
        key=step.key,
        caused_by=UUID(str(cause)) if cause else None,
        actor=cast(dict[str, object], meta.get("actor") or {}),
        body={"reason": "its body cannot be read"} if body is None else body,
        at=step.occurred_at,
    )


def _of_history(one: history.Remembered) -> Event:
    return Event(
        service=one.stream.partition(".")[2],
        seq=one.seq,
        event_id=one.event_id,
        type=one.type,
        key=one.key,
        caused_by=one.causation_id,
        actor=one.actor,
        body={},  # the history keeps none
        at=one.occurred_at,
    )


def lines(chain: Sequence[Event]) -> list[str]:
    """The chain for a person: when, who said what, what caused it, and where it has had its effect."""
    first = chain[0]
    known = {event.event_id: number for number, event in enumerate(chain, start=1)}
    began = f"{first.at:%Y-%m-%d %H:%M:%S}Z, begun by {BEGUN_BY.get(str(first.actor.get('via')), 'somebody')}"
    who = ", ".join(f"{name} {first.actor[f'{name}_id']}" for name in ("user", "organization")
                    if first.actor.get(f"{name}_id"))  # fmt: skip
    shown = [f"[bold]{began}[/]{f' of {who}' if who else ''}"]
    for number, event in enumerate(chain, start=1):
        after = f"{(event.at - first.at).total_seconds():+9.3f} s"
        number_of_cause = known.get(event.caused_by) if event.caused_by else None
        cause = f" ← {number_of_cause}" if number_of_cause else ""
        name = " ".join(event.type.split(".")[1:-1]).replace("_", " ")
        place = event.seq if event.seq is not None else "waits for its number"
        shown.append(f"{number:3}{cause}  {after}  [bold]{event.service}[/] {place}  {name}: {escape(event.facts())}")
        fates = sorted(event.fates.items())
        if fates:
            shown.append("       → " + "  ".join(f"{service} {MARKS[fate.state]}" for service, fate in fates))
        shown += [
            f"         {service}: {fate.state} after {fate.attempts or 0} tries: {escape(fate.reason)}"
            for service, fate in fates
            if fate.reason
        ]
    return shown
