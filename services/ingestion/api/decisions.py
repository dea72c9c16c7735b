"""Lists, decided by a person: mapping, commit, cancel, undo."""

from uuid import UUID

from fastapi import Response

from services.ingestion.api.access import by, mill_of
from services.ingestion.schemas.batches import BatchSummary, summary_of
from services.ingestion.schemas.decisions import CancellationIn, CommitIn, MappingIn, ReversionIn, columns_of
from services.ingestion.store.batches import Batch
from services.ingestion.usecases import review
from services.ingestion.usecases.mapping import set_mapping
from services.ingestion.usecases.profiles import Meaning
from services.ingestion.usecases.undo import request_reversion
from shared import trace
from shared.auth import MillActor
from shared.idempotency import Keyed
from shared.preconditions import ExpectedVersion, tag
from shared.service import Transaction, router

routes = router("batches")


def _begun(response: Response, batch: Batch) -> BatchSummary:
    """The answer to what goes on in the background: where to ask how far it is."""
    response.headers["Location"] = f"/mvp/api/batches/{batch.batch_id}"
    response.headers["Retry-After"] = "1"
    tag(response, batch.version)
    return summary_of(batch)


@routes.put("/batches/{batch_id}/mapping", status_code=202)
async def map_list(
    conn: Transaction,
    actor: MillActor,
    batch_id: UUID,
    expected: ExpectedVersion,
    body: MappingIn,
    response: Response,
) -> BatchSummary:
    """Say what columns and words mean; the list is read again, and lists of this kind are read so from now on."""
    with trace.tracing(by(actor)):
        batch = await set_mapping(
            conn,
            batch_id=batch_id,
            mill_id=mill_of(actor),
            expected=expected,
            meaning=Meaning(columns_of(body), body.grades, dict(body.classes), body.decimal),
            remember=body.save_as_profile,
            user_id=actor.user_id,
        )
    return _begun(response, batch)


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
    return _begun(response, batch)


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
    tag(response, batch.version)
    return summary_of(batch)


@routes.post("/batches/{batch_id}/reversions", status_code=202)
async def undo_list(
    conn: Transaction,
    actor: MillActor,
    _: Keyed,
    batch_id: UUID,
    expected: ExpectedVersion,
    response: Response,
    body: ReversionIn | None = None,
) -> BatchSummary:
    """Undo a commit within 24 h: each lot that nobody has touched since is as it was before the list."""
    with trace.tracing(by(actor)):
        batch = await request_reversion(
            conn,
            batch_id=batch_id,
            mill_id=mill_of(actor),
            expected=expected,
            reason=body.reason if body else None,
        )
    return _begun(response, batch)
