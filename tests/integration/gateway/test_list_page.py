"""The page of a mill's list, with ingestion itself behind the gateway."""

from collections.abc import AsyncIterator
from uuid import UUID

import aiohttp
import pytest_asyncio

from gateway.settings import GatewaySettings
from services.ingestion.main import build
from tests.integration.gateway.test_pages import cookies
from tests.integration.ingestion.conftest import settings_for
from tests.support.database import service_database
from tests.support.filler import fill
from tests.support.servers import serving

CELLS = '{"Los": "=A1", "g/m2": "", "Bemerkung": "Rand"}'
COLUMN = '{"index": %d, "header": "%s", "confidence": 1}'
READING = f'{{"columns": [{COLUMN % (0, "Bemerkung")}, {COLUMN % (1, "Los")}]}}'
STAGES = '[{"status": "received", "at": "2026-11-20T09:00:00Z"}]'


@pytest_asyncio.fixture(scope="module", loop_scope="session", name="batch_id")
async def a_list(config: GatewaySettings, market: dict[str, UUID]) -> AsyncIterator[UUID]:
    """A list of the mill with one row that says <nothing> of its grammage, behind the gateway."""
    async with service_database("ingestion") as db:
        async with db.transaction() as conn:
            await fill(
                conn, "organization_replica", 1, organization_id=lambda _: market["lindholz"], kind=lambda _: "mill",
                status=lambda _: "approved",
            )  # fmt: skip
            (batch,) = await fill(
                conn, "batch", 1, mill_id=lambda _: market["lindholz"], source=lambda _: "mail",
                status=lambda _: "committed", stages=lambda _: STAGES, file_name=lambda _: "KW 46 <neu>.csv",
                reading=lambda _: READING, counts=lambda _: '{"total": 1, "rejected": 1}',
            )  # fmt: skip
            problem = '[{"code": "missing", "message": "Die Grammatur fehlt.", "severity": "error"}]'
            await fill(
                conn, "batch_row", 1, batch_id=lambda _: batch["batch_id"], status=lambda _: "invalid",
                row_number=lambda _: 2, source_values=lambda _: CELLS, problems=lambda _: problem,
            )  # fmt: skip
        app = build(settings_for(db.url).model_copy(update={"public_key": config.public_key}))
        async with serving(app, config.upstream_ports["ingestion"][0]):
            yield batch["batch_id"]


async def test_list_page_when_its_mill_follows_the_mail_then_sees_the_rows_and_saves_them(
    client: aiohttp.ClientSession, batch_id: UUID
) -> None:
    page = f"/mvp/app/lists/{batch_id}"
    async with client.get(page, allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (303, f"/mvp/app/sign-in?next={page}")
    known = await cookies(client, "anna@lindholz.example", page)
    async with client.get(page, cookies=known) as response:
        text = await response.text()
        assert response.status == 200, text
    assert "KW 46 &lt;neu&gt;.csv" in text
    assert "Die Grammatur fehlt." in text
    assert "Rand · =A1" in text  # in the order of the list's columns
    assert f'href="{page}/rejected-rows.xlsx"' in text
    async with client.get(f"{page}/rejected-rows.csv", cookies=known) as response:
        assert response.headers["Content-Disposition"] == f'attachment; filename="rejected-rows-{batch_id}.csv"'
        lines = (await response.text("utf-8-sig")).splitlines()
    assert lines[1] == "Rand,'=A1,,Die Grammatur fehlt."
    async with client.get(f"{page}/rejected-rows.xlsx", cookies=known) as response:
        assert (await response.read()).startswith(b"PK")


async def test_list_page_when_a_buyer_opens_it_then_there_is_nothing(
    client: aiohttp.ClientSession, batch_id: UUID
) -> None:
    page = f"/mvp/app/lists/{batch_id}"
    known = await cookies(client, "kauf@kartonage.example", page)
    for path in (page, f"{page}/rejected-rows.csv"):
        async with client.get(path, cookies=known) as response:
            assert response.status == 403
            assert "KW 46" not in await response.text()
