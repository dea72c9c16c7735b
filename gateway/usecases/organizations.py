"""Organisations: register, change, let in, suspend, close."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from uuid_utils.compat import uuid7

from gateway.domain import ORGANIZATION_STEPS, PUBLIC_MAIL_DOMAINS, differences, slug_of
from gateway.errors import FieldRefused, WrongStep
from gateway.settings import GatewaySettings
from gateway.store import organizations as store
from gateway.store import people
from gateway.usecases.mails import queue_invitation, queue_notice
from gateway.usecases.people import save_people
from gateway.usecases.sessions import REVOKED
from shared import outbox
from shared.auth import Actor
from shared.contracts.base import ActorRef
from shared.contracts.gateway import (
    OrganizationChanged,
    OrganizationKind,
    OrganizationStatus,
    Role,
    UserChanged,
    UserStatus,
)
from shared.db import Conn, notify
from shared.preconditions import check_version
from shared.problems import NotAllowed, NotFound

UNCOMPARED = {"version", "changes", "reason"}


async def save_organizations(
    conn: Conn,
    organizations: Sequence[OrganizationChanged],
    *,
    actor: ActorRef,
    reason: str | None = None,
    keeps_values: bool = True,
) -> dict[UUID, OrganizationChanged]:
    """Create or change organisations; what changed is published as a full snapshot with old and new values.

    ``keeps_values=False`` says only what changed: a contact who is to be forgotten stands in the old values.
    """
    known = await store.locked(conn, [one.organization_id for one in organizations])
    changed: list[OrganizationChanged] = []
    for one in organizations:
        before = known.get(one.organization_id)
        old = before.model_dump(mode="json", exclude=UNCOMPARED) if before else None
        found = differences(old, one.model_dump(mode="json", exclude=UNCOMPARED), keeps_values=keeps_values)
        if found:
            version = before.version + 1 if before else 1
            changed.append(one.model_copy(update={"version": version, "changes": found, "reason": reason}))
    if changed:
        await store.save(conn, changed)
        await outbox.add(conn, *changed, actor=actor)
        await notify(conn, REVOKED)
    return {one.organization_id: one for one in changed}


@dataclass(frozen=True, slots=True)
class Applicant:
    """A company that wants to take part, and its first user."""

    kind: OrganizationKind
    name: str
    country: str
    language: str
    time_zone: str
    currency: str
    segment: str | None
    person_name: str
    email: str


async def register(conn: Conn, applicant: Applicant, *, settings: GatewaySettings, now: datetime) -> UUID:
    """A pending organisation with its first owner, who is written to once it is let in.

    For an address that has an account already nothing is made, and its owner is told by mail; the answer is the same,
    so that nobody learns who has an account.
    """
    organization_id = uuid7()
    if (known := await people.by_email(conn, applicant.email)) is not None:
        await queue_notice(conn, known, settings=settings, now=now)
        return organization_id
    organization = OrganizationChanged(
        organization_id=organization_id,
        version=1,
        kind=applicant.kind,
        name=applicant.name,
        slug=slug_of(applicant.name, await store.slugs_like(conn, slug_of(applicant.name, set())[:40])),
        status=OrganizationStatus.PENDING,
        country=applicant.country,
        language=applicant.language,
        time_zone=applicant.time_zone,
        currency=applicant.currency,
        segment=applicant.segment,
    )
    owner = UserChanged(
        user_id=uuid7(),
        version=1,
        organization_id=organization_id,
        role=Role.MILL_USER if applicant.kind == OrganizationKind.MILL else Role.BUYER_USER,
        org_role="owner",
        status=UserStatus.INVITED,
        name=applicant.person_name,
        email=applicant.email,
        language=applicant.language,
        time_zone=applicant.time_zone,
    )
    visitor = ActorRef(organization_id=organization_id, via="http")
    await save_organizations(conn, [organization], actor=visitor)
    await save_people(conn, [owner], {}, actor=visitor)
    return organization_id


def may_manage(actor: Actor, organization_id: UUID) -> bool:
    """Owners manage their own organisation, the operator all."""
    return actor.is_admin or (actor.is_owner and actor.organization_id == organization_id)


async def _own(conn: Conn, organization_id: UUID, *, actor: Actor, expected_version: int) -> OrganizationChanged:
    found = None
    if actor.is_admin or actor.organization_id == organization_id:
        found = (await store.locked(conn, [organization_id])).get(organization_id)
    if found is None:
        raise NotFound("There is no such organisation, or you may not see it; check the id.")
    if not may_manage(actor, organization_id):
        raise NotAllowed("Only an owner of the organisation may change it.")
    check_version(found.version, expected_version)
    return found


async def change_organization(
    conn: Conn, organization_id: UUID, *, patch: Mapping[str, object], expected_version: int, actor: Actor
) -> OrganizationChanged:
    """Change members of an organisation. A sender belongs to one organisation only: lists are filed by it."""
    before = await _own(conn, organization_id, actor=actor, expected_version=expected_version)
    if "trusted" in patch and not actor.is_admin:
        raise NotAllowed("Only the operator decides whose lists are published without a look.")
    after = OrganizationChanged.model_validate({**before.model_dump(), **patch})
    if {"sender_addresses", "sender_domains"} & patch.keys():
        await _check_senders(conn, after)
    changed = await save_organizations(conn, [after], actor=actor.ref())
    return changed.get(organization_id, before)


async def _check_senders(conn: Conn, after: OrganizationChanged) -> None:
    public = sorted(set(after.sender_domains) & PUBLIC_MAIL_DOMAINS)
    if public:
        raise FieldRefused("sender_domains", f"holds {public[0]}, where anybody can have an address")
    taken = await store.claimed_by_others(
        conn, organization_id=after.organization_id, addresses=after.sender_addresses, domains=after.sender_domains
    )
    if taken:
        field = "sender_addresses" if "@" in min(taken) else "sender_domains"
        raise FieldRefused(field, "holds a sender that belongs to another organisation; write to the operator")


async def set_organization_status(
    conn: Conn,
    organization_id: UUID,
    *,
    status: OrganizationStatus,
    reason: str,
    expected_version: int,
    actor: Actor,
    settings: GatewaySettings,
    now: datetime,
) -> OrganizationChanged:
    """Let in, suspend, let in again, close. Who waited for the approval gets his invitation now."""
    before = await _own(conn, organization_id, actor=actor, expected_version=expected_version)
    allowed = ORGANIZATION_STEPS[before.status]
    if before.kind == OrganizationKind.OPERATOR or status not in allowed:
        raise WrongStep(
            current=before.status, allowed=frozenset() if before.kind == OrganizationKind.OPERATOR else allowed
        )
    after = before.model_copy(update={"status": status})
    changed = await save_organizations(conn, [after], actor=actor.ref(), reason=reason)
    if before.status == OrganizationStatus.PENDING and status == OrganizationStatus.APPROVED:
        for one in await people.invited(conn, organization_id):
            await queue_invitation(conn, one, settings=settings, now=now)
    return changed[organization_id]
