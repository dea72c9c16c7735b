"""Where the links in the gateway's own mails lead: accept an invitation, choose a new password."""

from typing import Annotated

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import Response

from gateway.api.doors import address_of
from gateway.pages.visit import PATH, shown
from gateway.settings import GatewaySettings
from gateway.usecases.passwords import reset_password
from gateway.usecases.people import accept
from shared.db import clock
from shared.problems import AppError

pages = APIRouter(prefix=PATH)
Token = Annotated[str, Path(min_length=20, max_length=100)]
NewPassword = Annotated[str, Form(max_length=256)]
INVITED = {"title": "Welcome to Offcut", "button": "Accept the invitation"}
RESET = {"title": "Choose a new password", "button": "Set the password"}


@pages.get("/invitations/{token}")
async def invitation(request: Request, token: Token) -> Response:
    """Looking at it uses nothing up: programs that check mails follow links too."""
    return _form(request, INVITED)


@pages.post("/invitations/{token}")
async def accept_invitation(request: Request, token: Token, password: NewPassword) -> Response:
    config: GatewaySettings = request.app.state.settings
    try:
        async with request.app.state.db.transaction() as conn:
            await accept(conn, token, name=None, password=password, settings=config)
    except AppError as error:
        return _form(request, INVITED, error)
    return shown(request, "message.html", title="Welcome", text="Your account is ready; sign in with your password.")


@pages.get("/password-resets/{token}")
async def password_reset(request: Request, token: Token) -> Response:
    return _form(request, RESET)


@pages.post("/password-resets/{token}")
async def set_password(request: Request, token: Token, password: NewPassword) -> Response:
    config: GatewaySettings = request.app.state.settings
    try:
        async with request.app.state.db.transaction() as conn:
            await reset_password(
                conn,
                token,
                password=password,
                address=address_of(request),
                settings=config,
                now=await clock(conn),
            )
    except AppError as error:
        return _form(request, RESET, error)
    return shown(request, "message.html", title="Done", text="Your password is changed; sign in with the new one.")


def _form(request: Request, words: dict[str, str], error: AppError | None = None) -> Response:
    status = error.status if error else 200
    said = error.detail if error else None
    return shown(
        request, "choose_password.html", status=status, error=said, title=words["title"], button=words["button"]
    )
