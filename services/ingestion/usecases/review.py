"""What a person does with a list that waits: fix or exclude rows, say what columns mean, commit, cancel."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from services.ingestion.domain.batches import (
    EDITABLE,
    TRANSITIONS,
    BatchStatus,
    Finding,
    RowStatus,
    sources_of,
    status_of,
)
from services.ingestion.domain.lots import lot_keys
from services.ingestion.editing import revise
from services.ingestion.errors import (
    BatchNotFound,
    BatchNotReady,
    ListBeingCommitted,
    MillNotApproved,
    RowsNotReady,
    UnknownColumns,
)
from services.ingestion.parsing.text import normal
from services.ingestion.store import batches, mills, profiles, progress, rows
from services.ingestion.store.batches import Batch
from services.ingestion.store.mills import Mill
from services.ingestion.store.rows import BatchRow, Edited
from services.ingestion.usecases.announce import announce
from services.ingestion.usecases.commits import commit_batch
from services.ingestion.usecases.plan import plan_batch
from services.ingestion.usecases.process import judge
from services.ingestion.usecases.receive import CHANNEL
from shared.contracts.types import ref_key
from shared.db import Conn, notify
from shared.preconditions import check_version


@dataclass(frozen=True, slots=True)
class RowEdit:
    """``values`` overwrite what was read; ``excluded`` takes the row out, or back in with ``False``."""

    row_id: UUID
    values: Mapping[str, object] | None = None
    excluded: bool | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one edit; ``problem`` when there is no such row to edit."""

    row_id: UUID
    status: str | None
    findings: Sequence[Finding]
    problem: str | None = None


async def _held(
    conn: Conn, batch_id: UUID, *, mill_id: UUID | None, expected: int, target: BatchStatus, verb: str
) -> tuple[Batch, Mill]:
    """The batch and its mill, locked, in the version the person saw and in a state that allows ``target``."""
    found = await batches.find_batch(conn, batch_id, mill_id=mill_id)
    mill = None if found is None else await mills.lock_mill(conn, found.mill_id)
    batch = None if mill is None else await batches.find_batch(conn, batch_id, mill_id=mill_id)
    if batch is None or mill is None:
        raise BatchNotFound
    if not mill.approved and target is not BatchStatus.CANCELLED:
        raise MillNotApproved  # a suspended mill may look, and throw away
    check_version(batch.version, expected)
    if target not in TRANSITIONS[BatchStatus(batch.status)]:
        raise BatchNotReady(status=batch.status, allowed=sources_of(target), verb=verb)
    return batch, mill


async def fix_rows(
    conn: Conn, *, batch_id: UUID, mill_id: UUID | None, expected: int, edits: Sequence[RowEdit], now: datetime
) -> tuple[Batch, list[Verdict]]:
    """Change or exclude rows, and judge the whole list anew; it is never committed by a fix alone."""
    batch, mill = await _held(
        conn, batch_id, mill_id=mill_id, expected=expected, target=BatchStatus.VALIDATING, verb="changed"
    )
    if batch.status != BatchStatus.REVIEW_REQUIRED:
        raise BatchNotReady(status=batch.status, allowed=[BatchStatus.REVIEW_REQUIRED], verb="changed")
    present = await rows.rows_of(conn, batch_id)
    by_id = {row.row_id: row for row in present if row.status in EDITABLE}
    changed: dict[UUID, Edited] = {}
    verdicts: list[Verdict] = []
    for edit in edits:
        row = by_id.get(edit.row_id)
        if row is None:
            verdicts.append(Verdict(edit.row_id, None, (), problem="The batch has no such row to change."))
            continue
        changed[row.row_id] = _edited(row, edit, mill=mill, now=now)
    settled = _settle([(row, changed.get(row.row_id)) for row in present if row.status in EDITABLE])
    await rows.save_edited(conn, settled)
    final = {one.row_id: one for one in settled}
    verdicts += [Verdict(row_id, final[row_id].status, final[row_id].findings) for row_id in changed]
    await progress.move(conn, batch_id=batch_id, target=BatchStatus.VALIDATING)
    reasons = batch.reading.get("review_reasons")
    unsure = [str(reason) for reason in reasons] if isinstance(reasons, list) else []  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] – isinstance leaves its parts unknown
    await judge(conn, mill, batch_id, unsure=unsure, automatic=False)
    after = await batches.find_batch(conn, batch_id, mill_id=mill_id)
    return after or batch, verdicts


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
    status = RowStatus.EXCLUDED if excluded else status_of(values=values, findings=findings, repeated=False)
    return Edited(row.row_id, status, row.lot_key, values, findings)


