"""The operator's pages in a real browser, by keyboard alone."""

import asyncio
from uuid import uuid4

import httpx
import pytest

from deploy.market import ADMIN, PASSWORD
from tests.support.browser import Tab, tab
from tests.support.marketplace import Marketplace

REASON = 'input[name="reason"]'
LET_IN = 'button[value="approved"]'


@pytest.mark.browser
def test_operator_when_using_keys_only_then_sees_that_all_is_well_and_lets_a_company_in(
    marketplace: Marketplace,
) -> None:
    name = f"Keyboard & <b>Söhne</b> {uuid4().hex[:6]}"
    company = {
        "kind": "buyer", "name": name, "country": "AT",
        "user": {"name": "Kay", "email": f"kay@{uuid4().hex[:8]}.example"},
    }  # fmt: skip
    address = marketplace.system.layout.address
    key = {"Idempotency-Key": str(uuid4())}
    httpx.post(f"{address}/mvp/api/registrations", json=company, headers=key).raise_for_status()
    marketplace.wait_until_quiet()

    async def visit() -> None:
        async with tab() as page:
            await sign_in(page, address)
            services = await page.look("document.querySelector('#services + table').innerText")
            assert all(service in services for service in ("catalog", "newsletter", "gateway"))
            assert await page.look(f"document.body.innerText.includes({name!r})")
            await page.tab_to(REASON)
            await page.write("known from the trade fair")
            await page.tab_to(LET_IN)
            await page.press("Enter")
            await page.until("document.querySelector('[role=status]')?.innerText.startsWith('The company is in')")
            assert not await page.look(f"document.body.innerText.includes({name!r})")
            assert page.complaints == []

    asyncio.run(visit())
    found = [one for one in marketplace.admin.every("/organizations?status=approved") if one["name"] == name]
    assert len(found) == 1
    marketplace.wait_until_quiet()


async def sign_in(page: Tab, address: str) -> None:
    await page.open(f"{address}/mvp/admin/")
    await page.until("document.activeElement.name === 'email'")
    await page.write(ADMIN)
    await page.press("Tab")
    await page.write(PASSWORD)
    await page.press("Enter")
    await page.until("document.querySelector('h1')?.innerText.startsWith('Is everything well?')")
