"""Who may have a lot of a mill at all."""

from collections.abc import Collection
from uuid import UUID

from services.exclusivity.store import parties as store
from services.exclusivity.store.parties import Party
from shared.contracts.gateway import OrganizationKind, OrganizationStatus
from shared.contracts.visibility import RuleSet, buyer_allowed
from shared.db import Conn

APPROVED = OrganizationStatus.APPROVED


def visible(party: Party) -> bool:
    """Whether the mill trades and its rules let this buyer know of its lots."""
    rules = RuleSet.model_validate(party.rules)
    allowed = buyer_allowed(rules, buyer_id=party.buyer_id, country=party.country, segment=party.segment)
    return party.mill_status == APPROVED and party.buyer_kind == OrganizationKind.BUYER and allowed


def eligible(party: Party) -> bool:
    """Whether this buyer may hold a lot of this mill now."""
    return visible(party) and party.buyer_status == APPROVED and party.somebody_active


def stays(party: Party) -> bool:
    """Whether a queued interest stays: a suspended mill only pauses its queues, it does not empty them."""
    rules = RuleSet.model_validate(party.rules)
    allowed = buyer_allowed(rules, buyer_id=party.buyer_id, country=party.country, segment=party.segment)
    return allowed and party.buyer_status == APPROVED and party.somebody_active


async def eligible_pairs(conn: Conn, pairs: Collection[tuple[UUID, UUID]]) -> set[tuple[UUID, UUID]]:
    """Those of the (mill, buyer) pairs that may trade now; an unknown side or unknown rules close."""
    return {(party.mill_id, party.buyer_id) for party in await store.parties(conn, pairs) if eligible(party)}
