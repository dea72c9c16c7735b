"""Cursor pagination: opaque signed cursors, a page envelope, and ``Link`` headers (RFC 8288)."""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar

import orjson
from fastapi import Depends, Query, Request, Response
from pydantic import BaseModel

from shared.problems import BadRequest

LIMIT_DEFAULT = 50
LIMIT_MAX = 200
_OWN = ("limit", "cursor")
T = TypeVar("T")


class Page(BaseModel, Generic[T]):
    """One page; ``next_cursor`` is ``None`` on the last."""

    items: list[T]
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True)
class PageRequest:
    """``after`` holds the sort values and the id of the last element seen, ``None`` on the first page."""

    limit: int
    after: tuple[str, ...] | None
    request: Request

    def page(self, response: Response, items: list[T], last: tuple[str, ...] | None) -> Page[T]:
        """Make the page of ``items``; ``last`` is the key of its last element when more follow, else ``None``."""
        cursor = None if last is None else _sign(self.request, last)
        links = [f'<{self.request.url.remove_query_params("cursor")}>; rel="first"']
        if cursor:
            links.insert(0, f'<{self.request.url.include_query_params(cursor=cursor)}>; rel="next"')
        response.headers["Link"] = ", ".join(_relative(link, self.request) for link in links)
        return Page[T](items=items, next_cursor=cursor)


def _relative(link: str, request: Request) -> str:
    return link.replace(f"{request.url.scheme}://{request.url.netloc}", "")


def _secret(request: Request) -> bytes:
    # The filters are part of the signature: a cursor does not fit another question.
    filters = sorted((name, value) for name, value in request.query_params.multi_items() if name not in _OWN)
    return f"{request.app.state.settings.cursor_key}{request.url.path}{filters}".encode()


def _sign(request: Request, key: tuple[str, ...]) -> str:
    body = orjson.dumps(key)
    mac = hmac.digest(_secret(request), body, hashlib.sha256)[:12]
    return base64.urlsafe_b64encode(mac + body).decode().rstrip("=")


async def _paging(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=LIMIT_MAX, description="elements per page")] = LIMIT_DEFAULT,
    cursor: Annotated[str | None, Query(max_length=1024, description="next_cursor of the page before")] = None,
) -> PageRequest:
    if cursor is None:
        return PageRequest(limit=limit, after=None, request=request)
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        mac, body = raw[:12], raw[12:]
        if not hmac.compare_digest(mac, hmac.digest(_secret(request), body, hashlib.sha256)[:12]):
            raise ValueError("signature")
        return PageRequest(limit=limit, after=tuple(orjson.loads(body)), request=request)
    except ValueError:
        raise BadRequest(
            "The cursor does not belong to this list and these filters; start without one.", slug="invalid_cursor"
        ) from None


Paging = Annotated[PageRequest, Depends(_paging)]
