"""Batches, rows and mappings on the wire."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal, cast
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from services.ingestion.store.batches import Batch
from services.ingestion.store.rows import BatchRow
from services.ingestion.usecases.announce import figures
from services.ingestion.usecases.plan import Plan
from shared.bodies import RequestBody
from shared.contracts.ingestion import BatchCounts

ROWS_PER_EDIT_MAX = 500
Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class Stage(BaseModel):
    """When the batch reached a status."""

    status: str
    at: datetime


class BatchSummary(BaseModel):
    """One list and where it stands. ``reasons``: why it waits or ended, in plain words."""

    id: UUID
    mill_id: UUID
    version: int
    status: str
    source: str
    message_id: UUID | None
    file_name: str
    file_bytes: int
    list_mode: str
    list_date: date | None
    duplicate_of: UUID | None
    counts: BatchCounts
    changes: dict[str, int]
    weight_net_kg: Decimal | None
    reasons: list[str]
    problems: list[str]
    received_at: datetime
    changed_at: datetime


class BatchDetail(BatchSummary):
    """With stage times and what was found in the file: sheets, header rows, columns with confidence, warnings."""

    stages: list[Stage]
    header_fingerprint: str | None
    reading: dict[str, object]


def summary_of(batch: Batch) -> BatchSummary:
    return BatchSummary.model_validate(_members(batch))


def detail_of(batch: Batch) -> BatchDetail:
    more = {
        "stages": list(batch.stages),
        "header_fingerprint": batch.header_fingerprint,
        "reading": dict(batch.reading),
    }
    return BatchDetail.model_validate(_members(batch) | more)


def _members(batch: Batch) -> dict[str, object]:
    return {
        "id": batch.batch_id,
        "mill_id": batch.mill_id,
        "version": batch.version,
        "status": batch.status,
        "source": batch.source,
        "message_id": batch.message_id,
        "file_name": batch.file_name,
        "file_bytes": batch.file_bytes,
        "list_mode": batch.list_mode,
        "list_date": batch.list_date,
        "duplicate_of": batch.duplicate_of,
        "counts": figures(batch.counts),
        "changes": dict(batch.changes),
        "weight_net_kg": batch.weight_net_kg,
        "reasons": list(batch.reasons),
        "problems": list(batch.problems),
        "received_at": batch.received_at,
        "changed_at": batch.changed_at,
    }


class FieldProblem(BaseModel):
    code: str
    message: str
    severity: str
    field: str | None = None
    column: str | None = None
    raw: str | None = None
    suggestion: str | None = None


class RowView(BaseModel):
    """``values`` are canonical, ``source_values`` as written; ``partial``: what could be read of a bad row."""

    id: UUID
    sheet: str | None
    row: int | None
    status: str
    action: str | None
    lot_key: str | None
    values: dict[str, object] | None
    partial: dict[str, object]
    source_values: dict[str, str]
    problems: list[FieldProblem]
    defaulted: list[str]
    changed: list[str]
    item_id: UUID | None
    outcome: str | None
    outcome_reason: str | None


def row_of(row: BatchRow) -> RowView:
    return RowView(
        id=row.row_id,
        sheet=row.sheet,
        row=row.row_number,
        status=row.status,
        action=row.action,
        lot_key=row.lot_key,
        values=None if row.lot is None else dict(row.lot),
        partial=dict(row.partial),
        source_values=dict(row.source_values),
        problems=[FieldProblem.model_validate(problem) for problem in row.problems],
        defaulted=list(row.defaulted),
        changed=list(row.changed),
        item_id=row.item_id,
        outcome=row.outcome,
        outcome_reason=row.outcome_reason,
    )


class RowEditIn(RequestBody):
    """Values to overwrite (``null`` clears a field), or ``excluded`` to take the row out."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"row_id": "0193f2c3-f1c2-7f55-b8a6-2e9d4c0f1b05", "values": {"gsm": "135"}}]}
    )

    row_id: UUID
    values: dict[Annotated[str, Field(max_length=40)], str | int | float | bool | list[Word] | None] | None = Field(
        None, max_length=40
    )
    excluded: bool | None = None

    @model_validator(mode="after")
    def _says_something(self) -> "RowEditIn":
        if not self.values and self.excluded is None:
            raise ValueError("give values or excluded")
        return self


