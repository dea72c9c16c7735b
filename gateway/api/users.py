"""Users and invitations."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Body, Path, Response

from gateway import schemas
from gateway.api.doors import Settings
from gateway.store import people as store
from gateway.usecases import people
from shared.auth import AnyActor, public
from shared.contracts.gateway import UserStatus
from shared.db import clock
from shared.idempotency import Keyed
from shared.listing import Asked, listed
from shared.paging import Page
from shared.preconditions import ExpectedVersion, tag
from shared.problems import NotAllowed
from shared.service import Transaction, router

users = router("Users & invitations", racing=True)


@users.get(
    "/users",
    response_model=Page[schemas.User],
    summary="Users: all for the operator, those of the own organisation for its owners",
)
async def list_users(actor: AnyActor, asked: Annotated[Asked, listed(store.PEOPLE)]) -> Page[schemas.User] | Response:
    if not (actor.is_admin or actor.is_owner):
        raise NotAllowed("Only an owner of the organisation or the operator sees the list of users.")
    own = None if actor.is_admin else actor.organization_id
    return await asked.answer(partial(store.listed, organization_id=own), schemas.User.of)


@users.post("/users", status_code=201, summary="Invite somebody by mail; a second time sends him a new link")
async def invite_user(
    body: schemas.Invitation, actor: AnyActor, conn: Transaction, response: Response, settings: Settings, key: Keyed
) -> schemas.User:
    invitee = people.Invitee(
        organization_id=body.organization_id or actor.organization_id,
        email=body.email,
        name=body.name,
        role=body.role,
        org_role=body.org_role,
        language=body.language,
        time_zone=body.time_zone,
    )
    person, is_new = await people.invite(conn, invitee, actor=actor, settings=settings, now=await clock(conn))
    response.status_code = 201 if is_new else 200
    response.headers["Location"] = f"/mvp/api/users/{person.user_id}"
    tag(response, person.version)
    return schemas.User.of(person)


@users.get("/users/{user_id}", summary="One user: oneself, or one of the own organisation for its owners")
async def get_user(user_id: UUID, actor: AnyActor, conn: Transaction, response: Response) -> schemas.User:
    person = await people.visible(conn, user_id, actor=actor)
    tag(response, person.version)
    return schemas.User.of(person)


@users.patch("/users/{user_id}", summary="Change name, language or time zone; owners also what he may do")
async def change_user(
    user_id: UUID,
    patch: Annotated[schemas.UserPatch, Body(media_type="application/merge-patch+json")],
    actor: AnyActor,
    conn: Transaction,
    response: Response,
    expected: ExpectedVersion,
) -> schemas.User:
    person = await people.change_person(
        conn, user_id, patch=patch.model_dump(exclude_unset=True), expected_version=expected, actor=actor
    )
    tag(response, person.version)
    return schemas.User.of(person)


@users.put("/users/{user_id}/status", summary="Shut a user out, let him in again, or take an invitation back")
async def set_user_status(
    user_id: UUID,
    body: schemas.UserStatusChange,
    actor: AnyActor,
    conn: Transaction,
    response: Response,
    expected: ExpectedVersion,
) -> schemas.User:
    person = await people.set_person_status(
        conn,
        user_id,
        status=UserStatus(body.status),
        reason=body.reason,
        expected_version=expected,
        actor=actor,
        now=await clock(conn),
    )
    tag(response, person.version)
    return schemas.User.of(person)


@users.post(
    "/invitations/{token}/acceptances",
    status_code=201,
    dependencies=[public],
    summary="Accept an invitation by the link of the mail, once and within 7 days",
)
async def accept_invitation(
    token: Annotated[str, Path(min_length=20, max_length=100)],
    body: schemas.Acceptance,
    conn: Transaction,
    settings: Settings,
    key: Keyed,
) -> schemas.User:
    person = await people.accept(conn, token, name=body.name, password=body.password, settings=settings)
    return schemas.User.of(person)
