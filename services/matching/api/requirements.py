"""``/requirements``: what buyers want."""

from typing import Annotated
from uuid import UUID

from fastapi import Body, Depends, Request, Response

from services.matching.convert import view_of
from services.matching.errors import RequirementUnknown
from services.matching.schemas import RequirementCreate, RequirementPatch, RequirementView
from services.matching.settings import MatchingSettings
from services.matching.store import requirements as store
from services.matching.usecases.requirements import archive_requirement, change_requirement, create_requirement
from shared.auth import Actor, BuyerActor
from shared.db import Conn, clock
from shared.idempotency import Keyed
from shared.keyset import Found, Question
from shared.listing import Asked, listed
from shared.paging import Page
from shared.preconditions import ExpectedVersion, tag
from shared.service import Transaction, router

ROUTES = router("requirements")


async def _configured(request: Request) -> MatchingSettings:
    return request.app.state.settings


Configured = Annotated[MatchingSettings, Depends(_configured)]


def _owner(actor: Actor) -> UUID | None:
    return None if actor.is_admin else actor.organization_id


@ROUTES.get("/requirements", response_model=Page[RequirementView])
async def list_requirements(
    asked: Annotated[Asked, listed(store.REQUIREMENTS)], actor: BuyerActor
) -> Page[RequirementView] | Response:
    """Own requirements, newest first; admins see those of all buyers."""

    async def counted(conn: Conn, question: Question) -> Found[RequirementView]:
        found = await store.listed(conn, question, buyer_id=_owner(actor))
        live = await store.live_matches(conn, requirement_ids=[row.id for row in found.rows])
        return found.shaped(lambda row: view_of(row, live_matches=live.get(row.id, 0)))

    return await asked.answer(counted, lambda view: view)


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
