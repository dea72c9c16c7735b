"""Which headers pass the gateway, and which framing is refused."""

from collections.abc import Iterable

Headers = list[tuple[bytes, bytes]]

HOP_BY_HOP = frozenset(
    {b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"te", b"trailer",
     b"transfer-encoding", b"upgrade", b"proxy-connection"}
)  # fmt: skip
IDENTITY = (b"x-user", b"x-actor", b"x-role", b"x-org", b"x-internal", b"x-auth", b"x-remote")
DROPPED = frozenset({b"host", b"content-length", b"expect", b"forwarded", b"x-request-id"})
COUNT_MAX = 100
BYTES_MAX = 32 * 1024


class BadFraming(ValueError):
    """The request could be read in two ways."""


def check(headers: Headers) -> None:
    """Raise ``BadFraming`` for a request whose length or size is in doubt."""
    if len(headers) > COUNT_MAX or sum(len(name) + len(value) for name, value in headers) > BYTES_MAX:
        raise BadFraming("Too many or too long headers; send fewer.")
    lengths = [value for name, value in headers if name == b"content-length"]
    encodings = [value for name, value in headers if name == b"transfer-encoding"]
    if len(lengths) > 1 or (lengths and encodings):
        raise BadFraming("Send either one Content-Length or chunked, not both.")
    if lengths and not lengths[0].isdigit():
        raise BadFraming("Content-Length must be a number.")
    if any(name == b"host" for name, _ in headers) and sum(name == b"host" for name, _ in headers) > 1:
        raise BadFraming("Send one Host header.")


def _named_in_connection(headers: Headers) -> frozenset[bytes]:
    named = b",".join(value for name, value in headers if name == b"connection")
    return frozenset(part.strip().lower() for part in named.split(b","))


def to_service(headers: Headers, *, request_id: str, authorization: str | None) -> list[tuple[str, str]]:
    """What is forwarded: no identity, no hop-by-hop, no claims about where the request came from."""
    gone = HOP_BY_HOP | DROPPED | _named_in_connection(headers)
    kept = [
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, value in headers
        if name not in gone and not _claims(name) and not (name == b"authorization" and authorization is not None)
    ]
    if authorization is not None:
        kept.append(("authorization", authorization))
    kept.append(("x-request-id", request_id))
    return kept


def _claims(name: bytes) -> bool:
    plain = name.replace(b"_", b"-")
    return plain.startswith((b"x-forwarded-", b"forwarded", *IDENTITY)) or plain == b"x-real-ip"


def to_client(raw: Iterable[tuple[bytes, bytes]]) -> Headers:
    """What goes back: without hop-by-hop headers; the gateway frames the body itself."""
    headers = [(name.lower(), value) for name, value in raw]
    gone = (HOP_BY_HOP | _named_in_connection(headers)) - {b"content-length"}
    return [(name, value) for name, value in headers if name not in gone and name != b"x-request-id"]
