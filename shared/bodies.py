"""Bodies of requests."""

import math
import re
from typing import cast

import orjson
from pydantic import BaseModel, ConfigDict
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.problems import BadRequest, TooLarge

DEPTH_MAX = 32  # ours go 5 deep; checks that call themselves stop at some hundred
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)


class RequestBody(BaseModel):
    """A member that nobody knows is an error: a misspelt wish must not be dropped in silence."""

    model_config = ConfigDict(extra="forbid")


def strict_json(body: bytes) -> object:
    """What a JSON body says; raises ``BadRequest`` for what parsers read differently or a database would choke on.

    That is: NaN, Infinity and numbers as large, lone surrogates, NUL, a member named twice, and nesting without end.
    """
    if b"\\u0000" in body or b"\x00" in body:
        raise BadRequest("The body holds a NUL character; take it out.")
    try:
        value: object = orjson.loads(body)  # refuses NaN, Infinity and lone surrogates
    except orjson.JSONDecodeError as error:
        raise BadRequest(f"The body is not valid JSON; correct it at character {error.pos}: {error.msg}.") from None
    if _members(value) != _STRING.sub(b"", body).count(b":"):
        raise BadRequest("The body names a member twice in one object; say once what you mean.")
    return value


def _members(value: object) -> int:
    """Members of all objects together; raises ``BadRequest`` for numbers and depths that nobody means."""
    count = 0
    waiting: list[tuple[object, int]] = [(value, 1)]
    while waiting:
        one, depth = waiting.pop()
        if isinstance(one, float) and math.isinf(one):
            raise BadRequest("The body holds a number that is too large; send one that fits its unit.")
        if not isinstance(one, (dict, list)):
            continue
        if depth > DEPTH_MAX:
            raise BadRequest(f"The body is nested deeper than {DEPTH_MAX}; send it flatter.")
        if isinstance(one, dict):
            members = cast(dict[str, object], one)
            count += len(members)
            waiting.extend((inner, depth + 1) for inner in members.values())
        else:
            waiting.extend((inner, depth + 1) for inner in cast(list[object], one))
    return count


class Bounded:
    """Pure ASGI: a body over the limit is refused while it arrives, whether or not its length was announced."""

    def __init__(self, app: ASGIApp, *, body_bytes_max: int) -> None:
        self._app = app
        self._max = body_bytes_max

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        received = 0

        async def receive_bounded() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._max or (announced.isdigit() and int(announced) > self._max):
                raise TooLarge(f"The body may have at most {self._max} bytes; send less.")
            return message

        await self._app(scope, receive_bounded, send)
