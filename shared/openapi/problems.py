"""Refusals as the document shows them: one component per status, and which of them a route can answer."""

from typing import Any

from shared.openapi.marks import Marks
from shared.problems import MEDIA_TYPE

JSON = dict[str, Any]

PROBLEM: JSON = {
    "type": "object",
    "description": "A refusal (RFC 9457). Branch on `code`, which stays; show `detail`, which says what to change.",
    "required": ["type", "title", "status", "code", "detail", "trace_id"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference", "description": "the page that explains the code"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "code": {"type": "string", "pattern": "^[a-z_]+$"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "trace_id": {"type": "string", "description": "tell it to the operator; it is in every log line"},
        "errors": {"type": "array", "items": {"$ref": "#/components/schemas/FieldError"}},
    },
    "additionalProperties": True,
}
FIELD_ERROR: JSON = {
    "type": "object",
    "description": "One member that is not valid. `pointer` is a JSON pointer into the body, or `query:`, `path:` …",
    "required": ["pointer", "code", "message"],
    "properties": {"pointer": {"type": "string"}, "code": {"type": "string"}, "message": {"type": "string"}},
    "additionalProperties": True,
}
# status: name, when, code, detail, further members of the example, headers
_KINDS: dict[int, tuple[str, str, str, str, JSON, tuple[str, ...]]] = {
    400: ("MalformedRequest", "The request cannot be read: its JSON, its cursor, or its Idempotency-Key.",
          "malformed_request", "The body is not valid JSON; correct it and send it again.", {}, ()),
    401: ("NotSignedIn", "No token, or one that is not in force.",
          "token_expired", "The access token has expired; refresh it.", {}, ("WWW-Authenticate",)),
    403: ("NotAllowed", "Your role, your token's scopes or your organisation's state do not allow it.",
          "not_allowed", "You are signed in as buyer_user; this needs the role mill_user, so ask somebody who has it.",
          {}, ()),
    404: ("NotFound", "There is no such thing, or you may not see it; which of the two is never told.",
          "not_found", "There is no such item, or you may not see it; check the id.", {}, ()),
    409: ("Conflict", "Not possible in the present state, or the same request is still running.",
          "state_conflict", "A list that is committed cannot be cancelled any more.", {}, ()),
    410: ("Gone", "The link was used, or is too old.",
          "gone", "This link was used or is too old; ask for a new one.", {}, ()),
    412: ("VersionMismatch", "Somebody changed it since you read it.",
          "version_mismatch", "It was changed since you read it; read it again and repeat your change.",
          {"current_version": 4}, ("ETag",)),
    413: ("TooLarge", "The body is too large.",
          "payload_too_large", "A JSON body may have at most 1048576 bytes; send it in parts.", {}, ()),
    415: ("UnsupportedMedia", "The body is of a kind that is not taken here.",
          "unsupported_media_type", "Send JSON, with Content-Type: application/json.", {}, ()),
    422: ("Invalid", "Members are missing, unknown or out of range; `errors` names each.",
          "validation_failed", "1 field is not valid; see errors.",
          {"errors": [{"pointer": "#/gsm", "code": "greater_than", "message": "Input should be greater than 0"}]}, ()),
    428: ("VersionRequired", "Say which version you changed.",
          "if_match_required", "Send the ETag of the version you read in If-Match.", {}, ()),
    429: ("TooManyRequests", "Wait as long as Retry-After says.",
          "rate_limited", "Too many requests; wait 12 seconds.", {}, ("Retry-After",)),
    503: ("Unavailable", "This part is down or too busy; the others go on.",
          "service_unavailable", "The service does not answer at the moment; try again.", {}, ("Retry-After",)),
}  # fmt: skip


def component_of(status: int) -> str:
    return _KINDS[status][0]


def responses() -> JSON:
    """All refusals, by name."""
    return {kind[0]: _response(status, *kind[1:]) for status, kind in _KINDS.items()}


def _response(status: int, when: str, code: str, detail: str, more: JSON, headers: tuple[str, ...]) -> JSON:
    example = {
        "type": f"/mvp/api/problems/{code}",
        "title": when.partition(":")[0].partition(",")[0].rstrip("."),
        "status": status,
        "code": code,
        "detail": detail,
        "trace_id": "0193f2c4-6d1e-7a52-b0c3-5f1f0e9a7d21",
        **more,
    }
    media = {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}
    names = ("X-Request-Id", *headers)
    return {
        "description": when,
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in names},
        "content": {MEDIA_TYPE: media},
    }


def statuses_of(
    marks: Marks,
    *,
    method: str,
    has_body: bool,
    has_input: bool,
    has_link: bool,
    has_version: bool,
    names_ids: bool,
) -> list[int]:
    """What a route can refuse with. ``has_link``: its path holds a token of a mail; ``names_ids``: it names a thing."""
    found = {429, 503}
    if not marks.is_public:
        found |= {401, 403}
    if has_body or has_input:
        found.add(400)
    if has_body:
        found |= {413, 415}
    if has_input or has_body:
        found.add(422)
    if names_ids or has_link:
        found.add(404)
    if has_link and method != "GET":
        found.add(410)
    if method != "GET" and not (marks.is_public and not marks.takes_key):
        found.add(409)
    if has_version:
        found |= {412, 428}
    return sorted(found)
