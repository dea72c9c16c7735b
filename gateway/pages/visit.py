"""What every page needs: who is looking, and how a page is shown."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import orjson
from fastapi import Cookie, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, select_autoescape

from gateway.api.doors import address_of
from gateway.domain import Account
from gateway.pages.within import answer_of
from gateway.proxy import Proxy
from gateway.settings import GatewaySettings
from gateway.store import identity
from gateway.usecases import sessions
from gateway.wording import FILTERS
from shared import trace
from shared.auth import READING, verifier
from shared.db import Database, clock
from shared.problems import NotAuthenticated, Unavailable

ACCESS_COOKIE = "offcut_page"
REFRESH_COOKIE = "offcut_page_refresh"
PATH = "/mvp/app"
ADMIN_PATH = "/mvp/admin"
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "private, no-store",
}
TEMPLATES = Path(__file__).resolve().parents[1] / "templates"
_PAGES = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=select_autoescape(["html", "j2"]))
_PAGES.filters.update(FILTERS)


class SignInFirst(Exception):
    """Nobody is signed in on this browser."""


class Visitor:
    """The signed-in person behind a page, with a valid access token."""

    def __init__(self, account: Account, token: str, proxy: Proxy) -> None:
        self.account = account
        self._headers = {"authorization": f"Bearer {token}", "x-request-id": trace.current().correlation_id}
        self._proxy = proxy
        self.renewed: sessions.SignedIn | None = None

    async def ask_gateway(
        self, request: Request, method: str, path: str, body: dict[str, object] | None = None, **headers: str
    ) -> tuple[int, dict[str, Any]]:
        """Like ``get`` and the others, for what the gateway answers itself."""
        return await answer_of(request, method, path, headers={**self._headers, **headers}, body=body)

    async def get(self, service: str, path: str) -> tuple[int, dict[str, Any]]:
        """Status and JSON of a proxied route; 503 when the service is down."""
        return await self._call(service, "GET", path)

    async def file(self, service: str, path: str, media_type: str) -> tuple[int, bytes]:
        """Status and bytes of a proxied route that answers with a file of this kind; 503 when the service is down."""
        try:
            return await self._proxy.call(service, "GET", path, headers={**self._headers, "accept": media_type})
        except Unavailable as error:
            return 503, orjson.dumps({"detail": error.detail})

    async def post(self, service: str, path: str, body: dict[str, object], key: str) -> tuple[int, dict[str, Any]]:
        """Like ``get``; ``key`` makes a double click one request."""
        return await self._call(service, "POST", path, body, {"idempotency-key": key})

    async def put(self, service: str, path: str, body: dict[str, object], version: int) -> tuple[int, dict[str, Any]]:
        """Like ``get``; refused with 412 when what is replaced is no longer ``version``."""
        return await self._call(service, "PUT", path, body, {"if-match": f'"{version}"'})

    async def _call(
        self,
        service: str,
        method: str,
        path: str,
        body: dict[str, object] | None = None,
        extra: Mapping[str, str] | None = None,
    ) -> tuple[int, dict[str, Any]]:
        headers = {**self._headers, **(extra or {})}
        sent = None
        if body is not None:
            headers["content-type"] = "application/json"
            sent = orjson.dumps(body)
        try:
            status, answer = await self._proxy.call(service, method, path, headers=headers, body=sent)
        except Unavailable as error:
            return 503, {"detail": error.detail}
        return status, orjson.loads(answer or b"{}")


async def visitor_of(request: Request, access: str | None, refresh: str | None) -> Visitor:
    config: GatewaySettings = request.app.state.settings
    db: Database = request.app.state.db
    renewed: sessions.SignedIn | None = None
    try:
        actor = verifier(config.public_key).verify(access or "")
        request.app.state.revocations.check(actor)
        async with db.transaction() as conn:
            account = await identity.account(conn, actor.user_id)
    except NotAuthenticated:
        if not refresh:
            raise SignInFirst from None
        try:
            async with db.transaction() as conn:
                renewed = await sessions.refresh(
                    conn, token=refresh, address=address_of(request), settings=config, now=await clock(conn)
                )
        except NotAuthenticated:
            raise SignInFirst from None
        if renewed is None:
            raise SignInFirst from None
        account, access = renewed.account, renewed.access_token
    if account is None or access is None:
        raise SignInFirst
    if request.method not in READING:
        request.app.state.origins.note(trace.current().correlation_id, account.id, address_of(request))
    visitor = Visitor(account, access, request.app.state.proxy)
    visitor.renewed = renewed
    return visitor


def shown(
    request: Request, name: str, *, status: int = 200, visitor: Visitor | None = None, **values: object
) -> Response:
    html = _PAGES.get_template(name).render(visitor=visitor, **values)
    response = HTMLResponse(html, status_code=status, headers=_HEADERS)
    if visitor is not None and visitor.renewed is not None:
        remember(request, response, visitor.renewed)
    return response


def remember(request: Request, response: Response, signed_in: sessions.SignedIn) -> None:
    config: GatewaySettings = request.app.state.settings
    secure = config.public_url.startswith("https:")
    kept = ((ACCESS_COOKIE, signed_in.access_token, config.access_token_seconds),
            (REFRESH_COOKIE, signed_in.refresh_token, config.refresh_token_days * 86_400))  # fmt: skip
    area = area_of(request)
    for name, value, age in kept:
        # Lax, not Strict: a link in a mail must find its reader signed in. Forms are only taken from our own pages.
        same_site = "strict" if area == ADMIN_PATH else "lax"
        response.set_cookie(name, value, max_age=age, path=area, httponly=True, secure=secure, samesite=same_site)


def area_of(request: Request) -> str:
    """Whose pages these are: the operator signs in to his own, with cookies of their own."""
    return ADMIN_PATH if request.url.path.startswith(f"{ADMIN_PATH}/") else PATH


def inside(path: str | None, area: str = PATH) -> str:
    """Only pages of ours are gone to after signing in."""
    return path if path and path.startswith(f"{area}/") and "//" not in path and "\\" not in path else f"{area}/"


def to_sign_in(request: Request) -> RedirectResponse:
    return RedirectResponse(f"{area_of(request)}/sign-in?next={request.url.path}", 303)


Access = Annotated[str | None, Cookie(alias=ACCESS_COOKIE, max_length=4096)]
RefreshCookie = Annotated[str | None, Cookie(alias=REFRESH_COOKIE, max_length=200)]


async def signed_out(request: Request, path: str, access: str | None) -> Response:
    """End the session behind these cookies, take them away, and show where to sign in again."""
    response = RedirectResponse(f"{path}/sign-in", 303)
    with suppress(NotAuthenticated):  # a session that is over already
        actor = verifier(request.app.state.settings.public_key).verify(access or "")
        async with request.app.state.db.transaction() as conn:
            now = await clock(conn)
            await sessions.end_sessions(conn, session_id=actor.session_id, person_id=None, reason="signed out", now=now)
    for name in (ACCESS_COOKIE, REFRESH_COOKIE):
        response.delete_cookie(name, path=path)
    return response
