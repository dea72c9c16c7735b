"""Plain pages until the single-page app exists, so that the links in a newsletter lead somewhere.

A page asks the services as the signed-in person, with his own token, through the same proxied routes as any client.
"""

from pathlib import Path
from typing import Annotated, Any
from uuid import UUID, uuid4

import orjson
from fastapi import APIRouter, Cookie, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, select_autoescape

from gateway import usecases
from gateway.domain import Account
from gateway.errors import LoginPaused, WrongCredentials
from gateway.proxy import Proxy
from gateway.settings import GatewaySettings
from gateway.store import identity
from gateway.wording import FILTERS
from shared.auth import public, verifier
from shared.db import Database, clock
from shared.problems import NotAuthenticated, Unavailable

ACCESS_COOKIE = "offcut_page"
REFRESH_COOKIE = "offcut_page_refresh"
PATH = "/mvp/app"
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "private, no-store",
}
_FOLDER = Path(__file__).resolve().parent / "templates"
_TEMPLATES = Environment(loader=FileSystemLoader(_FOLDER), autoescape=select_autoescape(["html", "j2"]))
_TEMPLATES.filters.update(FILTERS)

pages = APIRouter(include_in_schema=False, dependencies=[public], prefix=PATH)


class SignInFirst(Exception):
    """Nobody is signed in on this browser."""


class Visitor:
    """The signed-in person behind a page, with a valid access token."""

    def __init__(self, account: Account, token: str, proxy: Proxy) -> None:
        self.account = account
        self._headers = {"authorization": f"Bearer {token}"}
        self._proxy = proxy
        self.renewed: usecases.SignedIn | None = None

    async def get(self, service: str, path: str) -> tuple[int, dict[str, Any]]:
        """Status and JSON of a proxied route; 503 when the service is down."""
        try:
            status, body = await self._proxy.call(service, "GET", path, headers=self._headers)
        except Unavailable as error:
            return 503, {"detail": error.detail}
        return status, orjson.loads(body or b"{}")

    async def post(self, service: str, path: str, body: dict[str, object], key: str) -> tuple[int, dict[str, Any]]:
        """Like ``get``; ``key`` makes a double click one request."""
        headers = {**self._headers, "content-type": "application/json", "idempotency-key": key}
        try:
            status, answer = await self._proxy.call(service, "POST", path, headers=headers, body=orjson.dumps(body))
        except Unavailable as error:
            return 503, {"detail": error.detail}
        return status, orjson.loads(answer or b"{}")


async def _visitor(request: Request, access: str | None, refresh: str | None) -> Visitor:
    config: GatewaySettings = request.app.state.settings
    db: Database = request.app.state.db
    renewed: usecases.SignedIn | None = None
    try:
        actor = verifier(config.public_key).verify(access or "")
        if request.app.state.revocations.ended(actor.session_id):
            raise SignInFirst
        async with db.transaction() as conn:
            account = await identity.account(conn, actor.user_id)
    except NotAuthenticated:
        if not refresh:
            raise SignInFirst from None
        try:
            async with db.transaction() as conn:
                renewed = await usecases.refresh(conn, token=refresh, settings=config, now=await clock(conn))
        except NotAuthenticated:
            raise SignInFirst from None
        if renewed is None:
            raise SignInFirst from None
        account, access = renewed.account, renewed.access_token
    if account is None or access is None:
        raise SignInFirst
    visitor = Visitor(account, access, request.app.state.proxy)
    visitor.renewed = renewed
    return visitor


async def _grade_names(request: Request, visitor: Visitor) -> dict[str, str]:
    """What grade codes mean, asked for once per process; codes alone while catalog is down."""
    names: dict[str, str] = request.app.state.grade_names
    if not names:
        status, found = await visitor.get("catalog", "/mvp/api/reference-data")
        if status == 200:
            names.update({grade["code"]: grade["meaning"] for grade in found["grades"]})
    return names


def _shown(
    request: Request, name: str, *, status: int = 200, visitor: Visitor | None = None, **values: object
) -> Response:
    html = _TEMPLATES.get_template(name).render(visitor=visitor, **values)
    response = HTMLResponse(html, status_code=status, headers=_HEADERS)
    if visitor is not None and visitor.renewed is not None:
        _remember(request, response, visitor.renewed)
    return response


