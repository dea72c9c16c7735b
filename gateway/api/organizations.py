"""Organisations: mills, buyers, the operator; and how new ones come in."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Body, Request, Response

from gateway import schemas
from gateway.api.doors import Settings, address_of
from gateway.schemas.cards import OrganizationCard
from gateway.store import organizations as store
from gateway.store.dashboard import have_met
from gateway.usecases.organizations import Applicant, change_organization, register, set_organization_status
from gateway.usecases.throttle import take_turn
from shared.auth import AdminActor, AnyActor, public
from shared.contracts.gateway import OrganizationKind, OrganizationStatus
from shared.db import clock
from shared.idempotency import Keyed
from shared.listing import Asked, listed
from shared.paging import Page
from shared.preconditions import ExpectedVersion, tag
from shared.problems import NotFound
from shared.service import Transaction, router

organizations = router("Organizations", racing=True)


@organizations.post(
    "/registrations",
    status_code=201,
    dependencies=[public],
    summary="Ask to take part; the operator looks at it, then the first user is written to",
)
async def register_organization(
    body: schemas.Registration, request: Request, conn: Transaction, settings: Settings, key: Keyed
) -> schemas.Registered:
    await take_turn(
        conn,
        what="register",
        address=address_of(request),
        allowed=settings.registrations_per_address_max,
        settings=settings,
    )
    applicant = Applicant(
        kind=OrganizationKind(body.kind),
        name=body.name,
        country=body.country,
        language=body.language,
        time_zone=body.time_zone,
        currency=body.currency,
        segment=body.segment,
        person_name=body.user.name,
        email=body.user.email,
    )
    organization_id = await register(conn, applicant, settings=settings, now=await clock(conn))
    return schemas.Registered(organization_id=organization_id)


@organizations.get(
    "/organizations",
    response_model=Page[schemas.Organization],
    summary="Organisations: all for the operator, the own one for others",
)
async def list_organizations(
    actor: AnyActor, asked: Annotated[Asked, listed(store.ORGANIZATIONS)]
) -> Page[schemas.Organization] | Response:
    only = None if actor.is_admin else actor.organization_id
    return await asked.answer(partial(store.listed, only=only), schemas.Organization.of)


@organizations.get(
    "/organizations/{organization_id}",
    summary="One organisation; of the other side of a window its name and contacts only",
)
async def get_organization(
    organization_id: UUID, actor: AnyActor, conn: Transaction, response: Response
) -> schemas.Organization | OrganizationCard:
    allowed = actor.is_admin or actor.organization_id == organization_id
    known = allowed or await have_met(conn, actor.organization_id, organization_id)
    found = await store.one(conn, organization_id) if known else None
    if found is None:
        raise NotFound("There is no such organisation, or you may not see it; check the id.")
    tag(response, found.version, None if allowed else "card")
    return schemas.Organization.of(found) if allowed else OrganizationCard.of(found)


@organizations.patch("/organizations/{organization_id}", summary="Change the profile, the contacts, the senders")
async def patch_organization(
    organization_id: UUID,
    patch: Annotated[schemas.OrganizationPatch, Body(media_type="application/merge-patch+json")],
    actor: AnyActor,
    conn: Transaction,
    response: Response,
    expected: ExpectedVersion,
) -> schemas.Organization:
    changed = await change_organization(
        conn,
        organization_id,
        patch=patch.model_dump(mode="json", exclude_unset=True),
        expected_version=expected,
        actor=actor,
    )
    tag(response, changed.version)
    return schemas.Organization.of(changed)


@organizations.put("/organizations/{organization_id}/status", summary="Let an organisation in, suspend or close it")
async def put_organization_status(
    organization_id: UUID,
    body: schemas.OrganizationStatusChange,
    actor: AdminActor,
    conn: Transaction,
    response: Response,
    expected: ExpectedVersion,
    settings: Settings,
) -> schemas.Organization:
    changed = await set_organization_status(
        conn,
        organization_id,
        status=OrganizationStatus(body.status),
        reason=body.reason,
        expected_version=expected,
        actor=actor,
        settings=settings,
        now=await clock(conn),
    )
    tag(response, changed.version)
    return schemas.Organization.of(changed)
