"""Which service answers a path: the first segment under ``/mvp/api/`` decides."""

import re
from dataclasses import dataclass
from urllib.parse import unquote

PREFIX = "/mvp/api/"

SEGMENTS = {
    "batches": "ingestion",
    "mailboxes": "ingestion",
    "inbound-messages": "ingestion",
    "mapping-profiles": "ingestion",
    "datasheets": "ingestion",
    "exchange-rates": "ingestion",
    "items": "catalog",
    "reference-data": "catalog",
    "visibility-rules": "catalog",
    "requirements": "matching",
    "requirement-previews": "matching",
    "matches": "matching",
    "match-runs": "matching",
    "interests": "exclusivity",
    "windows": "exclusivity",
    "offers": "exclusivity",
    "newsletter": "newsletter",
}

PUBLIC = ("newsletter/t/", "newsletter/unsubscribe/", "newsletter/provider-events/")
"""Paths below the prefix that need no token: their own token is in the path or the body is signed."""

UPLOADS = ("batches", "datasheets")
"""Segments that take files and therefore large bodies."""

# A slash, a backslash or a control character; also encoded twice, for whoever decodes twice.
_ENCODED_SEPARATOR = re.compile(r"%(25)*(2f|5c|[01][0-9a-f]|7f)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes."""

    service: str
    segment: str
    is_public: bool


class Ambiguous(ValueError):
    """The raw and the decoded path would go to different places."""


def target_of(path: str, raw_path: bytes, query: bytes = b"") -> Target | None:
    """The service for a path, ``None`` for the gateway's own.

    Decided on the very bytes that are forwarded. Raises ``Ambiguous`` for encoded slashes, dots or letters that make
    the raw and the decoded form differ in the deciding part.
    """
    raw = raw_path.decode("latin-1")
    if not raw.isascii() or not query.isascii() or not raw.startswith("/") or "//" in raw or "\\" in raw:
        raise Ambiguous(path)
    if "%" in raw and _ENCODED_SEPARATOR.search(raw):
        raise Ambiguous(path)
    if any(part in (".", "..") for part in unquote(raw).split("/")):
        raise Ambiguous(path)
    if not raw.startswith(PREFIX):
        if unquote(raw).startswith(PREFIX):
            raise Ambiguous(path)
        return None
    rest = raw[len(PREFIX) :]
    segment = rest.partition("/")[0]
    if "%" in segment:
        raise Ambiguous(path)
    service = SEGMENTS.get(segment)
    if service is None:
        return None
    return Target(service=service, segment=segment, is_public=rest.startswith(PUBLIC))
