"""Read a data sheet that was taken in: claim it, keep what it says, publish it or leave it to a person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from services.ingestion.datasheets import SheetReading, SheetValue
from services.ingestion.domain.datasheets import (
    CONFIDENCE_LEAST,
    LinkReason,
    SheetStatus,
    Stated,
    objections,
    proposed_links,
)
from services.ingestion.store import datasheets, mills, sheet_progress, sheet_values
from services.ingestion.store.sheet_progress import SheetClaim
from services.ingestion.store.sheet_values import StoredValue
from services.ingestion.usecases.datasheets import publish_approved
from shared import outbox
from shared.contracts.ingestion import DatasheetFailed
from shared.contracts.types import ref_key
from shared.db import Conn


@dataclass(frozen=True, slots=True)
class SheetWork:
    """A claimed data sheet with all that reading it needs."""

    claim: SheetClaim
    today: date


async def begin_extraction(conn: Conn, *, lease_seconds: int, now: datetime) -> SheetWork | None:
    """Claim the next data sheet; ``None`` when none is due."""
    claim = await sheet_progress.claim_datasheet(conn, lease_seconds=lease_seconds)
    return None if claim is None else SheetWork(claim, now.date())


async def postpone_extraction(conn: Conn, claim: SheetClaim, *, seconds: float, reason: str) -> None:
    """The external extractor failed: it is asked again later, and others go first meanwhile."""
    await sheet_progress.postpone(
        conn, datasheet_id=claim.datasheet_id, attempt=claim.attempt, seconds=seconds, reason=reason
    )


async def fail_extraction(conn: Conn, claim: SheetClaim, *, code: str, reason: str) -> None:
    """The file cannot be read: the mill is told why."""
    version = await sheet_progress.move(
        conn, datasheet_id=claim.datasheet_id, attempt=claim.attempt, target=SheetStatus.FAILED, reasons=[reason]
    )
    sheet = await datasheets.find_datasheet(conn, claim.datasheet_id, mill_id=None)
    if version is None or sheet is None:
        return
    event = DatasheetFailed(
        datasheet_id=sheet.datasheet_id,
        mill_id=sheet.mill_id,
        version=version,
        code=code,
        reason=reason,
        file_name=sheet.file_name,
        reply_to=sheet.reply_to,
        language=sheet.language,
    )
    await outbox.add(conn, event)


async def finish_extraction(
    conn: Conn, claim: SheetClaim, reading: SheetReading, *, read_by: str, notes: Sequence[str] = ()
) -> None:
    """Store what the sheet says; publish it when the mill is trusted and nothing is in doubt, else ask a person."""
    sheet = await datasheets.find_datasheet(conn, claim.datasheet_id, mill_id=None, lock=True)
    mill = await mills.find_mill(conn, claim.mill_id)
    if sheet is None or mill is None:
        raise LookupError(f"data sheet {claim.datasheet_id} or its mill is gone")
    stated = stated_of(sheet.stated)
    lots = await sheet_values.known_lots(conn, claim.mill_id)
    links = proposed_links(
        lots,
        stated=stated,
        stated_key=ref_key(stated.lot_ref),
        product=reading.product,
        grade_code=reading.grade_code,
        grammages=sorted({one.gsm for one in reading.values if one.gsm is not None}),
    )
    named = {link.item_id for link in links if link.reason is LinkReason.STATED}
    grades = {lot.grade_code for lot in lots if lot.item_id in named}
    grades |= {grade for grade in (reading.grade_code, stated.grade_code) if grade}
    values = [stored(one) for one in reading.values]
    reasons = objections(
        trusted=mill.trusted and mill.approved,
        confidences=[one.confidence for one in values],
        links=links,
        doubts=reading.doubts,
        grades=grades,
    )
    target = SheetStatus.REVIEW_REQUIRED if reasons or not values else SheetStatus.APPROVED
    moved = await sheet_progress.move(
        conn,
        datasheet_id=claim.datasheet_id,
        attempt=claim.attempt,
        target=target,
        reasons=[*notes, *reasons],
        reading=facts_of(reading),
        read_by=read_by,
    )
    if moved is None:
        return  # another worker took over
    await sheet_values.replace_values(conn, claim.datasheet_id, values)
    # What is published at once speaks of the sure lots only; a person sees every proposal.
    sure = [link for link in links if link.confidence >= CONFIDENCE_LEAST]
    kept = links if target is SheetStatus.REVIEW_REQUIRED else sure
    await sheet_values.replace_links(conn, claim.datasheet_id, kept)
    if target is SheetStatus.APPROVED:
        await publish_approved(conn, claim.datasheet_id)


def stated_of(words: Mapping[str, str]) -> Stated:
    """What the sender named, from its row."""
    item_id = words.get("item_id")
    return Stated(UUID(item_id) if item_id else None, words.get("grade_code"), words.get("lot_ref"))


def stored(value: SheetValue) -> StoredValue:
    """A value as it is kept."""
    return StoredValue(
        gsm=value.gsm,
        property=value.property,
        value=value.value,
        unit=value.unit,
        standard=value.standard,
        direction=value.direction,
        tolerance=value.tolerance,
        minimum=value.minimum,
        maximum=value.maximum,
        page=value.page,
        snippet=value.snippet,
        confidence=Decimal(str(value.confidence)),
        doubts=value.doubts,
    )


def facts_of(reading: SheetReading) -> dict[str, object]:
    """What the sheet says of itself, for the people who look at it."""
    dated = reading.revision_date
    return {
        "status": reading.status,
        "pages": reading.pages,
        "language": reading.language,
        "product": reading.product,
        "grade_code": reading.grade_code,
        "revision_date": None if dated is None else dated.isoformat(),
        "certifications": [one.value for one in reading.certifications],
        "tolerances": [{"property": one.property, "value": one.value, "page": one.page} for one in reading.tolerances],
        "doubts": list(reading.doubts),
    }
