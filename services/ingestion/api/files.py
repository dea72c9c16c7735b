"""Lists, as files: upload and download."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import File, Form, Response, UploadFile

from services.ingestion.api.access import by, download, mill_of, mill_of_upload
from services.ingestion.errors import BatchNotFound
from services.ingestion.schemas.batches import BatchSummary, summary_of
from services.ingestion.settings import MIB
from services.ingestion.store import batches
from services.ingestion.usecases.receive import IncomingList, receive_list
from shared import trace
from shared.auth import MillActor
from shared.idempotency import Keyed
from shared.preconditions import tag
from shared.problems import TooLarge
from shared.service import Transaction, router

FILE_BYTES_MAX = 25 * MIB

routes = router("batches")


@routes.post("/batches", status_code=202)
async def upload_list(
    conn: Transaction,
    actor: MillActor,
    _: Keyed,
    response: Response,
    file: Annotated[UploadFile, File(description="xlsx, xls, ods or csv, at most 25 MiB")],
    mill_id: Annotated[UUID | None, Form(description="whose list; only for operators")] = None,
    list_mode: Annotated[
        Literal["snapshot", "append"],
        Form(description="snapshot: lots of such a list that are missing now are withdrawn; append: they stay"),
    ] = "snapshot",
    force: Annotated[bool, Form(description="take the same file again")] = False,
) -> BatchSummary:
    """Send a surplus list. It is read at once; ask the address in ``Location`` how far it is."""
    if file.size is not None and file.size > FILE_BYTES_MAX:
        raise TooLarge(f"A list may have at most {FILE_BYTES_MAX // MIB} MiB; send it in parts.")
    mill = await mill_of_upload(conn, actor, mill_id)
    incoming = IncomingList(
        mill_id=mill,
        source="upload",
        file_name=file.filename,
        content=await file.read(),
        list_mode=list_mode,
        forced=force,
        received_by=actor.user_id,
    )
    with trace.tracing(by(actor)):
        batch = await receive_list(conn, incoming)
    response.headers["Location"] = f"/mvp/api/batches/{batch.batch_id}"
    response.headers["Retry-After"] = "1"
    tag(response, batch.version)
    return summary_of(batch)


@routes.get(
    "/batches/{batch_id}/file",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}}, "description": "the file as it was sent"}},
)
async def download_list(conn: Transaction, actor: MillActor, batch_id: UUID) -> Response:
    """The original file, to be saved and never to be shown by a browser."""
    if await batches.find_batch(conn, batch_id, mill_id=mill_of(actor)) is None:
        raise BatchNotFound
    stored = await batches.file_of(conn, batch_id)
    if stored is None:
        raise BatchNotFound
    return download(bytes(stored.content), file_name=stored.file_name)
