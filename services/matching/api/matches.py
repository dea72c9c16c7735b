"""``/matches``: which lots fit which requirements, as far as the viewer may know."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Response

from services.matching.domain.viewing import anonymous, band
from services.matching.errors import MatchUnknown
from services.matching.schemas import CriterionView, Feedback, MatchView
from services.matching.store import listing
from services.matching.store.listing import ListedMatch
from services.matching.usecases.matches import give_feedback
from shared.auth import Actor, AnyActor, require
from shared.contracts.gateway import Role
from shared.db import Conn, clock
from shared.keyset import Question
from shared.listing import Asked, listed
from shared.paging import Page
from shared.service import Transaction, router

ROUTES = router("matches")
HIDDEN_FROM_MILLS = ["requirement_id", "buyer_id", "score", "explanation"]


@ROUTES.get("/matches", response_model=Page[MatchView])
async def list_matches(asked: Annotated[Asked, listed(listing.MATCHES)], actor: AnyActor) -> Page[MatchView] | Response:
    """Best first: buyers see their own matches, mills those of their own lots without names, admins all.

    Closed ones only when ``status`` asks for them.
    """
    fetch = partial(
        listing.listed,
        buyer_id=actor.organization_id if actor.role == Role.BUYER_USER else None,
        mill_id=actor.organization_id if actor.role == Role.MILL_USER else None,
        closed=asked.question.asks("status"),
    )
    return await asked.answer(fetch, lambda row: _view(row, actor))


@ROUTES.put("/matches/{match_id}/feedback")
async def put_feedback(
    conn: Transaction, actor: Annotated[Actor, require(Role.BUYER_USER)], match_id: UUID, body: Feedback
) -> MatchView:
    """Say whether a match is of use to you; dismissed ones leave your newsletters."""
    await give_feedback(
        conn, match_id=match_id, verdict=body.verdict, reason=body.reason, actor=actor, now=await clock(conn)
    )
    return await _one(conn, match_id, actor)


async def _one(conn: Conn, match_id: UUID, actor: Actor) -> MatchView:
    one = Question(listing=listing.MATCHES, filters=(), sort=(), limit=1)
    found = await listing.listed(conn, one, match_id=match_id, buyer_id=actor.organization_id)
    if not found.rows:
        raise MatchUnknown
    return _view(found.rows[0], actor)


def _view(row: ListedMatch, actor: Actor) -> MatchView:
    mill = actor.role == Role.MILL_USER
    return MatchView(
        id=row.id,
        version=row.version,
        status=row.status,
        item_id=row.item_id,
        listing_cycle=row.listing_cycle,
        requirement_id=None if mill else row.requirement_id,
        buyer_id=None if mill else row.buyer_id,
        buyer=anonymous(row.buyer_place, row.country, row.segment) if mill else None,
        score=None if mill else row.score,
        band=band(row.score),
        explanation=None if mill else [CriterionView.model_validate(line) for line in row.explanation],
        created_at=row.created_at,
        closed_reason=row.closed_reason,
        redacted=HIDDEN_FROM_MILLS if mill else [],
    )
