"""Bodies and parameters that nobody sends by mistake, on every route: refused with a reason, never a fault of ours.

``OFFCUT_FUZZ_EXAMPLES`` asks for more of those that a generator makes (default 2 per route and way); 30 and
more also send every odd value in every member, which takes some minutes.
"""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from itertools import count
from typing import Any
from uuid import uuid4

import httpx
import orjson
import pytest_asyncio
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi import checks

from tests.support.requests_of import Endpoint, endpoints_of
from tests.support.town import Town, town

JSON = dict[str, Any]
CHECKS: Any = checks  # the generator's types are of its inside
EXAMPLES = int(os.environ.get("OFFCUT_FUZZ_EXAMPLES", "2"))
PROBLEM = "application/problem+json"
PAGE = {True: "text/html; charset=utf-8", False: PROBLEM}  # where links of mails lead, people read why
# No route takes any of these, whatever it wants.
WHOLE = (
    b"", b"NaN", b"[]", b'"x"', b"1", b"\xef\xbb\xbf{}", b'{"a":1,}', b"{} {}", b'{"a":"\\ud800"}', b'{"a":"\\u0000"}',
    b'{"a":"\x00"}', b'{"a":"\xff\xfe"}', b'{"a":1e999}', b"[" * 100_000, b'{"a":' * 1000 + b"1" + b"}" * 1000,
    b'{"a":1,"a":1}', b'{"nobody_knows":1}', b'"' + b"a" * (1 << 20) + b'"', "{}".encode("utf-16"), b"9" * 5000,
)  # fmt: skip
# No member of any body takes any of these.
NEVER = (
    b"NaN", b"Infinity", b"-Infinity", b"1e999", b'"\\ud800"', b'"\\u0000"', b"9" * 400, b"[" * 500 + b"]" * 500,
    b'{"nobody_knows":1}', b'"%s"' % (b"a" * 70_000), b"1.5e-300",
)  # fmt: skip
# Some members take these; whoever does not says why.
ODD = (
    b"%d" % 2**63, b"%d" % -(2**63), b"%d" % 2**64, b"null", b"[]", b"{}", b"true", b'""', b'"x"', b"-1", b"0",
    b'"NaN"', b'"1e999"', b'"-0"', b'"9999-12-31T23:59:59.999999Z"', b'"0001-01-01T00:00:00+14:00"', b'"0000-00-00"',
    b'"00000000-0000-0000-0000-000000000000"', b"[null]", b"[[]]", b"[{}]", b'"\\u202e\\u0007"', b'"\xf0\x9f\x98\x80"',
    b'"2026-02-30"', b'"=1+1"', b'"\'; DROP TABLE item"', b'{"":""}', b'"24:00"',
)  # fmt: skip
ASKED = (
    "", "%00", "a%00b", "%ED%A0%80", "%FF", "9" * 400, "NaN", "1e999", "'", "%27%3B--", "null", "[]", "-1", "%0D%0A",
    "9223372036854775808", "0000-00-00", "9999-12-31T23:59:59Z", "%F0%9F%98%80", "a" * 3000, ",", ",,,", "%2C%00",
)  # fmt: skip
LIMITS = ("1000000000", "0", "-1", "1.5", "NaN", "", "%00", "99999999999999999999999999", "true")
IDS = ("0", "%00", "a" * 300, "00000000-0000-0000-0000-00000000000", "%FF", "null", "-1", "9" * 40)
RIGHTS = ("role", "mill_id", "buyer_id", "organization_id", "trusted", "status", "version", "id")
# Every member meets some values and every value some members; all with all take five times as long.
ROTATION = 5 if EXAMPLES < 30 else 1


@pytest_asyncio.fixture(scope="module", loop_scope="session", name="rough")
async def a_town_of_its_own() -> AsyncIterator[Town]:
    async with town() as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="session", name="document")
async def the_document(rough: Town) -> JSON:
    return (await rough.ask("nobody", "GET", "/openapi.json")).json()


async def send(rough: Town, endpoint: Endpoint, body: bytes, version: str) -> httpx.Response:
    kind = "application/json" if endpoint.kind is None or "multipart" in endpoint.kind else endpoint.kind
    headers = {"Content-Type": kind, "Idempotency-Key": str(uuid4()), "If-Match": version}
    return await rough.ask(endpoint.caller, endpoint.method, endpoint.path_to(rough), content=body, headers=headers)


async def version_of(rough: Town, endpoint: Endpoint) -> str:
    """What If-Match has to say, so that the body is looked at."""
    if not endpoint.nouns:
        return '"0"'
    thing = "/".join(endpoint.path_to(rough).split("/")[:3])
    answer = await rough.ask(endpoint.caller, "GET", thing)
    return answer.headers.get("etag", '"1"')


def judged(endpoint: Endpoint, body: bytes, answer: httpx.Response, *, must_refuse: bool) -> Iterator[str]:
    told = f"{endpoint.name} {body[:60]!r}: {answer.status_code}"
    if answer.status_code >= 500:
        yield f"{told} is a fault of ours: {answer.text[:200]}"
    elif answer.status_code >= 400 and answer.headers["content-type"] not in (PROBLEM, PAGE[endpoint.is_public]):
        yield f"{told} does not say why"
    elif must_refuse and answer.status_code < 400:
        yield f"{told} should be refused"


