"""What newsletter knows of a lot for one buyer, and what it decides to print of it."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from shared.contracts.types import LotValues


@dataclass(frozen=True, slots=True)
class Fit:
    """One line of matching's explanation: ``result`` met, near, not_stated or failed."""

    criterion: str
    required: str
    offered: str
    result: str
    weight: int


@dataclass(frozen=True, slots=True)
class ShownLot:
    """A lot with only those values its reader may see.

    ``price_hidden``: the mill keeps prices to the holder of a window, which is not the same as "on request".
    ``reserved_until`` and ``is_holder`` tell of a running window; ``is_interested``: already in the queue.
    """

    item_id: UUID
    listing_cycle: int
    match_id: UUID
    lot: LotValues
    requirement_title: str
    score: Decimal
    fits: tuple[Fit, ...]
    mill_name: str | None
    price_hidden: bool
    status: str
    reserved_until: datetime | None
    is_holder: bool
    is_interested: bool
    is_open: bool
    buyer_currency: str | None


@dataclass(frozen=True, slots=True)
class Selection:
    """The lots of one issue, best first. ``left_over`` more are kept for the next; ``dropped`` says why by item."""

    lots: tuple[ShownLot, ...]
    left_over: int
    dropped: dict[UUID, str]
