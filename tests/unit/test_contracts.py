"""The table of events tells the truth: each has an example that parses, and each declared subscriber listens."""

import importlib
from collections.abc import Sequence
from pathlib import Path

import orjson
import pytest

from shared import contracts
from shared.consumer import Subscription
from shared.contracts import BY_TYPE, CONTRACTS, SERVICES, Contract

ROOT = Path(contracts.__file__).resolve().parents[2]
EXAMPLES = Path(contracts.__file__).resolve().parent / "examples"


def package_of(service: str) -> str:
    return "gateway" if service == "gateway" else f"services.{service}"


def with_handlers() -> list[str]:
    """Services that have a handlers room."""
    return [
        service
        for service in SERVICES
        if (room := ROOT / package_of(service).replace(".", "/") / "handlers").is_dir()
        or room.with_suffix(".py").is_file()
    ]


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


def test_types_when_listed_then_are_unique_named_by_their_producer_and_versioned() -> None:
    assert len(BY_TYPE) == len(CONTRACTS)
    for contract in CONTRACTS:
        producer, *_, version = contract.event.TYPE.split(".")
        assert producer in SERVICES
        assert version.startswith("v")
        assert contract.event.__module__ == f"shared.contracts.{producer}"
        assert set(contract.subscribers) <= set(SERVICES)
        assert producer not in contract.subscribers, "a service does not listen to itself"


def test_examples_when_listed_then_belong_to_an_event() -> None:
    assert {path.stem for path in EXAMPLES.glob("*.json")} == set(BY_TYPE)


def test_subscribers_when_declared_then_have_a_handler_and_no_one_else_has() -> None:
    wrong: list[str] = []
    for service in with_handlers():
        subscriptions: Sequence[Subscription] = importlib.import_module(f"{package_of(service)}.handlers").SUBSCRIPTIONS
        real = {subscription.event.TYPE for subscription in subscriptions if subscription.event is not None}
        declared = {contract.event.TYPE for contract in CONTRACTS if service in contract.subscribers}
        wrong += [f"{service} is declared for {name} and has no handler" for name in sorted(declared - real)]
        wrong += [f"{service} has a handler for {name} and is not declared" for name in sorted(real - declared)]
        everything = any(subscription.event is None for subscription in subscriptions)
        if everything is not (service == "gateway"):
            wrong.append(f"{service}: the gateway, and it alone, listens to everything")
    assert wrong == []
