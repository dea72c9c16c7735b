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
    Preview,
    detail_of,
    preview_of,
    summary_of,
)
from services.ingestion.store import batches
from services.ingestion.usecases.plan import plan_batch
from shared.auth import MillActor
from shared.listing import Asked, listed
from shared.paging import Page
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


@routes.get("/batches/{batch_id}/preview", responses={409: {"description": "not in review"}})
async def preview_batch(conn: Transaction, actor: MillActor, batch_id: UUID, response: Response) -> Preview:
    """What a commit would do to each lot; writes nothing."""
    batch = await batches.find_batch(conn, batch_id, mill_id=mill_of(actor))
    if batch is None:
        raise BatchNotFound
    if batch.status != BatchStatus.REVIEW_REQUIRED:
        raise BatchNotReady(status=batch.status, allowed=[BatchStatus.REVIEW_REQUIRED], verb="previewed")
    tag(response, batch.version)
    return preview_of(batch, await plan_batch(conn, batch))
