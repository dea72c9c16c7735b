"""A mill's desk in an installation: it sends lists through the API of ingestion and sees what becomes of them."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx

from gateway import accounts
from services.catalog.main import build as build_catalog
from services.ingestion.main import build as build_ingestion
from services.ingestion.reading import Reader
from services.ingestion.settings import settings
from services.ingestion.working import read_next_list
from tests.support.doors import api_client
from tests.support.pump import Installation
from tests.support.tokens import bearer
from tests.support.trading import Trading

JSON = dict[str, Any]
HEADER = "Lot;Grade;gsm;Width mm;Dia mm;Core mm;Reels;Weight kg;Quality class;Price EUR/t"


def line(ref: str, *, price: int = 500, width: int = 1500, grade: str = "Testliner 2") -> str:
    """Five reels of 1200 mm with the weight such reels have."""
    return f"{ref};{grade};120;{width};1200;100;5;{round(width * 3.8)};A;{price}"


def csv_list(*lines: str) -> bytes:
    return "\r\n".join((HEADER, *lines, "")).encode()


@dataclass(slots=True)
class Desk:
    """The desk of one mill; everything it sends is read and told to everybody at once."""

    place: Installation
    trading: Trading
    reader: Reader
    mill: str

    @property
    def mill_id(self) -> UUID:
        return accounts.organization_id(self.mill)

    async def call(
        self, method: str, path: str, *, version: int | None = None, service: str = "ingestion", **more: Any
    ) -> httpx.Response:
        headers = bearer("mill_user", self.mill_id) | {"Idempotency-Key": str(uuid4())}
        headers |= {} if version is None else {"If-Match": f'"{version}"'}
        app = build_ingestion() if service == "ingestion" else build_catalog()
        async with api_client(app, self.place.databases[service]) as client:
            return await client.request(method, path, headers=headers | more.pop("headers", {}), **more)

    async def send(self, content: bytes, *, settle: bool = True, **form: str) -> str:
        """Upload a list and read it; the batch."""
        files = {"file": (f"{uuid4()}.csv", content)}
        answer = await self.call("POST", "/batches", files=files, data=form)
        assert answer.status_code == 202, answer.text
        while await read_next_list(self.place.databases["ingestion"], settings(), self.reader):
            pass
        if settle:
            await self.trading.settle()
        return str(answer.json()["id"])

    async def batch(self, batch_id: str) -> JSON:
        return (await self.call("GET", f"/batches/{batch_id}")).json()

    async def rows(self, batch_id: str) -> dict[str, JSON]:
        """By lot number."""
        answer = await self.call("GET", f"/batches/{batch_id}/rows", params={"limit": "200"})
        return {row["lot_key"].removeprefix("ref:"): row for row in answer.json()["items"]}

    async def undo(self, batch_id: str) -> httpx.Response:
        version = (await self.batch(batch_id))["version"]
        answer = await self.call("POST", f"/batches/{batch_id}/reversions", version=version)
        await self.trading.settle()
        return answer

    async def lots(self) -> dict[str, JSON]:
        """Every lot as catalog has it, by lot number."""
        async with self.place.databases["catalog"].transaction() as conn:
            found = await conn.execute(
                "SELECT to_jsonb(item) FROM item WHERE mill_id = %(mill)s", {"mill": self.mill_id}
            )
            return {row[0]["lot_key"].removeprefix("ref:"): row[0] for row in await found.fetchall()}

    async def sell(self, number: str) -> None:
        item = (await self.lots())[number]
        path = f"/items/{item['item_id']}/sales"
        answer = await self.call("POST", path, service="catalog", version=item["version"], json={})
        assert answer.status_code == 200, answer.text
        await self.trading.settle()


@asynccontextmanager
async def desk_of(place: Installation, mill: str) -> AsyncGenerator[Desk]:
    """The desk of a mill that is known to everybody and trusted."""
    reader = Reader(settings())
    trading = Trading(place)
    await trading.found()
    try:
        yield Desk(place, trading, reader, mill)
    finally:
        await reader.close()
