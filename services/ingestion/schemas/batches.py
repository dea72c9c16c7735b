"""Batches on the wire: what was sent, where it stands, what it would do."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import cast
from uuid import UUID

from pydantic import BaseModel

from services.ingestion.domain.batches import Action
from services.ingestion.store.batches import Batch
from services.ingestion.usecases.announce import figures
from shared.contracts.ingestion import BatchCounts
from shared.instants import Instant


class Stage(BaseModel):
    """When the batch reached a status and when it left it; ``ended_at`` ``null``: it is still there."""

    name: str
    started_at: Instant
    ended_at: Instant | None


class FileView(BaseModel):
    name: str
    sha256: str
    size: int


class Difference(BaseModel):
    """Lots of the list by what they do to the lots for sale."""

    create: int = 0
    update: int = 0
    unchanged: int = 0
    withdraw: int = 0


class BatchSummary(BaseModel):
    """One list and where it stands. ``reasons``: why it waits or ended, in plain words."""

    id: UUID
    mill_id: UUID
    version: int
    status: str
    source: str
    message_id: UUID | None
    file: FileView
    file_name: str
    list_mode: str
    list_date: date | None
    duplicate_of: UUID | None
    counts: BatchCounts
    diff: Difference
    changes: dict[str, int]
    weight_net_kg: Decimal | None
    reasons: list[str]
    problems: list[str]
    created_by: UUID | None
    created_at: Instant
    received_at: Instant
    changed_at: Instant


class ColumnView(BaseModel):
    """What a column was taken for, and how sure that is (0 to 1; 1: a person said so)."""

    column: str
    sheet: str | None
    field: str | None
    unit: str | None
    confidence: float
    samples: list[str]


class UsedProfile(BaseModel):
    """The saved mapping a list was read with."""

    id: UUID
    version: int


class BatchDetail(BatchSummary):
    """With stage times and what was found in the file: sheet, header row, columns with confidence, warnings."""

    stages: list[Stage]
    sheet: str | None
    header_row: int | None
    mapping: list[ColumnView]
    mapping_profile: UsedProfile | None
    review_reasons: list[str]
    header_fingerprint: str | None
    reading: dict[str, object]


def summary_of(batch: Batch) -> BatchSummary:
    return BatchSummary.model_validate(_members(batch))


def detail_of(batch: Batch) -> BatchDetail:
    sheet, header_row = _first_table(batch.reading)
    profile = None
    if batch.used_profile_id is not None and batch.used_profile_version is not None:
        profile = UsedProfile(id=batch.used_profile_id, version=batch.used_profile_version)
    more = {
        "stages": _stages(batch.stages),
        "sheet": sheet,
        "header_row": header_row,
        "mapping": _columns(batch.reading),
        "mapping_profile": profile,
        "review_reasons": _texts(batch.reading.get("review_reasons")),
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
        "file": FileView(name=batch.file_name, sha256=batch.file_sha256.hex(), size=batch.file_bytes),
        "file_name": batch.file_name,
        "list_mode": batch.list_mode,
        "list_date": batch.list_date,
        "duplicate_of": batch.duplicate_of,
        "counts": figures(batch.counts),
        "diff": Difference(
            create=batch.changes.get(Action.CREATE, 0),
            update=batch.changes.get(Action.UPDATE, 0),
            unchanged=batch.changes.get(Action.CONFIRM, 0),
            withdraw=batch.changes.get(Action.WITHDRAW, 0),
        ),
        "changes": dict(batch.changes),
        "weight_net_kg": batch.weight_net_kg,
        "reasons": list(batch.reasons),
        "problems": list(batch.problems),
        "created_by": batch.received_by,
        "created_at": batch.received_at,
        "received_at": batch.received_at,
        "changed_at": batch.changed_at,
    }


def _stages(stages: Sequence[Mapping[str, str]]) -> list[dict[str, object]]:
    ends: list[str | None] = [*(stage["at"] for stage in stages[1:]), None]
    return [
        {"name": stage["status"], "started_at": stage["at"], "ended_at": end}
        for stage, end in zip(stages, ends, strict=True)
    ]


def _parts(value: object) -> list[Mapping[str, object]]:
    """A list of objects as stored with the batch."""
    return cast(list[Mapping[str, object]], value) if isinstance(value, list) else []


def _texts(value: object) -> list[str]:
    return [str(one) for one in cast(list[object], value)] if isinstance(value, list) else []


def _first_table(reading: Mapping[str, object]) -> tuple[str | None, int | None]:
    for sheet in _parts(reading.get("sheets")):
        rows = cast(list[int], sheet.get("header_rows") or [])
        if rows:
            return cast("str | None", sheet.get("name")), rows[0]
    return None, None


def _columns(reading: Mapping[str, object]) -> list[dict[str, object]]:
    return [
        {
            "column": column.get("header"),
            "sheet": column.get("sheet"),
            "field": column.get("field"),
            "unit": column.get("unit"),
            "confidence": column.get("confidence"),
            "samples": column.get("samples") or [],
        }
        for column in _parts(reading.get("columns"))
    ]
