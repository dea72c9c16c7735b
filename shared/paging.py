"""Cursor pagination: sealed cursors, a page envelope, and ``Link`` headers (RFC 8288).

A cursor holds the place of a row in the order. It is encrypted, so that it tells nobody the value of a field he does
not see, and it opens only for the path, the filters and the order it was made for.
"""

import base64
import hashlib
import os
from functools import cache
from typing import Annotated, Generic, TypeVar
from urllib.parse import urlencode

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from fastapi import Query, Request
from pydantic import BaseModel
from starlette.datastructures import URL

from shared.problems import BadRequest

LIMIT_DEFAULT = 50
LIMIT_MAX = 200
CURSOR_CHARS_MAX = 2048  # three sort values of 200 characters and an id
_OWN = ("limit", "cursor", "facets")
_NONCE_BYTES = 12
T = TypeVar("T")


class AtLeast(BaseModel):
    """A total that was not counted to its end."""

    gte: int


class Counted(BaseModel):
    """A value of a field and how many rows have it."""

    value: str
    count: int


class Page(BaseModel, Generic[T]):
    """One page; ``next_cursor`` is ``None`` on the last, ``prev_cursor`` on the first.

    ``total_count`` is there for who sends ``Prefer: return=total-count``, ``facets`` for who asks for them.
    """

    items: list[T]
    next_cursor: str | None = None
    prev_cursor: str | None = None
    total_count: int | AtLeast | None = None
    facets: dict[str, list[Counted]] | None = None


def seal(request: Request, *place: object) -> str:
    """A cursor for this very question."""
    nonce = os.urandom(_NONCE_BYTES)
    sealed = _cipher(request.app.state.settings.cursor_key).encrypt(nonce, orjson.dumps(place), _question(request))
    return base64.urlsafe_b64encode(nonce + sealed).decode().rstrip("=")


def unseal(request: Request, cursor: str) -> list[object]:
    """What ``seal`` was given; raises a ``BadRequest`` for a cursor of another question or of nobody."""
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        cipher = _cipher(request.app.state.settings.cursor_key)
        return orjson.loads(cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], _question(request)))
    except (ValueError, InvalidTag):
        raise not_of_this_list() from None


def not_of_this_list() -> BadRequest:
    """The refusal of a cursor."""
    return BadRequest(
        "The cursor does not belong to this list and these filters; start without one.", slug="invalid_cursor"
    )


def link(request: Request, *, before: str | None, after: str | None) -> str:
    """The ``Link`` header of a page, relative to the host."""
    begin = address(request, None)
    links = [f'<{begin}>; rel="first"']
    for cursor, relation in ((before, "prev"), (after, "next")):
        if cursor is not None:
            links.insert(0, f'<{_going_on(begin, cursor)}>; rel="{relation}"')
    return ", ".join(links)


def address(request: Request, cursor: str | None) -> str:
    """Where this very list goes on, relative to the host; ``None``: where it begins."""
    path: str = request.scope["path"]
    asked = urlencode([(name, value) for name, value in request.query_params.multi_items() if name != "cursor"])
    begin = f"{path}?{asked}" if asked else path
    return begin if cursor is None else _going_on(begin, cursor)


def _going_on(begin: str, cursor: str) -> str:
    return f"{begin}{'&' if '?' in begin else '?'}cursor={cursor}"


def relative(request: Request, url: URL) -> str:
    """Without the host, which may be known to clients by another name."""
    return str(url).removeprefix(f"{request.url.scheme}://{request.url.netloc}")


@cache
def _cipher(key: str) -> AESGCM:
    return AESGCM(hashlib.sha256(f"cursors {key}".encode()).digest())


def _question(request: Request) -> bytes:
    filters = sorted((name, value) for name, value in request.query_params.multi_items() if name not in _OWN)
    return f"{request.scope['path']} {filters}".encode()


Limit = Annotated[int, Query(ge=1, le=LIMIT_MAX, description="elements per page")]
Cursor = Annotated[
    str | None, Query(max_length=CURSOR_CHARS_MAX, description="next_cursor or prev_cursor of another page")
]
