"""Every endpoint says who may call it, and the page that lists them is fresh."""

import pytest

from deploy.layout import SERVICES
from deploy.routes import DOCUMENT, Endpoint, document, endpoints
from gateway.routes import PUBLIC, SEGMENTS


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


def test_routes_when_changed_then_the_page_is_written_anew(found: list[Endpoint]) -> None:
    assert DOCUMENT.read_text("utf-8") == document(found), "run: .venv/bin/python -m deploy.routes"
