"""Lists, as they are sent: upload and download."""

from typing import Any, TypeVar
from uuid import UUID

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.datastructures import UploadFile

from services.ingestion.api.access import by, download, mill_of, mill_of_upload
from services.ingestion.errors import BatchNotFound, TooManyColumns, UnknownWayToSend
from services.ingestion.schemas.batches import BatchSummary, summary_of
from services.ingestion.schemas.uploads import COLUMNS_MAX, ListSettings, RowsIn
from services.ingestion.settings import MIB
from services.ingestion.store import batches
from services.ingestion.usecases.receive import IncomingList, receive_list
from shared import trace
from shared.auth import MillActor
from shared.bodies import FORM_FIELDS_MAX, FORM_FILES_MAX
from shared.idempotency import Keyed
from shared.preconditions import tag
from shared.problems import TooLarge
from shared.service import Transaction, router

M = TypeVar("M", bound=BaseModel)
FILE_BYTES_MAX = 25 * MIB

routes = router("batches")


def _form_schema() -> dict[str, Any]:
    schema = ListSettings.model_json_schema()
    schema["properties"] = {
        "file": {"type": "string", "format": "binary", "description": "xlsx, xls, ods or csv, at most 25 MiB"},
        **schema["properties"],
    }
    return schema | {"title": "ListForm", "required": ["file"]}


BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {"schema": _form_schema()},
            "application/json": {"schema": RowsIn.model_json_schema()},
        },
    }
}


def _checked(model: type[M], sent: object) -> M:
    try:
        return model.model_validate(sent)
    except ValidationError as error:
        raise RequestValidationError([one | {"loc": ("body", *one["loc"])} for one in error.errors()]) from None


async def _sent(request: Request) -> tuple[ListSettings, str | None, bytes]:
    """The settings, the name and the content of a list, however it is sent."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        rows = _checked(RowsIn, await request.json())
        if len(rows.headers()) > COLUMNS_MAX:
            raise TooManyColumns(COLUMNS_MAX)
        return rows, rows.file_name, rows.content()
    if kind != "multipart/form-data":
        raise UnknownWayToSend
    async with request.form(max_files=FORM_FILES_MAX, max_fields=FORM_FIELDS_MAX) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            missing = {"type": "missing", "loc": ("body", "file"), "msg": "Field required"}
            raise RequestValidationError([missing])
        settings = _checked(ListSettings, {name: value for name, value in form.multi_items() if name != "file"})
        if file.size is not None and file.size > FILE_BYTES_MAX:
            raise TooLarge(f"A list may have at most {FILE_BYTES_MAX // MIB} MiB; send it in parts.")
        return settings, file.filename, await file.read()


@routes.post("/batches", status_code=202, openapi_extra=BODY)
async def upload_list(
    conn: Transaction, actor: MillActor, _: Keyed, request: Request, response: Response
) -> BatchSummary:
    """Send a surplus list, as a file or as rows. It is read at once; ask the address in ``Location`` how far it is."""
    settings, file_name, content = await _sent(request)
    incoming = IncomingList(
        mill_id=await mill_of_upload(conn, actor, settings.mill_id),
        source="upload",
        file_name=file_name,
        content=content,
        list_mode=settings.list_mode,
        forced=settings.force,
        received_by=actor.user_id,
        profile_id=settings.mapping_profile_id,
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
