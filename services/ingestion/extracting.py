"""Reading of data sheets, step by step: claim, ask the extractor or read in the sandbox, write."""

import logging

from services.ingestion.datasheets import SheetReading, UnreadableSheet
from services.ingestion.extractor import Extractor, ExtractorFailed
from services.ingestion.reading import Reader
from services.ingestion.settings import IngestionSettings
from services.ingestion.store.sheet_progress import SheetClaim
from services.ingestion.usecases.extraction import (
    SheetWork,
    begin_extraction,
    fail_extraction,
    finish_extraction,
    postpone_extraction,
)
from shared import trace
from shared.contracts.base import ActorRef
from shared.db import Database, clock

LOG = logging.getLogger(__name__)
_WORN_OUT = "The PDF could not be read in several tries. Save it again as PDF and send it once more."
_READ_HERE = "The extraction service failed ({why}), so the sheet was read by our own rules."


async def read_next_datasheet(
    db: Database, settings: IngestionSettings, reader: Reader, extractor: Extractor | None
) -> int:
    """Read the data sheet that is due; the number of data sheets, 0 or 1."""
    async with db.transaction() as conn:
        work = await begin_extraction(conn, lease_seconds=settings.lease_seconds, now=await clock(conn))
    if work is None:
        return 0
    claim = work.claim
    via = "mail" if claim.source == "mail" else "http"
    actor = ActorRef(user_id=claim.received_by, organization_id=claim.mill_id, via=via)
    with trace.tracing(trace.started(actor, correlation_id=claim.correlation_id)):
        if claim.attempt > settings.read_attempts_max:
            async with db.transaction() as conn:
                await fail_extraction(conn, claim, code="worn_out", reason=_WORN_OUT)
            return 1
        notes: list[str] = []
        if extractor is not None:
            failed = await _ask(db, settings, extractor, claim)
            if failed is None:
                return 1
            notes.append(_READ_HERE.format(why=failed))
        await _read_here(db, reader, work, notes)
    return 1


async def _ask(db: Database, settings: IngestionSettings, extractor: Extractor, claim: SheetClaim) -> str | None:
    """Let the extractor read it, or put it off; why we have to read it ourselves when it failed too often."""
    reading: SheetReading | None = None
    why = ""
    try:
        reading = await extractor.read(bytes(claim.content), file_name=claim.file_name)
    except ExtractorFailed as failed:
        why = str(failed)
    if reading is not None:
        async with db.transaction() as conn:
            await finish_extraction(conn, claim, reading, read_by="external")
        return None
    tries = claim.external_tries + 1
    LOG.warning(
        "the extractor of data sheets failed",
        extra={"datasheet_id": str(claim.datasheet_id), "why": why, "tries": tries},
    )
    if tries >= settings.extractor_attempts_max:
        return why
    seconds = settings.extractor_retry_seconds * 2 ** (tries - 1)
    reason = f"The extraction service failed ({why}); it is asked again."
    async with db.transaction() as conn:
        await postpone_extraction(conn, claim, seconds=seconds, reason=reason)
    return None


async def _read_here(db: Database, reader: Reader, work: SheetWork, notes: list[str]) -> None:
    try:
        reading = await reader.datasheet(bytes(work.claim.content), today=work.today)
    except UnreadableSheet as refused:
        async with db.transaction() as conn:
            await fail_extraction(conn, work.claim, code=refused.code, reason=refused.message)
        return
    async with db.transaction() as conn:
        await finish_extraction(conn, work.claim, reading, read_by="own", notes=notes)