def _settle(pairs: Sequence[tuple[BatchRow, Edited | None]]) -> list[Edited]:
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
            message = "This lot number stands in an earlier row of this list."
            findings = (*findings, Finding("duplicate_lot_ref", message, "error", field="lot_ref"))
        status = status_of(values=one.values, findings=findings, repeated=repeated)
        settled.append(Edited(one.row_id, status, key, one.values, findings))
    return settled


async def set_mapping(
    conn: Conn,
    *,
    batch_id: UUID,
    mill_id: UUID | None,
    expected: int,
    columns: Mapping[str, tuple[str | None, str | None]],
    grades: Mapping[str, str],
    classes: Mapping[str, str],
    user_id: UUID,
) -> Batch:
    """Say what columns (header: field and unit) and words mean; remembered for lists of this kind, read again."""
    batch, mill = await _held(
        conn, batch_id, mill_id=mill_id, expected=expected, target=BatchStatus.PARSING, verb="mapped"
    )
    if batch.header_fingerprint is None or batch.status == BatchStatus.RECEIVED:
        waiting = [BatchStatus.MAPPING_REQUIRED, BatchStatus.REVIEW_REQUIRED]
        raise BatchNotReady(status=batch.status, allowed=waiting, verb="mapped")
    known = batch.reading.get("columns")
    headers: set[str] = set()
    if isinstance(known, list):
        headers = {normal(str(column["header"])) for column in known}  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType] – isinstance leaves its parts unknown
    unknown = [header for header in columns if normal(header) not in headers]
    if unknown:
        raise UnknownColumns(unknown)
    profile = dict(await _profile(conn, batch))
    profile["columns"] = _merged(
        profile.get("columns"),
        {normal(header): {"field": field, "unit": unit} for header, (field, unit) in columns.items()},
    )
    profile["grades"] = _merged(profile.get("grades"), grades)
    profile["classes"] = _merged(profile.get("classes"), classes)
    await profiles.save_profile(
        conn,
        mill_id=mill.organization_id,
        header_fingerprint=batch.header_fingerprint,
        profile=profile,
        confirmed_by=user_id,
    )
    await progress.move(conn, batch_id=batch_id, target=BatchStatus.PARSING, reasons=(), problems=())
    await notify(conn, CHANNEL)
    return await announce(conn, batch_id, previous=BatchStatus(batch.status))


async def _profile(conn: Conn, batch: Batch) -> Mapping[str, object]:
    found = await profiles.find_profile(conn, mill_id=batch.mill_id, header_fingerprint=batch.header_fingerprint or "")
    return found.profile if found else {}


def _merged(before: object, new: Mapping[str, object] | Mapping[str, str]) -> dict[str, object]:
    kept: dict[str, object] = dict(before) if isinstance(before, dict) else {}  # pyright: ignore[reportUnknownArgumentType] – isinstance leaves its parts unknown
    return {**kept, **new}


async def request_commit(
    conn: Conn, *, batch_id: UUID, mill_id: UUID | None, expected: int, reject_invalid: bool
) -> Batch:
    """A person commits a list; with ``reject_invalid`` the rows that cannot be listed stay behind."""
    batch, mill = await _held(
        conn, batch_id, mill_id=mill_id, expected=expected, target=BatchStatus.COMMITTING, verb="committed"
    )
    if await progress.mill_is_committing(conn, mill.organization_id):
        raise ListBeingCommitted
    plan = await plan_batch(conn, batch)
    if plan.rejected and not reject_invalid:
        raise RowsNotReady(count=plan.rejected)
    return await commit_batch(conn, batch, plan, previous=BatchStatus(batch.status))


async def cancel_batch(conn: Conn, *, batch_id: UUID, mill_id: UUID | None, expected: int, reason: str) -> Batch:
    """Discard a list before it is committed."""
    batch, _ = await _held(
        conn, batch_id, mill_id=mill_id, expected=expected, target=BatchStatus.CANCELLED, verb="cancelled"
    )
    await progress.move(conn, batch_id=batch_id, target=BatchStatus.CANCELLED, reasons=[reason])
    await notify(conn, CHANNEL)
    return await announce(conn, batch_id, previous=BatchStatus(batch.status))


async def expire_batch(conn: Conn, *, batch_id: UUID, mill_id: UUID) -> bool:
    """Nobody looked at it for two weeks: the list is too old to be listed."""
    await mills.lock_mill(conn, mill_id)
    before = await batches.find_batch(conn, batch_id, mill_id=mill_id)
    reasons = ["Nobody decided about this list in time; send a newer one."]
    if before is None or not await progress.move(conn, batch_id=batch_id, target=BatchStatus.EXPIRED, reasons=reasons):
        return False
    await announce(conn, batch_id, previous=BatchStatus(before.status))
    return True
