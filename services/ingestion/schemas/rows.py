"""Rows of a list on the wire: as they were read, and how people change them."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from services.ingestion.schemas.batches import BatchSummary
from services.ingestion.store.rows import BatchRow
from shared.bodies import RequestBody

ROWS_PER_EDIT_MAX = 500
Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Cell = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]


class FieldProblem(BaseModel):
    """What is wrong with one field, in words that say what to do."""

    code: str
    message: str
    severity: str
    field: str | None = None
    column: str | None = None
    raw: str | None = None
    suggestion: str | None = None


class Undo(BaseModel):
    """What became of the wish to undo this row. ``outcome`` ``null``: not answered yet."""

    outcome: str | None
    reason: str | None


class RowView(BaseModel):
    """``values`` are canonical, ``source_values`` as written; ``partial``: what could be read of a bad row.

    Without ``row_number``: a lot for sale that the list no longer has, proposed to be withdrawn.
    """

    id: UUID
    sheet: str | None
    row_number: int | None
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
    undo: Undo | None = None


def row_of(row: BatchRow) -> RowView:
    return RowView(
        id=row.row_id,
        sheet=row.sheet,
        row_number=row.row_number,
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
        undo=None if row.undo_version is None else Undo(outcome=row.undo_outcome, reason=row.undo_reason),
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


class FindReplaceIn(RequestBody):
    """Every row with ``find`` in a column gets ``replace`` there, or is ``excluded``.

    ``column`` is a header of the list and ``find`` a cell as it is written; ``field`` is a field of ours, and ``find``
    its value, or the cell that could not be read as one. An empty ``find`` means an empty cell. With ``contains`` only
    the part found is replaced. What is put into a column is read as the column is, in its unit.
    """

    field: Annotated[str, Field(max_length=40)] | None = None
    column: Word | None = None
    find: Cell
    replace: Cell | None = None
    match: Literal["whole", "contains"] = "whole"
    excluded: bool | None = None

    @model_validator(mode="after")
    def _says_something(self) -> "FindReplaceIn":
        if (self.field is None) == (self.column is None):
            raise ValueError("give either field or column")
        if (self.replace is None) == (self.excluded is None):
            raise ValueError("give either replace or excluded")
        if not self.find and self.match == "contains":
            raise ValueError("an empty find needs match whole")
        return self


class RowEditsIn(RequestBody):
    """``items`` one by one, or ``find_replace`` over a column.

    ``remember``: grade words and class words explained here are understood in every later list of this mill.
    """

    items: list[RowEditIn] | None = Field(None, min_length=1, max_length=ROWS_PER_EDIT_MAX)
    find_replace: FindReplaceIn | None = None
    remember: bool = False

    @model_validator(mode="after")
    def _says_something(self) -> "RowEditsIn":
        if (self.items is None) == (self.find_replace is None):
            raise ValueError("give either items or find_replace")
        return self


class RowVerdict(BaseModel):
    """``status`` is ``null`` when there is no such row; ``detail`` says so."""

    row_id: UUID
    status: str | None
    problems: list[FieldProblem] = []
    detail: str | None = None


class RowVerdicts(BaseModel):
    """``remembered``: words that later lists of this mill may use, with what they mean."""

    batch: BatchSummary
    items: list[RowVerdict]
    remembered: dict[str, str] = {}
