"""Mills and buyers as catalog has to know them, and the mills' rules."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.catalog.domain.items import Moment, withdrawn
from services.catalog.errors import MillNotFound
from services.catalog.store import items as item_store
from services.catalog.store import organizations
from services.catalog.usecases import publishing
from shared import outbox
from shared.auth import Actor
from shared.contracts.catalog import VisibilityChanged
from shared.contracts.gateway import OrganizationChanged, OrganizationKind, OrganizationStatus
from shared.contracts.types import ItemStatus, MillId
from shared.contracts.visibility import RuleSet, buyer_allowed
from shared.db import Conn
from shared.preconditions import check_version

_SET_MAX = outbox.SET_MAX


@dataclass(frozen=True, slots=True)
class RulesOutcome:
    """The rule set after a request; ``buyers_affected`` counts those who see more or less of the mill by it."""

    rules: organizations.Rules
    buyers_affected: int


async def take_over_organizations(
    conn: Conn, *, events: Sequence[OrganizationChanged], now: datetime, listing_days: int
) -> None:
    """Keep what is newer; a mill seen for the first time gets the rules every mill starts with."""
    for event in events:
        mill_id = MillId(event.organization_id)
        if not await organizations.save(conn, event) or event.kind != OrganizationKind.MILL:
            continue
        rules = RuleSet()
        if await organizations.add_default_rules(conn, mill_id, rules, now=now):
            await outbox.add(conn, VisibilityChanged(mill_id=mill_id, version=1, rules=rules))
        moment = Moment(now=now, time_zone=event.time_zone, listing_days=listing_days)
        if event.status == OrganizationStatus.CLOSED:
            await _withdraw_all(conn, mill_id, moment)
        else:
            await item_store.move_deadlines(conn, mill_id, time_zone=moment.zone.key)


async def _withdraw_all(conn: Conn, mill_id: MillId, moment: Moment) -> None:
    while items := await item_store.lock_listed_of(conn, mill_id, limit=_SET_MAX):
        gone = [withdrawn(item, moment, reason="mill_closed") for item in items]
        await item_store.save(conn, gone)
        drafts = {item.item_id for item in items if item.status == ItemStatus.DRAFT}
        await publishing.publish_unlisted(conn, [item for item in gone if item.item_id not in drafts])


async def replace_rules(
    conn: Conn, *, actor: Actor, mill_id: MillId, rules: RuleSet, expected_version: int, dry_run: bool, now: datetime
) -> RulesOutcome:
    """Replace a mill's rules; with ``dry_run`` only count whom it would concern."""
    if not actor.is_admin and actor.organization_id != mill_id:
        raise MillNotFound
    known = await organizations.lock_rules(conn, mill_id)
    if known is None:
        raise MillNotFound
    check_version(known.version, expected_version)
    affected = sum(_access(known.rules, buyer) != _access(rules, buyer) for buyer in await organizations.buyers(conn))
    if dry_run:
        return RulesOutcome(known, affected)
    version = known.version + 1
    await organizations.replace_rules(conn, mill_id, rules, version=version, now=now)
    await outbox.add(conn, VisibilityChanged(mill_id=mill_id, version=version, rules=rules), actor=actor.ref())
    return RulesOutcome(organizations.Rules(mill_id, version, rules, now), affected)


def _access(rules: RuleSet, buyer: organizations.Buyer) -> tuple[bool, str, str]:
    allowed = buyer_allowed(rules, buyer_id=buyer.organization_id, country=buyer.country, segment=buyer.segment)
    return (allowed, rules.price, rules.identity) if allowed else (False, "", "")
