"""Every role asks for everything that has an id, its own and others', through the gateway; nobody learns what exists.

The routes come from the document of the API, the things and who may see them from the town. For whoever may not see a
thing, the answer must be the one to an id that never existed, to the letter.
"""

import re
from collections.abc import AsyncIterator, Iterator
from io import BytesIO
from typing import Any
from uuid import uuid4
from zipfile import ZipFile

import httpx
import pytest_asyncio

from gateway.door import OWN_SESSION
from tests.support.matrix import NOUNS, own_words
from tests.support.requests_of import Endpoint, endpoints_of
from tests.support.town import CALLERS, SUSPENDED, Thing, Town

JSON = dict[str, Any]
ROLES = {"aumuehle": "mill_user", "birkwerk": "mill_user", "operator": "admin"}


def more(endpoint: Endpoint) -> JSON:
    """A key, a version that nothing has, so that a visible thing answers 412 and stays as it is, and a body."""
    headers = {"Idempotency-Key": str(uuid4()), "If-Match": '"999999"'}
    if endpoint.kind is None:
        return {"headers": headers}
    if endpoint.kind.startswith("multipart/"):
        return {"headers": headers, "files": {"file": ("list.csv", b"Lot;Grade\r\n")}}
    return {"headers": {**headers, "Content-Type": endpoint.kind}, "json": endpoint.body}


@pytest_asyncio.fixture(scope="module", loop_scope="session", name="endpoints")
async def all_endpoints(built: Town) -> list[Endpoint]:
    document = (await built.ask("nobody", "GET", "/openapi.json")).json()
    assert "x-missing" not in document
    return list(endpoints_of(document))


def role_of(caller: str) -> str:
    return "admin" if caller == "admin" else ROLES.get(caller.partition(".")[0], "buyer_user")


def letters(answer: httpx.Response, thing_id: str) -> tuple[int, str, frozenset[str]]:
    """What somebody can tell two answers apart by."""
    text = answer.text.replace(thing_id, "ID")
    text = re.sub(r'"(trace_id|instance)":"[^"]+"', "", text)  # ours, and what was asked
    return answer.status_code, text, frozenset(answer.headers) - {"content-length"}


async def ask(built: Town, caller: str, endpoint: Endpoint, thing_id: str, within: str | None = None) -> httpx.Response:
    path = endpoint.path
    for noun in endpoint.nouns:
        path = path.replace(f"{{{noun}}}", thing_id if noun == endpoint.nouns[-1] else within or str(uuid4()))
    return await built.ask(caller, endpoint.method, path, **more(endpoint))


async def test_doors_when_the_role_is_wrong_then_closed_whatever_is_asked(
    built: Town, endpoints: list[Endpoint]
) -> None:
    wrong: list[str] = []
    for endpoint in endpoints:
        for caller in everybody() if endpoint.roles else ():
            signed_in = caller != "nobody"
            writes = endpoint.method != "GET" and not f"/mvp/api{endpoint.path}".startswith(OWN_SESSION)
            shut = signed_in and caller.startswith(SUSPENDED) and writes
            if signed_in and role_of(caller) in endpoint.roles and not shut:
                continue
            answer = await ask(built, caller, endpoint, str(uuid4()))
            wanted = ("organization_suspended",) if shut else ("not_allowed",) if signed_in else ("not_authenticated",)
            code = answer.json().get("code") if "json" in answer.headers["content-type"] else None
            if answer.status_code != (403 if signed_in else 401) or code not in wanted:
                wrong.append(f"{endpoint.name:60} {caller:16} {answer.status_code} {code}, should be {wanted[0]}")
    assert not wrong, "\n" + "\n".join(wrong)


