"""Who asks too often waits; others do not."""

import html
import time
from uuid import uuid4

import httpx
import pytest

from gateway.main import build
from gateway.rates import Rates
from shared.auth import Actor
from shared.contracts.gateway import OrganizationKind, Role
from shared.explanations import EXPLANATIONS
from tests.integration.gateway.conftest import settings_for

CONFIG = settings_for(
    "postgresql://nowhere",
    rates_times=1,
    requests_per_user_and_minute=3,
    requests_per_token_and_minute=4,
    requests_per_address_and_minute=5,
    unsigned_requests_per_address_and_minute=2,
)


def person(*, program: bool = False) -> Actor:
    scopes = frozenset({"items:read"}) if program else None
    return Actor(uuid4(), uuid4(), OrganizationKind.MILL, Role.MILL_USER, "owner", uuid4(), scopes=scopes)


def rates(at: float = 120.0) -> tuple[Rates, list[float]]:
    now = [at]
    return Rates(CONFIG, lambda: now[0]), now


@pytest.mark.parametrize(("who", "allowed"), [(person(), 3), (person(program=True), 4), (None, 2)], ids=str)
def test_limit_when_reached_then_refused_until_the_minute_is_over(who: Actor | None, allowed: int) -> None:
    counted, now = rates(at=125.5)
    told = [counted.take("192.0.2.1", who) for _ in range(allowed + 1)]
    assert [ok for _, ok in told] == [True] * allowed + [False]
    assert [standing.remaining for standing, _ in told] == [*range(allowed - 1, -1, -1), 0]
    standing = told[-1][0]
    assert (standing.limit, standing.reset_seconds, standing.refusal().headers) == (allowed, 55, {"Retry-After": "55"})
    now[0] = 180.0
    assert counted.take("192.0.2.1", who)[1]


def test_limits_when_one_is_reached_then_others_still_ask() -> None:
    counted, _ = rates()
    greedy = person()
    while counted.take("192.0.2.1", greedy)[1]:
        pass
    assert counted.take("192.0.2.1", person())[1]
    assert counted.take("192.0.2.2", None)[1]


def test_pictures_of_mails_when_a_provider_fetches_them_for_all_then_have_the_wider_limit() -> None:
    counted, _ = rates()
    told = [counted.take("192.0.2.1", None, of_mail=True)[1] for _ in range(6)]
    assert told == [True] * 5 + [False]
    assert counted.take("192.0.2.1", None)[1]


def test_address_when_many_ask_from_it_then_its_own_limit_counts() -> None:
    counted, _ = rates()
    told = [counted.take("192.0.2.1", person()) for _ in range(6)]
    assert [ok for _, ok in told] == [True] * 5 + [False]
    assert [standing.limit for standing, _ in told[3:]] == [5, 5, 5]  # the tighter one is told


def test_addresses_when_of_one_household_then_counted_as_one() -> None:
    counted, _ = rates()
    told = [counted.take(f"2001:db8:1:2::{n:x}", None)[1] for n in range(3)]
    assert told == [True, True, False]
    assert counted.take("2001:db8:1:3::1", None)[1]


async def asked(*paths: str) -> list[httpx.Response]:
    """The answers of a gateway that has just started, all within one minute of the clock."""
    while True:
        config = settings_for("postgresql://nowhere", rates_times=1, unsigned_requests_per_address_and_minute=5)
        transport = httpx.ASGITransport(build(config), raise_app_exceptions=False)
        minute = time.time() // 60
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway/mvp/api") as client:
            told = [await client.get(path, headers={"Accept": "application/json"}) for path in paths]
        if time.time() // 60 == minute:
            return told


async def test_answers_of_the_gateway_when_of_any_kind_then_tell_what_is_left() -> None:
    told = await asked("/problems/not_found", "/items", "/nothing", "/items%2f", "/problems", "/problems")
    assert [one.status_code for one in told] == [200, 401, 404, 400, 200, 429]
    assert [one.headers["x-ratelimit-remaining"] for one in told] == ["4", "3", "2", "1", "0", "0"]
    assert {one.headers["x-ratelimit-limit"] for one in told} == {"5"}
    assert all(0 < int(one.headers["x-ratelimit-reset"]) <= 60 for one in told)
    assert all(one.headers["x-request-id"] for one in told)
    assert (told[-1].json()["code"], told[-1].headers["retry-after"]) == (
        "rate_limited",
        told[-1].headers["x-ratelimit-reset"],
    )


async def test_page_of_a_code_when_a_person_or_a_program_asks_then_explains_it() -> None:
    config = settings_for("postgresql://nowhere")
    transport = httpx.ASGITransport(build(config), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
        known = (await client.get("/mvp/api/problems")).json()["items"]
        assert {one["code"] for one in known} == set(EXPLANATIONS)
        for one in known:
            page = await client.get(one["type"], headers={"Accept": "text/html"})
            assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
            assert html.escape(one["advice"]) in page.text
            assert (await client.get(one["type"])).json() == one
        refused = await client.get("/mvp/api/problems/nonsense")
        assert (refused.status_code, refused.json()["type"]) == (404, "/mvp/api/problems/not_found")
