"""The API as a page to read and to print: the same document as Swagger UI shows, without scripts."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, select_autoescape
from markupsafe import Markup, escape

from gateway.documents import one_document
from gateway.groups import GROUPS, Group, group_of
from gateway.pages.visit import TEMPLATES
from shared.auth import public

JSON = dict[str, Any]
PATH = "/mvp/api/docs/reference"
_CSP = "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_HEADERS = {"Content-Security-Policy": _CSP, "Referrer-Policy": "same-origin", "X-Content-Type-Options": "nosniff"}
_MARKS = (
    (re.compile(r"`(.+?)`"), r"<code>\1</code>"),
    (re.compile(r"\*\*(.+?)\*\*"), r"<strong>\1</strong>"),
    (re.compile(r"(?<![\w*])\*([^\s*][^*]*)\*"), r"<em>\1</em>"),
)
_PAGES = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=select_autoescape(["html", "j2"]))

reference = APIRouter(include_in_schema=False, dependencies=[public])


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    place: str
    required: bool
    kind: str
    about: str


@dataclass(frozen=True, slots=True)
class Answer:
    """``refusal``: the code of its problem, for answers that refuse."""

    status: str
    about: str
    example: str | None
    refusal: str | None


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation, ready to be shown."""

    id: str
    method: str
    path: str
    summary: str
    about: Markup
    parameters: tuple[Parameter, ...]
    body_kind: str | None
    body: str | None
    answers: tuple[Answer, ...]
    refusals: tuple[Answer, ...]


@reference.get("/mvp/api/docs/reference.css")
async def style() -> Response:
    content = (TEMPLATES / "reference.css").read_bytes()
    return Response(content, media_type="text/css", headers={"Cache-Control": "max-age=300"})


@reference.get(PATH)
async def page(request: Request) -> HTMLResponse:
    document = await one_document(request)
    html = _PAGES.get_template("reference.html").render(
        about=marked(document["info"]["description"]),
        groups=list(groups_of(document)),
        missing=document.get("x-missing", []),
        address=request.app.state.settings.public_url,
    )
    return HTMLResponse(html, headers=_HEADERS)


def groups_of(document: JSON) -> Iterator[tuple[Group, list[Operation]]]:
    """Operations in the order in which a reader meets them."""
    for group in GROUPS:
        found = [
            operation_of(document, path, method, operation)
            for path, operations in document["paths"].items()
            if group_of(path) is group
            for method, operation in operations.items()
        ]
        if found:
            yield group, found


def operation_of(document: JSON, path: str, method: str, operation: JSON) -> Operation:
    content: Mapping[str, JSON] = operation.get("requestBody", {}).get("content", {})
    kind = next(iter(content), None)
    answers = [_answer(document, status, answer) for status, answer in sorted(operation["responses"].items())]
    return Operation(
        id=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation["summary"],
        about=marked(operation.get("description", "")),
        parameters=tuple(_parameter(one) for one in operation.get("parameters", [])),
        body_kind=kind,
        body=_shown(content[kind].get("example")) if kind else None,
        answers=tuple(one for one in answers if one.refusal is None),
        refusals=tuple(one for one in answers if one.refusal is not None),
    )


def _parameter(one: JSON) -> Parameter:
    return Parameter(
        name=one["name"],
        place=one["in"],
        required=bool(one.get("required")),
        kind=_kind(one["schema"]),
        about=str(one.get("description", "")),
    )


def _kind(schema: JSON) -> str:
    """A schema in few words."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return " or ".join(_kind(one) for one in schema[several])
    return str(schema.get("format") or schema.get("type", "any"))


def _answer(document: JSON, status: str, answer: JSON) -> Answer:
    if "$ref" in answer:
        answer = document["components"]["responses"][str(answer["$ref"]).rpartition("/")[2]]
    content: Mapping[str, JSON] = answer.get("content", {})
    problem = content.get("application/problem+json")
    if problem is not None:
        return Answer(status, answer["description"], None, problem["example"]["code"])
    example = content.get("application/json", {}).get("example")
    others = [kind for kind in content if kind != "application/json"]
    also = f" Also as {', '.join(others)}." if others and example is not None else f" As {', '.join(others)}."
    return Answer(status, answer["description"] + (also if others else ""), _shown(example), None)


def _shown(example: object) -> str | None:
    return None if example is None else orjson.dumps(example, option=orjson.OPT_INDENT_2).decode()


def marked(text: str) -> Markup:
    """Paragraphs, lists, ``code`` and **strong** of a description; everything else stays as it is written."""
    made: list[str] = []
    for block in text.strip().split("\n\n"):
        html = str(escape(block))
        for pattern, tag in _MARKS:
            html = pattern.sub(tag, html)
        if html.startswith("* "):
            points = html.removeprefix("* ").split("\n* ")
            html = f"<ul>{''.join(f'<li>{point}</li>' for point in points)}</ul>"
        elif html:
            html = f"<p>{html}</p>"
        made.append(html)
    return Markup("".join(made))  # noqa: S704 - escaped above