class RowEditsIn(RequestBody):
    items: list[RowEditIn] = Field(min_length=1, max_length=ROWS_PER_EDIT_MAX)


class RowVerdict(BaseModel):
    """``status`` is ``null`` when there is no such row; ``detail`` says so."""

    row_id: UUID
    status: str | None
    problems: list[FieldProblem] = []
    detail: str | None = None


class RowVerdicts(BaseModel):
    batch: BatchSummary
    items: list[RowVerdict]


class CommitIn(RequestBody):
    """``reject`` leaves rows that cannot be listed behind; ``block`` refuses while there are any."""

    invalid_rows: Literal["reject", "block"] = "block"


class CancellationIn(RequestBody):
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=500)]


class ColumnMeaning(RequestBody):
    """``field`` ``null``: this column means nothing to us."""

    field: Annotated[str, Field(max_length=40)] | None
    unit: Annotated[str, Field(max_length=40)] | None = None


class MappingIn(RequestBody):
    """By header as the list writes it; grade and class words by what they mean. Remembered for lists of this kind."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "columns": {"Gewicht": {"field": "weight_net_kg", "unit": "t"}},
                    "grades": {"Wellenstoff": "FL"},
                    "classes": {"1a": "A"},
                }
            ]
        }
    )

    columns: dict[Word, ColumnMeaning] = Field(default_factory=dict[str, ColumnMeaning], max_length=100)
    grades: dict[Word, Annotated[str, Field(max_length=40)]] = Field(default_factory=dict[str, str], max_length=500)
    classes: dict[Word, Literal["PRIME", "A", "B", "C", "BROKE"]] = Field(
        default_factory=lambda: cast("dict[str, Literal['PRIME', 'A', 'B', 'C', 'BROKE']]", {}), max_length=100
    )


class LotPreview(BaseModel):
    """``changes``: field to [old, new], as canonical text."""

    row_id: UUID | None
    row: int | None
    lot_key: str
    lot_ref: str | None
    action: str
    changes: dict[str, tuple[object, object]] = {}


class Preview(BaseModel):
    """What a commit would do now; nothing is written."""

    batch_id: UUID
    version: int
    counts: dict[str, int]
    lots: list[LotPreview]


def preview_of(batch: Batch, plan: Plan) -> Preview:
    lots: list[LotPreview] = []
    for planned in plan.rows:
        known = plan.known.get(planned.lot_key)
        changes = {
            name: (_shown(getattr(known.values, name)), _shown(getattr(planned.values, name)))
            for name in planned.change.changed
            if known is not None
        }
        lots.append(
            LotPreview(
                row_id=planned.row.row_id,
                row=planned.row.row_number,
                lot_key=planned.lot_key,
                lot_ref=planned.values.lot_ref,
                action=planned.change.action,
                changes=changes,
            )
        )
    for key in plan.missing:
        gone = plan.known[key].values
        lots.append(LotPreview(row_id=None, row=None, lot_key=key, lot_ref=gone.lot_ref, action="withdraw"))
    counts: dict[str, int] = {}
    for lot in lots:
        counts[lot.action] = counts.get(lot.action, 0) + 1
    return Preview(batch_id=batch.batch_id, version=batch.version, counts=counts, lots=lots)


def _shown(value: object) -> object:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [str(one) for one in value]  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType] – isinstance leaves its parts unknown
    return value


def mapping_columns(body: MappingIn) -> Mapping[str, tuple[str | None, str | None]]:
    return {header: (meaning.field, meaning.unit) for header, meaning in body.columns.items()}
