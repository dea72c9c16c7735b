"""From the document that the framework makes of the routes to one that also says what the machinery does."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, cast

from fastapi import APIRouter
from fastapi.routing import APIRoute

from shared import idempotency
from shared.auth import API, READING
from shared.openapi import problems
from shared.openapi.examples import Examples
from shared.openapi.marks import Marks, marks_of

JSON = dict[str, Any]
KEY = {"type": "string", "minLength": 16, "maxLength": 128, "pattern": "^[!-~]+$"}
VERSION = {"type": "string", "pattern": '^(W/)?"?[0-9]{1,18}(-[^"]*)?"?$'}
LOCAL_TIME = "^[0-2][0-9]:[0-5][0-9](:[0-5][0-9])?$"
_SENTENCE_END = re.compile(r"[.:;]\s")
_HEADERS: JSON = {
    "X-Request-Id": ("names this request in every log; yours, when you send one", {"type": "string"}),
    "ETag": ("the version, for If-Match and If-None-Match", {"type": "string"}),
    "Link": ('the next and the first page (RFC 8288): `<…>; rel="next"`', {"type": "string"}),
    "X-Export-Truncated": (
        'on a file with only the first rows of the list: how many; `Link` with `rel="next"` leads to the next file',
        {"type": "integer"},
    ),
    "Location": ("the address of what was made, or of the work that goes on", {"type": "string"}),
    "Retry-After": ("seconds to wait before asking again", {"type": "integer", "minimum": 0}),
    "WWW-Authenticate": ("the scheme to sign in with", {"type": "string"}),
    "Idempotency-Replayed": ("`true`: this is the stored answer of an earlier request", {"type": "string"}),
    "X-RateLimit-Limit": ("requests allowed in the present span of time", {"type": "integer"}),
    "X-RateLimit-Remaining": ("requests left in it", {"type": "integer"}),
    "X-RateLimit-Reset": ("seconds until it ends", {"type": "integer"}),
}
_ALWAYS = ("X-Request-Id", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
SECURITY: JSON = {
    "session": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "The access token of a person who has signed in (`POST /mvp/api/auth/login`); 15 minutes.",
    },
    "api_token": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "off_…",
        "description": "A program's token (`POST /mvp/api/api-tokens`), sent like an access token; the scope it needs "
        "is named with each operation.",
    },
}


def described(document: JSON, contract: Sequence[APIRouter]) -> JSON:
    """The document with what the marks of the routes mean; changes it in place and returns it."""
    components: JSON = document.setdefault("components", {})
    schemas = cast(dict[str, JSON], components.setdefault("schemas", {}))
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for schema in schemas.values():
        _tidy(schema)
    examples = Examples(schemas)
    for path, method, route in _routes(contract):
        operation = document["paths"][path][method.lower()]
        _Operation(operation, path, method, route, examples).describe()
    schemas |= {"Problem": problems.PROBLEM, "FieldError": problems.FIELD_ERROR}
    components["responses"] = problems.responses()
    components["headers"] = {name: {"description": text, "schema": of} for name, (text, of) in _HEADERS.items()}
    components["securitySchemes"] = SECURITY
    return document


def _routes(contract: Sequence[APIRouter]) -> Iterator[tuple[str, str, APIRoute]]:
    for router in contract:
        for route in router.routes:
            if isinstance(route, APIRoute) and route.include_in_schema:
                for method in sorted(route.methods or ()):
                    yield f"{API.rstrip('/')}{route.path}", method, route


class _Operation:
    """One method of one path."""

    def __init__(self, operation: JSON, path: str, method: str, route: APIRoute, examples: Examples) -> None:
        self._operation = operation
        self._path = path
        self._method = method
        self._route = route
        self._examples = examples
        self._marks: Marks = marks_of(route, method)

    def describe(self) -> None:
        self._say_what()
        self._say_who()
        self._parameters()
        self._body()
        self._answers()
        self._refusals()

    def _say_what(self) -> None:
        """The first sentence is the summary; more of it is the description."""
        text = " ".join((self._route.endpoint.__doc__ or "").split())
        if self._route.summary:
            self._operation["summary"] = self._route.summary.rstrip(".")
            return
        end = _SENTENCE_END.search(text)
        self._operation["summary"] = _plain(text[: end.start()] if end else text).rstrip(".")
        rest = text[end.end() :] if end else ""
        self._operation.pop("description", None)
        if rest:
            self._operation["description"] = _plain(rest[0].upper() + rest[1:])

    def _say_who(self) -> None:
        if self._marks.is_public:
            self._operation["security"] = []
            return
        segment = self._path.removeprefix(API).partition("/")[0]
        scope = f"{segment}:{'read' if self._method in READING else 'write'}"
        self._operation["security"] = [{"session": []}, {"api_token": [scope]}]
        self._operation["x-roles"] = list(self._marks.roles)
        who = f"For {', '.join(f'`{role}`' for role in self._marks.roles)}; an API token needs `{scope}`."
        said = self._operation.get("description")
        self._operation["description"] = f"{said}\n\n{who}" if said else who

    def _parameters(self) -> None:
        found = cast(list[JSON], self._operation.setdefault("parameters", []))
        for one in found:
            one["schema"] = _present(one["schema"])
            one.setdefault("description", one["schema"].pop("description", _meaning(one)))
            one["schema"].pop("description", None)
            if one["name"] == idempotency.HEADER:
                one |= {"required": True, "schema": KEY, "name": "Idempotency-Key"}
                one["example"] = "0193f2c4-aa10-7b5e-8c61-2f0d9e7b3c21"
            elif one["name"] == "if-match":
                # Not required where the same request also creates what no version exists of yet.
                required = self._marks.needs_version
                one |= {"required": required, "schema": VERSION, "name": "If-Match", "example": '"3"'}
            elif one["in"] == "path":
                one["example"] = self._examples.parameter(str(one["name"]), one["schema"])
        if self._marks.takes_key and not self._marks.needs_key:
            text = "makes a repeated request have one effect: its stored answer comes again"
            found.append(
                {"name": "Idempotency-Key", "in": "header", "required": False, "schema": KEY, "description": text}
            )
        if not found:
            del self._operation["parameters"]

    def _body(self) -> None:
        content: JSON = self._operation.get("requestBody", {}).get("content", {})
        if self._method == "PATCH":  # a merge patch, under its own name or as plain JSON
            for media in list(content.values())[:1]:
                content |= {kind: dict(media) for kind in ("application/merge-patch+json", "application/json")}
        for kind, media in content.items():
            wanted = media["schema"] = _present(media["schema"])
            example = self._examples.request(wanted)
            media["example"] = example if not kind.startswith("multipart/") else _texts(example)

    def _answers(self) -> None:
        for status, answer in self._operation["responses"].items():
            if not status.startswith("2"):
                continue
            if answer["description"] == "Successful Response":
                answer["description"] = _MEANING.get(status, "Done.")
            schema: JSON = answer.get("content", {}).get("application/json", {}).get("schema", {})
            if schema:
                answer["content"]["application/json"]["example"] = example = self._examples.answer(schema)
            else:
                example = None
            names = [*_ALWAYS, *self._headers(status, example)]
            answer["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
        if self._method == "GET" and "ETag" in self._operation["responses"].get("200", {}).get("headers", {}):
            self._unchanged()

    def _unchanged(self) -> None:
        """What has an ETag need not be sent to whoever has it."""
        given = cast(list[JSON], self._operation.setdefault("parameters", []))
        if not any(str(one["name"]).lower() == "if-none-match" for one in given):
            text = "the ETag you have; 304 when nothing has changed"
            given.append({"name": "If-None-Match", "in": "header", "schema": {"type": "string"}, "description": text})
        headers = {name: {"$ref": f"#/components/headers/{name}"} for name in (*_ALWAYS, "ETag")}
        self._operation["responses"]["304"] = {"description": "Nothing has changed.", "headers": headers}

    def _headers(self, status: str, example: object) -> Iterator[str]:
        if isinstance(example, dict) and "version" in example:
            yield "ETag"
        if self._marks.is_paged:
            yield "Link"
            yield "X-Export-Truncated"
        if status in ("201", "202") and self._method == "POST":
            yield "Location"
        if status == "202":
            yield "Retry-After"
        if self._marks.takes_key:
            yield "Idempotency-Replayed"

    def _refusals(self) -> None:
        inputs = cast(list[JSON], self._operation.get("parameters", []))
        body = self._operation.get("requestBody")
        statuses = problems.statuses_of(
            self._marks,
            method=self._method,
            has_body=body is not None,
            has_input=bool(inputs),
            names_ids="{" in self._path or '"uuid"' in str([inputs, body]).replace("'", '"') or _names_ids(body),
            has_link="{token}" in self._path,
            has_version=any(one["name"] == "If-Match" for one in inputs),
        )
        responses = self._operation["responses"]
        responses.pop("422", None)
        own = [int(one) for one in responses if one >= "400"]  # what no mark says, like 401 of a wrong password
        for status in sorted({*statuses, *own}):
            responses[str(status)] = {"$ref": f"#/components/responses/{problems.component_of(status)}"}


_MEANING = {
    "200": "What you asked for.",
    "201": "Made.",
    "202": "Taken on; the work goes on after the answer.",
    "204": "Done; there is nothing to say.",
    "207": "Done as far as possible; each element has its own verdict.",
}


def _names_ids(body: JSON | None) -> bool:
    """Whether the example of a body names something by its id."""
    kinds = (body or {}).get("content", {}).values()
    return any(str(name).endswith("_id") for one in kinds for name in cast(JSON, one.get("example") or {}))


def _present(schema: JSON) -> JSON:
    """The schema of what is there; a parameter or body that may be absent is not ``null``."""
    _tidy(schema)
    several = [one for one in schema.get("anyOf", []) if one.get("type") != "null"]
    if len(several) == 1 and len(schema["anyOf"]) == 2:
        return {**{name: value for name, value in schema.items() if name != "anyOf"}, **several[0]}
    return schema


def _tidy(schema: object) -> None:
    """Titles repeat the member's name in other letters; a time of ours has no offset, as the format would have it."""
    if isinstance(schema, dict):
        known = cast(JSON, schema)
        if isinstance(known.get("title"), str):
            del known["title"]
        if known.get("type") == "string" and known.get("format") == "time":
            del known["format"]
            known["pattern"] = LOCAL_TIME
        for name, value in known.items():
            if name not in ("examples", "example", "default", "const", "enum"):
                _tidy(value)
    elif isinstance(schema, list):
        for value in cast(list[object], schema):
            _tidy(value)


def _meaning(parameter: JSON) -> str:
    """What a parameter without a description says by its name."""
    name = str(parameter["name"])
    words = name.replace("__", " ").replace("_", " ")
    return f"which {words.removesuffix(' id')}" if parameter["in"] == "path" else words


def _plain(text: str) -> str:
    return text.replace("``", "`")


def _texts(example: object) -> object:
    members = cast(JSON, example) if isinstance(example, dict) else {}
    return {name: str(value) for name, value in members.items()}
