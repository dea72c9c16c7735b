"""What may be kept of an answer, and when it need not be sent again: the same for every route of every service."""

from collections.abc import Sequence

PRIVATE = (b"cache-control", b"private, no-store")
KEPT_WITHOUT_BODY = frozenset({b"etag", b"cache-control", b"vary", b"content-location", b"expires", b"link"})
Headers = list[tuple[bytes, bytes]]


def told(headers: Sequence[tuple[bytes, bytes]]) -> Headers:
    """The headers with the rule for caches: nothing is kept unless the route says so."""
    kept = list(headers)
    if not any(name == b"cache-control" for name, _ in kept):
        kept.append(PRIVATE)
    return kept


def is_known(asked: str, headers: Sequence[tuple[bytes, bytes]]) -> bool:
    """Whether ``If-None-Match`` names the entity tag of an answer; weak and strong tags are compared alike."""
    tag = next((value.decode("latin-1") for name, value in headers if name == b"etag"), None)
    if tag is None:
        return False
    known = [one.strip().removeprefix("W/") for one in asked.split(",")]
    return "*" in known or tag.removeprefix("W/") in known


def without_body(headers: Sequence[tuple[bytes, bytes]]) -> Headers:
    """What a 304 says."""
    return [(name, value) for name, value in headers if name in KEPT_WITHOUT_BODY]
