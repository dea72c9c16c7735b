"""Who may see a mill's items."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Response

from services.catalog.schemas import RulesIn
from services.catalog.schemas.answers import RulesOut
from services.catalog.store import organizations
from services.catalog.usecases.organizations import replace_rules
from shared.auth import MillActor
from shared.contracts.types import MillId
from shared.contracts.visibility import RuleSet
from shared.db import clock
from shared.listing import Asked, listed
from shared.paging import Page
from shared.preconditions import ExpectedVersion, tag
from shared.problems import NotAllowed
from shared.service import Transaction, router

routes = router("visibility rules")


@routes.get("/visibility-rules", response_model=Page[RulesOut])
async def get_visibility_rules(
    asked: Annotated[Asked, listed(organizations.RULES)], actor: MillActor
) -> Page[RulesOut] | Response:
    """Rule sets of mills; a mill sees its own."""
    own = None if actor.is_admin else actor.organization_id
    return await asked.answer(partial(organizations.rules_listed, mill_id=own), _out)


@routes.put("/visibility-rules/{mill_id}")
async def put_visibility_rules(
    mill_id: UUID, body: RulesIn, response: Response, conn: Transaction, actor: MillActor, version: ExpectedVersion
) -> RulesOut:
    """Replace a mill's rule set; ``dry_run`` says how many buyers it would concern and changes nothing."""
    if not (actor.is_admin or actor.is_owner):
        raise NotAllowed("Only an owner of the mill's account may change who sees its items; ask one.")
    rules = RuleSet(
        blocked_buyers=tuple(body.blocked_buyers),
        allowed_countries=tuple(body.allowed_countries),
        blocked_countries=tuple(body.blocked_countries),
        allowed_segments=tuple(body.allowed_segments),
        price=body.price,
        identity=body.identity,
    )
    outcome = await replace_rules(
        conn,
        actor=actor,
        mill_id=MillId(mill_id),
        rules=rules,
        expected_version=version,
        dry_run=body.dry_run,
        now=await clock(conn),
    )
    tag(response, outcome.rules.version)
    return _out(outcome.rules, affected=outcome.buyers_affected)


def _out(known: organizations.Rules, *, affected: int | None = None) -> RulesOut:
    return RulesOut(
        mill_id=known.mill_id,
        version=known.version,
        updated_at=known.updated_at,
        buyers_affected=affected,
        **known.rules.model_dump(),
    )
