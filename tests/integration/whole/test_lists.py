"""Every list of every service, found in the route table: pages both ways, totals, files, and what is refused."""

import csv
import importlib
import io
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI
from fastapi.routing import APIRoute

from deploy.layout import SERVICES
from gateway.main import own_app
from shared.contracts.gateway import Role
from shared.db import Conn
from shared.filtering import Kind, Listing
from shared.listing import Listed
from tests.integration.gateway.conftest import settings_for
from tests.support.database import service_database
from tests.support.doors import api_client, surroundings
from tests.support.filler import fill
from tests.support.tokens import PUBLIC_KEY, bearer

ROWS = 7
OPERATOR, PERSON = uuid4(), uuid4()
ADMIN = bearer("admin", OPERATOR, user_id=PERSON)
TOTAL = {"Prefer": "return=total-count"}
# The gateway asks the workers for these; tests/integration/gateway/test_operations.py walks it.
ELSEWHERE = {"/mvp/api/dead-letters"}


def word(text: str) -> Callable[[int], object]:
    return lambda _: text


def none_or(text: str) -> Callable[[int], object]:
    return lambda n: None if n % 2 else text


async def _ingestion(conn: Conn) -> None:
    await fill(conn, "organization_replica", 2, kind=word("mill"), status=word("approved"))
    await fill(conn, "mailbox", ROWS, port=word("993"))
    await fill(conn, "inbound_message", ROWS, sender=none_or("Lists@Mill.example"))
    await fill(conn, "batch", ROWS, source=word("upload"), status=word("review_required"))
    first = await conn.execute("SELECT batch_id FROM batch ORDER BY batch_id LIMIT 1")
    batch = (await first.fetchone() or (None,))[0]
    await fill(conn, "batch_row", ROWS, batch_id=lambda _: batch, sheet=none_or("Sheet 1"))
    await fill(conn, "datasheet", ROWS, source=word("upload"))


async def _catalog(conn: Conn) -> None:
    mills = await fill(conn, "organization_replica", ROWS, kind=word("mill"))
    await fill(conn, "rule_set", ROWS, mill_id=lambda n: mills[n]["organization_id"])
    await fill(
        conn, "item", ROWS, mill_id=lambda n: mills[n]["organization_id"], status=word("available"),
        product_name=none_or("=Topliner"), price=lambda n: None if n % 3 else n,
    )  # fmt: skip


async def _matching(conn: Conn) -> None:
    await fill(conn, "requirement", ROWS, grade_codes=lambda _: ["TL_2"], product_forms=lambda _: ["reel"], quality_floor=word("A"),
               cadence=word("daily"), price_currency=word("EUR"))  # fmt: skip
    await fill(conn, "match", ROWS, status=word("active"), cadence=word("daily"), explanation=word("[]"))


