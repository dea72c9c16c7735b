"""The words of the trade, for forms and filters."""

from typing import Annotated

from fastapi import Header, Response

from services.catalog import reference
from services.catalog.schemas.answers import ReferenceData
from shared.auth import AnyActor
from shared.service import router

routes = router("reference")

_HEADERS = {"ETag": reference.TAG, "Cache-Control": "private, max-age=300"}


@routes.get("/reference-data", response_model=ReferenceData, responses={304: {"description": "Nothing has changed."}})
async def get_reference_data(_: AnyActor, if_none_match: Annotated[str | None, Header()] = None) -> Response:
    """Grades, forms, qualities, defects, units, countries, currencies, delivery terms."""
    if if_none_match == reference.TAG:
        return Response(status_code=304, headers=_HEADERS)
    return Response(reference.BODY, media_type="application/json", headers=_HEADERS)
