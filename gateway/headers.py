"""Which headers pass the gateway, and which requests are refused before anything reads them."""

from collections.abc import Iterable, Sequence

from gateway.errors import HeadersTooLarge
from shared.problems import BadRequest

Headers = list[tuple[bytes, bytes]]

HOP_BY_HOP = frozenset(
    {b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"te", b"trailer",
     b"transfer-encoding", b"upgrade", b"proxy-connection"}
)  # fmt: skip
IDENTITY = (b"x-user", b"x-actor", b"x-role", b"x-org", b"x-internal", b"x-auth", b"x-remote",
            b"x-forwarded", b"forwarded", b"x-real-ip", b"x-original", b"x-rewrite")  # fmt: skip
DROPPED = frozenset({b"host", b"content-length", b"expect", b"x-request-id"})
REPLACED = frozenset({b"x-request-id", b"date", b"server"})  # the gateway says these itself
NO_BODY = frozenset({204, 304})
COUNT_MAX = 100
BYTES_MAX = 32 * 1024


def check(headers: Headers, *, http_version: str = "1.1") -> int | None:
    """The announced length of the body; refuses a request whose size, host or length is in doubt.

    The parser refuses most of this already. Here it holds whatever parser is in front.
    """
    if len(headers) > COUNT_MAX:
        raise HeadersTooLarge(f"At most {COUNT_MAX} headers are taken; send fewer.")
    size = hosts = encodings = 0
    lengths: list[bytes] = []
    for name, value in headers:
        size += len(name) + len(value)
        if name == b"host":
            hosts += 1
        elif name == b"content-length":
            lengths.append(value)
        elif name == b"transfer-encoding":
            encodings += 1
            if value.strip().lower() != b"chunked":
                raise BadRequest("Send the body chunked; no other transfer encoding is taken.")
    if size > BYTES_MAX:
        raise HeadersTooLarge(f"At most {BYTES_MAX} bytes of headers are taken; send fewer.")
    if hosts > 1 or (hosts == 0 and http_version != "1.0"):
        raise BadRequest("Send one Host header.")
    if len(lengths) > 1 or encodings > 1 or (lengths and encodings):
        raise BadRequest("Send either one Content-Length or chunked, not both.")
    if not lengths:
        return None
    if not lengths[0].isdigit() or len(lengths[0]) > 15:
        raise BadRequest("Content-Length must be a number.")
    return int(lengths[0])


def value_of(headers: Headers, wanted: bytes) -> bytes | None:
    """The first header of this name."""
    return next((value for name, value in headers if name == wanted), None)


def client_behind(headers: Headers, *, peer: str, trusted: Sequence[str]) -> str:
    """The address a request came from: the peer's, or what a trusted proxy says about its own peer."""
    if peer not in trusted:
        return peer
    forwarded = [value for name, value in headers if name == b"x-forwarded-for"]
    # The proxy's own word is the last one; anything before it was sent by the client.
    return forwarded[-1].rpartition(b",")[2].strip().decode("latin-1") or peer if forwarded else peer


def _named_in_connection(headers: Headers) -> frozenset[bytes]:
    named = b",".join(value for name, value in headers if name == b"connection")
    return frozenset(part.strip().lower() for part in named.split(b",")) if named else frozenset()


def to_service(headers: Headers, *, request_id: str, authorization: str | None) -> list[tuple[str, str]]:
    """What is forwarded: no identity, no hop-by-hop, no claims about where the request came from.

    A name with an underscore is dropped: some servers read ``X_Role`` as ``X-Role``.
    """
    gone = HOP_BY_HOP | DROPPED | _named_in_connection(headers)
    kept = [
        (name.decode("latin-1"), _text(value))
        for name, value in headers
        if name not in gone
        and b"_" not in name
        and not name.startswith(IDENTITY)
        and not (name == b"authorization" and authorization is not None)
    ]
    if authorization is not None:
        kept.append(("authorization", authorization))
    kept.append(("x-request-id", request_id))
    return kept


def _text(value: bytes) -> str:
    """The value as the client library will send it: valid UTF-8 byte for byte, anything else as Latin-1."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def to_client(raw: Iterable[tuple[bytes, bytes]], *, status: int = 200) -> Headers:
    """What goes back: without hop-by-hop headers; the gateway frames the body itself."""
    headers = [(name.lower(), value) for name, value in raw]
    gone = HOP_BY_HOP | REPLACED | _named_in_connection(headers)
    gone = gone | {b"content-length"} if status in NO_BODY else gone - {b"content-length"}
    return [(name, value) for name, value in headers if name not in gone]
