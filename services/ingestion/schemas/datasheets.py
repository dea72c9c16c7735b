"""Data sheets on the wire."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from services.ingestion.domain.datasheets import LINKS_MAX
from services.ingestion.store.datasheets import Datasheet
from services.ingestion.store.sheet_values import StoredLink, StoredValue
from shared.bodies import RequestBody
from shared.instants import Instant

VALUES_MAX = 800
Number = Annotated[Decimal, Field(max_digits=12, decimal_places=6)]
Line = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]+$")
]
Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60, pattern=r"^[^\x00-\x1f]+$")]
Direction = Annotated[str, StringConstraints(pattern="^(MD|CD|top|reverse)$")]


class DatasheetOut(BaseModel):
    """One data sheet and where it stands. ``reasons``: why it waits or failed; ``read_by``: own, external, person."""

    id: UUID
    mill_id: UUID
    version: int
    status: str
    source: str
    message_id: UUID | None
    file_name: str
    file_bytes: int
    product: str | None
    grade_code: str | None
    reasons: list[str]
    read_by: str | None
    received_at: Instant
    changed_at: Instant
    approved_at: Instant | None


class SheetValueOut(BaseModel):
    """``gsm`` ``null``: of every grammage. ``confidence`` from 0 to 1; ``snippet`` is what stands in the PDF."""

    gsm: Decimal | None
    property: str
    value: Decimal
    unit: str
    standard: str | None
    direction: str | None
    tolerance: str | None
    minimum: Decimal | None
    maximum: Decimal | None
    page: int
    snippet: str
    confidence: Decimal
    doubts: list[str]


class SheetLinkOut(BaseModel):
    """A lot the sheet speaks of. ``reason``: stated, product, grade (a mere proposal) or person."""

    item_id: UUID
    reason: str
    confidence: Decimal
    lot_ref: str | None
    grade_code: str | None
    gsm: Decimal | None
    product_name: str | None


class DatasheetDetail(DatasheetOut):
    """With what it says, of which lots, and what the sheet says of itself."""

    stated: dict[str, str]
    reading: dict[str, object]
    values: list[SheetValueOut]
    links: list[SheetLinkOut]


class SheetValueIn(RequestBody):
    """A value in the unit of its property, or in one that can be converted."""

    property: Word
    value: Number
    unit: Annotated[str, StringConstraints(max_length=20)] = ""
    gsm: Annotated[Number, Field(gt=0, le=2000)] | None = None
    standard: Word | None = None
    direction: Direction | None = None
    tolerance: Word | None = None
    minimum: Number | None = None
    maximum: Number | None = None
    page: Annotated[int, Field(ge=1, le=1000)] = 1


class ReviewIn(RequestBody):
    """``values`` and ``item_ids`` replace the ones there are; absent: as they are, so the proposed lots count.

    ``approve`` publishes them; what is changed of an approved sheet is published at once.
    """

    values: Annotated[list[SheetValueIn], Field(max_length=VALUES_MAX)] | None = None
    item_ids: Annotated[list[UUID], Field(max_length=LINKS_MAX)] | None = None
    product: Line | None = None
    grade_code: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9_]{2,40}$")] | None = None
    approve: bool = False


def _members(sheet: Datasheet) -> dict[str, object]:
    return {
        "id": sheet.datasheet_id,
        "mill_id": sheet.mill_id,
        "version": sheet.version,
        "status": sheet.status,
        "source": sheet.source,
        "message_id": sheet.message_id,
        "file_name": sheet.file_name,
        "file_bytes": sheet.file_bytes,
        "product": sheet.reading.get("product"),
        "grade_code": sheet.reading.get("grade_code"),
        "reasons": list(sheet.reasons),
        "read_by": sheet.read_by,
        "received_at": sheet.received_at,
        "changed_at": sheet.changed_at,
        "approved_at": sheet.approved_at,
    }


def datasheet_of(sheet: Datasheet) -> DatasheetOut:
    return DatasheetOut.model_validate(_members(sheet))


def detail_of(sheet: Datasheet, values: Sequence[StoredValue], links: Sequence[StoredLink]) -> DatasheetDetail:
    more: dict[str, object] = {
        "stated": dict(sheet.stated),
        "reading": dict(sheet.reading),
        "values": [SheetValueOut.model_validate(one, from_attributes=True) for one in values],
        "links": [SheetLinkOut.model_validate(one, from_attributes=True) for one in links],
    }
    return DatasheetDetail.model_validate(_members(sheet) | more)
