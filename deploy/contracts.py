"""What is written about events, made from the contracts: `python -m deploy.contracts` writes docs/events.md and
docs/asyncapi.json; tests keep both fresh and say what is missing.
"""

import importlib
import inspect
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from shared import contracts
from shared.consumer import Subscription
from shared.contracts import CONTRACTS, SERVICES, Contract
from shared.contracts.base import Attributes, Event, stream_of

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = Path(contracts.__file__).resolve().parent / "examples"
PAGE = ROOT / "docs/events.md"
DOCUMENT = ROOT / "docs/asyncapi.json"
SCHEMAS = "#/components/schemas/"
MESSAGES = "#/components/messages/"
JSON = dict[str, Any]  # the border: JSON Schema as pydantic gives it


def room_of(service: str) -> str:
    """The module with a service's handlers."""
    return "gateway.handlers" if service == "gateway" else f"services.{service}.handlers"


def subscriptions() -> dict[str, Sequence[Subscription]]:
    """What each service really listens to."""
    return {service: importlib.import_module(room_of(service)).SUBSCRIPTIONS for service in SERVICES}


def example_of(event: type[Event]) -> bytes | None:
    file = EXAMPLES / f"{event.TYPE}.json"
    return file.read_bytes() if file.is_file() else None


def missing(table: Iterable[Contract], real: Mapping[str, Sequence[Subscription]]) -> list[str]:
    """What somebody who adds an event or a subscriber still has to write; empty when nothing."""
    found: list[str] = []
    rows = list(table)
    for contract in rows:
        event, name = contract.event, contract.event.TYPE
        if event.producer() not in SERVICES:
            found.append(f"{name}: begin its TYPE with the service that publishes it, one of {', '.join(SERVICES)}")
        if not name.rpartition(".")[2].removeprefix("v").isdigit():
            found.append(f"{name}: end its TYPE with the version, as in .v1")
        if not own_words(event):
            found.append(f"{name}: write a docstring for {event.__name__}: what happened, in one line")
        if example_of(event) is None:
            found.append(f"{name}: write shared/contracts/examples/{name}.json, one body with every member filled")
    for service, heard in real.items():
        handled = {one.event.TYPE for one in heard if one.event is not None}
        declared = {contract.event.TYPE for contract in rows if service in contract.subscribers}
        found += [
            f"{service} is declared for {name}: write a handler and on({_class(rows, name)}, …) in SUBSCRIPTIONS at the"
            f" bottom of {room_of(service).replace('.', '/')}.py"
            for name in sorted(declared - handled)
        ]
        found += [
            f"{service} has a handler for {name}: name {service} in its Contract(…) in shared/contracts/__init__.py"
            for name in sorted(handled - declared)
        ]
    known = {contract.event.TYPE for contract in rows}
    found += [
        f"{event.TYPE}: add Contract({event.__module__.rpartition('.')[2]}.{event.__name__}, (…)) to CONTRACTS in"
        " shared/contracts/__init__.py"
        for event in every_event()
        if event.TYPE not in known
    ]
    found += [
        f"{file.name}: no event has this example; remove it or add its contract"
        for file in sorted(EXAMPLES.glob("*.json"))
        if file.stem not in known
    ]
    return found


def _class(table: Iterable[Contract], name: str) -> str:
    return next((contract.event.__name__ for contract in table if name == contract.event.TYPE), name)


def every_event() -> list[type[Event]]:
    """Every event class of the contracts, in the table or not."""
    waiting, found = [Event], list[type[Event]]()
    while waiting:
        for event in waiting.pop().__subclasses__():
            waiting.append(event)
            if "TYPE" in event.__dict__ and event.__module__.startswith("shared.contracts."):
                found.append(event)
    return sorted(found, key=lambda event: event.TYPE)


def own_words(event: type[Event]) -> str:
    """The first line of its own docstring."""
    text = event.__dict__.get("__doc__") or ""
    return inspect.cleandoc(text).partition("\n")[0]


def asyncapi(table: Sequence[Contract] = CONTRACTS) -> JSON:
    """The AsyncAPI 3 document: a channel per stream, an operation per producer and per reader of a stream."""
    schemas: JSON = {}
    messages = {contract.event.TYPE: _message(contract.event, schemas) for contract in table}
    return {
        "asyncapi": "3.0.0",
        "id": "urn:offcut:events",
        "info": {
            "title": "Offcut events",
            "version": "1",
            "description": "What the services tell each other. Gapless numbers per stream; docs/events.md explains.",
        },
        "defaultContentType": "application/json",
        "servers": {
            "redis": {
                "host": "127.0.0.1:8921",
                "protocol": "redis",
                "description": "Redis 7.0 or later, Valkey 8 or later; one stream per service",
            }
        },
        "channels": {service: _channel(service, table) for service in SERVICES},
        "operations": _operations(table),
        "components": {"messages": messages, "schemas": dict(sorted(schemas.items()))},
    }


def _message(event: type[Event], schemas: JSON) -> JSON:
    body = example_of(event)
    return {
        "name": event.TYPE,
        "title": event.__name__,
        "summary": own_words(event),
        "contentType": "application/json",
        "headers": {"$ref": _hoisted(Attributes, schemas)},
        "payload": {"$ref": _hoisted(event, schemas)},
        "examples": [{"name": "example", "payload": orjson.loads(body)}] if body else [],
    }


def _hoisted(model: type[Event] | type[Attributes], schemas: JSON) -> str:
    """Put the schema of a model, and of all it holds, beside the others; where it is."""
    schema = model.model_json_schema(ref_template=SCHEMAS + "{model}", mode="serialization")
    for name, part in {**schema.pop("$defs", {}), model.__name__: schema}.items():
        if schemas.setdefault(name, part) != part:
            raise ValueError(f"two contracts are called {name}: rename one of them")
    return SCHEMAS + model.__name__


def _channel(service: str, table: Sequence[Contract]) -> JSON:
    own = [contract.event for contract in table if contract.event.producer() == service]
    return {
        "address": stream_of(service),
        "title": f"What {service} says",
        "servers": [{"$ref": "#/servers/redis"}],
        "messages": {event.TYPE: {"$ref": MESSAGES + event.TYPE} for event in own},
    }


def _operations(table: Sequence[Contract]) -> JSON:
    operations: JSON = {}
    for producer in SERVICES:
        own = [contract for contract in table if contract.event.producer() == producer]
        operations[f"{producer}.publishes"] = _operation("send", producer, own)
        for service in SERVICES:
            heard = own if service == "gateway" else [one for one in own if service in one.subscribers]
            if heard:
                operations[f"{service}.reads.{producer}"] = _operation("receive", producer, heard)
    return operations


def _operation(action: str, producer: str, table: Sequence[Contract]) -> JSON:
    refs = [{"$ref": f"#/channels/{producer}/messages/{contract.event.TYPE}"} for contract in table]
    return {"action": action, "channel": {"$ref": f"#/channels/{producer}"}, "messages": refs}


def main() -> None:
    """Write both documents."""
    from deploy.events_page import page

    DOCUMENT.write_bytes(orjson.dumps(asyncapi(), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    PAGE.write_text(page(CONTRACTS), "utf-8")
    print(f"{DOCUMENT.relative_to(ROOT)} and {PAGE.relative_to(ROOT)} written")


if __name__ == "__main__":
    main()
