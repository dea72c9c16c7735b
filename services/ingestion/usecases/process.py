"""Read a list that was taken in: claim it, keep what it says, and commit it or leave it to a person."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from uuid_utils.compat import uuid7

from services.ingestion.domain.batches import Action, BatchStatus, RowStatus
from services.ingestion.domain.guards import ListFigures
from services.ingestion.packing import Summary
from services.ingestion.parsing.model import Problem, UnreadableFile
from services.ingestion.parsing.wording import in_language, word_in
from services.ingestion.store import batches, figures, lots, mills, progress, rows
from services.ingestion.store.batches import Batch
from services.ingestion.store.mills import Mill
from services.ingestion.store.progress import Claim
from services.ingestion.store.writing import NewRows
from services.ingestion.unpacking import ListRead
from services.ingestion.usecases.announce import announce
from services.ingestion.usecases.commits import commit_batch
from services.ingestion.usecases.making_rows import RowMaker
from services.ingestion.usecases.plan import reasons_for_review
from services.ingestion.usecases.profiles import Known
from shared.db import Conn

ROWS_MAX = 100_000  # the longest list we promise to read


class TakenOver(Exception):
    """The list was cancelled while it was read, or another worker took it over: what was written must not stay."""


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
    mill = await mills.lock_mill(conn, claim.mill_id)
    moved = await progress.move(
        conn,
        batch_id=claim.batch_id,
        target=BatchStatus.FAILED,
        reasons=[in_language(refused.message, mill.language if mill else None)],
        attempt=claim.attempt,
    )
    if moved is not None:
        await announce(conn, claim.batch_id, previous=BatchStatus.PARSING)


async def finish_reading(conn: Conn, work: Work, read: ListRead, known: Known) -> None:
    """Store what the list says, while it is being read; commit it when the mill is trusted and no guard objects.

    ``known``: what the list is read with. Raises ``UnreadableFile`` when there is nothing to store, and ``TakenOver``.
    The mill is locked when the rows are there: nobody waits for a file that takes long to read.
    """
    claim = work.claim
    if read.lots > ROWS_MAX:
        message = f"The list has {read.lots} rows; the limit is {ROWS_MAX}. Send it in parts."
        raise UnreadableFile("too_many_rows", message)
    await progress.allow_pauses(conn)
    await rows.delete_rows(conn, claim.batch_id)
    listed = await lots.listed_lots(conn, mill_id=claim.mill_id, header_fingerprint=read.header_fingerprint)
    made, written = RowMaker(work.mill.language, listed), NewRows(claim.batch_id)
    async for lots_read in read.sets():
        made.make(lots_read, written)
        await written.write(conn)
    mill = await mills.lock_mill(conn, claim.mill_id) or work.mill
    return await _settle(conn, work, mill, read.summary, made, known)


async def _settle(conn: Conn, work: Work, mill: Mill, summary: Summary, made: RowMaker, known: Known) -> None:
    """Where a list goes from here, once its rows are stored."""
    about, batch_id = summary.about, work.claim.batch_id
    unsure = [problem.message for problem in about.review_reasons]
    target = BatchStatus.VALIDATING
    if not summary.readable:
        if not summary.lots and not about.columns:
            message = " ".join([in_language("No list was found in the file.", mill.language), *unsure])
            raise UnreadableFile("no_lots", message)
        target = BatchStatus.MAPPING_REQUIRED
        words = "No row could be read with these columns; say what each column means."
        unsure = unsure or [in_language(words, mill.language)]
    problems = [_sentence(problem, mill.language) for problem in summary.problems]
    moved = await progress.move(
        conn, batch_id=batch_id, target=target, reasons=unsure, problems=problems, attempt=work.claim.attempt
    )
    if moved is None:
        raise TakenOver
    await batches.set_reading(
        conn,
        batch_id=batch_id,
        header_fingerprint=about.header_fingerprint,
        list_date=about.list_date,
        reading=_facts(summary),
        profile_id=known.profile.profile_id if known.profile else None,
        profile_version=known.profile.version if known.profile else None,
    )
    missing = made.missing() if work.batch.list_mode == "snapshot" else []
    changes = {**made.changes, **({Action.WITHDRAW: len(missing)} if missing else {})}
    if target is BatchStatus.MAPPING_REQUIRED:
        missing, changes = [], {}
    await rows.insert_withdrawals(
        conn, batch_id=batch_id, row_ids=[uuid7() for _ in missing], lot_keys=missing, first_place=made.place + 1
    )
    weight = made.weight_kg if made.accepted else None
    await figures.set_figures(conn, batch_id, counts=made.counts, changes=changes, weight_net_kg=weight)
    if target is BatchStatus.MAPPING_REQUIRED:
        await announce(conn, batch_id, previous=BatchStatus.PARSING)
        return
    await _decide(conn, mill, batch_id, made, missing, unsure)


async def _decide(
    conn: Conn, mill: Mill, batch_id: UUID, made: RowMaker, missing: Sequence[str], unsure: Sequence[str]
) -> None:
    """A validated list is committed at once, or waits for a person with every reason in plain words."""
    batch = await batches.find_batch(conn, batch_id, mill_id=mill.organization_id)
    if batch is None:
        raise LookupError(f"batch {batch_id} is gone")
    figures_made = ListFigures(
        mill_name=mill.name,
        trusted=mill.trusted,
        lots=len(made.accepted),
        rejected=made.counts[RowStatus.INVALID],
        repeated=made.counts[RowStatus.DUPLICATE],
        weight_kg=made.weight_kg,
        usual_weight_kg=await batches.usual_weight_kg(
            conn, mill_id=batch.mill_id, header_fingerprint=batch.header_fingerprint or ""
        ),
        known=made.known_of_this_list(),
        missing=len(missing),
        price_ratios=made.price_ratios,
    )
    reasons = reasons_for_review(mill, figures_made, unsure)
    if not reasons and made.accepted:
        await commit_batch(conn, batch, present=made.accepted, missing=missing, previous=BatchStatus.VALIDATING)
        return
    await progress.move(conn, batch_id=batch_id, target=BatchStatus.REVIEW_REQUIRED, reasons=reasons)
    await announce(conn, batch_id, previous=BatchStatus.VALIDATING)


def _sentence(problem: Problem, language: str) -> str:
    row = problem.row and f"{word_in('row', language)} {problem.row}:"
    where = " ".join(part for part in (problem.sheet and f"{problem.sheet},", row) if part)
    return f"{where} {problem.message}".strip()


def _facts(summary: Summary) -> dict[str, object]:
    """What the file turned out to be, for the people who look at it."""
    reading = summary.about
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
        "other_rows": dict(summary.other_rows),
    }
