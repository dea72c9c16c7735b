"""Read a list that was taken in: claim it, keep what it says, and commit it or leave it to a person."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from uuid_utils.compat import uuid7

from services.ingestion.domain.batches import BatchStatus, Finding, Row, status_of
from services.ingestion.domain.guards import Limits, objections
from services.ingestion.domain.lots import lot_keys
from services.ingestion.editing import finding_of
from services.ingestion.parsing.model import ListReading, Problem, RowReading, UnreadableFile
from services.ingestion.store import batches, mills, progress, rows
from services.ingestion.store.batches import Batch
from services.ingestion.store.mills import Mill
from services.ingestion.store.progress import Claim
from services.ingestion.store.rows import NewRow
from services.ingestion.usecases.announce import PROBLEMS_SHOWN_MAX, announce
from services.ingestion.usecases.commits import commit_batch
from services.ingestion.usecases.plan import figures_of, plan_batch, save_plan
from services.ingestion.usecases.profiles import Known
from shared.contracts.types import ref_key
from shared.db import Conn

ROWS_MAX = 100_000  # the longest list we promise to read
LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Work:
    """A claimed list with all that reading it needs."""

    claim: Claim
    mill: Mill
    batch: Batch  # with its header when it was read before
    content: bytes
    today: date  # where the mill is


async def begin_reading(conn: Conn, *, lease_seconds: int, now: datetime) -> Work | None:
    """Claim the next list; ``None`` when none is due."""
    claim = await progress.claim_batch(conn, lease_seconds=lease_seconds)
    if claim is None:
        return None
    mill = await mills.find_mill(conn, claim.mill_id)
    stored = await batches.file_of(conn, claim.batch_id)
    batch = await batches.find_batch(conn, claim.batch_id, mill_id=None)
    if mill is None or stored is None or batch is None:
        raise LookupError(f"batch {claim.batch_id} has no file or no mill")
    return Work(
        claim=claim,
        mill=mill,
        batch=batch,
        content=stored.content,
        today=_today(mill, now),
    )


def _today(mill: Mill, now: datetime) -> date:
    try:
        return now.astimezone(ZoneInfo(mill.time_zone)).date()
    except (ZoneInfoNotFoundError, ValueError):
        return now.date()


async def refuse_reading(conn: Conn, claim: Claim, refused: UnreadableFile) -> None:
    """The file holds no list: the batch fails with the reason."""
    await mills.lock_mill(conn, claim.mill_id)
    moved = await progress.move(
        conn,
        batch_id=claim.batch_id,
        target=BatchStatus.FAILED,
        reasons=[refused.message],
        attempt=claim.attempt,
    )
    if moved is not None:
        await announce(conn, claim.batch_id, previous=BatchStatus.PARSING)


async def finish_reading(conn: Conn, work: Work, reading: ListReading, known: Known) -> None:
    """Store what the list says; commit it when the mill is trusted and no guard objects, else ask a person.

    ``known`` is what the list was read with.
    """
    claim = work.claim
    lots_read = [row for row in reading.rows if row.kind == "lot"]
    if len(lots_read) > ROWS_MAX:
        message = f"The list has {len(lots_read)} rows; the limit is {ROWS_MAX}. Send it in parts."
        return await refuse_reading(conn, claim, UnreadableFile("too_many_rows", message))
    await progress.allow_pauses(conn, rows=len(lots_read))
    mill = await mills.lock_mill(conn, claim.mill_id) or work.mill
    unsure = [problem.message for problem in reading.review_reasons]
    problems = _first_problems(reading)
    target = BatchStatus.VALIDATING
    if not any(row.values is not None for row in lots_read):
        if not lots_read and not reading.columns:
            message = "No list was found in the file. " + " ".join(unsure)
            return await refuse_reading(conn, claim, UnreadableFile("no_lots", message.strip()))
        target = BatchStatus.MAPPING_REQUIRED
        unsure = unsure or ["No row could be read with these columns; say what each column means."]
    moved = await progress.move(
        conn, batch_id=claim.batch_id, target=target, reasons=unsure, problems=problems, attempt=claim.attempt
    )
    if moved is None:
        return None  # cancelled meanwhile, or another worker took over
    await batches.set_reading(
        conn,
        batch_id=claim.batch_id,
        header_fingerprint=reading.header_fingerprint,
        list_date=reading.list_date,
        reading=_facts(reading),
        profile_id=known.profile.profile_id if known.profile else None,
        profile_version=known.profile.version if known.profile else None,
    )
    await rows.delete_rows(conn, claim.batch_id)
    await rows.insert_rows(conn, claim.batch_id, _new_rows(lots_read))
    await progress.refresh_figures(conn, claim.batch_id)
    if target is BatchStatus.MAPPING_REQUIRED:
        await announce(conn, claim.batch_id, previous=BatchStatus.PARSING)
        return None
    return await judge(conn, mill, claim.batch_id, unsure=unsure)


async def judge(conn: Conn, mill: Mill, batch_id: UUID, *, unsure: Sequence[str], automatic: bool = True) -> None:
    """A validated list is committed at once, or waits for a person with every reason in plain words."""
    batch = await batches.find_batch(conn, batch_id, mill_id=mill.organization_id)
    if batch is None:
        raise LookupError(f"batch {batch_id} is gone")
    plan = await plan_batch(conn, batch)
    reasons = [*unsure, *objections(await figures_of(conn, mill=mill, batch=batch, plan=plan), LIMITS)]
    if not mill.approved:
        reasons.append(f"{mill.name} is not approved for trading at the moment.")
    if automatic and not reasons and plan.rows:
        await commit_batch(conn, batch, plan, previous=BatchStatus.VALIDATING)
        return
    await save_plan(conn, batch, plan)
    await progress.move(conn, batch_id=batch_id, target=BatchStatus.REVIEW_REQUIRED, reasons=reasons)
    await progress.refresh_figures(conn, batch_id)
    await announce(conn, batch_id, previous=BatchStatus.VALIDATING)


def _new_rows(lots_read: Sequence[RowReading]) -> list[NewRow]:
    keys = lot_keys(row.values for row in lots_read)
    seen: set[str] = set()
    new: list[NewRow] = []
    for place, (read, key) in enumerate(zip(lots_read, keys, strict=True), start=1):
        row = _row(read, place)
        repeated = key is not None and key in seen
        if key is not None:
            seen.add(key)
        else:
            key = ref_key(row.lot_ref)
        findings = row.findings
        if repeated:
            message = f"The lot number {row.lot_ref} stands in an earlier row of this list."
            findings = (*findings, Finding("duplicate_lot_ref", message, "error", field="lot_ref", raw=row.lot_ref))
        status = status_of(values=row.values, findings=findings, repeated=repeated)
        new.append(NewRow(uuid7(), _with(row, findings), status, key))
    return new


def _with(row: Row, findings: tuple[Finding, ...]) -> Row:
    return Row(
        row.place, row.sheet, row.number, row.values, row.lot_ref, row.source_values, row.partial, findings,
        row.defaulted,
    )  # fmt: skip


def _row(read: RowReading, place: int) -> Row:
    ref = read.values.lot_ref if read.values else read.partial.get("lot_ref")
    return Row(
        place=place,
        sheet=read.sheet,
        number=read.row,
        values=read.values,
        lot_ref=str(ref) if ref else None,
        source_values=read.source_values,
        partial=read.partial,
        findings=tuple(finding_of(problem) for problem in read.problems),
        defaulted=read.defaulted,
    )


def _first_problems(reading: ListReading) -> list[str]:
    """The first things a person would want to know, worst first."""
    found: list[Problem] = [problem for row in reading.rows if row.values is None for problem in row.problems]
    found += [*reading.warnings, *(problem for row in reading.rows if row.values for problem in row.problems)]
    return [_sentence(problem) for problem in found[:PROBLEMS_SHOWN_MAX]]


def _sentence(problem: Problem) -> str:
    where = " ".join(
        part for part in (problem.sheet and f"{problem.sheet},", problem.row and f"row {problem.row}:") if part
    )
    return f"{where} {problem.message}".strip()


def _facts(reading: ListReading) -> dict[str, object]:
    """What the file turned out to be, for the people who look at it."""
    kinds = Counter(row.kind for row in reading.rows if row.kind != "lot")
    total = reading.stated_total_kg
    return {
        "kind": reading.kind,
        "encoding": reading.encoding,
        "delimiter": reading.delimiter,
        "language": reading.language,
        "stated_total_kg": None if total is None else str(total),
        "sheets": [
            {
                "name": sheet.name,
                "header_rows": list(sheet.header_rows),
                "hidden": sheet.hidden,
                "lots": sheet.lots,
                "stated_total_kg": None if sheet.stated_total_kg is None else str(sheet.stated_total_kg),
            }
            for sheet in reading.sheets
        ],
        "columns": [asdict(column) for column in reading.columns],
        "warnings": [asdict(warning) for warning in reading.warnings],
        "review_reasons": [problem.message for problem in reading.review_reasons],
        "other_rows": dict(kinds),
    }
