"""Events of ingestion: what a mill sent and what it means."""

from datetime import date
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from shared.contracts.base import Event, WireModel
from shared.contracts.types import LotValues
from shared.contracts.types import RowAction as RowAction


class AcceptedRow(WireModel):
    """One lot of a list. ``version`` counts the commits of this lot, so a late copy of an older one is harmless."""

    row_id: UUID
    lot_key: str
    version: int
    action: RowAction
    values: LotValues | None = None  # None for withdraw and revert
    source_values: dict[str, str] = Field(default_factory=dict)


class RowsAccepted(Event):
    """Up to 500 rows of one batch. Part ``part`` of ``parts``; parts are numbered from 1."""

    TYPE: ClassVar[str] = "ingestion.rows.accepted.v1"
    batch_id: UUID
    mill_id: UUID
    part: int
    parts: int
    header_fingerprint: str | None = None  # kind of list; None for rows that came without one
    rows: tuple[AcceptedRow, ...]

    @property
    def key(self) -> str:
        return str(self.mill_id)

    @property
    def audience(self) -> tuple[UUID, ...]:
        return (self.mill_id,)


class BatchCounts(WireModel):
    """Rows of a batch by what became of them."""

    total: int = 0
    valid: int = 0
    warning: int = 0
    invalid: int = 0
    duplicate: int = 0
    excluded: int = 0
    applied: int = 0
    rejected: int = 0
    reverted: int = 0


class BatchStatusChanged(Event):
    """A batch moved on, or, where ``previous`` equals ``status``, its sender is reminded that it still waits.

    ``reply_to`` is set only for an authenticated sender who should get an answer.
    """

    TYPE: ClassVar[str] = "ingestion.batch.status_changed.v1"
    batch_id: UUID
    mill_id: UUID
    version: int
    status: str
    previous: str | None = None
    file_name: str | None = None
    reasons: tuple[str, ...] = ()  # plain words, for a sales assistant
    problems: tuple[str, ...] = ()  # the first few, in plain words
    counts: BatchCounts = BatchCounts()
    message_id: UUID | None = None
    reply_to: str | None = None
    language: str | None = None

    @property
    def key(self) -> str:
        return str(self.mill_id)

    @property
    def audience(self) -> tuple[UUID, ...]:
        return (self.mill_id,)


class DatasheetValue(WireModel):
    """One property of the paper. ``gsm`` ``None``: of every grammage of the sheet. Units as the sheet's readers use."""

    gsm: Decimal | None
    property: str
    value: Decimal
    unit: str
    page: int
    standard: str | None = None
    direction: str | None = None  # MD, CD, top, reverse
    tolerance: str | None = None
    minimum: Decimal | None = None
    maximum: Decimal | None = None


class DatasheetApproved(Event):
    """What a data sheet says may be shown with these items. A later version replaces values and items alike."""

    TYPE: ClassVar[str] = "ingestion.datasheet.approved.v1"
    datasheet_id: UUID
    mill_id: UUID
    version: int
    file_name: str
    product: str | None = None
    grade_code: str | None = None
    revision_date: date | None = None
    values: tuple[DatasheetValue, ...]
    item_ids: tuple[UUID, ...]
    replaces: tuple[UUID, ...] = ()  # older data sheets that no longer count

    @property
    def key(self) -> str:
        return str(self.datasheet_id)

    @property
    def audience(self) -> tuple[UUID, ...]:
        return (self.mill_id,)


class DatasheetFailed(Event):
    """A data sheet could not be read. ``reply_to`` is set only for an authenticated sender who should get an answer."""

    TYPE: ClassVar[str] = "ingestion.datasheet.failed.v1"
    datasheet_id: UUID
    mill_id: UUID
    version: int
    code: str
    reason: str  # plain words, with what to do
    file_name: str
    reply_to: str | None = None
    language: str | None = None

    @property
    def key(self) -> str:
        return str(self.datasheet_id)

    @property
    def audience(self) -> tuple[UUID, ...]:
        return (self.mill_id,)


class RatesChanged(Event):
    """Exchange rates of one day: units of each currency for one ``base``."""

    TYPE: ClassVar[str] = "ingestion.rates.changed.v1"
    dated: date
    base: str
    per_base: dict[str, Decimal]

    @property
    def key(self) -> str:
        return self.base
