"""The table of events tells the truth: each has an example that parses, and each declared subscriber listens."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, cast

import orjson
import pytest

from deploy.contracts import DOCUMENT, PAGE, asyncapi, missing, subscriptions
from deploy.events_page import page
from shared import contracts
from shared.consumer import Subscription, on
from shared.contracts import BY_TYPE, CONTRACTS, SERVICES, Contract
from shared.contracts.base import Event
from shared.db import Conn

EXAMPLES = Path(contracts.__file__).resolve().parent / "examples"


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.event.TYPE)
def test_event_when_its_example_is_read_and_written_then_nothing_is_lost(contract: Contract) -> None:
    text = (EXAMPLES / f"{contract.event.TYPE}.json").read_bytes()
    event = contract.event.model_validate_json(text)
    assert orjson.loads(event.model_dump_json()) == orjson.loads(text)
    assert event.key
    assert all(event.audience) or event.audience == ()


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.event.TYPE)
def test_event_when_a_newer_producer_adds_a_member_then_an_older_reader_ignores_it(contract: Contract) -> None:
    body = orjson.loads((EXAMPLES / f"{contract.event.TYPE}.json").read_bytes())
    known = contract.event.model_validate_json(orjson.dumps(body))
    assert contract.event.model_validate_json(orjson.dumps({**body, "added_later": {"a": 1}})) == known


def test_types_when_listed_then_are_unique_and_live_with_their_producer() -> None:
    assert len(BY_TYPE) == len(CONTRACTS)
    for contract in CONTRACTS:
        producer = contract.event.producer()
        assert contract.event.__module__ == f"shared.contracts.{producer}"
        assert set(contract.subscribers) <= set(SERVICES)
        assert producer not in contract.subscribers, "a service does not listen to itself"


def test_table_when_something_is_missing_then_says_what_to_write() -> None:
    assert missing(CONTRACTS, subscriptions()) == []


def test_services_when_listening_then_the_gateway_alone_hears_everything() -> None:
    everything = {name for name, heard in subscriptions().items() if any(one.event is None for one in heard)}
    assert everything == {"gateway"}


class LotWeighed(Event):
    """Somebody put a lot on the scales."""

    TYPE: ClassVar[str] = "catalog.lot.weighed.v1"


class Nameless(Event):
    TYPE: ClassVar[str] = "billing.paid"


async def ignore(_: Conn, __: Sequence[Event]) -> None:
    """A handler."""


@pytest.mark.parametrize(
    ("row", "heard", "said"),
    [
        (Contract(LotWeighed, ()), (), "write shared/contracts/examples/catalog.lot.weighed.v1.json"),
        (Contract(LotWeighed, ("matching",)), (), "write a handler and on(LotWeighed, …) in SUBSCRIPTIONS"),
        (Contract(LotWeighed, ()), (on(LotWeighed, ignore),), "name matching in its Contract(…)"),
        (Contract(Nameless, ()), (), "billing.paid: begin its TYPE with the service"),
        (Contract(Nameless, ()), (), "billing.paid: end its TYPE with the version"),
        (Contract(Nameless, ()), (), "write a docstring for Nameless"),
    ],
    ids=["example", "handler", "declaration", "producer", "version", "docstring"],
)
def test_piece_when_missing_then_is_named_with_what_to_write(
    row: Contract, heard: tuple[Subscription, ...], said: str
) -> None:
    real = subscriptions()
    found = missing([*CONTRACTS, row], {**real, "matching": (*real["matching"], *heard)})
    assert any(said in one for one in found), found


def test_event_when_not_in_the_table_then_the_line_to_add_is_named() -> None:
    found = missing(CONTRACTS[1:], {})
    assert any("add Contract(gateway.OrganizationChanged, (…)) to CONTRACTS" in one for one in found)
    assert any("gateway.organization.changed.v1.json: no event has this example" in one for one in found)


def test_documents_when_contracts_change_then_are_written_anew() -> None:
    why = "run: .venv/bin/python -m deploy.contracts"
    assert orjson.loads(DOCUMENT.read_bytes()) == asyncapi(), why
    assert PAGE.read_text("utf-8") == page(CONTRACTS), why


def references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        for name, value in cast(dict[str, object], node).items():
            if name == "$ref":
                yield str(value)
            elif name != "examples":
                yield from references(value)
    elif isinstance(node, list):
        for value in cast(list[object], node):
            yield from references(value)


def test_asyncapi_when_read_then_keeps_the_structure_of_version_3() -> None:
    document = asyncapi()
    assert document["asyncapi"] == "3.0.0"
    assert {"title", "version"} <= set(document["info"])
    assert set(document) <= {
        "asyncapi", "id", "info", "defaultContentType", "servers", "channels", "operations", "components",
    }  # fmt: skip
    for server in document["servers"].values():
        assert {"host", "protocol"} <= set(server)
    for keys in (document["channels"], document["operations"], *document["components"].values()):
        assert all(re.fullmatch(r"[\w.\-]+", key) for key in keys)
    for reference in references(document):
        assert reference.startswith("#/")
        found: object = document
        for step in reference[2:].split("/"):
            assert isinstance(found, dict), reference
            assert step in found, reference
            found = cast(dict[str, object], found)[step]


def test_asyncapi_when_read_then_every_event_is_sent_once_and_read_by_those_declared() -> None:
    document = asyncapi()
    operations: dict[str, dict[str, Any]] = document["operations"]
    assert {operation["action"] for operation in operations.values()} == {"send", "receive"}
    sent = Counter(
        one["$ref"].rpartition("/")[2]
        for operation in operations.values()
        if operation["action"] == "send"
        for one in operation["messages"]
    )
    assert sent == Counter(BY_TYPE.keys())
    for operation in operations.values():
        home = operation["channel"]["$ref"]
        assert all(one["$ref"].startswith(f"{home}/messages/") for one in operation["messages"])
    for contract in CONTRACTS:
        name, producer = contract.event.TYPE, contract.event.producer()
        readers = {
            service
            for service in SERVICES
            for one in operations.get(f"{service}.reads.{producer}", {}).get("messages", ())
            if one["$ref"].endswith(f"/{name}")
        }
        assert readers == {"gateway", *contract.subscribers}
        assert document["components"]["messages"][name]["examples"], name
