"""Safe retries: the answer to a request with an ``Idempotency-Key`` is stored in the transaction of its effect."""

import hashlib
from collections.abc import Awaitable, Callable
from typing import Annotated

import orjson
from fastapi import Depends, Header, Request, Response

from shared.auth import actor_of
from shared.bodies import FORM_FIELDS_MAX, FORM_FILES_MAX
from shared.db import Conn
from shared.problems import BadRequest, Conflict, Invalid

HEADER = "idempotency-key"
CHUNK_BYTES = 1 << 20
_KEPT_HEADERS = ("content-type", "location", "etag", "link", "retry-after")


async def answered_once(
    request: Request,
    key: str,
    *,
    conn: Callable[[], Awaitable[Conn]],
    answer: Callable[[Request], Awaitable[Response]],
) -> Response:
    """Answer a request, or give the stored answer of the same one again. Scope: person, method, path and key.

    On public routes nobody is known: there the key alone must be hard to guess, as a UUID is. A route whose answer
    holds a secret sets ``request.state.kept_body`` to what may be stored instead.
    """
    if not 16 <= len(key) <= 128 or not key.isascii() or not key.isprintable():
        raise BadRequest("Idempotency-Key takes 16 to 128 visible ASCII characters; a UUID is a good one.")
    who = actor_of(request).user_id if "authorization" in request.headers else "public"
    scope = f"{who} {request.method} {request.url.path} {key}"
    digest = await _digest(request)
    open_conn = await conn()
    if not await _locked(open_conn, scope):
        raise Conflict(
            "A request with this Idempotency-Key is still running; ask again in a second.",
            slug="request_in_progress",
            headers={"Retry-After": "1"},
        )
    stored = await (
        await open_conn.execute(
            "SELECT request_hash, status, headers, body FROM idempotency WHERE scope = %(scope)s", {"scope": scope}
        )
    ).fetchone()
    if stored is not None:
        if bytes(stored[0]) != digest:
            raise Invalid(
                "This Idempotency-Key was used for another request; take a new one.", slug="idempotency_key_reused"
            )
        return Response(bytes(stored[3]), stored[1], {**stored[2], "idempotency-replayed": "true"})
    response = await answer(request)
    if 200 <= response.status_code < 300:
        kept = {name: value for name, value in response.headers.items() if name in _KEPT_HEADERS}
        await open_conn.execute(
            """
            INSERT INTO idempotency (scope, request_hash, status, headers, body, created_at)
            VALUES (%(scope)s, %(hash)s, %(status)s, %(headers)s::jsonb, %(body)s, clock())
            """,
            {
                "scope": scope,
                "hash": digest,
                "status": response.status_code,
                "headers": orjson.dumps(kept).decode(),
                "body": bytes(getattr(request.state, "kept_body", response.body)),
            },
        )
    return response


async def _digest(request: Request) -> bytes:
    """What tells one request from another. Of a form that is what it holds, not its bytes: whoever sends it again most
    likely draws another line between its parts. Its file is read from the disk, because it may be too large to be held.
    """
    found = hashlib.sha256(request.url.query.encode() + b"\n")
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        found.update(await request.body())
        return found.digest()
    form = await request.form(max_files=FORM_FILES_MAX, max_fields=FORM_FIELDS_MAX)
    for name, value in form.multi_items():
        if isinstance(value, str):
            found.update(repr((name, value)).encode())
            continue
        found.update(repr((name, value.filename, value.size)).encode())
        while chunk := await value.read(CHUNK_BYTES):
            found.update(chunk)
        await value.seek(0)
    return found.digest()


async def _locked(conn: Conn, scope: str) -> bool:
    cursor = await conn.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%(scope)s, 0))", {"scope": scope})
    row = await cursor.fetchone()
    return bool(row and row[0])


async def _key(
    idempotency_key: Annotated[str | None, Header(description="16–128 visible ASCII characters")] = None,
) -> str:
    if idempotency_key is None:
        raise BadRequest(
            "Send an Idempotency-Key header (a UUID), so that a repeated request has one effect.",
            slug="idempotency_key_required",
        )
    return idempotency_key


Keyed = Annotated[str, Depends(_key)]
"""Parameter of a route that refuses requests without a key."""
