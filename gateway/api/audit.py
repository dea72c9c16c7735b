"""Who did what, when, from where."""

from functools import partial
from typing import Annotated

from fastapi import Response

from gateway.schemas import history as schemas
from gateway.store import audit as store
from gateway.store.audit import Written
from shared.auth import Actor, AnyActor
from shared.listing import Asked, listed
from shared.paging import Page
from shared.problems import NotAllowed
from shared.service import router

audit = router("Platform")


def _who(one: Written, reader: Actor) -> schemas.Who:
    own = one.user_organization_id is not None and one.user_organization_id == reader.organization_id
    if reader.is_admin or own:
        side = "own" if own else "other" if one.user_organization_id else "system"
        return schemas.Who(
            side=side, user_id=one.user_id, name=one.user_name, organization_id=one.user_organization_id, via=one.via
        )
    side = "other" if one.user_id or one.user_organization_id else "system"
    return schemas.Who(side=side, user_id=None, name=None, organization_id=None, via=one.via)


def _shown(one: Written, *, reader: Actor) -> schemas.AuditEntry:
    who = _who(one, reader)
    return schemas.AuditEntry(
        id=one.id,
        at=one.at,
        type=one.type,
        entity=schemas.Entity(kind=one.entity_kind, id=one.entity_id),
        actor=who,
        address=one.address if reader.is_admin or who.side == "own" else None,
        correlation_id=one.correlation_id,
        changes=one.changes,
        facts=one.facts,
        reason=one.reason,
    )


@audit.get(
    "/audit-entries",
    response_model=Page[schemas.AuditEntry],
    summary="Who did what: all for the operator, what concerns the own company for its owners",
)
async def list_audit_entries(
    actor: AnyActor, asked: Annotated[Asked, listed(store.AUDIT)]
) -> Page[schemas.AuditEntry] | Response:
    if not (actor.is_admin or actor.is_owner):
        raise NotAllowed("Only an owner of the organisation or the operator reads the audit; ask one of them.")
    only = None if actor.is_admin else actor.organization_id
    fetch = partial(store.listed, organization_id=only, reader=actor.organization_id)
    return await asked.answer(fetch, partial(_shown, reader=actor))
