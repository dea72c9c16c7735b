"""Lists, read: what was sent and where it stands."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Response

from services.ingestion.api.access import mill_of
from services.ingestion.domain.batches import AT_WORK, BatchStatus
from services.ingestion.errors import BatchNotFound, BatchNotReady
from services.ingestion.schemas.batches import (
    BatchDetail,
    BatchSummary,
    detail_of,
    summary_of,
)
from services.ingestion.schemas.previews import Preview, lot_preview_of, preview_of
from services.ingestion.store import batches
from services.ingestion.store.previewing import PREVIEW, previewed_lots
from services.ingestion.usecases.previews import figures_of
from shared.auth import MillActor
from shared.listing import Asked, listed
from shared.paging import LIMIT_MAX, Page
from shared.preconditions import tag
from shared.service import Transaction, router

routes = router("batches")


@routes.get("/batches", response_model=Page[BatchSummary])
async def list_batches(
    asked: Annotated[Asked, listed(batches.BATCHES)], actor: MillActor
) -> Page[BatchSummary] | Response:
    """Newest first."""
    return await asked.answer(partial(batches.list_batches, mill_id=mill_of(actor)), summary_of)


@routes.get("/batches/{batch_id}")
async def get_batch(conn: Transaction, actor: MillActor, batch_id: UUID, response: Response) -> BatchDetail:
    """Status, stage times, what was found in the file, counts and problems."""
    batch = await batches.find_batch(conn, batch_id, mill_id=mill_of(actor))
    if batch is None:
        raise BatchNotFound
    tag(response, batch.version)
    if batch.status in AT_WORK:
        response.headers["Retry-After"] = "1"
    return detail_of(batch)


@routes.get("/batches/{batch_id}/preview", response_model=Preview, responses={409: {"description": "not in review"}})
async def preview_batch(
    conn: Transaction,
    actor: MillActor,
    batch_id: UUID,
    asked: Annotated[Asked, listed(PREVIEW)],
    response: Response,
) -> Preview | Response:
    """What a commit would do to each lot; writes nothing. A page has 200 lots unless ``limit`` says less.

    The figures of the whole list come with the first page.
    """
    batch = await batches.find_batch(conn, batch_id, mill_id=mill_of(actor))
    if batch is None:
        raise BatchNotFound
    if batch.status != BatchStatus.REVIEW_REQUIRED:
        raise BatchNotReady(status=batch.status, allowed=[BatchStatus.REVIEW_REQUIRED], verb="previewed")
    tag(response, batch.version)
    page = await asked.by_default(limit=LIMIT_MAX).answer(partial(previewed_lots, batch=batch), lot_preview_of)
    if isinstance(page, Response):
        return page
    return preview_of(batch, page, await figures_of(conn, batch) if asked.question.start is None else None)
