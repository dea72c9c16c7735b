"""One description of all services: the OpenAPI document, put together from theirs, and a page to try it."""

import logging
from functools import cache
from inspect import cleandoc
from pathlib import Path
from typing import Any, cast

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from gateway.groups import ABOUT, GROUPS, group_of
from gateway.proxy import Proxy
from gateway.tokens import public_jwk
from shared.auth import public
from shared.contracts import CONTRACTS
from shared.problems import Unavailable

LOG = logging.getLogger(__name__)
ASSETS = Path(__file__).resolve().parent.parent / "node_modules/swagger-ui-dist"
DOCS = "/mvp/api/docs/"
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Offcut API</title>
<link rel="stylesheet" href="/mvp/api/docs/assets/swagger-ui.css"></head>
<body><p style="margin: 1rem 1.5rem 0; font-family: system-ui, sans-serif">
<a href="/mvp/api/docs/reference">The same as one page to read and to print, with three worked examples</a></p>
<div id="swagger-ui"></div>
<script src="/mvp/api/docs/assets/swagger-ui-bundle.js"></script>
<script src="/mvp/api/docs/start.js"></script></body></html>
"""
_START = """window.ui = SwaggerUIBundle({url: "/mvp/api/openapi.json", dom_id: "#swagger-ui", deepLinking: true,
  persistAuthorization: true, displayRequestDuration: true, docExpansion: "none", filter: true});
"""
_CSP = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'"

documents = APIRouter(include_in_schema=False, dependencies=[public])


def assets() -> StaticFiles:
    """The files of Swagger UI, from its package; no other host is asked."""
    return StaticFiles(directory=ASSETS, check_dir=False)


@documents.get("/")
@documents.get("/mvp")
@documents.get("/mvp/")
@documents.get("/mvp/api")
@documents.get("/mvp/api/")
@documents.get("/mvp/api/docs")
async def to_docs() -> RedirectResponse:
    return RedirectResponse(DOCS)


@documents.get(DOCS)
async def docs() -> HTMLResponse:
    return HTMLResponse(_PAGE, headers={"Content-Security-Policy": _CSP})


@documents.get("/mvp/api/docs/start.js")
async def start() -> Response:
    return Response(_START, media_type="text/javascript")


@documents.get("/mvp/api/openapi.json")
async def openapi(request: Request) -> JSONResponse:
    return JSONResponse(await one_document(request))


@documents.get("/.well-known/jwks.json")
async def key_set(request: Request) -> JSONResponse:
    """The public key of access tokens, for whoever verifies them; our own services have it from their settings."""
    keys = [public_jwk(request.app.state.settings.public_key)]
    return JSONResponse({"keys": keys}, headers={"Cache-Control": "public, max-age=300"})


@documents.get("/mvp/api/event-types")
async def event_types() -> JSONResponse:
    """Every type of event that ``GET /events`` can be asked for, with what it is about and its JSON Schema."""
    return JSONResponse({"items": _event_types()}, headers={"Cache-Control": "public, max-age=300"})


@cache
def _event_types() -> list[dict[str, Any]]:
    return [
        {
            "type": event.TYPE,
            "producer": event.producer(),
            "summary": cleandoc(event.__dict__.get("__doc__") or "").partition("\n")[0],
            "schema": event.model_json_schema(mode="serialization"),
        }
        for event in (contract.event for contract in CONTRACTS)
    ]


async def one_document(request: Request) -> dict[str, Any]:
    """All services' documents as one; a service that was never up since our start is named in ``x-missing``."""
    proxy: Proxy = request.app.state.proxy
    known: dict[str, dict[str, Any]] = request.app.state.documents
    missing: list[str] = []
    for service in request.app.state.settings.upstream_ports:
        try:
            status, body = await proxy.call(service, "GET", "/internal/openapi.json", patient=False)
            if status == 200:
                known[service] = orjson.loads(body)
        except Unavailable:
            if service not in known:
                missing.append(service)
    parts = [cast(dict[str, Any], request.app.openapi()), *known.values()]
    return merged(parts, missing)


def merged(parts: list[dict[str, Any]], missing: list[str]) -> dict[str, Any]:
    """One OpenAPI 3.1 document of several; schema names in conflict get the part's name in front."""
    paths: dict[str, Any] = {}
    schemas: dict[str, Any] = {}
    components: dict[str, Any] = {}
    for part in parts:
        title = str(part["info"]["title"]).split()[-1].title()
        given = cast(dict[str, Any], part.get("components", {}))
        own = cast(dict[str, Any], given.get("schemas", {}))
        renamed = {name: f"{title}{name}" for name, schema in own.items() if schemas.get(name, schema) != schema}
        text = orjson.dumps({"paths": part["paths"], "schemas": own}).decode()
        for old, new in renamed.items():
            text = text.replace(f'"#/components/schemas/{old}"', f'"#/components/schemas/{new}"')
        part_paths = cast(dict[str, dict[str, Any]], orjson.loads(text))
        paths.update(part_paths["paths"])
        for name, schema in part_paths["schemas"].items():
            schemas[renamed.get(name, name)] = schema
        for kind in ("responses", "headers", "securitySchemes"):
            components.setdefault(kind, {}).update(given.get(kind, {}))  # of the machinery, so the same in every part
    used = _grouped(paths)
    document: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {"title": "Offcut", "version": "1", "description": ABOUT},
        "servers": [{"url": "/", "description": "the host that serves this document"}],
        "tags": [{"name": one.name, "description": one.about} for one in GROUPS if one.name in used],
        "paths": dict(sorted(paths.items())),
        "components": {"schemas": dict(sorted(schemas.items())), **components},
    }
    if missing:
        document["x-missing"] = missing
    return document


def _grouped(paths: dict[str, Any]) -> set[str]:
    """Give each operation the tag of its resource group; the groups that have any."""
    used: set[str] = set()
    for path, operations in paths.items():
        group = group_of(path)
        used.add(group.name)
        for operation in operations.values():
            operation["tags"] = [group.name]
    return used
