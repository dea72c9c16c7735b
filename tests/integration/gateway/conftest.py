"""A gateway on a real port, with one mill, one buyer and the operator."""

import base64
from collections.abc import AsyncIterator
from uuid import UUID

import aiohttp
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway import accounts
from gateway.main import build
from gateway.passwords import hash_password
from gateway.settings import GatewaySettings
from gateway.usecases.organizations import save_organizations
from gateway.usecases.people import save_people
from shared.contracts.gateway import OrganizationKind, Role
from shared.db import Database
from tests.support.database import fixtures_of
from tests.support.ports import free_port
from tests.support.servers import serving

database, db, conn = fixtures_of("gateway")
PASSWORD = "a long password"

MILL = accounts.Entry(
    id="lindholz", name="Lindholz Papier", country="DE", domain="lindholz.example",
    sender_addresses=("lists@lindholz.example",), users=(accounts.Member(email="anna@lindholz.example"),),
)  # fmt: skip
BUYER = accounts.Entry(
    id="kartonage", name="Kartonage Nord", country="DE", email="kauf@kartonage.example", kind="converter"
)
OPERATOR = accounts.Entry(
    id="operator", name="Offcut", country="AT", users=(accounts.Member(email="op@offcut.example"),)
)


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def settings_for(url: str, **values: object) -> GatewaySettings:
    """Settings with a key pair of their own."""
    key = Ed25519PrivateKey.generate()
    return GatewaySettings.model_validate(
        {
            "database_url": url,
            "redis_url": "redis://127.0.0.1:1",
            "public_key": _encoded(key.public_key().public_bytes_raw()),
            "private_key": _encoded(key.private_bytes_raw()),
            "refresh_key": "refresh secret of the tests",
            "cursor_key": "cursor secret of the tests",
            "boot_wait_seconds": 1.0,
            "rates_times": 1000,
            **values,
        }
    )


@pytest_asyncio.fixture(scope="module", loop_scope="session", name="market")
async def a_market(db: Database) -> dict[str, UUID]:
    hashed = hash_password(PASSWORD)
    sides = ((MILL, OrganizationKind.MILL, Role.MILL_USER), (BUYER, OrganizationKind.BUYER, Role.BUYER_USER),
             (OPERATOR, OrganizationKind.OPERATOR, Role.ADMIN))  # fmt: skip
    organizations = [accounts.organization_of(entry, kind) for entry, kind, _ in sides]
    people = [user for entry, _, role in sides for user in accounts.people_of(entry, role)]
    async with db.transaction() as conn:
        await save_organizations(conn, organizations, actor=accounts.COMMAND)
        await save_people(conn, people, dict.fromkeys([one.user_id for one in people], hashed), actor=accounts.COMMAND)
    return {entry.id: accounts.organization_id(entry.id) for entry, _, _ in sides}


@pytest_asyncio.fixture(scope="module", loop_scope="session", name="config")
async def a_config(database: str) -> GatewaySettings:
    service = free_port()
    ports = {"catalog": (service,), "ingestion": (free_port(),), "newsletter": (free_port(),)}
    return settings_for(database, port=free_port(), upstream_ports=ports)


@pytest_asyncio.fixture(scope="module", loop_scope="session", name="client")
async def a_client(config: GatewaySettings, market: dict[str, UUID]) -> AsyncIterator[aiohttp.ClientSession]:
    assert market
    async with (
        serving(build(config), config.port),
        aiohttp.ClientSession(f"http://127.0.0.1:{config.port}", cookie_jar=aiohttp.DummyCookieJar()) as session,
    ):
        yield session


async def signed_in(client: aiohttp.ClientSession, email: str) -> dict[str, str]:
    """The answer of a login."""
    async with client.post("/mvp/api/auth/login", json={"email": email, "password": PASSWORD}) as response:
        assert response.status == 200, await response.text()
        return await response.json()


def bearer(tokens: dict[str, str]) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens['access_token']}"}
