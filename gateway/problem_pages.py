"""What every code of a refusal means: the pages that ``type`` of a problem points to."""

from html import escape

import orjson
from fastapi import APIRouter, Request, Response

from shared.auth import public
from shared.explanations import EXPLANATIONS, Explanation
from shared.problems import NotFound

ADDRESS = "/mvp/api/problems"
HEADERS = {
    "Cache-Control": "public, max-age=3600",
    "Vary": "Accept",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; frame-ancestors 'none'",
}

problem_pages = APIRouter(include_in_schema=False, dependencies=[public])


@problem_pages.get(ADDRESS)
async def every_code(request: Request) -> Response:
    """All codes, as a page for people or as JSON for programs."""
    codes = sorted(EXPLANATIONS.items(), key=lambda one: (one[1].status, one[0]))
    if not _for_people(request):
        return _json({"items": [_document(code, one) for code, one in codes]})
    rows = "".join(
        f'<tr><td>{one.status}</td><td><a href="{ADDRESS}/{code}">{code}</a></td><td>{escape(one.title)}</td></tr>'
        for code, one in codes
    )
    return _page("Refusals", f"<table><tr><th>status</th><th>code</th><th>title</th></tr>{rows}</table>")


@problem_pages.get(ADDRESS + "/{code}")
async def one_code(code: str, request: Request) -> Response:
    """One code."""
    found = EXPLANATIONS.get(code)
    if found is None:
        raise NotFound(f"There is no such code; {ADDRESS} lists all of them.")
    if not _for_people(request):
        return _json(_document(code, found))
    return _page(
        found.title,
        f"<p><code>{code}</code>, status {found.status}</p><h2>What it means</h2><p>{escape(found.meaning)}</p>"
        f'<h2>What to do</h2><p>{escape(found.advice)}</p><p><a href="{ADDRESS}">All codes</a></p>',
    )


def _document(code: str, one: Explanation) -> dict[str, object]:
    return {
        "type": f"{ADDRESS}/{code}",
        "code": code,
        "status": one.status,
        "title": one.title,
        "meaning": one.meaning,
        "advice": one.advice,
    }


def _for_people(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")


def _json(body: object) -> Response:
    return Response(orjson.dumps(body), media_type="application/json", headers=HEADERS)


def _page(title: str, body: str) -> Response:
    head = '<meta charset="utf-8"><link rel="stylesheet" href="/mvp/app/offcut.css">'
    text = (
        f'<!doctype html><html lang="en"><head>{head}<title>{escape(title)} – Offcut</title></head>'
        f"<body><main><h1>{escape(title)}</h1>{body}</main></body></html>"
    )
    return Response(text, media_type="text/html", headers=HEADERS)
