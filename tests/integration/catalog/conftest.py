"""A catalog with its own database, and a small market in it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import httpx
import orjson
import pytest_asyncio

from services.catalog.handlers import on_organizations_changed
from services.catalog.main import build
from services.catalog.settings import settings
from shared.contracts.gateway import OrganizationKind
from shared.db import Conn, Database
from tests.support.database import fixtures_of
from tests.support.doors import api_client, environment_of, surroundings
from tests.support.lots import organization
from tests.support.tokens import bearer

database, db, conn = fixtures_of("catalog")
ENVIRONMENT = surroundings("catalog")
environment = environment_of(settings, ENVIRONMENT)


@dataclass(frozen=True, slots=True)
class Market:
    """One mill and two buyers, known to catalog."""

    mill: UUID = field(default_factory=uuid4)
    buyer: UUID = field(default_factory=uuid4)
    other_buyer: UUID = field(default_factory=uuid4)

    async def settle(self, conn: Conn) -> None:
        await on_organizations_changed(
            conn,
            [
                organization(OrganizationKind.MILL, self.mill),
                organization(OrganizationKind.BUYER, self.buyer, segment="corrugator"),
                organization(OrganizationKind.BUYER, self.other_buyer, country="FR"),
            ],
        )


@pytest_asyncio.fixture(loop_scope="session", name="market")
async def a_market(conn: Conn) -> Market:
    """A market that is gone after the test."""
    market = Market()
    await market.settle(conn)
    return market


@pytest_asyncio.fixture(loop_scope="session", name="town")
async def a_committed_market(db: Database) -> Market:
    """A market that requests of other connections see."""
    market = Market()
    async with db.transaction() as conn:
        await market.settle(conn)
    return market


@pytest_asyncio.fixture(loop_scope="session", name="http")
async def a_client(db: Database) -> AsyncIterator[httpx.AsyncClient]:
    async with api_client(build(), db) as client:
        yield client


async def told(conn: Conn, *types: str) -> list[dict[str, Any]]:
    """Bodies of the events published in this transaction, in order, and of these types (all without any)."""
    cursor = await conn.execute("SELECT type, body FROM outbox ORDER BY id")
    rows = await cursor.fetchall()
    return [{"type": type_, **orjson.loads(body)} for type_, body in rows if not types or type_ in types]


async def forget(conn: Conn) -> None:
    """Empty the outbox, so that a test sees only what comes next."""
    await conn.execute("DELETE FROM outbox")


def headers(role: str, organization_id: UUID, *, version: int | None = None, org_role: str = "owner") -> dict[str, str]:
    """A signed-in person who has seen ``version``, with a key for a safe retry."""
    found = {**bearer(role, organization_id, org_role=org_role), "Idempotency-Key": str(uuid4())}
    return found if version is None else {**found, "If-Match": f'"{version}"'}
