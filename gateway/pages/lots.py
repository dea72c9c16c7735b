"""The lots somebody may see, one lot, and asking for it."""

from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from gateway.pages.visit import PATH, Access, RefreshCookie, SignInFirst, Visitor, shown, to_sign_in, visitor_of

pages = APIRouter(prefix=PATH)


@pages.get("")
@pages.get("/")
async def lots(request: Request, access: Access = None, refresh: RefreshCookie = None) -> Response:
    try:
        visitor = await visitor_of(request, access, refresh)
    except SignInFirst:
        return to_sign_in(request)
    status, found = await visitor.get("catalog", "/mvp/api/items?limit=50&sort=-listed_at")
    return shown(
        request,
        "lots.html",
        visitor=visitor,
        status=status,
        items=found.get("items", []),
        error=found.get("detail"),
        grades=await _grade_names(request, visitor),
    )


@pages.get("/lots/{item_id}")
async def lot(request: Request, item_id: UUID, access: Access = None, refresh: RefreshCookie = None) -> Response:
    try:
        visitor = await visitor_of(request, access, refresh)
    except SignInFirst:
        return to_sign_in(request)
    return await _lot(request, visitor, item_id)


@pages.post("/lots/{item_id}/interests")
async def interested(
    request: Request,
    item_id: UUID,
    key: Annotated[UUID, Form()],
    access: Access = None,
    refresh: RefreshCookie = None,
) -> Response:
    try:
        visitor = await visitor_of(request, access, refresh)
    except SignInFirst:
        return to_sign_in(request)
    status, answer = await visitor.post("exclusivity", "/mvp/api/interests", {"item_id": str(item_id)}, str(key))
    if status in (200, 201) or answer.get("code") == "already_interested":
        return RedirectResponse(f"{PATH}/lots/{item_id}", 303)
    return await _lot(request, visitor, item_id, refused=str(answer.get("detail", "It did not work; try again.")))


async def _grade_names(request: Request, visitor: Visitor) -> dict[str, str]:
    """What grade codes mean, asked for once per process; codes alone while catalog is down."""
    names: dict[str, str] = request.app.state.grade_names
    if not names:
        status, found = await visitor.get("catalog", "/mvp/api/reference-data")
        if status == 200:
            names.update({grade["code"]: grade["meaning"] for grade in found["grades"]})
    return names


async def _lot(request: Request, visitor: Visitor, item_id: UUID, refused: str | None = None) -> Response:
    status, item = await visitor.get("catalog", f"/mvp/api/items/{item_id}")
    if status != 200:
        text = "This lot is not there, or not any more." if status == 404 else str(item.get("detail", "Try again."))
        return shown(request, "message.html", visitor=visitor, status=status, title="No lot to show", text=text)
    interest, window = await _own_right(visitor, item_id)
    return shown(
        request,
        "lot.html",
        visitor=visitor,
        item=item,
        grades=await _grade_names(request, visitor),
        interest=interest,
        window=window,
        key=uuid4(),
        refused=refused,
    )


async def _own_right(visitor: Visitor, item_id: UUID) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """The visitor's live interest and window, from the service that decides; nothing for mills."""
    if visitor.account.role != "buyer_user":
        return None, None
    status, found = await visitor.get("exclusivity", f"/mvp/api/interests?item_id={item_id}")
    live = [one for one in found.get("items", []) if one["status"] in ("queued", "granted")] if status == 200 else []
    if not live:
        return None, None
    window_id = live[0].get("window_id")
    if live[0]["status"] != "granted" or not window_id:
        return live[0], None
    status, window = await visitor.get("exclusivity", f"/mvp/api/windows/{window_id}")
    return live[0], window if status == 200 else None