def _remember(request: Request, response: Response, signed_in: usecases.SignedIn) -> None:
    config: GatewaySettings = request.app.state.settings
    secure = config.public_url.startswith("https:")
    kept = ((ACCESS_COOKIE, signed_in.access_token, config.access_token_seconds),
            (REFRESH_COOKIE, signed_in.refresh_token, config.refresh_token_days * 86_400))  # fmt: skip
    for name, value, age in kept:
        # Lax, not Strict: a link in a mail must find its reader signed in. Forms are only taken from our own pages.
        response.set_cookie(name, value, max_age=age, path=PATH, httponly=True, secure=secure, samesite="lax")


def _inside(path: str | None) -> str:
    """Only pages of ours are gone to after signing in."""
    return path if path and path.startswith(f"{PATH}/") and "//" not in path and "\\" not in path else f"{PATH}/"


def _to_sign_in(request: Request) -> RedirectResponse:
    return RedirectResponse(f"{PATH}/sign-in?next={request.url.path}", 303)


Access = Annotated[str | None, Cookie(alias=ACCESS_COOKIE, max_length=4096)]
RefreshCookie = Annotated[str | None, Cookie(alias=REFRESH_COOKIE, max_length=200)]


@pages.get("/offcut.css")
async def style() -> Response:
    return Response(
        (_FOLDER / "offcut.css").read_bytes(), media_type="text/css", headers={"Cache-Control": "max-age=300"}
    )


@pages.get("/sign-in")
async def sign_in_page(request: Request, next: Annotated[str | None, Query(max_length=200)] = None) -> Response:
    return _shown(request, "sign_in.html", next=_inside(next), email="", error=None)


@pages.post("/sign-in")
async def sign_in(
    request: Request,
    email: Annotated[str, Form(max_length=254)],
    password: Annotated[str, Form(max_length=256)],
    next: Annotated[str | None, Form(max_length=200)] = None,
) -> Response:
    config: GatewaySettings = request.app.state.settings
    address = request.client.host if request.client else "unknown"
    try:
        signed_in = await usecases.sign_in(
            request.app.state.db, email=email, password=password, address=address, settings=config
        )
    except (WrongCredentials, LoginPaused) as error:
        status = error.status
        return _shown(request, "sign_in.html", status=status, next=_inside(next), email=email, error=error.detail)
    response = RedirectResponse(_inside(next), 303)
    _remember(request, response, signed_in)
    return response


@pages.post("/sign-out")
async def sign_out(request: Request, access: Access = None, refresh: RefreshCookie = None) -> Response:
    response = RedirectResponse(f"{PATH}/sign-in", 303)
    try:
        actor = verifier(request.app.state.settings.public_key).verify(access or "")
        async with request.app.state.db.transaction() as conn:
            now = await clock(conn)
            await usecases.end_sessions(conn, session_id=actor.session_id, person_id=None, reason="signed out", now=now)
    except NotAuthenticated:
        pass
    for name in (ACCESS_COOKIE, REFRESH_COOKIE):
        response.delete_cookie(name, path=PATH)
    return response


@pages.get("")
@pages.get("/")
async def lots(request: Request, access: Access = None, refresh: RefreshCookie = None) -> Response:
    try:
        visitor = await _visitor(request, access, refresh)
    except SignInFirst:
        return _to_sign_in(request)
    status, found = await visitor.get("catalog", "/mvp/api/items?limit=50&sort=-listed_at")
    return _shown(
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
        visitor = await _visitor(request, access, refresh)
    except SignInFirst:
        return _to_sign_in(request)
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
        visitor = await _visitor(request, access, refresh)
    except SignInFirst:
        return _to_sign_in(request)
    status, answer = await visitor.post("exclusivity", "/mvp/api/interests", {"item_id": str(item_id)}, str(key))
    if status in (200, 201) or answer.get("code") == "already_interested":
        return RedirectResponse(f"{PATH}/lots/{item_id}", 303)
    return await _lot(request, visitor, item_id, refused=str(answer.get("detail", "It did not work; try again.")))


async def _lot(request: Request, visitor: Visitor, item_id: UUID, refused: str | None = None) -> Response:
    status, item = await visitor.get("catalog", f"/mvp/api/items/{item_id}")
    if status != 200:
        text = "This lot is not there, or not any more." if status == 404 else str(item.get("detail", "Try again."))
        return _shown(request, "message.html", visitor=visitor, status=status, title="No lot to show", text=text)
    interest, window = await _own_right(visitor, item_id)
    return _shown(
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
