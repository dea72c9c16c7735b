"""The dashboard counts what the services have: after three days of trade, and after everything was said again."""

from collections.abc import AsyncIterator, Mapping
from importlib import import_module
from uuid import UUID

import pytest_asyncio

from gateway import accounts
from gateway.api.dashboard import NEWSLETTER_DAYS, SOON_HOURS
from gateway.store import dashboard
from gateway.store.figures import MARKET
from shared.contracts import SERVICES
from shared.contracts.base import ActorRef
from shared.trace import started, tracing
from tests.support.pump import Installation, installation, package_of
from tests.support.trading import BUYERS, MILLS, Trading

Figures = Mapping[str, Mapping[str, int]]
PARTIES: Mapping[str, UUID] = {slug: accounts.organization_id(slug) for slug in (*MILLS, *BUYERS)} | {"market": MARKET}


@pytest_asyncio.fixture(scope="module", loop_scope="session", name="place")
async def a_traded_place() -> AsyncIterator[Installation]:
    async with installation() as place:
        trading = Trading(place)
        for day in (1, 2):
            await trading.play(day)
        assert await place.set_aside() == []
        yield place


async def shown(place: Installation, party: UUID) -> Figures:
    found: dict[str, dict[str, int]] = {}
    async with place.databases["gateway"].transaction() as conn:
        for one in await dashboard.figures(conn, party, newsletter_days=NEWSLETTER_DAYS):
            found.setdefault(one.name, {})[one.bucket] = one.value
    return found


async def counted(place: Installation, service: str, query: str, party: UUID) -> dict[str, int]:
    async with place.databases[service].transaction() as conn:
        rows = await (await conn.execute(query.encode(), {"party": party, "market": MARKET})).fetchall()
    return {row[0]: row[1] for row in rows}


ITEMS = """
    SELECT status, count(*) FROM item
    WHERE status <> 'draft' AND (mill_id = %(party)s OR %(party)s = %(market)s) GROUP BY status
"""
OF_PARTY = "(mill_id = %(party)s OR buyer_id = %(party)s OR %(party)s = %(market)s)"
GRANTS = f"SELECT grant_number::text, count(*) FROM windows WHERE {OF_PARTY} GROUP BY grant_number"
ENDS = f"SELECT outcome, count(*) FROM windows WHERE outcome IS NOT NULL AND {OF_PARTY} GROUP BY outcome"
OPEN = f"SELECT 'active', count(*) FROM windows WHERE status = 'active' AND {OF_PARTY}"


async def check_against_the_services(place: Installation) -> None:
    for slug, party in PARTIES.items():
        figures = await shown(place, party)
        assert figures.get("items", {}) == await counted(place, "catalog", ITEMS, party), slug
        assert figures.get("windows.granted", {}) == await counted(place, "exclusivity", GRANTS, party), slug
        ends = {name.removeprefix("windows."): sum(found.values()) for name, found in figures.items()
                if name.startswith("windows.") and name != "windows.granted"}  # fmt: skip
        assert ends == await counted(place, "exclusivity", ENDS, party), slug
        async with place.databases["gateway"].transaction() as conn:
            mill = party if slug in MILLS else None
            buyer = party if slug in BUYERS else None
            found = await dashboard.open_windows(conn, mill_id=mill, buyer_id=buyer, soon_hours=SOON_HOURS)
        assert {"active": found.active} == await counted(place, "exclusivity", OPEN, party), slug


async def test_figures_are_those_of_the_services(place: Installation) -> None:
    await check_against_the_services(place)
    market = await shown(place, MARKET)
    assert {"available", "reserved", "withdrawn"} <= set(market["items"])
    assert market["windows.granted"]["1"] > 1


async def test_figures_when_everything_is_said_again_then_count_nothing_twice(place: Installation) -> None:
    """Nor is anybody told twice, nor does the audit say that it was done again."""
    before = await kept(place)
    for producer in SERVICES:
        with tracing(started(ActorRef(via="command"))):
            async with place.databases[producer].transaction() as conn:
                await import_module(f"{package_of(producer)}.snapshots").publish_snapshots(conn)
    assert await place.settle() > 10
    await check_against_the_services(place)
    assert await place.set_aside() == []
    after = await kept(place)
    assert after == before
    assert min(before.values()) > 10


async def kept(place: Installation) -> dict[str, int]:
    found: dict[str, int] = {}
    async with place.databases["gateway"].transaction() as conn:
        for table in ("notification", "audit_entry"):
            row = await (await conn.execute(f"SELECT count(*) FROM {table}".encode())).fetchone()
            found[table] = row[0] if row else 0
    return found
