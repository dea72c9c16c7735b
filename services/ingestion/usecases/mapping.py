"""A person says what the columns and words of a list mean; the list is read again."""

from uuid import UUID

from services.ingestion.domain.batches import BatchStatus
from services.ingestion.domain.profiles import merged
from services.ingestion.errors import BatchNotReady, UnknownColumns
from services.ingestion.parsing.text import normal
from services.ingestion.store import batches, progress
from services.ingestion.store.batches import Batch
from services.ingestion.usecases.announce import announce
from services.ingestion.usecases.held import held
from services.ingestion.usecases.profiles import Meaning, learn
from services.ingestion.usecases.receive import CHANNEL
from shared.db import Conn, notify


async def set_mapping(
    conn: Conn,
    *,
    batch_id: UUID,
    mill_id: UUID | None,
    expected: int,
    meaning: Meaning,
    remember: bool,
    user_id: UUID,
) -> Batch:
    """Read a list anew with what a person says; with ``remember`` all lists with such a header from now on."""
    batch, _ = await held(conn, batch_id, mill_id=mill_id, expected=expected, target=BatchStatus.PARSING, verb="mapped")
    if batch.header_fingerprint is None or batch.status == BatchStatus.RECEIVED:
        waiting = [BatchStatus.MAPPING_REQUIRED, BatchStatus.REVIEW_REQUIRED]
        raise BatchNotReady(status=batch.status, allowed=waiting, verb="mapped")
    known = batch.reading.get("columns")
    headers: set[str] = set()
    if isinstance(known, list):
        headers = {normal(str(column["header"])) for column in known}  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType] – isinstance leaves its parts unknown
    unknown = [header for header in meaning.columns if normal(header) not in headers]
    if unknown:
        raise UnknownColumns(unknown)
    lesson = meaning.lesson()
    if remember:
        await learn(conn, batch, lesson, user_id=user_id)
    await batches.set_mapping(conn, batch_id=batch_id, mapping=merged(batch.mapping, lesson))
    await progress.move(conn, batch_id=batch_id, target=BatchStatus.PARSING, reasons=(), problems=())
    await notify(conn, CHANNEL)
    return await announce(conn, batch_id, previous=BatchStatus(batch.status))
