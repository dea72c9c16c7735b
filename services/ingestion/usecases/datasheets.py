"""Data sheets: taken in, corrected, approved, read again."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from uuid_utils.compat import uuid7

from services.ingestion.domain.datasheets import (
    MAY_BE_CHANGED,
    MAY_BE_READ_AGAIN,
    NOTHING_STATED,
    Link,
    LinkReason,
    SheetStatus,
    Stated,
    proposed_links,
)
from services.ingestion.domain.files import WORDS, FileKind, kind_of, safe_name
from services.ingestion.errors import (
    DatasheetNotFound,
    DatasheetNotReady,
    MillNotApproved,
    NotADatasheet,
    UnknownLot,
)
from services.ingestion.store import datasheets, mills, sheet_progress, sheet_values
from services.ingestion.store.datasheets import Datasheet, NewDatasheet
from services.ingestion.usecases.revision import Typed, revised_values
from shared import outbox, trace
from shared.contracts.ingestion import DatasheetApproved, DatasheetValue
from shared.contracts.types import ref_key
from shared.db import Conn, notify
from shared.preconditions import check_version

CHANNEL = "datasheet"  # wakes the reader of data sheets


@dataclass(frozen=True, slots=True)
class IncomingSheet:
    """``reply_to`` only for a sender that our mail server verified."""

    mill_id: UUID
    source: str  # mail | upload
    file_name: str | None
    content: bytes
    stated: Stated = NOTHING_STATED
    message_id: UUID | None = None
    received_by: UUID | None = None
    reply_to: str | None = None
    language: str | None = None


async def receive_datasheet(conn: Conn, incoming: IncomingSheet) -> tuple[Datasheet, bool]:
    """Store a data sheet to be read, and ``True``; the same file of the same mill again is the known one."""
    kind = kind_of(incoming.content)
    if kind is not FileKind.PDF:
        raise NotADatasheet(WORDS.get(kind, "a list or a text"))
    mill = await mills.find_mill(conn, incoming.mill_id)
    if mill is None or not mill.approved:
        raise MillNotApproved
    stated = incoming.stated
    if stated.item_id or stated.lot_ref:
        await _own_lots(conn, incoming.mill_id, stated)
    digest = hashlib.sha256(incoming.content).digest()
    new = NewDatasheet(
        datasheet_id=uuid7(),
        mill_id=incoming.mill_id,
        source=incoming.source,
        message_id=incoming.message_id,
        file_name=safe_name(incoming.file_name, default="datasheet.pdf"),
        file_sha256=digest,
        content=incoming.content,
        stated={key: str(value) for key, value in _stated(stated).items() if value is not None},
        received_by=incoming.received_by,
        reply_to=incoming.reply_to,
        language=incoming.language or mill.language,
        correlation_id=trace.current().correlation_id,
    )
    fresh = await datasheets.insert_datasheet(conn, new)
    if fresh:
        await notify(conn, CHANNEL)
    known = await datasheets.same_file(conn, mill_id=incoming.mill_id, sha256=digest)
    if known is None:
        raise LookupError("a data sheet is gone right after it was stored")
    return known, fresh


def _stated(stated: Stated) -> dict[str, object]:
    return {"item_id": stated.item_id, "grade_code": stated.grade_code, "lot_ref": stated.lot_ref}


async def _own_lots(conn: Conn, mill_id: UUID, stated: Stated) -> None:
    """Who names a lot means one of his own."""
    if stated.item_id is not None and not await sheet_values.known_lots(conn, mill_id, item_ids=[stated.item_id]):
        raise UnknownLot
    key = ref_key(stated.lot_ref)
    if key is not None and all(lot.lot_key != key for lot in await sheet_values.known_lots(conn, mill_id)):
        raise UnknownLot


@dataclass(frozen=True, slots=True)
class Revision:
    """What a person says of a data sheet; ``None``: as it was."""

    values: Sequence[Typed] | None = None
    item_ids: Sequence[UUID] | None = None
    product: str | None = None
    grade_code: str | None = None
    approve: bool = False


async def revise_datasheet(
    conn: Conn, *, datasheet_id: UUID, mill_id: UUID | None, expected: int, revision: Revision
) -> Datasheet:
    """Correct values and lots; with ``approve`` they are published, and older sheets of the same lots end."""
    sheet = await _locked(conn, datasheet_id, mill_id=mill_id)
    check_version(sheet.version, expected)
    if sheet.status not in MAY_BE_CHANGED:
        raise DatasheetNotReady(status=sheet.status, allowed=MAY_BE_CHANGED, verb="changed")
    if revision.item_ids is not None:
        known = await sheet_values.known_lots(conn, sheet.mill_id, item_ids=revision.item_ids)
        if len({lot.item_id for lot in known}) != len(set(revision.item_ids)):
            raise UnknownLot
        links = [Link(item_id, LinkReason.PERSON, Decimal(1)) for item_id in dict.fromkeys(revision.item_ids)]
        await sheet_values.replace_links(conn, datasheet_id, links)
    if revision.values is not None:
        present = await sheet_values.values_of(conn, datasheet_id)
        await sheet_values.replace_values(conn, datasheet_id, revised_values(revision.values, present))
    said = {"product": revision.product, "grade_code": revision.grade_code}
    reading = {**sheet.reading, **{key: value for key, value in said.items() if value is not None}}
    approved = revision.approve or sheet.status == SheetStatus.APPROVED
    await datasheets.save_review(
        conn,
        datasheet_id=datasheet_id,
        status=SheetStatus.APPROVED if approved else SheetStatus.REVIEW_REQUIRED,
        reading=reading,
        reasons=() if approved else sheet.reasons,
    )
    if approved:
        await publish_approved(conn, datasheet_id)
    return await _locked(conn, datasheet_id, mill_id=mill_id)


async def publish_approved(conn: Conn, datasheet_id: UUID) -> None:
    """Tell what an approved data sheet says of which lots; older ones of the same lots end."""
    replaced = await datasheets.supersede_older(conn, datasheet_id)
    await outbox.add(conn, await approved_event(conn, datasheet_id, replaces=replaced))


async def approved_event(conn: Conn, datasheet_id: UUID, *, replaces: Sequence[UUID] = ()) -> DatasheetApproved:
    """A data sheet as others hear of it."""
    sheet = await _locked(conn, datasheet_id, mill_id=None)
    values = await sheet_values.values_of(conn, datasheet_id)
    links = await sheet_values.links_of(conn, datasheet_id)
    reading: Mapping[str, object] = sheet.reading
    dated = reading.get("revision_date")
    return DatasheetApproved(
        datasheet_id=datasheet_id,
        mill_id=sheet.mill_id,
        version=sheet.version,
        file_name=sheet.file_name,
        product=_text(reading.get("product")),
        grade_code=_text(reading.get("grade_code")),
        revision_date=date.fromisoformat(dated) if isinstance(dated, str) else None,
        values=tuple(
            DatasheetValue(
                gsm=one.gsm,
                property=one.property,
                value=one.value,
                unit=one.unit,
                page=one.page,
                standard=one.standard,
                direction=one.direction,
                tolerance=one.tolerance,
                minimum=one.minimum,
                maximum=one.maximum,
            )
            for one in values
        ),
        item_ids=tuple(link.item_id for link in links),
        replaces=tuple(replaces),
    )


async def link_new_lots(conn: Conn, item_ids: Sequence[UUID], *, mill_ids: Sequence[UUID]) -> None:
    """Show an approved data sheet with lots of the same name, grade and grammage that are listed later.

    Those that wait without a lot are read again, because these may be theirs.
    """
    if await sheet_progress.read_unlinked_again(conn, mill_ids=mill_ids, item_ids=item_ids):
        await notify(conn, CHANNEL)
    sheets = await datasheets.approved_sheets(conn, mill_ids)
    for mill_id in {sheet.mill_id for sheet in sheets}:
        lots = await sheet_values.known_lots(conn, mill_id, item_ids=item_ids)
        for sheet in (one for one in sheets if one.mill_id == mill_id):
            links = proposed_links(
                [lot for lot in lots if lot.item_id not in sheet.item_ids],
                stated=NOTHING_STATED,
                stated_key=None,
                product=sheet.product,
                grade_code=sheet.grade_code,
                grammages=sheet.grammages,
            )
            sure = [link for link in links if link.reason is LinkReason.PRODUCT]
            if sure:
                await sheet_values.add_links(conn, sheet.datasheet_id, sure)
                await datasheets.count_change(conn, sheet.datasheet_id)
                await publish_approved(conn, sheet.datasheet_id)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


async def extract_again(conn: Conn, *, datasheet_id: UUID, mill_id: UUID | None) -> Datasheet:
    """Read a data sheet anew. What was published stays until the new reading is approved."""
    sheet = await _locked(conn, datasheet_id, mill_id=mill_id)
    if sheet.status not in MAY_BE_READ_AGAIN:
        raise DatasheetNotReady(status=sheet.status, allowed=MAY_BE_READ_AGAIN, verb="read again")
    await datasheets.read_again(conn, datasheet_id)
    await notify(conn, CHANNEL)
    return await _locked(conn, datasheet_id, mill_id=mill_id)


async def _locked(conn: Conn, datasheet_id: UUID, *, mill_id: UUID | None) -> Datasheet:
    sheet = await datasheets.find_datasheet(conn, datasheet_id, mill_id=mill_id, lock=True)
    if sheet is None:
        raise DatasheetNotFound
    return sheet
