"""Data sheets of the tests' mills: drawn, uploaded, read, and asked for."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import httpx

from services.ingestion.extracting import read_next_datasheet
from services.ingestion.extractor import Extractor
from services.ingestion.handlers import on_items_listed
from shared.contracts.catalog import ItemsListed, ItemSnapshot, ItemStatus
from shared.contracts.types import ref_key
from tests.integration.ingestion.market import Market
from tests.support.datasheet_pdf import Sheet, Table
from tests.support.lots import lot
from tests.support.tokens import bearer

JSON = dict[str, Any]  # the border: answers of the API


def liner_sheet(name: str = "Nordliner", *, unsure: bool = False, issue: str = "") -> bytes:
    """Two grammages of a brown kraftliner; ``unsure``: its tear strength has no direction."""
    rows = [
        ["Property", "Method", "Unit", "112", "125"],
        ["Grammage", "ISO 536", "g/m²", "112", "125"],
        ["Burst", "ISO 2758", "kPa", "560", "610"],
        ["SCT CD", "ISO 9895", "kN/m", "2.1", "2.3"],
        ["Tear" if unsure else "Tear MD", "ISO 1974", "mN", "1200", "1350"],
    ]
    return Sheet(name, "Kraftliner brown").table(Table(rows, [50, 25, 20, 20, 20])).text(15, 120, issue).bytes()


def bare_pdf(content: bytes) -> bytes:
    """A PDF of one page with this content stream, compressed."""
    stream = zlib.compress(content, 1)
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F 5 0 R >> >> >>",
        b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    whole, places = b"%PDF-1.4\n", list[int]()
    for number, one in enumerate(objects, start=1):
        places.append(len(whole))
        whole += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    trailer = b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, len(whole))
    return whole + b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + table + trailer


@dataclass(slots=True)
class Desk:
    """What a mill's people do with data sheets."""

    market: Market
    extractor: Extractor | None = None

    async def list_lot(self, mill: UUID, *, ref: str = "K-1", version: int = 1, **values: Any) -> UUID:
        """Catalog says that a lot is for sale."""
        item_id = uuid4()
        item = ItemSnapshot(
            item_id=item_id,
            lot_key=str(ref_key(ref)),
            mill_id=mill,
            version=version,
            listing_cycle=1,
            status=ItemStatus.AVAILABLE,
            values=lot(lot_ref=ref, **values),
            listed_at=datetime.now(UTC),
        )
        async with self.market.db.transaction() as conn:
            await on_items_listed(conn, [ItemsListed(mill_id=mill, items=(item,))])
        return item_id

    async def upload(self, content: bytes, *, mill: UUID | None = None, **form: str) -> httpx.Response:
        async with self.market.client() as client:
            return await client.post(
                "/datasheets",
                files={"file": ("Nordliner TDS.pdf", content)},
                data=form,
                headers=bearer("mill_user", mill or self.market.trusted) | {"Idempotency-Key": str(uuid4())},
            )

    async def read(self) -> int:
        """Read every data sheet that is due; how many there were."""
        count = 0
        while await read_next_datasheet(self.market.db, self.market.settings, self.market.reader, self.extractor):
            count += 1
        return count

    async def taken(self, content: bytes, *, mill: UUID | None = None, **form: str) -> JSON:
        """Upload and read one; what became of it."""
        response = await self.upload(content, mill=mill, **form)
        assert response.status_code == 202, response.text
        assert response.headers["Location"].endswith(response.json()["id"])
        await self.read()
        return await self.get(response.json()["id"])

    async def get(self, datasheet_id: str) -> JSON:
        response = await self.ask("GET", f"/datasheets/{datasheet_id}", bearer("admin", self.market.operator))
        assert response.status_code == 200, response.text
        return response.json()

    async def review(self, sheet: JSON, body: JSON, *, mill: UUID | None = None) -> httpx.Response:
        headers = bearer("mill_user", mill or self.market.untrusted) | {"If-Match": f'"{sheet["version"]}"'}
        return await self.ask("PUT", f"/datasheets/{sheet['id']}/values", headers, body)

    async def ask(self, method: str, path: str, headers: Mapping[str, str], body: JSON | None = None) -> httpx.Response:
        async with self.market.client() as client:
            return await client.request(method, path, json=body, headers=headers)

    def with_settings(self, **members: object) -> "Desk":
        """The same desk under other limits."""
        settings = self.market.settings.model_copy(update=members)
        return replace(self, market=replace(self.market, settings=settings))


def said(sheet: JSON) -> dict[tuple[str, str, str | None], Decimal]:
    """Grammage, property and direction to the value."""
    return {(one["gsm"], one["property"], one["direction"]): Decimal(one["value"]) for one in sheet["values"]}
