"""How often the newsletter comes: the page that every newsletter links to."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from gateway.pages.visit import PATH, Access, RefreshCookie, SignInFirst, Visitor, shown, to_sign_in, visitor_of

pages = APIRouter(prefix=PATH)

PREFERENCES = "/mvp/api/newsletter/preferences"
OTHER_WISHES = ("weekday", "send_time", "time_zone", "language", "items_max", "tracking", "quiet_from", "quiet_until")


@pages.get("/newsletter")
async def newsletter(
    request: Request, saved: bool = False, access: Access = None, refresh: RefreshCookie = None
) -> Response:
    try:
        visitor = await visitor_of(request, access, refresh)
    except SignInFirst:
        return to_sign_in(request)
    return await _form(request, visitor, saved=saved)


@pages.post("/newsletter")
async def change_newsletter(
    request: Request,
    version: Annotated[int, Form(ge=0)],
    cadence: Annotated[Literal["", "daily", "weekly", "on_match", "off"], Form()] = "",
    access: Access = None,
    refresh: RefreshCookie = None,
) -> Response:
    """``cadence`` empty: as each requirement says. The other wishes stay as they are."""
    try:
        visitor = await visitor_of(request, access, refresh)
    except SignInFirst:
        return to_sign_in(request)
    status, kept = await visitor.get("newsletter", PREFERENCES)
    if status == 200:
        wishes = {**_own(kept, visitor), "cadence": cadence or None}
        status, kept = await visitor.put("newsletter", PREFERENCES, wishes, version)
    if status == 200:
        return RedirectResponse(f"{PATH}/newsletter?saved=true", 303)
    reason = str(kept.get("detail", "It was not saved; try again."))
    return await _form(request, visitor, status=status, refused=reason)


def _own(kept: dict[str, Any], visitor: Visitor) -> dict[str, object]:
    """The wishes to be kept; a zone or language that is the account's goes on following the account."""
    followed = {"time_zone": visitor.account.time_zone, "language": visitor.account.language}
    return {name: None if kept[name] == followed.get(name) else kept[name] for name in OTHER_WISHES}


async def _form(
    request: Request, visitor: Visitor, *, status: int = 200, saved: bool = False, refused: str | None = None
) -> Response:
    found, wishes = await visitor.get("newsletter", PREFERENCES)
    if found != 200:
        text = "The newsletter is for people who buy; a mill gets its mails anyway."
        text = text if found == 403 else str(wishes.get("detail", "Try again."))
        return shown(request, "message.html", visitor=visitor, status=found, title="No newsletter to set", text=text)
    values = {"wishes": wishes, "saved": saved, "refused": refused}
    return shown(request, "newsletter.html", status=status, visitor=visitor, **values)
