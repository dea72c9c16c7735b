"""A person changes rows of a list that waits: every change is judged with the whole list, and nothing is committed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from services.ingestion.domain.batches import (
    EDITABLE,
    Action,
    BatchStatus,
    Finding,
    RowStatus,
    status_of,
)
from services.ingestion.domain.lots import lot_keys
from services.ingestion.editing import repetition, revise
from services.ingestion.errors import BatchNotReady, NothingFound
from services.ingestion.store import batches, progress, rows
from services.ingestion.store import edits as edit_store
from services.ingestion.store.batches import Batch
from services.ingestion.store.edits import Edited
from services.ingestion.store.mills import Mill
from services.ingestion.store.rows import BatchRow
from services.ingestion.usecases.held import held
from services.ingestion.usecases.plan import judge_again
from services.ingestion.usecases.profiles import remember_words
from services.ingestion.usecases.replacing import FindReplace, edits_for, words_taught
from shared.contracts.types import ref_key
from shared.db import Conn


@dataclass(frozen=True, slots=True)
class RowEdit:
    """``values`` overwrite what was read; ``excluded`` takes the row out, or back in with ``False``.

    ``problem``: the change cannot be read, and the row stays as it is.
    """

    row_id: UUID
    values: Mapping[str, object] | None = None
    excluded: bool | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one edit; ``problem`` when there is no such row, or the change cannot be read."""

    row_id: UUID
    status: str | None
    findings: Sequence[Finding]
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Fixed:
    """The batch after the change, a verdict for each row, and the words remembered for the mill."""

    batch: Batch
    verdicts: Sequence[Verdict]
    remembered: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Person:
    """Who changes rows, in whose name, and when; ``remember``: what he explains counts for later lists too."""

    user_id: UUID
    mill_id: UUID | None
    now: datetime
    remember: bool = False


async def fix_rows(conn: Conn, *, batch_id: UUID, expected: int, edits: Sequence[RowEdit], person: Person) -> Fixed:
    """Change or exclude rows, each by its id."""
    batch, mill = await _waiting(conn, batch_id, expected=expected, person=person)
    present = await rows.rows_of(conn, batch_id)
    return await _apply(conn, batch, mill, present=present, edits=edits, person=person)


async def replace_cells(conn: Conn, *, batch_id: UUID, expected: int, change: FindReplace, person: Person) -> Fixed:
    """Change or exclude every row with the same cell in a column."""
    batch, mill = await _waiting(conn, batch_id, expected=expected, person=person)
    present = await rows.rows_of(conn, batch_id)
    lots = [row for row in present if row.status in EDITABLE and row.action != Action.WITHDRAW]
    edits = [
        RowEdit(row_id, values, change.excluded, problem)
        for row_id, values, problem in edits_for(change, lots, reading=batch.reading)
    ]
    if not edits:
        raise NothingFound(change.find)
    return await _apply(conn, batch, mill, present=present, edits=edits, person=person)


async def _waiting(conn: Conn, batch_id: UUID, *, expected: int, person: Person) -> tuple[Batch, Mill]:
    batch, mill = await held(
        conn, batch_id, mill_id=person.mill_id, expected=expected, target=BatchStatus.VALIDATING, verb="changed"
    )
    if batch.status != BatchStatus.REVIEW_REQUIRED:
        raise BatchNotReady(status=batch.status, allowed=[BatchStatus.REVIEW_REQUIRED], verb="changed")
    return batch, mill


