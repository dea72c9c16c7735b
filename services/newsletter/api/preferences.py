"""What a reader wants to be told, and how often."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from services.newsletter.errors import RecipientUnknown
from services.newsletter.schemas import PreferenceAnswer, PreferenceRequest
from services.newsletter.usecases import people
from shared.auth import Actor, BuyerActor
from shared.db import clock
from shared.preconditions import ExpectedVersion, tag
from shared.service import Transaction, router

routes = router("newsletter")
ForUser = Annotated[UUID | None, Query(description="the operator only: somebody else's")]


def _whose(actor: Actor, user_id: UUID | None) -> UUID:
    if user_id is None or user_id == actor.user_id:
        return actor.user_id
    if not actor.is_admin:
        raise RecipientUnknown
    return user_id


@routes.get("/newsletter/preferences")
async def get_preferences(
    conn: Transaction, actor: BuyerActor, request: Request, response: Response, user_id: ForUser = None
) -> PreferenceAnswer:
    """Own preferences, or the defaults."""
    who = await people.reader(conn, _whose(actor, user_id))
    tag(response, who.version)
    return PreferenceAnswer.of(who, people.next_time(who, request.app.state.settings, await clock(conn)))


@routes.put("/newsletter/preferences")
async def put_preferences(
    conn: Transaction,
    actor: BuyerActor,
    request: Request,
    response: Response,
    expected: ExpectedVersion,
    body: PreferenceRequest,
    user_id: ForUser = None,
) -> PreferenceAnswer:
    """Replace the preferences; the answer says when the next issue is due."""
    now = await clock(conn)
    who = await people.set_preference(
        conn,
        user_id=_whose(actor, user_id),
        wish=body.wish(),
        expected_version=expected,
        source="admin" if actor.is_admin else "api",
        by=actor.user_id,
        now=now,
    )
    tag(response, who.version)
    return PreferenceAnswer.of(who, people.next_time(who, request.app.state.settings, now))
