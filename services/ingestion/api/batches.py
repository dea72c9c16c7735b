"""Lists, read: what was sent and where it stands."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from services.ingestion.api.access import mill_of
from services.ingestion.domain.batches import BatchStatus
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
from shared.paging import Page, Paging
from shared.preconditions import tag
from shared.problems import BadRequest
from shared.service import Transaction, router

routes = router("batches")


def words(text: str | None, known: type[StrEnum] = BatchStatus) -> list[str] | None:
    """A comma list of statuses; refuses unknown ones."""
    if text is None:
        return None
    asked = [word.strip() for word in text.split(",") if word.strip()]
    unknown = [word for word in asked if word not in set(known)]
    if unknown:
        raise BadRequest(f"status has no value {unknown[0]!r}; one of: {', '.join(known)}.", slug="invalid_filter")
    return asked


@routes.get("/batches")
async def list_batches(
    conn: Transaction,
    actor: MillActor,
    paging: Paging,
    response: Response,
    status: Annotated[BatchStatus | None, Query()] = None,
    status__in: Annotated[str | None, Query(max_length=300)] = None,
    mill_id: Annotated[UUID | None, Query()] = None,
    source: Annotated[str | None, Query(pattern="^(mail|upload)$")] = None,
    received_at__gte: Annotated[datetime | None, Query()] = None,
) -> Page[BatchSummary]:
    """Newest first."""
    own = mill_of(actor)
    found = await batches.list_batches(
        conn,
        mill_id=own or mill_id,
        statuses=[status.value] if status else words(status__in),
        source=source,
        received_from=received_at__gte,
        before=UUID(paging.after[0]) if paging.after else None,
        limit=paging.limit + 1,
    )
    page = found[: paging.limit]
    last = (str(page[-1].batch_id),) if len(found) > paging.limit else None
    return paging.page(response, [summary_of(batch) for batch in page], last)


@routes.get("/batches/{batch_id}")
async def get_batch(conn: Transaction, actor: MillActor, batch_id: UUID, response: Response) -> BatchDetail:
    """Status, stage times, what was found in the file, counts and problems."""
    batch = await batches.find_batch(conn, batch_id, mill_id=mill_of(actor))
    if batch is None:
        raise BatchNotFound
    tag(response, batch.version)
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
