"""What a service holds about one person, on its worker's loopback port, for the archive that people may ask for.

The gateway comes with a token of its own, and this service verifies it: a port is no proof of who asks.
"""

from collections.abc import Awaitable, Callable
from uuid import UUID

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from shared.auth import verifier
from shared.db import Conn, Database
from shared.problems import AppError, NotAllowed, NotFound, problem

Personal = Callable[[Conn, UUID], Awaitable[str]]
"""Everything about a user id, as a JSON object."""


async def nothing(_: Conn, __: UUID) -> str:
    """Of a service that knows people by their ids only, if at all."""
    return "{}"


class People:
    """The route ``/internal/people/{id}``."""

    def __init__(self, database: Database, *, public_key: str, personal: Personal) -> None:
        self._database = database
        self._public_key = public_key
        self._personal = personal

    def routes(self) -> list[Route]:
        return [Route("/internal/people/{id}", self.about)]

    async def about(self, request: Request) -> Response:
        try:
            _, _, token = request.headers.get("authorization", "").partition(" ")
            if not verifier(self._public_key).verify(token.strip()).is_admin:
                raise NotAllowed("Only the gateway asks here; ask for an archive at /users/{id}/privacy-requests.")
            try:
                person_id = UUID(request.path_params["id"])
            except ValueError:
                raise NotFound("The id of a user is a UUID; check it.") from None
            async with self._database.transaction() as conn:
                found = await self._personal(conn, person_id)
        except AppError as error:
            return problem(None, error)
        return Response(orjson.dumps(orjson.Fragment(found)), media_type="application/json")
