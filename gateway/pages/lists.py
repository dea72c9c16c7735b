"""What became of a mill's list: where the answer by mail leads, with the rows that were not listed as a file."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response

from gateway.pages.visit import PATH, Access, RefreshCookie, SignInFirst, shown, to_sign_in, visitor_of
from shared.export import Format, headers

pages = APIRouter(prefix=PATH)
ROWS_SHOWN = 50
GIVEN_BACK = "status__in=invalid,duplicate,rejected"  # as the file has them


@pages.get("/lists/{batch_id}")
async def mill_list(request: Request, batch_id: UUID, access: Access = None, refresh: RefreshCookie = None) -> Response:
    try:
        visitor = await visitor_of(request, access, refresh)
    except SignInFirst:
        return to_sign_in(request)
    status, batch = await visitor.get("ingestion", f"/mvp/api/batches/{batch_id}")
    if status != 200:
        text = "There is no such list of yours." if status in (403, 404) else str(batch.get("detail", "Try again."))
        return shown(request, "message.html", visitor=visitor, status=status, title="No list to show", text=text)
    path = f"/mvp/api/batches/{batch_id}/rows?{GIVEN_BACK}&limit={ROWS_SHOWN}"
    status, found = await visitor.get("ingestion", path)
    return shown(
        request,
        "list.html",
        visitor=visitor,
        status=status,
        batch=batch,
        rows=[{**row, "cells": _cells(row, batch)} for row in found.get("items", [])],
        more=found.get("next_cursor") is not None,
        error=found.get("detail"),
    )


def _cells(row: dict[str, Any], batch: dict[str, Any]) -> list[str]:
    """What the mill wrote, in the order of its columns; JSON keeps none."""
    cells: dict[str, str] = row["source_values"]
    order = [column["column"] for column in batch["mapping"] if column["column"] in cells]
    return [cells[name] for name in dict.fromkeys([*order, *cells]) if cells[name]]


@pages.get("/lists/{batch_id}/rejected-rows.{kind}")
async def rejected_rows(
    request: Request, batch_id: UUID, kind: Format, access: Access = None, refresh: RefreshCookie = None
) -> Response:
    """In the list's own columns with the reason beside each row, to be corrected and sent again."""
    try:
        visitor = await visitor_of(request, access, refresh)
    except SignInFirst:
        return to_sign_in(request)
    status, content = await visitor.file("ingestion", f"/mvp/api/batches/{batch_id}/rows", kind.media_type)
    if status != 200:
        text = "The file is not there; go back to the list and try again."
        return shown(request, "message.html", visitor=visitor, status=status, title="No file to save", text=text)
    saved = headers(kind, f"rejected-rows-{batch_id}") | {"Cache-Control": "private, no-store"}
    return Response(content, media_type=kind.media_type, headers=saved)