async def _apply(
    conn: Conn, batch: Batch, mill: Mill, *, present: Sequence[BatchRow], edits: Sequence[RowEdit], person: Person
) -> Fixed:
    """Judge the whole list anew with the edits; it is never committed by a fix alone."""
    lots = {row.row_id: row for row in present if row.status in EDITABLE and row.action != Action.WITHDRAW}
    gone = {row.row_id: row for row in present if row.status in EDITABLE and row.action == Action.WITHDRAW}
    changed: dict[UUID, Edited] = {}
    verdicts: list[Verdict] = []
    for edit in edits:
        row = lots.get(edit.row_id)
        if edit.problem is not None and row is not None:
            verdicts.append(Verdict(edit.row_id, row.status, _findings(row), edit.problem))
        elif row is not None:
            changed[row.row_id] = _edited(row, edit, mill=mill, now=person.now)
        elif edit.row_id not in gone:
            verdicts.append(Verdict(edit.row_id, None, (), "The batch has no such row to change; see its rows."))
        elif edit.excluded is None:
            verdicts.append(Verdict(edit.row_id, None, (), "The list has no such lot: it can only be excluded."))
        else:
            await edit_store.exclude_withdrawals(conn, [edit.row_id], excluded=edit.excluded)
            status = RowStatus.EXCLUDED if edit.excluded else RowStatus.VALID
            verdicts.append(Verdict(edit.row_id, status, ()))
    settled = _settle([(row, changed.get(row.row_id)) for row in lots.values()], mill.language)
    await edit_store.save_edited(conn, settled)
    final = {one.row_id: one for one in settled}
    verdicts += [Verdict(row_id, final[row_id].status, final[row_id].findings) for row_id in changed]
    remembered: dict[str, str] = {}
    if person.remember:
        pairs = [(lots[edit.row_id], edit.values) for edit in edits if edit.row_id in changed and edit.values]
        words = words_taught(pairs, reading=batch.reading)
        remembered = await remember_words(conn, mill_id=mill.organization_id, words=words, user_id=person.user_id)
    await progress.move(conn, batch_id=batch.batch_id, target=BatchStatus.VALIDATING)
    reasons = batch.reading.get("review_reasons")
    unsure = [str(reason) for reason in reasons] if isinstance(reasons, list) else []  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] – isinstance leaves its parts unknown
    await judge_again(conn, mill, batch.batch_id, unsure=unsure)
    after = await batches.find_batch(conn, batch.batch_id, mill_id=mill.organization_id)
    return Fixed(after or batch, verdicts, remembered)


def _findings(row: BatchRow) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            code=str(stored["code"]),
            message=str(stored["message"]),
            severity=str(stored["severity"]),
            field=stored.get("field"),
            column=stored.get("column"),
            raw=stored.get("raw"),
            suggestion=stored.get("suggestion"),
        )
        for stored in row.problems
    )


def _edited(row: BatchRow, edit: RowEdit, *, mill: Mill, now: datetime) -> Edited:
    values, findings = row.values, _findings(row)
    if edit.values:
        base = row.lot if row.lot is not None else row.partial
        values, findings = revise(base, edit.values, mill=mill, today=now.date())
    excluded = edit.excluded if edit.excluded is not None else row.status == RowStatus.EXCLUDED and not edit.values
    status = (
        RowStatus.EXCLUDED
        if excluded
        else status_of(readable=values is not None, doubted=bool(findings), repeated=False)
    )
    return Edited(row.row_id, status, row.lot_key, values, findings)


def _settle(pairs: Sequence[tuple[BatchRow, Edited | None]], language: str) -> list[Edited]:
    """Keys and repetitions of the whole list after some of its rows changed: a fix may make or end a repetition."""
    current = [edited or Edited(row.row_id, RowStatus(row.status), row.lot_key, row.values, _findings(row)) for row, edited in pairs]  # fmt: skip  # noqa: E501
    taking_part = [one.status != RowStatus.EXCLUDED for one in current]
    keys = lot_keys(one.values if part else None for one, part in zip(current, taking_part, strict=True))
    seen: set[str] = set()
    settled: list[Edited] = []
    for one, key, (row, _) in zip(current, keys, pairs, strict=True):
        if key is None:
            ref = (one.values.lot_ref if one.values else None) or row.partial.get("lot_ref")
            settled.append(replace(one, lot_key=ref_key(str(ref) if ref else None) or one.lot_key))
            continue
        findings = tuple(found for found in one.findings if found.code != "duplicate_lot_ref")
        repeated = key in seen
        seen.add(key)
        if repeated:
            ref = one.values.lot_ref if one.values else None
            findings = (*findings, repetition(ref, language))
        status = status_of(readable=one.values is not None, doubted=bool(findings), repeated=repeated)
        settled.append(Edited(one.row_id, status, key, one.values, findings))
    return settled
