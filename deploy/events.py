"""`bin/events`: how the events between the services stand, and the repairs that need a person."""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from importlib import import_module
from typing import Annotated, NoReturn, TypeVar
from uuid import UUID

import orjson
import psycopg
import typer
from rich.markup import escape
from rich.table import Table

from deploy import tracing
from deploy.layout import Layout
from deploy.screen import CONSOLE, fail, say
from shared import numbering
from shared.consumer import operations
from shared.consumer.operations import DeadLetter, Trail
from shared.contracts import SERVICES, groups_of
from shared.contracts.base import ActorRef, stream_of
from shared.db import Conn, Database
from shared.status import Picture, picture
from shared.trace import started
from shared.trace import tracing as traced
from shared.wire import WIRE_ERRORS, Wire

T = TypeVar("T")
FOLLOW_S = 0.5
Service = Annotated[str, typer.Argument(help=f"One of: {' '.join(SERVICES)}")]
LetterId = Annotated[str, typer.Argument(help="An id that `bin/events dead list` shows")]

app = typer.Typer(add_completion=False, no_args_is_help=True, help="The events between the services.")
dead = typer.Typer(no_args_is_help=True, help="Events that were given up.")
app.add_typer(dead, name="dead")


@app.command()
def lag() -> None:
    """Show each stream and how far every subscriber is behind its head."""
    pictures = _run(lambda: _over_all(lambda conn, service: picture(conn, service)))
    table = Table(
        "stream", "head", "subscriber", "applied", "behind", "parked", "dead", "state", box=None, pad_edge=False
    )
    for producer, own in pictures.items():
        for group in groups_of(producer):
            table.add_row(stream_of(producer), str(own.head.seq), group, *_standing(pictures.get(group), producer, own))
        if own.outbox_waiting:
            waits = f"{own.outbox_waiting} in the outbox, the oldest for {own.outbox_oldest_s:.0f} s"
            table.add_row("", "", "", "", "", "", "", waits)
    CONSOLE.print(table)


@dead.command("list")
def dead_list(limit: Annotated[int, typer.Option(min=1, max=1000)] = 50) -> None:
    """Show the latest events given up, of all services."""
    found = _run(lambda: _over_all(lambda conn, _: operations.dead_letters(conn, limit=limit)))
    if not any(found.values()):
        say("no dead letters")
    for service, letters in found.items():
        for letter in letters:  # lines, not a table: an id that is cut off cannot be copied
            died = letter.died_at.strftime("%Y-%m-%d %H:%M:%SZ")
            say(f"{letter.id}  {service}  {letter.type} {letter.seq}, given up {died} after {letter.attempts} tries")
            say(f"  {escape(letter.error.partition(chr(10))[0][:200])}")


@dead.command("show")
def dead_show(letter_id: LetterId) -> None:
    """Show one event given up, with its body."""
    letter = _run(lambda: _on_letter(letter_id, _get))
    head = {"stream": letter.stream, "seq": letter.seq, "type": letter.type, "key": letter.key}
    CONSOLE.print_json(data={**head, "event": str(letter.event_id)})
    for label, text in (("reason", letter.error), ("caused by", letter.meta), ("body", letter.body)):
        CONSOLE.print(f"{label}: {text}", markup=False)


@dead.command("retry")
def dead_retry(letter_id: LetterId) -> None:
    """Try one event given up again, now."""
    _run(lambda: _on_letter(letter_id, lambda conn, letter: operations.retry_dead_letter(conn, letter.id)))
    say("it is tried again within a second; `bin/events dead list` shows it if it fails for good")


@dead.command("retry-all")
def dead_retry_all(service: Service) -> None:
    """Try every event that a service has given up again, now."""
    _known(service)
    say(f"{_run(lambda: _in(service, operations.retry_dead_letters))} are tried again within a second")


@dead.command("drop")
def dead_drop(letter_id: LetterId) -> None:
    """Forget one event given up: it never has its effect."""
    _run(lambda: _on_letter(letter_id, lambda conn, letter: operations.drop_dead_letter(conn, letter.id)))
    say("dropped")


@app.command()
def resume(
    service: Service, producer: Annotated[str, typer.Argument(help="Whose events the service stopped reading")]
) -> None:
    """Let a service that stopped reading go on where it stands, once the reason is gone."""
    _known(service)
    _known(producer)
    if not _run(lambda: _in(service, lambda conn: operations.resume(conn, stream_of(producer)))):
        _stop(f"{service} does not stand still on {stream_of(producer)}; `bin/events lag` shows who does", code=1)
    say(f"{service} goes on with {stream_of(producer)} within two seconds")


@app.command()
def refill(
    service: Service,
    subscriber: Annotated[str, typer.Argument(help="Who asks; it drops what it has applied already")],
    first: Annotated[int, typer.Option("--from", min=1, help="First number to send again")],
) -> None:
    """Send the events of a service again, from a number on. Harmless: subscribers drop what they have."""
    _known(service)
    _known(subscriber)

    async def ask() -> None:
        wire = Wire(_setting("OFFCUT_REDIS_URL"))
        await wire.ask_refill(service, subscriber, first)
        await wire.close()

    _run(ask)
    say(f"asked the relay of {service}: everything from {first} on is sent again within seconds")


@app.command()
def tail(
    service: Service,
    count: Annotated[int, typer.Option("-n", min=1, max=1000)] = 20,
    follow: Annotated[bool, typer.Option("-f", help="Go on until interrupted.")] = False,
) -> None:
    """Show the newest events of a service."""
    _known(service)

    async def show() -> None:
        async with _database(service) as database:
            after: int | None = None
            while True:
                async with database.transaction() as conn:
                    events = await operations.latest(conn, after=after, limit=count)
                for event in events:
                    _print_event(service, event)
                after = events[-1].seq if events else after or 0
                if not follow:
                    return
                await asyncio.sleep(FOLLOW_S)

    _run(show)


