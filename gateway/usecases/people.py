"""People: invite, change, shut out, and let them accept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from uuid_utils.compat import uuid7

from gateway import tokens
from gateway.domain import PERSON_STEPS, ROLE_OF_KIND, differences, weakness
from gateway.errors import FieldRefused, LinkGone, WrongStep
from gateway.passwords import hashed
from gateway.settings import GatewaySettings
from gateway.store import mails, organizations
from gateway.store import people as store
from gateway.usecases.mails import INVITATION, queue_invitation
from gateway.usecases.sessions import REVOKED, end_sessions
from shared import outbox
from shared.auth import Actor
from shared.contracts.base import ActorRef
from shared.contracts.gateway import OrganizationChanged, Role, UserChanged, UserStatus
from shared.db import Conn, notify
from shared.preconditions import check_version
from shared.problems import Conflict, NotAllowed, NotFound

UNCOMPARED = {"version", "changes", "reason"}


async def save_people(
    conn: Conn,
    people: Sequence[UserChanged],
    hashes: Mapping[UUID, str],
    *,
    actor: ActorRef,
    reason: str | None = None,
    keeps_values: bool = True,
) -> dict[UUID, UserChanged]:
    """Create or change people; what changed is published as a full snapshot with old and new values.

    ``keeps_values=False`` says only what changed: of somebody who is to be forgotten the old values are too.
    """
    known = await store.locked(conn, [one.user_id for one in people])
    changed: list[UserChanged] = []
    for one in people:
        before = known.get(one.user_id)
        old = before.model_dump(mode="json", exclude=UNCOMPARED) if before else None
        found = differences(old, one.model_dump(mode="json", exclude=UNCOMPARED), keeps_values=keeps_values)
        if found:
            version = before.version + 1 if before else 1
            changed.append(one.model_copy(update={"version": version, "changes": found, "reason": reason}))
    ids = {one.user_id for one in changed}
    only_password = [one for one in known.values() if one.user_id in hashes and one.user_id not in ids]
    if changed or only_password:
        await store.save(conn, [*changed, *only_password], hashes)
    if changed:
        await outbox.add(conn, *changed, actor=actor)
        await notify(conn, REVOKED)
    return {one.user_id: one for one in changed}


def may_manage(actor: Actor, person: UserChanged) -> bool:
    """Owners manage the people of their own organisation, the operator all."""
    return actor.is_admin or (actor.is_owner and actor.organization_id == person.organization_id)


async def visible(conn: Conn, person_id: UUID, *, actor: Actor) -> UserChanged:
    """A person the actor may see: himself, or one he manages; 404 for others."""
    found = await store.get(conn, person_id)
    if found is None or not (may_manage(actor, found) or found.user_id == actor.user_id):
        raise NotFound("There is no such user, or you may not see him; check the id.")
    return found


@dataclass(frozen=True, slots=True)
class Invitee:
    """Whom to invite; ``None`` is filled in from the organisation."""

    organization_id: UUID
    email: str
    name: str
    role: str | None
    org_role: str
    language: str | None
    time_zone: str | None


async def _host(conn: Conn, organization_id: UUID, *, actor: Actor) -> OrganizationChanged:
    allowed = actor.is_admin or actor.organization_id == organization_id
    found = await organizations.one(conn, organization_id) if allowed else None
    if found is None:
        raise NotFound("There is no such organisation, or you may not see it; check the id.")
    if not (actor.is_admin or actor.is_owner):
        raise NotAllowed("Only an owner of the organisation may invite people.")
    if found.status not in ("pending", "approved"):
        raise Conflict("This organisation takes no new people.", current_status=found.status)
    return found


async def invite(
    conn: Conn, invitee: Invitee, *, actor: Actor, settings: GatewaySettings, now: datetime
) -> tuple[UserChanged, bool]:
    """Invite somebody by mail; the user, and whether he is new. A second time, the link is replaced and sent again."""
    host = await _host(conn, invitee.organization_id, actor=actor)
    role = ROLE_OF_KIND[host.kind]
    if invitee.role not in (None, role):
        raise FieldRefused("role", f"must be {role} in an organisation of this kind")
    known = await store.by_email(conn, invitee.email)
    if known is not None and (
        known.organization_id != host.organization_id or known.status not in ("invited", "revoked")
    ):
        raise Conflict("This address belongs to an account already; it cannot be invited.", slug="state_conflict")
    person = UserChanged(
        user_id=known.user_id if known else uuid7(),
        version=known.version if known else 1,
        organization_id=host.organization_id,
        role=Role(role),
        org_role=invitee.org_role,
        status=UserStatus.INVITED,
        name=invitee.name,
        email=known.email if known else invitee.email,
        language=invitee.language or host.language,
        time_zone=invitee.time_zone or host.time_zone,
    )
    saved = await save_people(conn, [person], {}, actor=actor.ref())
    person = saved.get(person.user_id, person)
    if host.status == "approved":  # others are written to when they are let in
        await queue_invitation(conn, person, settings=settings, now=now)
    return person, known is None


async def _managed(conn: Conn, person_id: UUID, *, actor: Actor, expected_version: int) -> UserChanged:
    await visible(conn, person_id, actor=actor)
    person = (await store.locked(conn, [person_id]))[person_id]
    check_version(person.version, expected_version)
    return person


async def change_person(
    conn: Conn, person_id: UUID, *, patch: Mapping[str, object], expected_version: int, actor: Actor
) -> UserChanged:
    """Change a user; what he may do is changed by an owner or the operator only."""
    owners = await _owners_if_needed(conn, person_id, actor=actor, needed="org_role" in patch)
    before = await _managed(conn, person_id, actor=actor, expected_version=expected_version)
    if {"role", "org_role"} & patch.keys() and not may_manage(actor, before):
        raise NotAllowed("Only an owner or the operator decides what a user may do.")
    if patch.get("role", before.role) != before.role:
        raise FieldRefused("role", f"must stay {before.role}: it follows from the kind of the organisation")
    if patch.get("org_role") == "member" and owners == [person_id]:
        raise Conflict("This is the last owner; make somebody else an owner first.")
    after = UserChanged.model_validate({**before.model_dump(), **patch})
    saved = await save_people(conn, [after], {}, actor=actor.ref())
    return saved.get(person_id, before)


async def _owners_if_needed(conn: Conn, person_id: UUID, *, actor: Actor, needed: bool) -> list[UUID]:
    # Owners are locked in one order before the person himself, so that two requests cannot wait for each other.
    person = await visible(conn, person_id, actor=actor)
    return await store.owners_locked(conn, person.organization_id) if needed else []


async def set_person_status(
    conn: Conn,
    person_id: UUID,
    *,
    status: UserStatus,
    reason: str | None,
    expected_version: int,
    actor: Actor,
    now: datetime,
) -> UserChanged:
    """Shut a user out, let him in again, or take an invitation back; his tokens stop working within 2 s."""
    owners = await _owners_if_needed(conn, person_id, actor=actor, needed=status != UserStatus.ACTIVE)
    before = await _managed(conn, person_id, actor=actor, expected_version=expected_version)
    if not may_manage(actor, before):
        raise NotAllowed("Only an owner or the operator may do this.")
    allowed = PERSON_STEPS[before.status]
    if status not in allowed:
        raise WrongStep(current=before.status, allowed=allowed)
    if status == UserStatus.INACTIVE and reason is None:
        raise FieldRefused("reason", "is needed to shut somebody out")
    if status == UserStatus.INACTIVE and (person_id == actor.user_id or owners == [person_id]):
        raise Conflict("You cannot shut out yourself or the last owner; ask another owner, or make one.")
    after = before.model_copy(update={"status": status})
    saved = await save_people(conn, [after], {}, actor=actor.ref(), reason=reason)
    if status != UserStatus.ACTIVE:
        await mails.use_links(conn, person_id=person_id, purposes=[INVITATION, "password_reset"])
        await end_sessions(conn, session_id=None, person_id=person_id, reason=f"user {status}", now=now)
    return saved[person_id]


async def accept(conn: Conn, token: str, *, name: str | None, password: str, settings: GatewaySettings) -> UserChanged:
    """Become active by the link of an invitation, once. Raises ``NotFound`` or ``LinkGone``."""
    link = await mails.link_locked(conn, token_hash=tokens.hash_of(token), purpose=INVITATION)
    if link is None:
        raise NotFound("There is no such invitation; look whether the link was copied whole.")
    person = (await store.locked(conn, [link.person_id]))[link.person_id]
    if link.is_used or link.is_expired or person.status != UserStatus.INVITED:
        raise LinkGone
    problem = weakness(password, email=person.email)
    if problem is not None:
        raise FieldRefused("password", problem)
    after = person.model_copy(update={"status": UserStatus.ACTIVE, "name": name or person.name})
    hashes = {person.user_id: await hashed(password, threads=settings.password_threads)}
    himself = ActorRef(user_id=person.user_id, organization_id=person.organization_id, via="http")
    saved = await save_people(conn, [after], hashes, actor=himself)
    await mails.use_links(conn, person_id=person.user_id, purposes=[INVITATION])
    return saved[person.user_id]
