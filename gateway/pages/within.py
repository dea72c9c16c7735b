"""The gateway's own routes, asked from its pages without a socket: as any client would be answered."""

from typing import Any

import orjson
from fastapi import Request
from starlette.types import Message, Scope

JSON = dict[str, Any]


async def answer_of(
    request: Request, method: str, path: str, *, headers: dict[str, str], body: JSON | None = None
) -> tuple[int, JSON]:
    """Status and JSON of a request to this very process, for whoever is looking at a page."""
    sent = b"" if body is None else orjson.dumps(body)
    named = {**headers, "content-type": "application/json"} if body is not None else headers
    target, _, query = path.partition("?")
    scope: Scope = {
        **{name: request.scope[name] for name in ("type", "asgi", "http_version", "server", "client", "scheme")},
        "method": method,
        "path": target,
        "raw_path": target.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in named.items()],
    }
    status = 500
    parts: list[bytes] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": sent, "more_body": False}

    async def send(message: Message) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        else:
            parts.append(message.get("body", b""))

    await request.app(scope, receive, send)
    return status, orjson.loads(b"".join(parts) or b"{}")
