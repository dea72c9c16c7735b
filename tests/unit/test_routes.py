"""Every endpoint says who may call it, and the page that lists them is fresh."""

import re
from collections.abc import Iterator

import orjson
import pytest

from deploy.layout import SERVICES
from deploy.routes import DOCUMENT, Endpoint, apps, document, endpoints
from gateway.routes import PUBLIC, SEGMENTS
from tests.support.matrix import NOUNS, OPEN


@pytest.fixture(scope="module", name="found")
def all_endpoints() -> list[Endpoint]:
    return endpoints()


def test_routes_when_listed_then_all_services_have_some(found: list[Endpoint]) -> None:
    assert {one.service for one in found} == set(SERVICES)
    assert len(found) >= 60


def test_routes_when_nobody_is_named_then_refused(found: list[Endpoint]) -> None:
    silent = [f"{one.method} {one.path} ({one.function})" for one in found if not one.roles and not one.is_public]
    assert not silent, f"give a role (MillActor …) or the public mark to: {silent}"


def test_routes_when_public_then_the_gateway_lets_them_through_too(found: list[Endpoint]) -> None:
    hidden = [
        one.path for one in found if one.is_public and one.service != "gateway" and not one.path[1:].startswith(PUBLIC)
    ]
    assert not hidden


def test_routes_when_a_service_has_them_then_the_gateway_leads_there(found: list[Endpoint]) -> None:
    lost = [
        one.path for one in found if one.service != "gateway" and SEGMENTS.get(one.path.split("/")[1]) != one.service
    ]
    assert not lost, f"add to SEGMENTS in gateway/routes.py: {lost}"


def test_paths_when_they_hold_an_id_then_the_matrix_says_whose(found: list[Endpoint]) -> None:
    """``tests/integration/whole/test_matrix.py`` asks for each as everybody; without a rule it would ask nothing."""
    names = {name for one in found for name in re.findall(r"\{(\w+)\}", one.path)}
    assert not names - NOUNS.keys() - OPEN.keys(), "tests/support/matrix.py has to say who may know it"


def lenient(document: bytes) -> Iterator[str]:
    """Bodies of requests, and parts of them, that take members nobody knows."""
    described = orjson.loads(document)
    schemas = described["components"]["schemas"]
    bodies = [
        one["requestBody"] for path in described["paths"].values() for one in path.values() if "requestBody" in one
    ]
    waiting = {name for body in bodies if (json := body["content"].get("application/json")) for name in named(json)}
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        seen.add(name)
        waiting |= named(schemas[name]) - seen
        if "properties" in schemas[name] and schemas[name].get("additionalProperties") is not False:
            yield name


def named(schema: object) -> set[str]:
    return set(re.findall(r'"#/components/schemas/(\w+)"', orjson.dumps(schema).decode()))


def test_bodies_when_a_member_is_misspelt_then_refused() -> None:
    """A wish that is dropped in silence looks like one that was heard."""
    found = {name for _, app in apps() for name in lenient(orjson.dumps(app.openapi()))}
    assert not found, f"derive from shared.bodies.RequestBody: {sorted(found)}"


def test_routes_when_changed_then_the_page_is_written_anew(found: list[Endpoint]) -> None:
    assert DOCUMENT.read_text("utf-8") == document(found), "run: .venv/bin/python -m deploy.routes"
