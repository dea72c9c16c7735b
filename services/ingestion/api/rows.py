"""Lists, decided by a person: rows, mapping, commit, cancel."""

from dataclasses import asdict
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Response

from services.ingestion.api.access import by, mill_of
from services.ingestion.errors import BatchNotFound
from services.ingestion.schemas.batches import (
    BatchSummary,
    CancellationIn,
    CommitIn,
    FieldProblem,
    MappingIn,
    RowEditsIn,
    RowVerdict,
    RowVerdicts,
    RowView,
    mapping_columns,
    row_of,
    summary_of,
)
from services.ingestion.store import batches, rows
from services.ingestion.store.batches import Batch
from services.ingestion.usecases import review
from shared import trace
from shared.auth import MillActor
from shared.db import clock
from shared.idempotency import Keyed
from shared.listing import Asked, listed
from shared.paging import Page
from shared.preconditions import ExpectedVersion, tag
from shared.service import Transaction, router

routes = router("batches")


def _tagged(response: Response, batch: Batch) -> BatchSummary:
    tag(response, batch.version)
    return summary_of(batch)


@routes.get("/batches/{batch_id}/rows", response_model=Page[RowView])
async def list_rows(
    conn: Transaction, actor: MillActor, batch_id: UUID, asked: Annotated[Asked, listed(rows.ROWS)]
) -> Page[RowView] | Response:
    """Rows in the order of the file, with what the mill wrote, what it means and what is wrong."""
    if await batches.find_batch(conn, batch_id, mill_id=mill_of(actor)) is None:
        raise BatchNotFound
    return await asked.answer(partial(rows.list_rows, batch_id=batch_id), row_of)


@routes.patch("/batches/{batch_id}/rows", status_code=207)
async def fix_rows(
    conn: Transaction,
    actor: MillActor,
    batch_id: UUID,
    expected: ExpectedVersion,
    body: RowEditsIn,
    response: Response,
) -> RowVerdicts:
    """Fix or exclude rows; each gets its own verdict, and the whole list is judged anew."""
    edits = [review.RowEdit(one.row_id, one.values, one.excluded) for one in body.items]
    with trace.tracing(by(actor)):
        batch, verdicts = await review.fix_rows(
            conn, batch_id=batch_id, mill_id=mill_of(actor), expected=expected, edits=edits, now=await clock(conn)
        )
    items = [
        RowVerdict(
            row_id=verdict.row_id,
            status=verdict.status,
            problems=[FieldProblem.model_validate(asdict(found)) for found in verdict.findings],
            detail=verdict.problem,
        )
        for verdict in verdicts
    ]
    return RowVerdicts(batch=_tagged(response, batch), items=items)


@routes.put("/batches/{batch_id}/mapping", status_code=202)
async def set_mapping(
    conn: Transaction,
    actor: MillActor,
    batch_id: UUID,
    expected: ExpectedVersion,
    body: MappingIn,
    response: Response,
) -> BatchSummary:
    """Say what columns and words mean; the list is read again, and lists of this kind are read so from now on."""
    with trace.tracing(by(actor)):
        batch = await review.set_mapping(
            conn,
            batch_id=batch_id,
            mill_id=mill_of(actor),
            expected=expected,
            columns=mapping_columns(body),
            grades=body.grades,
            classes=dict(body.classes),
            user_id=actor.user_id,
        )
    response.headers["Location"] = f"/mvp/api/batches/{batch_id}"
    return _tagged(response, batch)


@routes.post("/batches/{batch_id}/commits", status_code=202)
async def commit_list(
    conn: Transaction,
    actor: MillActor,
    _: Keyed,
    batch_id: UUID,
    expected: ExpectedVersion,
    body: CommitIn,
    response: Response,
) -> BatchSummary:
    """List every row that can be listed."""
    with trace.tracing(by(actor)):
        batch = await review.request_commit(
            conn,
            batch_id=batch_id,
            mill_id=mill_of(actor),
            expected=expected,
            reject_invalid=body.invalid_rows == "reject",
        )
    response.headers["Location"] = f"/mvp/api/batches/{batch_id}"
    return _tagged(response, batch)


@routes.post("/batches/{batch_id}/cancellations")
async def cancel_list(
    conn: Transaction,
    actor: MillActor,
    _: Keyed,
    batch_id: UUID,
    expected: ExpectedVersion,
    body: CancellationIn,
    response: Response,
) -> BatchSummary:
    """Discard a list before it is committed."""
    with trace.tracing(by(actor)):
        batch = await review.cancel_batch(
            conn, batch_id=batch_id, mill_id=mill_of(actor), expected=expected, reason=body.reason
        )
    return _tagged(response, batch)
