"""Live events over HTTP (Server-Sent Events)."""

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Annotated

import orjson
from fastapi import Header, Query, Request
from fastapi.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.live import PAGE, Feed, Stream, Wish, frame_of
from shared.auth import AnyActor
from shared.contracts import BY_TYPE
from shared.problems import BadRequest
from shared.service import router

HEARTBEAT_SECONDS = 15.0
MISSED_MAX = 5000  # of whoever missed more, nobody waits that long: he reads his lists anew
LAST_WORD_SECONDS = 1.0
HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"private, no-store"),
    (b"x-accel-buffering", b"no"),
]
_PREFIX = re.compile(r"[a-z][a-z_.0-9]{0,99}")

live = router("Platform")


class EventStream(Response):
    """Sends a stream until its client leaves or it is ended, and holds nothing else meanwhile."""

    media_type = "text/event-stream"

    def __init__(self, feed: Feed, stream: Stream, *, heartbeat_seconds: float = HEARTBEAT_SECONDS) -> None:
        super().__init__()
        self._feed = feed
        self._stream = stream
        self._heartbeat = heartbeat_seconds
        self._sent_up_to = stream.begins_after

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._answer(receive, send)
        finally:
            self._feed.close(self._stream)

    async def _answer(self, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        sender = asyncio.create_task(self._send(send))
        leaver = asyncio.create_task(_left(receive))
        ender = asyncio.create_task(self._stream.over.wait())
        try:
            await asyncio.wait((sender, leaver, ender), return_when=asyncio.FIRST_COMPLETED)
            takes_more = not leaver.done() and self._stream.ended != "slow"
        finally:
            self._feed.close(self._stream)  # its place is free, whatever the last word takes
            for task in (sender, leaver, ender):
                task.cancel()
            outcomes = await asyncio.gather(sender, leaver, ender, return_exceptions=True)
        if isinstance(outcomes[0], Exception):
            raise outcomes[0]
        if takes_more:
            with suppress(TimeoutError):
                async with asyncio.timeout(LAST_WORD_SECONDS):
                    await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _send(self, send: Send) -> None:
        async def write(body: bytes) -> None:
            await send({"type": "http.response.body", "body": body, "more_body": True})

        await write(b"retry: 2000\n\n")
        async for body in self._missed():
            await write(body)
        while True:
            frames = [frame for number, frame in self._stream.take() if number > self._sent_up_to]
            if frames:
                await write(b"".join(frames))
                continue
            try:
                async with asyncio.timeout(self._heartbeat):
                    await self._stream.wake.wait()
            except TimeoutError:
                if not self._stream.wake.is_set():
                    await write(self._pulse())

    def _pulse(self) -> bytes:
        """Nothing waits: up to here the client knows everything, and may say so when he comes back."""
        up_to = max(self._feed.position, self._sent_up_to)
        return b": nothing new\nid: %d\n\n" % up_to

    async def _missed(self) -> AsyncGenerator[bytes]:
        last = self._stream.wish.last_id
        if last is None:
            yield b"id: %d\n\n" % self._stream.begins_after
            return
        extent = await self._feed.extent()
        if last < extent.pruned_to or last > extent.head:
            yield _gone(self._stream.begins_after)
            return
        sent = 0
        while True:
            page = await self._feed.missed(self._stream, last)
            wanted = [one for one in page if self._stream.wish.wants(one.type)]
            sent += len(wanted)
            if sent > MISSED_MAX:
                yield _gone(self._stream.begins_after)
                return
            if wanted:
                yield b"".join(map(frame_of, wanted))
            if len(page) < PAGE:
                break
            last = page[-1].id
        self._sent_up_to = max(last, self._stream.begins_after)


def _gone(now_at: int) -> bytes:
    """What was missed is not kept, or too much: the client reads his lists anew and goes on from here."""
    return b"id: %d\nevent: gone\ndata: %s\n\n" % (now_at, orjson.dumps({"reason": "missed events are not kept"}))


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _prefixes(types: str | None) -> tuple[str, ...]:
    asked = [one.strip() for one in (types or "").split(",") if one.strip()]
    plain = tuple(one.removesuffix("*").removesuffix(".") for one in asked)
    for one in plain:
        known = any(name == one or name.startswith(f"{one}.") for name in BY_TYPE)
        if not _PREFIX.fullmatch(one) or not known:
            raise BadRequest(
                f"No type of event is or begins with {one[:60]}; see docs/events.md.", slug="invalid_filter"
            )
    return tuple(one if one in BY_TYPE else f"{one}." for one in plain)


def _last_id(*given: str | None) -> int | None:
    for one in given:
        if one:
            if not one.isascii() or not one.isdigit() or len(one) > 18:
                raise BadRequest("Last-Event-ID is the id of an event that you got here; leave it out at first.")
            return int(one)
    return None


@live.get(
    "/events",
    summary="Live: what happened, as it happens (Server-Sent Events); each says what to read, never what changed",
    response_class=Response,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)
async def get_events(
    actor: AnyActor,
    request: Request,
    types: Annotated[
        str | None, Query(max_length=1000, description="types or their beginnings, such as exclusivity.window")
    ] = None,
    last_event_id: Annotated[str | None, Query(max_length=20, description="for clients without headers")] = None,
    last_event_id_header: Annotated[str | None, Header(alias="Last-Event-ID", max_length=20)] = None,
) -> Response:
    """Each message is JSON with type, kind, id, version, time and the address to read: nothing of what changed.

    Its `id` goes into `Last-Event-ID` when you come back, to whichever gateway; a message named `gone` says that what
    you missed is no longer kept: read your lists anew. After 15 seconds of silence comes a comment with the newest id.
    The stream ends with your access token, with your sign-in, and when you do not read: come back with a fresh token.
    """
    feed: Feed = request.app.state.feed
    wish = Wish(_prefixes(types), _last_id(last_event_id_header, last_event_id))
    return EventStream(feed, feed.open(actor, wish))
