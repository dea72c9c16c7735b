"""Links of mails: anybody who has one may follow it, so each does as little as possible."""

import base64
from typing import Annotated

from fastapi import Path, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from services.newsletter.rendering import PublicPage, render_page
from services.newsletter.usecases import tracking
from services.newsletter.usecases.tracking import Visit
from services.newsletter.wording import words
from shared.auth import public
from shared.db import clock
from shared.service import Transaction, router

routes = router("newsletter")
routes.dependencies.append(public)

Token = Annotated[str, Path(min_length=1, max_length=128)]
PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
PRIVATE = {"Cache-Control": "private, no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}
PAGE = {**PRIVATE, "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'"}


def _visit(request: Request, token: str) -> Visit:
    return Visit(token, request.method == "HEAD", request.headers.get("user-agent", "")[:500])


def _page(language: str, name: str, *, button: bool = False, status: int = 200) -> HTMLResponse:
    say = words(language)
    page = PublicPage(
        language=say.language,
        title=say.text(f"pages.{name}_title"),
        text=say.text(f"pages.{name}_text"),
        button=say.text(f"pages.{name}_button") if button else None,
    )
    return HTMLResponse(render_page(page), status, PAGE)


def _unknown(request: Request) -> HTMLResponse:
    return _page(request.headers.get("accept-language", "en")[:2], "unknown", status=404)


@routes.head("/newsletter/t/{token}/open", include_in_schema=False)
@routes.get("/newsletter/t/{token}/open", response_class=Response)
async def open_pixel(conn: Transaction, request: Request, token: Token) -> Response:
    """A picture of one pixel, whatever the token."""
    await tracking.record_open(conn, _visit(request, token), await clock(conn))
    return Response(PIXEL, media_type="image/gif", headers=PRIVATE)


@routes.head("/newsletter/t/{token}/click", include_in_schema=False)
@routes.get("/newsletter/t/{token}/click", response_class=Response)
async def click(conn: Transaction, request: Request, token: Token) -> Response:
    """On to the address stored for this token, and to no other."""
    target = await tracking.record_click(conn, _visit(request, token), await clock(conn))
    return _unknown(request) if target is None else RedirectResponse(target, 302, PRIVATE)


@routes.get("/newsletter/unsubscribe/{token}", response_class=HTMLResponse)
async def ask_unsubscribe(conn: Transaction, request: Request, token: Token) -> Response:
    """A page with a button; looking at it changes nothing."""
    language = await tracking.language_of(conn, token)
    return _unknown(request) if language is None else _page(language, "unsubscribe", button=True)


@routes.post("/newsletter/unsubscribe/{token}", response_class=HTMLResponse)
async def unsubscribe(conn: Transaction, request: Request, token: Token) -> Response:
    """Unsubscribe by the button or by a mail program's own (RFC 8058)."""
    language = await tracking.unsubscribe_by(conn, token, await clock(conn))
    return _unknown(request) if language is None else _page(language, "done")
