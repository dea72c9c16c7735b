"""``/matches``: which lots fit which requirements, as far as the viewer may know."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from services.matching.domain.model import MatchStatus
from services.matching.domain.viewing import anonymous, band
from services.matching.errors import MatchUnknown
from services.matching.schemas import CriterionView, Feedback, MatchView
from services.matching.store import listing
from services.matching.store.listing import ListedMatch
from services.matching.usecases.matches import give_feedback
from shared.auth import Actor, AnyActor, require
from shared.contracts.gateway import Role
from shared.db import Conn, clock
from shared.paging import Page, Paging
from shared.problems import BadRequest
from shared.service import Transaction, router

ROUTES = router("matches")
OPEN = [MatchStatus.ACTIVE, MatchStatus.INTERESTED, MatchStatus.DISMISSED]
HIDDEN_FROM_MILLS = ["requirement_id", "buyer_id", "score", "explanation"]


@ROUTES.get("/matches")
async def list_matches(
    conn: Transaction,
    actor: AnyActor,
    paging: Paging,
    response: Response,
    item_id: Annotated[UUID | None, Query()] = None,
    requirement_id: Annotated[UUID | None, Query(description="not for mills")] = None,
    status: Annotated[list[MatchStatus] | None, Query(max_length=4, description="default: all but closed")] = None,
) -> Page[MatchView]:
    """Best first: buyers see their own matches, mills those of their own lots without names, admins all."""
    mill = actor.role == Role.MILL_USER
    if mill and requirement_id is not None:
        raise BadRequest("Mills cannot ask by requirement_id; ask by item_id.", slug="invalid_filter")
    rows = await listing.listed(
        conn,
        match_id=None,
        buyer_id=actor.organization_id if actor.role == Role.BUYER_USER else None,
        mill_id=actor.organization_id if mill else None,
        item_id=item_id,
        requirement_id=requirement_id,
        statuses=[one.value for one in status or OPEN],
        after=UUID(paging.after[0]) if paging.after else None,
        limit=paging.limit + 1,
    )
    shown = rows[: paging.limit]
    last = (str(shown[-1].id),) if len(rows) > paging.limit else None
    return paging.page(response, [_view(row, actor) for row in shown], last)


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
    rows = await listing.listed(
        conn,
        match_id=match_id,
        buyer_id=actor.organization_id,
        mill_id=None,
        item_id=None,
        requirement_id=None,
        statuses=[one.value for one in MatchStatus],
        after=None,
        limit=1,
    )
    if not rows:
        raise MatchUnknown
    return _view(rows[0], actor)


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
