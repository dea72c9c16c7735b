"""What every answer of every route has in common, found in the route table and not route by route."""

import re
from collections.abc import Iterator
from typing import Any, cast
from uuid import uuid4

import httpx
from fastapi import FastAPI
from fastapi.params import Form
from fastapi.routing import APIRoute

from tests.support.stocked import ADMIN, Stocked, ids
from tests.support.tokens import bearer

INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
LIKE_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:.*")
FOR_PEOPLE = ("/mvp/api/newsletter/t/", "/mvp/api/newsletter/unsubscribe/")  # links of mails: pages
ROLES = ("admin", "mill_user", "buyer_user")
NOT_JSON = {"Content-Type": "text/plain", "Idempotency-Key": str(uuid4()), "If-Match": '"1"'}


def routes(stock: Stocked) -> Iterator[tuple[APIRoute, str, httpx.AsyncClient]]:
    """Every route with an address that names nothing there is."""
    for app, client in stock.apps.values():
        for route in own_routes(app):
            path = re.sub(r"\{(\w+)\}", lambda found: found[1] if "_id" not in found[1] else str(uuid4()), route.path)
            yield route, f"/mvp/api{path}", client


def own_routes(app: FastAPI) -> Iterator[APIRoute]:
    for router in app.state.contract:
        yield from (route for route in router.routes if isinstance(route, APIRoute))


def instants(value: Any) -> Iterator[str]:
    """Every text in a JSON that looks like a point in time."""
    if isinstance(value, str):
        yield from [value] if LIKE_INSTANT.fullmatch(value) else []
    elif isinstance(value, dict | list):
        members = cast(dict[str, Any] | list[Any], value)
        for one in members.values() if isinstance(members, dict) else members:
            yield from instants(one)


async def test_answers_when_of_lists_and_their_elements_then_kept_by_nobody_and_sent_once(stock: Stocked) -> None:
    """Cache-Control, X-Request-Id, instants to the millisecond, and 304 for whatever has an entity tag."""
    paths = {f"/mvp/api{route.path}" for app, _ in stock.apps.values() for route in own_routes(app)}
    tagged = 0
    for place in stock.lists:
        page = await place.get("limit=2")
        check_answer(page)
        singles = [one for one in paths if re.fullmatch(rf"{re.escape(place.path)}/\{{\w+\}}", one)]
        for address in [f"{place.path}/{one}" for one in ids(page.json()) if singles]:
            answer = await place.client.get(address, headers=ADMIN)
            if answer.status_code == 405:
                continue
            check_answer(answer)
            tag = answer.headers.get("etag")
            if tag is None:
                continue
            tagged += 1
            for known in (tag, f'"0", W/{tag}', "*"):
                same = await place.client.get(address, headers={**ADMIN, "If-None-Match": known})
                assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag), address
            other = await place.client.get(address, headers={**ADMIN, "If-None-Match": '"0-x"'})
            assert other.status_code == 200
    assert tagged >= 10


def check_answer(answer: httpx.Response) -> None:
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "private, no-store", answer.url
    assert answer.headers["x-request-id"]
    found = list(instants(answer.json()))
    assert not [one for one in found if not INSTANT.fullmatch(one)], answer.url


async def test_refusals_when_nobody_is_signed_in_then_problems_with_a_request_id(stock: Stocked) -> None:
    refused = 0
    for route, path, client in routes(stock):
        for method in route.methods or ():
            answer = await client.request(method, path, headers={"X-Request-Id": "0123456789abcdef"})
            assert answer.headers["x-request-id"] == "0123456789abcdef"
            if answer.status_code < 400:
                continue
            assert answer.headers["cache-control"] == "private, no-store", path
            if path.startswith(FOR_PEOPLE):
                continue
            refused += 1
            assert answer.headers["content-type"] == "application/problem+json", path
            body = answer.json()
            assert body["type"] == f"/mvp/api/problems/{body['code']}"
            assert body["status"] == answer.status_code
            assert body["trace_id"] == "0123456789abcdef"
    assert refused > 60


async def test_bodies_when_not_json_then_refused_and_both_kinds_of_patch_are_taken(stock: Stocked) -> None:
    bodies = patches = 0
    for route, path, client in routes(stock):
        if route.body_field is None or isinstance(route.body_field.field_info, Form):
            continue
        for method in route.methods or ():
            bodies += 1
            answer = await client.request(method, path, headers={**ADMIN, **NOT_JSON}, content="words")
            assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type"), (method, path)
            if method == "PATCH":
                patches += 1
                for kind in ("application/merge-patch+json", "application/json"):
                    said = {**NOT_JSON, "Content-Type": kind}
                    told = {role: await patch_as(client, path, role, said) for role in ROLES}
                    assert any("unknown_field" in codes for codes in told.values()), (path, kind, told)
    assert bodies > 25
    assert patches >= 5


async def patch_as(client: httpx.AsyncClient, path: str, role: str, headers: dict[str, str]) -> set[str]:
    """What somebody is told of the member he sends that nobody knows."""
    answer = await client.patch(path, headers={**bearer(role, uuid4()), **headers}, content=b'{"misspelt_wish": 1}')
    assert 400 <= answer.status_code < 500, answer.text
    return {one["code"] for one in answer.json().get("errors", ())}
