"""Signing in and out with a browser."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from gateway.api.doors import address_of
from gateway.errors import LoginPaused, WrongCredentials
from gateway.pages.visit import (
    PATH,
    TEMPLATES,
    Access,
    RefreshCookie,
    inside,
    remember,
    shown,
    signed_out,
)
from gateway.settings import GatewaySettings
from gateway.usecases import sessions

pages = APIRouter(prefix=PATH)


@pages.get("/offcut.css")
async def style() -> Response:
    return Response(
        (TEMPLATES / "offcut.css").read_bytes(), media_type="text/css", headers={"Cache-Control": "max-age=300"}
    )


@pages.get("/sign-in")
async def sign_in_page(request: Request, next: Annotated[str | None, Query(max_length=200)] = None) -> Response:
    return shown(request, "sign_in.html", next=inside(next), email="", error=None)


@pages.post("/sign-in")
async def sign_in(
    request: Request,
    email: Annotated[str, Form(max_length=254)],
    password: Annotated[str, Form(max_length=256)],
    next: Annotated[str | None, Form(max_length=200)] = None,
) -> Response:
    config: GatewaySettings = request.app.state.settings
    try:
        signed_in = await sessions.sign_in(
            request.app.state.db, email=email, password=password, address=address_of(request), settings=config
        )
    except (WrongCredentials, LoginPaused) as error:
        status = error.status
        return shown(request, "sign_in.html", status=status, next=inside(next), email=email, error=error.detail)
    response = RedirectResponse(inside(next), 303)
    remember(request, response, signed_in)
    return response


@pages.post("/sign-out")
async def sign_out(request: Request, access: Access = None, refresh: RefreshCookie = None) -> Response:
    return await signed_out(request, PATH, access)
