"""``/requirements``: what buyers want."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Body, Depends, Query, Request, Response

from services.matching.convert import view_of
from services.matching.errors import RequirementUnknown
from services.matching.schemas import RequirementCreate, RequirementPatch, RequirementView
from services.matching.settings import MatchingSettings
from services.matching.store import requirements as store
from services.matching.usecases.requirements import archive_requirement, change_requirement, create_requirement
from shared.auth import Actor, BuyerActor
from shared.db import clock
from shared.idempotency import Keyed
from shared.paging import Page, Paging
from shared.preconditions import ExpectedVersion, tag
from shared.service import Transaction, router

ROUTES = router("requirements")
Status = Literal["active", "paused", "archived", "expired"]


async def _configured(request: Request) -> MatchingSettings:
    return request.app.state.settings


Configured = Annotated[MatchingSettings, Depends(_configured)]


def _owner(actor: Actor) -> UUID | None:
    return None if actor.is_admin else actor.organization_id


@ROUTES.get("/requirements")
async def list_requirements(
    conn: Transaction,
    actor: BuyerActor,
    paging: Paging,
    response: Response,
    status: Annotated[Status | None, Query()] = None,
    buyer_id: Annotated[UUID | None, Query(description="admins only; others see their own")] = None,
) -> Page[RequirementView]:
    """Own requirements, newest first; admins see those of all buyers."""
    rows = await store.listed(
        conn,
        buyer_id=buyer_id if actor.is_admin else actor.organization_id,
        status=status,
        before=UUID(paging.after[0]) if paging.after else None,
        limit=paging.limit + 1,
    )
    shown = rows[: paging.limit]
    live = await store.live_matches(conn, requirement_ids=[row.id for row in shown])
    views = [view_of(row, live_matches=live.get(row.id, 0)) for row in shown]
    return paging.page(response, views, (str(shown[-1].id),) if len(rows) > paging.limit else None)


@ROUTES.post("/requirements", status_code=201)
async def post_requirement(
    conn: Transaction,
    actor: BuyerActor,
    configured: Configured,
    body: RequirementCreate,
    key: Keyed,
    response: Response,
) -> RequirementView:
    """Say what you want; matches follow within seconds."""
    row = await create_requirement(
        conn, body=body, actor=actor, active_max=configured.requirements_per_buyer_max, now=await clock(conn)
    )
    response.headers["Location"] = f"/mvp/api/requirements/{row.id}"
    tag(response, row.version)
    return view_of(row, live_matches=0)


@ROUTES.get("/requirements/{requirement_id}")
async def get_requirement(
    conn: Transaction, actor: BuyerActor, requirement_id: UUID, response: Response
) -> RequirementView:
    """One requirement with the number of its live matches."""
    row = await store.one(conn, requirement_id=requirement_id, buyer_id=_owner(actor))
    if row is None:
        raise RequirementUnknown
    tag(response, row.version)
    live = await store.live_matches(conn, requirement_ids=[row.id])
    return view_of(row, live_matches=live.get(row.id, 0))


@ROUTES.patch("/requirements/{requirement_id}")
async def patch_requirement(
    conn: Transaction,
    actor: BuyerActor,
    configured: Configured,
    requirement_id: UUID,
    patch: Annotated[RequirementPatch, Body(media_type="application/merge-patch+json")],
    expected: ExpectedVersion,
    response: Response,
) -> RequirementView:
    """Change what you want (JSON Merge Patch), or pause and resume it with ``paused``."""
    row = await change_requirement(
        conn,
        requirement_id=requirement_id,
        patch=patch.model_dump(mode="json", exclude_unset=True),
        expected_version=expected,
        actor=actor,
        active_max=configured.requirements_per_buyer_max,
        now=await clock(conn),
    )
    tag(response, row.version)
    live = await store.live_matches(conn, requirement_ids=[row.id])
    return view_of(row, live_matches=live.get(row.id, 0))


@ROUTES.delete("/requirements/{requirement_id}", status_code=204)
async def delete_requirement(
    conn: Transaction, actor: BuyerActor, requirement_id: UUID, expected: ExpectedVersion
) -> None:
    """Archive it for good; its matches are closed."""
    await archive_requirement(
        conn, requirement_id=requirement_id, expected_version=expected, actor=actor, now=await clock(conn)
    )
