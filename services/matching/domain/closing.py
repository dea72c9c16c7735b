"""Why a match that no longer stands is closed."""

from enum import StrEnum
from uuid import UUID

from services.matching.domain.model import MatchStatus, RequirementStatus


class CloseReason(StrEnum):
    """``dismissed`` is told to others only: the match itself is kept as dismissed."""

    NO_LONGER_MATCHES = "no_longer_matches"
    ITEM_UNAVAILABLE = "item_unavailable"
    REQUIREMENT_INACTIVE = "requirement_inactive"
    VISIBILITY = "visibility"
    WON = "won"
    LOST = "lost"
    DISMISSED = "dismissed"


def why_closed(
    *,
    item_status: str | None,
    sold_to: UUID | None,
    same_cycle: bool,
    buyer_id: UUID,
    match_status: str,
    requirement_status: str,
    may_see: bool,
) -> CloseReason:
    """The first reason that holds. ``item_status`` ``None``: the item is not known at all."""
    if item_status == "sold":
        if sold_to == buyer_id:
            return CloseReason.WON
        asked = match_status == MatchStatus.INTERESTED
        return CloseReason.LOST if asked else CloseReason.ITEM_UNAVAILABLE
    if item_status in (None, "withdrawn", "expired", "draft") or not same_cycle:
        return CloseReason.ITEM_UNAVAILABLE
    if requirement_status != RequirementStatus.ACTIVE:
        return CloseReason.REQUIREMENT_INACTIVE
    return CloseReason.NO_LONGER_MATCHES if may_see else CloseReason.VISIBILITY
