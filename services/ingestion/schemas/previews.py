"""What a commit would do, on the wire: its figures first, then the lots page by page."""

from collections.abc import Sequence
from decimal import Decimal
from typing import cast
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.ingestion.store.batches import Batch
from services.ingestion.store.previewing import PreviewedLot
from services.ingestion.usecases.previews import Figures, previewed
from shared.paging import Page


class LotPreview(BaseModel):
    """``changes``: field to [old, new], as canonical text. ``expected``: what the market will answer, as things stand.

    ``reason``: why it will defer or refuse the row: ``reserved`` (applied when the buyer lets go), ``already_sold``.
    """

    row_id: UUID | None
    row_number: int | None
    lot_key: str
    lot_ref: str | None
    action: str
    expected: str
    reason: str | None = None
    changes: dict[str, tuple[object, object]] = {}


class Preview(Page[LotPreview]):
    """What a commit would do now; nothing is written. ``expected``: lots by what the market will answer.

    ``counts`` and ``expected`` are of the whole list, whatever the page; they come with the first page and are
    ``null`` on the others, because each time all lots are compared for them.
    """

    model_config = ConfigDict(populate_by_name=True)

    batch_id: UUID
    version: int
    counts: dict[str, int] | None
    expected: dict[str, int] | None
    items: list[LotPreview] = Field(alias="lots")


def preview_of(batch: Batch, page: Page[LotPreview], figures: Figures | None) -> Preview:
    """``figures`` only for the first page."""
    return Preview.model_validate(
        {
            **dict(page),
            "batch_id": batch.batch_id,
            "version": batch.version,
            "counts": None if figures is None else dict(figures.counts),
            "expected": None if figures is None else dict(figures.expected),
        }
    )


def lot_preview_of(row: PreviewedLot) -> LotPreview:
    lot = previewed(row)
    return LotPreview(
        row_id=row.row_id,
        row_number=row.row_number,
        lot_key=row.lot_key,
        lot_ref=lot.lot_ref,
        action=lot.action,
        expected=lot.expected.outcome,
        reason=lot.expected.reason,
        changes={name: (_shown(before), _shown(after)) for name, (before, after) in lot.changes.items()},
    )


def _shown(value: object) -> object:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [str(one) for one in cast(Sequence[object], value)]
    return value
