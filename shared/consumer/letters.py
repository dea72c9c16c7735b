"""Dead letters of one service on its worker's loopback port: shown, tried again, dropped. Only the gateway comes here.

It brings the administrator's own token, and this service verifies it: a port is no proof of who asks.
"""

import logging
from dataclasses import asdict
from uuid import UUID

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from shared.auth import Actor, verifier
from shared.consumer import operations
from shared.consumer.operations import DeadLetter
from shared.db import Database
from shared.keyset import Question
from shared.problems import AppError, BadRequest, NotAllowed, NotAuthenticated, NotFound

LIMIT_MAX = 1001  # a page of an export and one more
_PLACE = ("start", "backwards", "count")
log = logging.getLogger(__name__)


class Letters:
    """The routes under ``/internal/dead-letters``."""

    def __init__(self, database: Database, *, public_key: str) -> None:
        self._database = database
        self._public_key = public_key  # looked at when somebody asks: a worker does its work without a good one too

    def routes(self) -> list[Route]:
        home = "/internal/dead-letters"
        return [
            Route(home, self.shown),
            Route(f"{home}/{{id}}", self.one),
            Route(f"{home}/{{id}}", self.dropped, methods=["DELETE"]),
            Route(f"{home}/{{id}}/replays", self.replayed, methods=["POST"]),
        ]

    async def shown(self, request: Request) -> Response:
        """One more than a page, in the direction of reading; ``start`` is the place of the last one seen."""
        try:
            role = self._admin(request).role
            asked = request.query_params
            filters, sort = operations.LETTERS.parse(
                [pair for pair in asked.multi_items() if pair[0] not in _PLACE], role
            )
            start: list[str] | None = orjson.loads(asked["start"]) if "start" in asked else None
            question = Question(
                listing=operations.LETTERS,
                filters=filters,
                sort=sort,
                limit=min(int(asked.get("limit", "50")), LIMIT_MAX),
                start=tuple(start) if start is not None else None,
                backwards="backwards" in asked,
                count="count" in asked,
            )
            async with self._database.transaction() as conn:
                found = await operations.letters_page(conn, question)
        except AppError as error:
            return _refused(error)
        except ValueError as error:
            return _refused(BadRequest(str(error)))
        return _json({"items": [asdict(letter) for letter in found.rows], "total": found.total})

    async def one(self, request: Request) -> Response:
        try:
            self._admin(request)
            return _json(asdict(await self._find(request)))
        except AppError as error:
            return _refused(error)

    async def replayed(self, request: Request) -> Response:
        """Hand the event back to this service only; it is tried within a second."""
        try:
            who, letter = self._admin(request), await self._find(request)
            async with self._database.transaction() as conn:
                moved = await operations.retry_dead_letter(conn, letter.id)
        except AppError as error:
            return _refused(error)
        if not moved:
            return _refused(_unknown())
        log.warning("dead letter replayed", extra=_note(letter, who))
        return _json(asdict(letter), status=202)

    async def dropped(self, request: Request) -> Response:
        """Forget the event: it never has its effect here."""
        try:
            who, letter = self._admin(request), await self._find(request)
            async with self._database.transaction() as conn:
                await operations.drop_dead_letter(conn, letter.id)
        except AppError as error:
            return _refused(error)
        log.warning("dead letter dropped", extra=_note(letter, who))
        return Response(status_code=204)

    def _admin(self, request: Request) -> Actor:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise NotAuthenticated("Only the gateway asks here, with the token of an administrator.")
        actor = verifier(self._public_key).verify(token.strip())
        if not actor.is_admin:
            raise NotAllowed("Dead letters are for administrators; sign in as one.")
        return actor

    async def _find(self, request: Request) -> DeadLetter:
        try:
            letter_id = UUID(request.path_params["id"])
        except ValueError:
            raise _unknown() from None
        async with self._database.transaction() as conn:
            letter = await operations.dead_letter(conn, letter_id)
        if letter is None:
            raise _unknown()
        return letter


def _unknown() -> NotFound:
    return NotFound("There is no such dead letter here; it was replayed or dropped.")


def _note(letter: DeadLetter, who: Actor) -> dict[str, object]:
    return {
        "dead_letter_id": str(letter.id),
        "stream": letter.stream,
        "seq": letter.seq,
        "type": letter.type,
        "user_id": str(who.user_id),
    }


def _refused(error: AppError) -> Response:
    return _json({"code": error.code, "detail": error.detail}, status=error.status)


def _json(body: object, *, status: int = 200) -> Response:
    return Response(orjson.dumps(body, default=str), status_code=status, media_type="application/json")
