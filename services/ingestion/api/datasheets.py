"""Data sheets: upload, review, download."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import File, Form, Response, UploadFile

from services.ingestion.api.access import by, download, mill_of, mill_of_upload
from services.ingestion.domain.datasheets import Stated
from services.ingestion.domain.files import SHEET_BYTES_MAX
from services.ingestion.errors import DatasheetNotFound
from services.ingestion.schemas.datasheets import DatasheetDetail, DatasheetOut, ReviewIn, datasheet_of, detail_of
from services.ingestion.settings import MIB
from services.ingestion.store import datasheets, sheet_values
from services.ingestion.store.datasheets import Datasheet
from services.ingestion.usecases import datasheets as usecases
from shared import trace
from shared.auth import AnyActor, MillActor
from shared.contracts.gateway import Role
from shared.db import Conn
from shared.idempotency import Keyed
from shared.listing import Asked, listed
from shared.paging import Page
from shared.preconditions import ExpectedVersion, tag
from shared.problems import TooLarge
from shared.service import Transaction, router

routes = router("datasheets")


@routes.post("/datasheets", status_code=202)
async def upload_datasheet(
    conn: Transaction,
    actor: MillActor,
    _: Keyed,
    response: Response,
    file: Annotated[UploadFile, File(description="a PDF, at most 10 MiB and 20 pages")],
    mill_id: Annotated[UUID | None, Form(description="whose data sheet; only for operators")] = None,
    item_id: Annotated[UUID | None, Form(description="the item it speaks of")] = None,
    grade_code: Annotated[str | None, Form(pattern=r"^[A-Z0-9_]{2,40}$", description="the grade it speaks of")] = None,
    lot_ref: Annotated[str | None, Form(max_length=64, description="the mill's number of the lot")] = None,
) -> DatasheetOut:
    """Send a data sheet. It is read at once, unless the file is known; ask the address in ``Location``."""
    if file.size is not None and file.size > SHEET_BYTES_MAX:
        raise TooLarge(f"A data sheet may have at most {SHEET_BYTES_MAX // MIB} MiB; send its own pages only.")
    incoming = usecases.IncomingSheet(
        mill_id=await mill_of_upload(conn, actor, mill_id),
        source="upload",
        file_name=file.filename,
        content=await file.read(),
        stated=Stated(item_id, grade_code, lot_ref),
        received_by=actor.user_id,
    )
    with trace.tracing(by(actor)):
        sheet, _fresh = await usecases.receive_datasheet(conn, incoming)
    return _accepted(response, sheet)


def _accepted(response: Response, sheet: Datasheet) -> DatasheetOut:
    response.headers["Location"] = f"/mvp/api/datasheets/{sheet.datasheet_id}"
    response.headers["Retry-After"] = "1"
    tag(response, sheet.version)
    return datasheet_of(sheet)


@routes.get("/datasheets", response_model=Page[DatasheetOut])
async def list_datasheets(
    asked: Annotated[Asked, listed(datasheets.DATASHEETS)], actor: MillActor
) -> Page[DatasheetOut] | Response:
    """Newest first; ``status=review_required`` is what waits for a person."""
    return await asked.answer(partial(datasheets.listed, mill_id=mill_of(actor)), datasheet_of)


@routes.get("/datasheets/{datasheet_id}")
async def get_datasheet(conn: Transaction, actor: MillActor, datasheet_id: UUID, response: Response) -> DatasheetDetail:
    """What it says with page, snippet and confidence, and the lots it speaks of."""
    sheet = await datasheets.find_datasheet(conn, datasheet_id, mill_id=mill_of(actor))
    if sheet is None:
        raise DatasheetNotFound
    return await _detailed(conn, response, sheet)


async def _detailed(conn: Conn, response: Response, sheet: Datasheet) -> DatasheetDetail:
    tag(response, sheet.version)
    values = await sheet_values.values_of(conn, sheet.datasheet_id)
    return detail_of(sheet, values, await sheet_values.links_of(conn, sheet.datasheet_id))


@routes.put("/datasheets/{datasheet_id}/values")
async def review_datasheet(
    conn: Transaction,
    actor: MillActor,
    datasheet_id: UUID,
    expected: ExpectedVersion,
    body: ReviewIn,
    response: Response,
) -> DatasheetDetail:
    """Correct values and lots; ``approve`` shows them with the items."""
    revision = usecases.Revision(body.values, body.item_ids, body.product, body.grade_code, body.approve)
    with trace.tracing(by(actor)):
        sheet = await usecases.revise_datasheet(
            conn, datasheet_id=datasheet_id, mill_id=mill_of(actor), expected=expected, revision=revision
        )
    return await _detailed(conn, response, sheet)


@routes.post("/datasheets/{datasheet_id}/extractions", status_code=202)
async def extract_datasheet(
    conn: Transaction, actor: MillActor, _: Keyed, datasheet_id: UUID, response: Response
) -> DatasheetOut:
    """Read it again, after a failure or with better rules."""
    with trace.tracing(by(actor)):
        sheet = await usecases.extract_again(conn, datasheet_id=datasheet_id, mill_id=mill_of(actor))
    return _accepted(response, sheet)


@routes.get(
    "/datasheets/{datasheet_id}/file",
    response_class=Response,
    responses={200: {"content": {"application/pdf": {}}, "description": "the PDF as it was sent"}},
)
async def download_datasheet(conn: Transaction, actor: AnyActor, datasheet_id: UUID) -> Response:
    """The PDF, for its mill and for whoever holds or bought a lot that it speaks of."""
    if actor.role == Role.BUYER_USER:
        allowed = await sheet_values.may_have_file(conn, datasheet_id=datasheet_id, buyer_id=actor.organization_id)
    else:
        allowed = await datasheets.find_datasheet(conn, datasheet_id, mill_id=mill_of(actor)) is not None
    stored = await datasheets.file_of(conn, datasheet_id) if allowed else None
    if stored is None:
        raise DatasheetNotFound
    return download(bytes(stored.content), file_name=stored.file_name, media_type="application/pdf")
