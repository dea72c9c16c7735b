"""Events of catalog: what is for sale, and who may see it."""

from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from shared.contracts.base import Event, WireModel
from shared.contracts.types import ItemStatus as ItemStatus
from shared.contracts.types import LotValues
from shared.contracts.types import RowOutcome as RowOutcome
from shared.contracts.visibility import RuleSet


class AppliedRow(WireModel):
    """What became of one row; ``reason`` is a code for ``deferred`` and ``rejected``."""

    row_id: UUID
    lot_key: str
    item_id: UUID | None
    outcome: RowOutcome
    reason: str | None = None


class RowsApplied(Event):
    """The answer to one part of a batch: every row of the part is in it."""

    TYPE: ClassVar[str] = "catalog.rows.applied.v1"
    batch_id: UUID
    mill_id: UUID
    part: int
    parts: int
    rows: tuple[AppliedRow, ...]

    @property
    def key(self) -> str:
        return str(self.mill_id)

    @property
    def audience(self) -> tuple[UUID, ...]:
        return (self.mill_id,)


class ItemSnapshot(WireModel):
    """Everything a subscriber needs to know of an item. Newer ``version`` wins; ``listing_cycle`` starts at 1."""

    item_id: UUID
    lot_key: str
    mill_id: UUID
    version: int
    listing_cycle: int
    status: ItemStatus
    values: LotValues
    listed_at: datetime
    expires_on: date | None = None
    batch_id: UUID | None = None  # the batch that created or last confirmed it
    header_fingerprint: str | None = None  # kind of list the lot came in, for snapshot comparison


class ItemsListed(Event):
    """Items now ``available`` (or ``pre_production`` with their date). With ``batch_id``: part n of m of that batch.

    Every part of a batch is sent, even empty, after the changed and unlisted items of that part: when part n of n has
    been read, the batch is through.
    """

    TYPE: ClassVar[str] = "catalog.items.listed.v1"
    mill_id: UUID
    batch_id: UUID | None = None
    part: int = 1
    parts: int = 1
    items: tuple[ItemSnapshot, ...]

    @property
    def key(self) -> str:
        return str(self.mill_id)

    @property
    def audience(self) -> tuple[UUID, ...]:
        return (self.mill_id,)


class ItemsChanged(Event):
    """Listed items with other values, or confirmed again (``changed`` names the fields, empty when only confirmed)."""

    TYPE: ClassVar[str] = "catalog.items.changed.v1"
    mill_id: UUID
    batch_id: UUID | None = None
    items: tuple[ItemSnapshot, ...]
    changed: dict[str, tuple[str, ...]] = Field(default_factory=dict)  # by item id

    @property
    def key(self) -> str:
        return str(self.mill_id)

    @property
    def audience(self) -> tuple[UUID, ...]:
        return (self.mill_id,)


class UnlistReason(StrEnum):
    """Why an item is no longer for sale."""

    SOLD = "sold"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class UnlistedItem(WireModel):
    """``buyer_id`` only when sold to a known buyer."""

    item_id: UUID
    lot_key: str
    version: int
    listing_cycle: int
    reason: UnlistReason
    buyer_id: UUID | None = None


class ItemsUnlisted(Event):
    """Items that are no longer for sale."""

    TYPE: ClassVar[str] = "catalog.items.unlisted.v1"
    mill_id: UUID
    batch_id: UUID | None = None
    items: tuple[UnlistedItem, ...]

    @property
    def key(self) -> str:
        return str(self.mill_id)

    @property
    def audience(self) -> tuple[UUID, ...]:
        return (self.mill_id,)


class ItemReserved(Event):
    """Somebody holds a window on the item."""

    TYPE: ClassVar[str] = "catalog.item.reserved.v1"
    item_id: UUID
    mill_id: UUID
    version: int
    window_id: UUID
    until: datetime

    @property
    def key(self) -> str:
        return str(self.item_id)


class ItemReleased(Event):
    """Nobody holds a window any more; the item is available again."""

    TYPE: ClassVar[str] = "catalog.item.released.v1"
    item_id: UUID
    mill_id: UUID
    version: int
    cause: str

    @property
    def key(self) -> str:
        return str(self.item_id)


class VisibilityChanged(Event):
    """The whole rule set of a mill: who may see its items, and how much."""

    TYPE: ClassVar[str] = "catalog.visibility.changed.v1"
    mill_id: UUID
    version: int
    rules: RuleSet

    @property
    def key(self) -> str:
        return str(self.mill_id)

    @property
    def audience(self) -> tuple[UUID, ...]:
        return (self.mill_id,)
