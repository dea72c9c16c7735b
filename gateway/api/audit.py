"""Who did what, when, from where."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response
from pydantic import AwareDatetime

from gateway.schemas import history as schemas
from gateway.store import audit as store
from gateway.store.audit import Wanted, Written
from shared.auth import Actor, AnyActor
from shared.paging import Page, Paging
from shared.problems import NotAllowed
from shared.service import Transaction, router

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


def _shown(one: Written, reader: Actor) -> schemas.AuditEntry:
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


@audit.get("/audit-entries", summary="Who did what: all for the operator, what concerns the own company for its owners")
async def list_audit_entries(
    actor: AnyActor,
    conn: Transaction,
    response: Response,
    paging: Paging,
    entity: Annotated[str | None, Query(max_length=100, description="id of what was done something to")] = None,
    entity_kind: Annotated[str | None, Query(max_length=40, pattern="^[a-z_]+$")] = None,
    user: Annotated[UUID | None, Query(alias="actor", description="id of the user who did it")] = None,
    kind: Annotated[
        str | None, Query(alias="type", max_length=100, description="a type or its beginning, such as gateway.user")
    ] = None,
    since: Annotated[AwareDatetime | None, Query(alias="at__gte", description="RFC 3339, with its offset")] = None,
    before: Annotated[AwareDatetime | None, Query(alias="at__lt", description="RFC 3339, with its offset")] = None,
) -> Page[schemas.AuditEntry]:
    if not (actor.is_admin or actor.is_owner):
        raise NotAllowed("Only an owner of the organisation or the operator reads the audit; ask one of them.")
    wanted = Wanted(
        organization_id=None if actor.is_admin else actor.organization_id,
        entity_kind=entity_kind,
        entity_id=entity,
        user_id=user,
        type=kind,
        since=since,
        before=before,
        after=int(paging.after[0]) if paging.after else None,
    )
    found = await store.find(conn, wanted, limit=paging.limit + 1)
    shown = found[: paging.limit]
    last = (str(shown[-1].id),) if len(found) > paging.limit else None
    return paging.page(response, [_shown(one, actor) for one in shown], last)