async def test_bodies_when_hostile_then_refused_with_a_reason(rough: Town, document: JSON) -> None:
    wrong: list[str] = []
    asked: Counter[int] = Counter()
    turn = count()
    for endpoint in endpoints_of(document):
        if endpoint.kind is None:
            continue
        version = await version_of(rough, endpoint)
        for body, must_refuse in bodies(endpoint, turn):
            answer = await send(rough, endpoint, body, version)
            asked[answer.status_code] += 1
            wrong += judged(endpoint, body, answer, must_refuse=must_refuse)
            if answer.status_code < 300:
                version = await version_of(rough, endpoint)
    assert not wrong, "\n" + "\n".join(wrong)
    assert asked[422] > 500
    assert (await rough.ask("admin", "GET", "/auth/me")).status_code == 200


def bodies(endpoint: Endpoint, turn: Iterator[int]) -> Iterator[tuple[bytes, bool]]:
    """Bodies, and whether every route has to refuse them. An empty one is a wish where nothing is needed."""
    optional = endpoint.path in ("/auth/refresh", "/auth/logout")
    yield from ((body, not (optional and not body)) for body in WHOLE)
    example: JSON = endpoint.body if "multipart" not in (endpoint.kind or "") else {}
    for name in endpoint.members:
        for value in (*NEVER, *ODD):
            if next(turn) % ROTATION == 0:
                yield with_member(example, name, value), value in NEVER
    for name in RIGHTS:
        if name not in endpoint.members and "multipart" not in (endpoint.kind or ""):
            yield with_member(example, name, b'"admin"'), True


def with_member(example: JSON, name: str, value: bytes) -> bytes:
    rest = orjson.dumps({key: given for key, given in example.items() if key != name})[1:-1]
    return b"{" + b",".join(part for part in (rest, orjson.dumps(name) + b":" + value) if part) + b"}"


async def test_parameters_when_hostile_then_refused_or_of_no_effect(rough: Town, document: JSON) -> None:
    wrong: list[str] = []
    turn = count()
    for endpoint in endpoints_of(document):
        path = endpoint.path_to(rough)
        names = [*sorted(endpoint.filters), "nobody_knows", "sort", "version__in"] if endpoint.method == "GET" else []
        asked = [f"{path}?{name}={value}" for name in names for value in ASKED if next(turn) % ROTATION == 0]
        asked += [f"{path}?limit={value}" for value in LIMITS if "limit" in endpoint.filters]
        for noun in endpoint.nouns:
            asked += [endpoint.path.replace(f"{{{noun}}}", value).replace("{", "").replace("}", "") for value in IDS]
        for one in asked:
            answer = await quick(rough, endpoint, one)
            wrong += judged(endpoint, one.encode(), answer, must_refuse="limit=" in one)
    assert not wrong, "\n" + "\n".join(wrong)


async def quick(rough: Town, endpoint: Endpoint, path: str) -> httpx.Response:
    """The beginning of an answer; live streams have no end."""
    headers = {**rough.headers[endpoint.caller], "Idempotency-Key": str(uuid4()), "If-Match": '"1"'}
    async with rough.client.stream(endpoint.method, path, headers=headers) as answer:
        if not answer.headers.get("content-type", "").startswith("text/event-stream"):
            await answer.aread()
        return answer


async def test_requests_when_made_from_the_document_then_answered_as_it_says(rough: Town, document: JSON) -> None:
    wrong = await asyncio.to_thread(generated, rough, document)
    assert not wrong, "\n" + "\n".join(f"{times} × {one}" for one, times in wrong.most_common())


def generated(rough: Town, document: JSON) -> Counter[str]:
    """Requests that fit the document and some that just do not, to every operation."""
    wrong: Counter[str] = Counter()
    schema: Any = schemathesis.openapi.from_dict(document)
    known = {one.name: one for one in endpoints_of(document)}
    with requests.Session() as session:
        for found in schema.get_all_operations():
            operation = found.ok()
            endpoint = known[f"{operation.method.upper()} {operation.path.removeprefix('/mvp/api')}"]
            if "text/event-stream" in endpoint.shown_as:
                continue  # a live stream never ends; test_live asks for it
            for mode in GenerationMode.POSITIVE, GenerationMode.NEGATIVE:
                if mode == GenerationMode.NEGATIVE and not (endpoint.filters or endpoint.nouns or endpoint.kind):
                    continue  # nothing that could be wrong
                _many(operation.as_strategy(generation_mode=mode), endpoint, rough, session, wrong)
    return wrong


def _many(cases: Any, endpoint: Endpoint, rough: Town, session: requests.Session, wrong: Counter[str]) -> None:
    turn = count()
    headers = rough.headers[endpoint.caller]

    @given(case=cases)
    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
    )  # fmt: skip
    def ask(case: Any) -> None:
        # Most ids are of nothing; every second request goes to something that is there.
        real = {noun: rough.first(noun) for noun in endpoint.nouns}
        if next(turn) % 2 and all(real.values()):
            case.path_parameters.update(real)
        try:
            answer = case.call(base_url=rough.address, headers=headers, session=session, timeout=30)
        except requests.ConnectionError:  # refused and closed before all of the body was sent
            answer = case.call(base_url=rough.address, headers=headers, timeout=30)
        documented: JSON = case.operation.definition.raw["responses"]
        if str(answer.status_code) not in documented:
            wrong[f"{endpoint.name} answers {answer.status_code}, which is not documented: {answer.text[:120]}"] += 1
        elif answer.status_code >= 500 and "dead-letter" not in endpoint.path:
            wrong[f"{endpoint.name} fails with {answer.status_code}: {answer.text[:200]}"] += 1
        elif answer.status_code < 400:
            try:
                case.validate_response(answer, checks=[CHECKS.response_schema_conformance])
            except (AssertionError, BaseExceptionGroup) as error:
                wrong[f"{endpoint.name} answers what its schema does not say: {str(error)[:500]}"] += 1

    ask()
