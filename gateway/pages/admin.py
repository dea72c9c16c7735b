"""The operator's pages: is everything well, who waits for him, and what to do about it.

Cookies of these pages are sent with requests from these pages only, and forms say where they come from besides.
"""

import asyncio
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from gateway.api.doors import address_of
from gateway.errors import LoginPaused, WrongCredentials
from gateway.pages.visit import (
    ADMIN_PATH,
    Access,
    RefreshCookie,
    SignInFirst,
    Visitor,
    inside,
    remember,
    shown,
    signed_out,
    to_sign_in,
    visitor_of,
)
from gateway.settings import GatewaySettings
from gateway.usecases import sessions
from shared.problems import NotAllowed

API = "/mvp/api"
SHOWN_MAX = 20
ONLY_OPERATOR = "These pages are for the operator of the marketplace; /mvp/app/ is where you sign in."
Done = Literal["approved", "suspended", "closed", "replayed"]
SAID: dict[Done, str] = {
    "approved": "The company is in; whoever waited gets a mail.",
    "suspended": "The company is suspended: it reads what is its own, and nothing else.",
    "closed": "The company is closed.",
    "replayed": "The event is on its way again.",
}
Status = Literal["pending", "approved", "suspended", "closed"]


async def _from_here(request: Request) -> None:
    """Refuse a form that another site has sent: the browser says where it comes from."""
    origin = request.headers.get("origin")
    told = request.headers.get("sec-fetch-site", "same-origin")
    if told not in ("same-origin", "none") or (origin and urlsplit(origin).netloc != request.headers.get("host")):
        raise NotAllowed("This form was sent from another site; open the page and send it from there.")


pages = APIRouter(prefix=ADMIN_PATH)
FromHere = Depends(_from_here)
Next = Annotated[str | None, Query(max_length=200)]


@pages.get("/sign-in")
async def sign_in_page(request: Request, next: Next = None) -> Response:
    return _sign_in_form(request, inside(next, ADMIN_PATH))


@pages.post("/sign-in", dependencies=[FromHere])
async def sign_in(
    request: Request,
    email: Annotated[str, Form(max_length=254)],
    password: Annotated[str, Form(max_length=256)],
    next: Annotated[str | None, Form(max_length=200)] = None,
) -> Response:
    config: GatewaySettings = request.app.state.settings
    target = inside(next, ADMIN_PATH)
    try:
        signed_in = await sessions.sign_in(
            request.app.state.db, email=email, password=password, address=address_of(request), settings=config
        )
    except (WrongCredentials, LoginPaused) as error:
        return _sign_in_form(request, target, email=email, error=error.detail, status=error.status)
    if signed_in.account.role != "admin":
        return _sign_in_form(request, target, error=ONLY_OPERATOR, status=403)
    response = RedirectResponse(target, 303)
    remember(request, response, signed_in)
    return response


@pages.post("/sign-out", dependencies=[FromHere])
async def sign_out(request: Request, access: Access = None) -> Response:
    return await signed_out(request, ADMIN_PATH, access)


@pages.get("")
@pages.get("/")
async def overview(
    request: Request, done: Done | None = None, access: Access = None,
    refresh: RefreshCookie = None,
) -> Response:  # fmt: skip
    operator = await _operator(request, access, refresh)
    return operator if isinstance(operator, Response) else await _overview(request, operator, done=done)


@pages.get("/organizations")
async def organizations(
    request: Request, status: Status = "approved", access: Access = None, refresh: RefreshCookie = None
) -> Response:
    operator = await _operator(request, access, refresh)
    if isinstance(operator, Response):
        return operator
    _, found = await operator.ask_gateway(request, "GET", f"{API}/organizations?status={status}&limit=200")
    return shown(request, "admin_organizations.html", visitor=operator, found=found.get("items", []), chosen=status)


@pages.post("/organizations/{organization_id}/status", dependencies=[FromHere])
async def set_status(
    request: Request,
    organization_id: UUID,
    version: Annotated[int, Form(ge=0)],
    status: Annotated[Literal["approved", "suspended", "closed"], Form()],
    reason: Annotated[str, Form(max_length=500)],
    access: Access = None,
    refresh: RefreshCookie = None,
) -> Response:
    operator = await _operator(request, access, refresh)
    if isinstance(operator, Response):
        return operator
    path = f"{API}/organizations/{organization_id}/status"
    body: dict[str, object] = {"status": status, "reason": reason}
    code, answer = await operator.ask_gateway(request, "PUT", path, body, if_match=f'"{version}"')
    return await _after(request, operator, code, answer, done=status)


@pages.post("/dead-letters/{dead_letter_id}/replays", dependencies=[FromHere])
async def replay(
    request: Request,
    dead_letter_id: UUID,
    key: Annotated[UUID, Form()],
    access: Access = None,
    refresh: RefreshCookie = None,
) -> Response:
    operator = await _operator(request, access, refresh)
    if isinstance(operator, Response):
        return operator
    path = f"{API}/dead-letters/{dead_letter_id}/replays"
    code, answer = await operator.ask_gateway(request, "POST", path, idempotency_key=str(key))
    return await _after(request, operator, code, answer, done="replayed")


async def _operator(request: Request, access: str | None, refresh: str | None) -> Visitor | Response:
    """The signed-in operator, or the page that says to sign in."""
    try:
        visitor = await visitor_of(request, access, refresh)
    except SignInFirst:
        return to_sign_in(request)
    if visitor.account.role != "admin":
        return _sign_in_form(request, f"{ADMIN_PATH}/", error=ONLY_OPERATOR, status=403)
    return visitor


async def _after(
    request: Request, operator: Visitor, code: int, answer: dict[str, Any], *, done: Done
) -> Response:  # fmt: skip
    if code < 300:
        response = RedirectResponse(f"{ADMIN_PATH}/?done={done}", 303)
        if operator.renewed is not None:
            remember(request, response, operator.renewed)
        return response
    members: list[dict[str, str]] = answer.get("errors", [])
    told = [str(answer.get("detail", "It did not work; try again.")), *(one["message"] for one in members[:1])]
    refused = " ".join(told)
    return await _overview(request, operator, status=code, refused=refused)


async def _overview(
    request: Request, operator: Visitor, *, status: int = 200, done: Done | None = None, refused: str | None = None
) -> Response:
    waiting = f"{API}/batches?status__in=review_required,mapping_required&limit={SHOWN_MAX}"
    (_, health), (_, pending), (_, letters), (_, batches), (_, mails) = await asyncio.gather(
        operator.ask_gateway(request, "GET", f"{API}/health"),
        operator.ask_gateway(request, "GET", f"{API}/organizations?status=pending&limit={SHOWN_MAX}"),
        operator.ask_gateway(request, "GET", f"{API}/dead-letters?limit={SHOWN_MAX}"),
        operator.get("ingestion", waiting),
        operator.get("newsletter", f"{API}/newsletter/deliveries?limit={SHOWN_MAX}"),
    )
    return shown(
        request, "admin.html", status=status, visitor=operator, done=SAID.get(done) if done else None,
        refused=refused, health=health,
        pending=pending, letters=letters, batches=batches, mails=mails, new_key=uuid4,
    )  # fmt: skip


def _sign_in_form(
    request: Request, target: str, *, email: str = "", error: str | None = None, status: int = 200
) -> Response:
    action = f"{ADMIN_PATH}/sign-in"
    return shown(request, "sign_in.html", status=status, next=target, email=email, error=error, action=action)
