"""The newsletter's page, with newsletter itself behind the gateway."""

import re
from collections.abc import AsyncIterator
from http.cookies import SimpleCookie

import aiohttp
import pytest_asyncio

from gateway.settings import GatewaySettings
from services.newsletter.main import build
from services.newsletter.settings import NewsletterSettings
from shared.contracts import BY_TYPE
from shared.db import Database
from tests.integration.gateway.conftest import PASSWORD
from tests.integration.newsletter.market import bring
from tests.support.database import service_database
from tests.support.servers import serving

PAGE = "/mvp/app/newsletter"


@pytest_asyncio.fixture(scope="module", loop_scope="session", name="newsletter")
async def a_newsletter(db: Database, config: GatewaySettings, market: dict[str, object]) -> AsyncIterator[Database]:
    """Newsletter on the port the gateway sends its requests to, knowing whom the gateway has told of."""
    assert market
    async with service_database("newsletter") as own, db.transaction() as conn:
        cursor = await conn.execute("SELECT type, body FROM outbox ORDER BY id")
        await bring(own, *[BY_TYPE[name].event.model_validate_json(body) for name, body in await cursor.fetchall()])
        given = {"database_url": own.url, "public_key": config.public_key, "redis_url": "redis://127.0.0.1:1",
                 "cursor_key": "cursor secret of the tests"}  # fmt: skip
        async with serving(build(NewsletterSettings.model_validate(given)), config.upstream_ports["newsletter"][0]):
            yield own


async def cookies(client: aiohttp.ClientSession, email: str, page: str = PAGE) -> dict[str, str]:
    """What a browser keeps of a sign-in."""
    form = {"email": email, "password": PASSWORD, "next": page}
    async with client.post("/mvp/app/sign-in", data=form, allow_redirects=False) as response:
        assert response.headers["Location"] == page
        kept = SimpleCookie("; ".join(one.partition(";")[0] for one in response.headers.getall("Set-Cookie")))
    return {name: one.value for name, one in kept.items()}


async def form(client: aiohttp.ClientSession, known: dict[str, str]) -> tuple[str, str]:
    """The version that the form holds, and the cadence that is chosen in it."""
    async with client.get(PAGE, cookies=known) as response:
        text = await response.text()
        assert response.status == 200, text
    chosen = re.findall(r'value="(\w*)" checked', text)
    assert len(chosen) == 1
    return re.findall(r'name="version" value="(\d+)"', text)[0], chosen[0]


async def test_newsletter_page_when_a_cadence_is_chosen_then_it_is_kept_and_nothing_else_changes(
    client: aiohttp.ClientSession, newsletter: Database
) -> None:
    known = await cookies(client, "kauf@kartonage.example")
    version, chosen = await form(client, known)
    assert (version, chosen) == ("0", "")
    async with client.post(PAGE, data={"version": version, "cadence": "weekly"}, cookies=known) as response:
        assert (response.status, response.url.path) == (200, PAGE)
        assert "Saved." in await response.text()
    assert await form(client, known) == ("1", "weekly")
    async with newsletter.transaction() as conn:
        cursor = await conn.execute("SELECT cadence, time_zone, language, items_max, tracking FROM preference")
        assert await cursor.fetchall() == [("weekly", None, None, 50, True)]


async def test_newsletter_page_when_changed_elsewhere_meanwhile_then_says_so_and_shows_what_is_kept(
    client: aiohttp.ClientSession, newsletter: Database
) -> None:
    known = await cookies(client, "kauf@kartonage.example")
    version, _ = await form(client, known)
    async with client.post(PAGE, data={"version": version, "cadence": "daily"}, cookies=known) as response:
        assert response.status == 200
    async with client.post(PAGE, data={"version": version, "cadence": "off"}, cookies=known) as response:
        assert response.status == 412
        assert 'role="alert"' in await response.text()
    assert (await form(client, known))[1] == "daily"


async def test_newsletter_page_when_a_mill_opens_it_then_it_is_told_why_there_is_none(
    client: aiohttp.ClientSession, newsletter: Database
) -> None:
    known = await cookies(client, "anna@lindholz.example")
    async with client.get(PAGE, cookies=known) as response:
        assert response.status == 403
        assert "for people who buy" in await response.text()