@app.command()
def trace(
    wanted: Annotated[str, typer.Argument(metavar="ID", help="Of a chain (logs, X-Request-Id) or of one event in it")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object for programs.")] = False,
) -> None:
    """Show the life of everything one request or mail has caused, over all services, to the click in a newsletter."""

    async def look() -> tuple[str, list[tracing.Event]]:
        correlation_id = await tracing.chain_id(_over_all, wanted)
        return correlation_id, await tracing.follow(_over_all, correlation_id)

    correlation_id, chain = _run(look)
    if not chain:
        _stop("nothing is known of it: an id of a request that changed nothing, or of none", code=1)
    if as_json:
        body = {"correlation_id": correlation_id, "events": [event.as_json() for event in chain]}
        print(orjson.dumps(body, option=orjson.OPT_INDENT_2).decode())
        return
    for line in tracing.lines(chain):
        CONSOLE.print(line, highlight=False)


@app.command()
def snapshot(
    service: Service,
    subscriber: Annotated[str | None, typer.Option(help="Only this subscriber; default: all that are stopped")] = None,
) -> None:
    """Publish the present state of a service, and let subscribers that cannot catch up go on from there."""
    _known(service)
    room = f"{'gateway' if service == 'gateway' else f'services.{service}'}.snapshots"
    publish: Callable[[Conn], Awaitable[int]] = import_module(room).publish_snapshots
    groups = groups_of(service) if subscriber is None else (subscriber,)

    async def go_on() -> list[str]:
        async with _database(service) as database, database.transaction() as conn:
            head = await numbering.hold_head(conn, service)  # nothing gets a number until the snapshots wait for theirs
            with traced(started(ActorRef(via="command"))):
                published = await publish(conn)
        said = [f"{published} snapshots of {service} after number {head.seq}"]
        for group in groups:
            async with _database(group) as database, database.transaction() as conn:
                state = {each.stream: each for each in (await picture(conn, group)).subscriptions}
                known = state.get(stream_of(service))
                if subscriber is None and (known is None or not known.stopped):
                    continue
                await operations.go_on_from(conn, stream_of(service), seq=head.seq, epoch=head.epoch)
                said.append(f"{group} goes on after {head.seq}")
        return said

    for line in _run(go_on):
        say(line)


def _standing(reader: Picture | None, producer: str, own: Picture) -> tuple[str, str, str, str, str]:
    states = {state.stream: state for state in reader.subscriptions} if reader else {}
    state = states.get(stream_of(producer))
    if reader is None or state is None:
        return "–", str(own.head.seq), "", "", "has not read yet"
    behind = max(own.head.seq - state.applied_seq, 0)
    return str(state.applied_seq), str(behind), str(reader.parked), str(reader.dead), escape(state.stopped or "runs")


async def _get(_: Conn, letter: DeadLetter) -> DeadLetter:
    return letter


async def _on_letter(letter_id: str, act: Callable[[Conn, DeadLetter], Awaitable[T]]) -> T:
    """Do something with a dead letter in the service that holds it."""
    try:
        wanted = UUID(letter_id)
    except ValueError:
        _stop(f"{letter_id} is not an id; `bin/events dead list` shows them", code=2)
    for service in SERVICES:
        async with _database(service) as database, database.transaction() as conn:
            letter = await operations.dead_letter(conn, wanted)
            if letter is not None:
                return await act(conn, letter)
    _stop(f"no dead letter {letter_id}", code=1)


async def _in(service: str, act: Callable[[Conn], Awaitable[T]]) -> T:
    """Do something in one service's schema."""
    async with _database(service) as database, database.transaction() as conn:
        return await act(conn)


async def _over_all(ask: Callable[[Conn, str], Awaitable[T]]) -> dict[str, T]:
    answers: dict[str, T] = {}
    for service in SERVICES:
        async with _database(service) as database, database.transaction() as conn:
            answers[service] = await ask(conn, service)
    return answers


@asynccontextmanager
async def _database(service: str) -> AsyncGenerator[Database]:
    url = _setting(f"OFFCUT_{service.upper()}_DATABASE_URL")
    database = Database(url, service=service, process="events", size_max=1)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(database.close)
        await database.open()
        yield database


def _run(work: Callable[[], Awaitable[T]]) -> T:
    async def working() -> T:
        return await work()

    try:
        return asyncio.run(working())
    except (psycopg.OperationalError, *WIRE_ERRORS) as refused:
        _stop(f"a server does not answer; is Offcut running? {refused}", code=1)
    except KeyboardInterrupt:
        sys.exit(0)


def _setting(name: str) -> str:
    value = os.environ.get(name) or Layout.of_environment().secrets().get(name)
    if not value:
        _stop(f"{name} is not set and Offcut was never started here: run bin/up first", code=1)
    return value


def _known(service: str) -> None:
    if service not in SERVICES:
        _stop(f"no service {service}; there are: {' '.join(SERVICES)}", code=2)


def _stop(reason: str, *, code: int) -> NoReturn:
    fail(reason)
    sys.exit(code)


def _print_event(service: str, event: Trail) -> None:
    meta = tracing.read(event.meta) or {}
    cause = f" ← {meta['causation_id']}" if meta.get("causation_id") else ""
    at = event.occurred_at.strftime("%H:%M:%S.%f")[:-3]
    CONSOLE.print(f"{at}  {service} {event.seq}  {event.type}  {event.key}  {event.event_id}{cause}", highlight=False)


if __name__ == "__main__":
    app()
