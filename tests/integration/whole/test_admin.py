"""The operator's pages: for him only, from his own forms only, and with what the API says."""

import re
from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio

from tests.support.town import OPERATOR, PASSWORD, Town
from tests.support.wait import until

EMAIL = OPERATOR.users[0].email


@pytest_asyncio.fixture(loop_scope="session", name="browser")
async def a_browser(built: Town) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=f"{built.address}/mvp/admin", follow_redirects=True, timeout=30) as browser:
        yield browser


async def signed_in(browser: httpx.AsyncClient, **headers: str) -> httpx.Response:
    return await browser.post("/sign-in", data={"email": EMAIL, "password": PASSWORD}, headers=headers)


async def test_pages_when_nobody_is_signed_in_then_the_form_and_back_after_it(browser: httpx.AsyncClient) -> None:
    asked = await browser.get("/organizations")
    assert asked.url.path == "/mvp/admin/sign-in"
    assert 'value="/mvp/admin/organizations"' in asked.text
    shown = await signed_in(browser)
    assert shown.url.path == "/mvp/admin/"
    assert "default-src 'none'" in shown.headers["content-security-policy"]
    assert "aumuehle.csv" in shown.text  # a list that waits
    assert {cookie.path for cookie in browser.cookies.jar} == {"/mvp/admin"}


async def test_form_when_sent_by_another_site_then_refused(browser: httpx.AsyncClient) -> None:
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        assert (await signed_in(browser, **headers)).status_code == 403, headers
    shown = await signed_in(browser)
    assert shown.status_code == 200
    strict = await browser.post("/sign-in", data={"email": EMAIL, "password": PASSWORD}, follow_redirects=False)
    assert all("SameSite=strict" in one for one in strict.headers.get_list("set-cookie"))
    path = f"/dead-letters/{uuid4()}/replays"
    answer = await browser.post(path, data={"key": str(uuid4())}, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403


@pytest.mark.parametrize("path", ["/", "/organizations", "/?done=<script>"])
async def test_pages_when_looked_at_by_a_buyer_then_not_shown(
    built: Town, browser: httpx.AsyncClient, path: str
) -> None:
    token = built.headers["carta.owner"]["Authorization"].removeprefix("Bearer ")
    answer = await browser.get(path, headers={"Cookie": f"offcut_page={token}"})
    assert "Birkwerk" not in answer.text
    assert answer.status_code in (403, 422)


async def test_company_when_suspended_on_the_page_then_with_the_reason_and_once(
    built: Town, browser: httpx.AsyncClient
) -> None:
    body = {"kind": "mill", "name": "Waiting & <i>Co</i>", "country": "AT",
            "user": {"name": "Wim", "email": "wim@waiting.example"}}  # fmt: skip
    made = await built.ask("nobody", "POST", "/registrations", json=body, headers={"Idempotency-Key": str(uuid4())})
    company = made.json()["organization_id"]
    shown = (await signed_in(browser)).text
    assert "Waiting &amp; &lt;i&gt;Co&lt;/i&gt;" in shown
    version = re.findall(rf'{company}/status".*?name="version" value="(\d+)"', shown, re.DOTALL)[0]
    form = {"version": version, "status": "approved", "reason": "seen at the fair"}
    refused = await browser.post(f"/organizations/{company}/status", data={**form, "reason": "x"})
    assert refused.status_code == 422
    assert 'role="alert"' in refused.text
    done = await browser.post(f"/organizations/{company}/status", data=form)
    assert "The company is in" in done.text
    again = await browser.post(f"/organizations/{company}/status", data=form)
    assert again.status_code == 412
    found = (await built.ask("admin", "GET", f"/organizations/{company}")).json()
    assert found["status"] == "approved"


async def test_session_when_signed_out_then_ended_everywhere(browser: httpx.AsyncClient) -> None:
    await signed_in(browser)
    kept = "; ".join(f"{cookie.name}={cookie.value}" for cookie in browser.cookies.jar)
    await browser.post("/sign-out")

    async def ended() -> bool:
        return (await browser.get("/", headers={"Cookie": kept}, follow_redirects=False)).status_code == 303

    await until(ended, deadline_s=2, what="the end of the session")