async def test_answers_when_read_by_everybody_then_hold_no_word_that_is_not_theirs(
    built: Town, endpoints: list[Endpoint]
) -> None:
    words = own_words()
    leaks: list[str] = []
    found: set[str] = set()
    for endpoint in endpoints:
        if endpoint.method != "GET" or any(noun not in NOUNS for noun in endpoint.nouns):
            continue
        for caller in everybody():
            for path, kind in looks(built, endpoint):
                text = await shown(built, caller, path, kind)
                own = {word for word in words if word in text and word not in path}
                found |= own
                leaks += [
                    f"{caller:16} reads {word!r} in GET {path} as {kind}"
                    for word in own
                    if caller != "admin" and caller not in words[word]
                ]
    assert not leaks, "\n" + "\n".join(leaks)
    assert found == set(words), f"nobody ever reads {set(words) - found}: the test looks for the wrong words"


def looks(built: Town, endpoint: Endpoint) -> Iterator[tuple[str, str]]:
    """Every address of a route, in every form that it answers in."""
    things = [(one.id, one.within or "") for one in built.things if one.noun in endpoint.nouns[-1:]] or [("", "")]
    lots = (
        [f"?item_id={one.id}" for one in built.things if one.noun == "item_id"] if "item_id" in endpoint.filters else []
    )
    for thing_id, within in things:
        path = endpoint.path
        for noun in endpoint.nouns:
            path = path.replace(f"{{{noun}}}", thing_id if noun == endpoint.nouns[-1] else within)
        for query in ("", *lots):
            for kind in endpoint.shown_as:
                yield path + query, kind


async def shown(built: Town, caller: str, path: str, kind: str) -> str:
    """What is sent; of a live stream nothing, it never ends."""
    headers = {**built.headers[caller], "Accept": kind}
    async with built.client.stream("GET", path, headers=headers) as answer:
        if answer.headers.get("content-type", "").startswith("text/event-stream"):
            return ""
        content = await answer.aread()
    if content.startswith(b"PK"):  # a workbook is a zip of texts
        with ZipFile(BytesIO(content)) as book:
            content = b"\n".join(book.read(name) for name in book.namelist())
    return content.decode("utf-8", "replace")


async def test_things_when_asked_for_by_everybody_then_only_those_who_may_know_learn_of_them(
    built: Town, endpoints: list[Endpoint]
) -> None:
    wrong: list[str] = []
    asked = 0
    for endpoint in endpoints:
        if not endpoint.roles or not endpoint.nouns or endpoint.nouns[-1] not in NOUNS:
            continue
        things = [one for one in built.things if one.noun == endpoint.nouns[-1]]
        if not things:
            wrong.append(f"{endpoint.name}: the town has no {endpoint.nouns[-1]}, so nothing is asked")
        unknown = str(uuid4())
        never = {caller: letters(await ask(built, caller, endpoint, unknown), unknown) for caller in everybody()}
        for thing in things:
            verdicts = [verdict async for verdict in judged(built, endpoint, thing, never)]
            asked += len(verdicts)
            wrong += [one for one in verdicts if one]
    assert asked > 1000
    assert not wrong, "\n" + "\n".join(wrong)


def everybody() -> tuple[str, ...]:
    return ("nobody", *CALLERS, "admin")


async def judged(built: Town, endpoint: Endpoint, thing: Thing, never: JSON) -> AsyncIterator[str]:
    """One line per caller, empty when all is well. Those who may not know ask first: the others may change it."""
    may_know = {*thing.seen_by, *(thing.read_by if endpoint.method == "GET" else ()), "admin"}
    order = sorted(everybody(), key=lambda caller: (caller == "admin", caller in may_know))
    for caller in order:
        answer = await ask(built, caller, endpoint, thing.id, thing.within)
        found = letters(answer, thing.id)
        told = f"{endpoint.name:60} {caller:16} {found[0]}"
        may_ask = caller != "nobody" and role_of(caller) in endpoint.roles
        if answer.status_code >= 500:
            yield f"{told} is a fault of ours: {answer.text[:200]}"
        elif not may_ask or caller not in may_know:
            wanted = never[caller]
            yield (
                ""
                if found == wanted
                else f"{told} tells that it exists: an unknown id gets {wanted[0]} {wanted[1][:90]}"
            )
        else:
            yield f"{told} should be visible" if answer.status_code in (401, 404) else ""
        if endpoint.method == "DELETE" and answer.status_code < 300:
            return
