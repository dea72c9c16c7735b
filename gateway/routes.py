"""Which service answers a path: the first segment under ``/mvp/api/`` decides."""

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


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes."""

    service: str
    segment: str
    is_public: bool


class Ambiguous(ValueError):
    """The raw and the decoded path would go to different places."""


def target_of(path: str, raw_path: bytes) -> Target | None:
    """The service for a path, ``None`` for the gateway's own.

    Decided on the very bytes that are forwarded. Raises ``Ambiguous`` for encoded slashes, dots or letters that make
    the raw and the decoded form differ in the deciding part.
    """
    raw = raw_path.decode("latin-1")
    if any(part in (".", "..") for part in unquote(raw).split("/")) or "%2f" in raw.lower() or "//" in raw:
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
