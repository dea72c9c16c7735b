"""Rows of a list: seen, given back as a file, corrected."""

from dataclasses import asdict
from functools import partial
from typing import Annotated, Any, cast
from uuid import UUID

from fastapi import Response

from services.ingestion.api.access import by, mill_of
from services.ingestion.errors import BatchNotFound
from services.ingestion.schemas.batches import summary_of
from services.ingestion.schemas.rows import FieldProblem, RowEditsIn, RowVerdict, RowVerdicts, RowView, row_of
from services.ingestion.store import batches, row_list
from services.ingestion.usecases import fixing, giving_back
from services.ingestion.usecases.replacing import FindReplace
from shared import export, paging, trace
from shared.auth import MillActor
from shared.db import clock
from shared.filtering import Filter
from shared.listing import Asked, listed
from shared.paging import Page
from shared.preconditions import ExpectedVersion, tag
from shared.service import Transaction, router

routes = router("batches")
FILES: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {kind.media_type: {} for kind in export.Format},
        "description": "the rows; as a file those that were not listed, in the list's own columns with the reason",
    }
}


@routes.get("/batches/{batch_id}/rows", response_model=Page[RowView], responses=FILES)
async def list_rows(
    conn: Transaction, actor: MillActor, batch_id: UUID, asked: Annotated[Asked, listed(row_list.ROWS)]
) -> Page[RowView] | Response:
    """Rows in the order of the file, with what the mill wrote, what it means and what is wrong.

    As csv or xlsx: the rows that were not listed (or those of the status asked for), to be corrected and sent again.
    """
    batch = await batches.find_batch(conn, batch_id, mill_id=mill_of(actor))
    if batch is None:
        raise BatchNotFound
    kind = asked.export
    if kind is None:
        return await asked.answer(partial(row_list.list_rows, batch_id=batch_id), row_of)
    after = next((int(str(one.value)) for one in asked.question.filters if _is_behind(one)), None)
    found = await giving_back.table_of(conn, batch, statuses=_statuses(asked), kind=kind, after=after)
    headers = export.headers(kind, f"rows-{batch_id}")
    if found.onward is not None:
        # Not in the file, whose every line is read as a row when it is sent again.
        there = paging.relative(asked.request, asked.request.url.include_query_params(place__gt=found.onward))
        headers |= {export.CUT: str(giving_back.ROWS_MAX), "Link": f'<{there}>; rel="next"'}
    return Response(export.table(kind, found.table), media_type=kind.media_type, headers=headers)


def _is_behind(one: Filter) -> bool:
    """Whether this is where the rows of a longer file go on."""
    return (one.name, one.operation) == ("place", "gt")


def _statuses(asked: Asked) -> list[str] | None:
    """The states that the filters name; ``None``: none is named."""
    named = [one for one in asked.question.filters if one.name == "status" and one.operation in ("eq", "in")]
    words = [word for one in named for word in cast(list[object], one.value if one.operation == "in" else [one.value])]
    return [str(word) for word in words] or None


@routes.patch("/batches/{batch_id}/rows", status_code=207)
async def fix_rows(
    conn: Transaction,
    actor: MillActor,
    batch_id: UUID,
    expected: ExpectedVersion,
    body: RowEditsIn,
    response: Response,
) -> RowVerdicts:
    """Fix or exclude rows, by id or all with the same cell; each gets its verdict, and the list is judged anew."""
    person = fixing.Person(actor.user_id, mill_of(actor), await clock(conn), remember=body.remember)
    with trace.tracing(by(actor)):
        if body.find_replace is not None:
            asked = body.find_replace
            change = FindReplace(
                field=asked.field,
                column=asked.column,
                find=asked.find,
                replace=asked.replace,
                whole=asked.match == "whole",
                excluded=asked.excluded,
            )
            fixed = await fixing.replace_cells(conn, batch_id=batch_id, expected=expected, change=change, person=person)
        else:
            edits = [fixing.RowEdit(one.row_id, one.values, one.excluded) for one in body.items or ()]
            fixed = await fixing.fix_rows(conn, batch_id=batch_id, expected=expected, edits=edits, person=person)
    tag(response, fixed.batch.version)
    items = [
        RowVerdict(
            row_id=verdict.row_id,
            status=verdict.status,
            problems=[FieldProblem.model_validate(asdict(found)) for found in verdict.findings],
            detail=verdict.problem,
        )
        for verdict in fixed.verdicts
    ]
    return RowVerdicts(batch=summary_of(fixed.batch), items=items, remembered=dict(fixed.remembered))