async def _exclusivity(conn: Conn) -> None:
    await fill(conn, "organization_replica", ROWS, kind=word("buyer"), contacts=word("[]"))
    await fill(conn, "item_replica", ROWS)
    await fill(conn, "interests", ROWS, status=word("queued"))
    later = datetime.now(UTC) + timedelta(days=2)
    await fill(
        conn, "windows", ROWS, status=word("active"), expires_at=lambda n: later + timedelta(minutes=n // 2),
        grant_number=lambda _: 1, max_grants=lambda _: 3,
    )  # fmt: skip


async def _newsletter(conn: Conn) -> None:
    await fill(conn, "issue", ROWS)
    await fill(conn, "delivery", ROWS, facts=word("{}"))
    await fill(conn, "suppression", ROWS, address=none_or("Who@Buyer.example"))


async def _gateway(conn: Conn) -> None:
    await fill(conn, "organization", ROWS, slug=lambda n: f"company-{n}", country=word("DE"), currency=word("EUR"))
    await fill(conn, "person", ROWS, time_zone=word("UTC"), language=word("en"))
    await fill(conn, "api_token", ROWS)
    await fill(conn, "notification", ROWS, person_id=lambda _: PERSON)
    await fill(conn, "audit_entry", ROWS, via=word("http"), changes=word("[]"))


FILLED = {"ingestion": _ingestion, "catalog": _catalog, "matching": _matching, "exclusivity": _exclusivity,
          "newsletter": _newsletter, "gateway": _gateway}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """One list with rows in it."""

    path: str
    listing: Listing
    client: httpx.AsyncClient

    async def get(self, query: str = "", **headers: str) -> httpx.Response:
        return await self.client.get(f"{self.path}?{query}", headers={**ADMIN, **headers})

    async def page(self, query: str, **headers: str) -> dict[str, Any]:
        answer = await self.get(query, **headers)
        assert answer.status_code == 200, (self.path, query, answer.text)
        return answer.json()


def routes_of(app: FastAPI) -> Iterator[tuple[str, Listing]]:
    for router in cast(Any, app.state.contract):
        for route in router.routes:
            if isinstance(route, APIRoute):
                calls = [one.call for one in route.dependant.dependencies]
                yield from ((f"/mvp/api{route.path}", one.listing) for one in calls if isinstance(one, Listed))


def app_of(service: str, patch: pytest.MonkeyPatch) -> FastAPI:
    if service == "gateway":
        return own_app(settings_for("postgresql://nowhere", public_key=PUBLIC_KEY))
    for name, value in surroundings(service).items():
        patch.setenv(name, value)
    settings = importlib.import_module(f"services.{service}.settings").settings
    settings.cache_clear()
    app = importlib.import_module(f"services.{service}.main").build()
    settings.cache_clear()
    return app


@pytest_asyncio.fixture(scope="module", loop_scope="session", name="places")
async def all_places() -> AsyncIterator[list[Place]]:
    """Every list there is, each with at least ``ROWS`` rows."""
    places: list[Place] = []
    async with AsyncExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        for service in SERVICES:
            db = await stack.enter_async_context(service_database(service))
            async with db.transaction() as conn:
                await FILLED[service](conn)
                first = await conn.execute("SELECT batch_id FROM batch_row LIMIT 1") if service == "ingestion" else None
                batch = (await first.fetchone() or ("",))[0] if first else ""
            app = app_of(service, patch)
            client = await stack.enter_async_context(api_client(app, db))
            client.base_url = httpx.URL("http://offcut")
            for path, listing in routes_of(app):
                if path not in ELSEWHERE:
                    places.append(Place(path.replace("{batch_id}", str(batch)), listing, client))
        yield places


def ids(page: dict[str, Any]) -> list[str]:
    return [str(one.get("id") or one["mill_id"]) for one in page["items"]]


async def test_lists_when_walked_forward_and_back_then_the_same_rows(places: list[Place]) -> None:
    assert len(places) > 15
    for place in places:
        whole = await place.page("limit=200", **TOTAL)
        assert len(whole["items"]) == whole["total_count"] >= ROWS, place.path
        sorts = ["", *(f"sort={name}" for name in place.listing.names(Role.ADMIN, sortable=True))][:4]
        for query in sorts:
            wanted = ids(await place.page(f"limit=200&{query}"))
            assert sorted(wanted) == sorted(ids(whole)), (place.path, query)
            for limit in (1, 3, ROWS):
                assert await walked(place, f"limit={limit}&{query}") == (wanted, wanted), (place.path, query, limit)


async def walked(place: Place, query: str) -> tuple[list[str], list[str]]:
    """Ids from the first page to the last, and from there back to the first."""
    page, forward = await place.page(query), list[str]()
    assert page["prev_cursor"] is None
    while True:
        forward += ids(page)
        if page["next_cursor"] is None:
            break
        page = await place.page(f"{query}&cursor={page['next_cursor']}")
    back = ids(page)
    while page["prev_cursor"] is not None:
        page = await place.page(f"{query}&cursor={page['prev_cursor']}")
        back = ids(page) + back
    return forward, back


async def test_lists_when_every_field_is_asked_then_answered_by_it(places: list[Place]) -> None:
    """Each declared column is SQL that runs: as a filter, as a sort key, and for a null."""
    samples = {
        Kind.TEXT: "x", Kind.INTEGER: "3", Kind.NUMBER: "3", Kind.DATE: "2026-11-21", Kind.FLAG: "true",
        Kind.INSTANT: "2026-11-21T09:00:00Z", Kind.ID: str(uuid4()), Kind.SET: "x",
    }  # fmt: skip
    for place in places:
        for name, one in place.listing.fields.items():
            value = one.words[0] if one.words else samples[one.kind]
            queries = [f"{name}={value}"]
            if one.kind not in (Kind.SET, Kind.FLAG):
                queries.append(f"{name}__in={value},{value}")
                nulls = await place.page(f"{name}__isnull=true&limit=200")
                filled = await place.page(f"{name}__isnull=false&limit=200")
                everything = await place.page("limit=200")
                assert sorted(ids(nulls) + ids(filled)) == sorted(ids(everything)), (place.path, name)
                assert one.nullable or not nulls["items"], (place.path, name, "has nulls and is not declared so")
            if one.sortable and one.kind != Kind.SET:
                queries.append(f"sort=-{name}")
            for query in queries:
                await place.page(query)


async def test_lists_when_asked_what_makes_no_sense_then_refused(places: list[Place]) -> None:
    for place in places:
        cursor = (await place.page("limit=1"))["next_cursor"]
        name = next(iter(place.listing.names(Role.ADMIN)))
        refused = {
            "nothing=1": (400, "invalid_filter"),
            f"{name}__sounds=1": (400, "invalid_filter"),
            "sort=nothing": (400, "invalid_filter"),
            f"{name}__isnull=perhaps": (400, "invalid_filter"),
            f"limit=1&nothing__in=1&cursor={cursor}": (400, "invalid_filter"),
            f"limit=1&{name}__isnull=false&cursor={cursor}": (400, "invalid_cursor"),
            "cursor=AAAA": (400, "invalid_cursor"),
            "limit=1000000000": (422, "validation_failed"),
            "limit=0": (422, "validation_failed"),
        }
        if place.listing.fields[name].kind in (Kind.SET, Kind.FLAG):
            del refused[f"limit=1&{name}__isnull=false&cursor={cursor}"]
            del refused[f"{name}__isnull=perhaps"]
        for query, wanted in refused.items():
            answer = await place.get(query)
            assert (answer.status_code, answer.json()["code"]) == wanted, (place.path, query, answer.text)


async def test_lists_when_wanted_as_a_file_then_the_same_rows(places: list[Place]) -> None:
    for place in places:
        answer = await place.get("limit=1", Accept="text/csv")
        assert answer.headers["content-type"] == "text/csv; charset=utf-8", place.path
        assert answer.headers["content-disposition"].startswith("attachment")
        lines = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
        whole = await place.page("limit=200")
        named = "id" if "id" in lines[0] else "mill_id"
        assert [line[named] for line in lines] == ids(whole), place.path
        assert not [cell for line in lines for cell in line.values() if cell.startswith(("=", "+", "@"))]
