"""Every service's app in this process, each on a database with some rows in all of its lists."""

import importlib
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from deploy.layout import SERVICES
from gateway.main import own_app
from shared.db import Conn
from shared.filtering import Listing
from shared.listing import Listed
from shared.service import Traced
from tests.integration.gateway.conftest import settings_for
from tests.support.database import service_database
from tests.support.doors import api_client, surroundings
from tests.support.filler import fill
from tests.support.tokens import PUBLIC_KEY, bearer

ROWS = 7
OPERATOR, PERSON = uuid4(), uuid4()
ADMIN = bearer("admin", OPERATOR, user_id=PERSON)
# The gateway asks the workers for these; tests/integration/gateway/test_operations.py walks it.
ELSEWHERE = {"/mvp/api/dead-letters"}


LOT = (
    '{"grade_code": "TL_2", "form": "reel", "gsm": "120", "weight_net_kg": "1", "quality_class": "A",'
    ' "location_country": "DE"}'
)
STAGES = '[{"status": "received", "at": "2026-11-20T09:00:00Z"}]'


def word(text: str) -> Callable[[int], object]:
    return lambda _: text


def none_or(text: str) -> Callable[[int], object]:
    return lambda n: None if n % 2 else text


async def _ingestion(conn: Conn) -> None:
    await fill(conn, "organization_replica", 2, kind=word("mill"), status=word("approved"))
    await fill(conn, "mailbox", ROWS, port=word("993"))
    await fill(conn, "inbound_message", ROWS, sender=none_or("Lists@Mill.example"))
    await fill(conn, "batch", ROWS, source=word("upload"), status=word("review_required"), stages=word(STAGES))
    first = await conn.execute("SELECT batch_id FROM batch ORDER BY batch_id LIMIT 1")
    batch = (await first.fetchone() or (None,))[0]
    await fill(
        conn, "batch_row", ROWS, batch_id=lambda _: batch, sheet=none_or("Sheet 1"), row_number=none_or("7"),
        status=word("valid"), lot=word(LOT), lot_key=lambda n: f"ref:{n}",
    )  # fmt: skip
    await fill(conn, "mapping_profile", ROWS)
    await fill(conn, "datasheet", ROWS, source=word("upload"))
    await fill(conn, "mapping_profile", ROWS)


async def _catalog(conn: Conn) -> None:
    mills = await fill(conn, "organization_replica", ROWS, kind=word("mill"))
    await fill(conn, "rule_set", ROWS, mill_id=lambda n: mills[n]["organization_id"])
    await fill(
        conn, "item", ROWS, mill_id=lambda n: mills[n]["organization_id"], status=word("available"),
        product_name=none_or("=Topliner"), price=lambda n: None if n % 3 else n,
    )  # fmt: skip


async def _matching(conn: Conn) -> None:
    await fill(conn, "requirement", ROWS, grade_codes=lambda _: ["TL_2"], product_forms=lambda _: ["reel"],
               quality_floor=word("A"), cadence=word("daily"), price_currency=word("EUR"))  # fmt: skip
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
        body = answer.json()
        return body if "items" in body else {**body, "items": body["lots"]}  # a preview is a list of lots


def routes_of(app: FastAPI) -> Iterator[tuple[str, Listing]]:
    for router in app.state.contract:
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


@dataclass(frozen=True, slots=True)
class Stocked:
    """``lists``: each with at least ``ROWS`` rows. ``apps``: with clients of their own."""

    lists: list[Place]
    apps: dict[str, tuple[FastAPI, httpx.AsyncClient]]


@asynccontextmanager
async def stocked() -> AsyncGenerator[Stocked]:
    """About four seconds to build; nobody changes anything in it."""
    made = Stocked([], {})
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
            if service == "gateway":  # its own app is always inside another, which opens the trace
                inside = httpx.ASGITransport(Traced(app), raise_app_exceptions=False)
                client = await stack.enter_async_context(httpx.AsyncClient(transport=inside))
            client.base_url = httpx.URL("http://offcut")
            made.apps[service] = (app, client)
            for path, listing in routes_of(app):
                if path not in ELSEWHERE:
                    made.lists.append(Place(path.replace("{batch_id}", str(batch)), listing, client))
        yield made


def ids(page: dict[str, Any]) -> list[str]:
    """What the elements of a page are called."""
    return [
        str(one.get("id") or one.get("row_id") or one["mill_id"]) for one in page.get("items", page.get("lots", []))
    ]
