"""Which lots a reader may see now, and how much of each: the same rules when an issue is made and when it is sent."""

from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from typing import Any, Final
from uuid import UUID

from pydantic import TypeAdapter

from services.newsletter.domain.lots import Fit, Selection, ShownLot
from services.newsletter.store.offers import Offer
from shared.contracts.types import LotValues
from shared.contracts.visibility import RuleSet, Viewer, buyer_allowed, shown_status, visible_fields

OFFERED: Final = frozenset({"available", "pre_production", "reserved"})
LOT: Final = TypeAdapter(LotValues)
_FITS: Final = TypeAdapter(tuple[Fit, ...])
_ALWAYS = frozenset({"grade_code", "form", "gsm", "weight_net_kg", "quality_class", "location_country"})
_OPTIONAL = tuple(field.name for field in fields(LotValues) if field.name not in _ALWAYS)
_EMPTY: dict[str, tuple[()]] = {"certification": (), "defects": ()}


def masked(lot: LotValues, shown: frozenset[str]) -> LotValues:
    """The lot without what may not be seen. The mill's own words for it go too: they may name the mill."""
    hidden: dict[str, Any] = {name: _EMPTY.get(name) for name in _OPTIONAL if name not in shown}
    return replace(lot, **hidden)


def refusal(offer: Offer) -> str | None:
    """Why a lot is not shown to this buyer; ``None`` when it is. What is not known yet closes."""
    if offer.lot is None:
        return "item_unknown"
    if offer.item_status not in OFFERED or not shown_status(Viewer.MATCHED, offer.item_status):
        return "item_gone"
    if offer.requirement_status != "active":
        return "requirement_inactive"
    if offer.mill_status != "approved" or offer.buyer_status != "approved":
        return "organization_not_approved"
    rules = RuleSet.model_validate(offer.rules) if offer.rules is not None else None
    if rules is None:
        return "rules_unknown"
    country = offer.buyer_country or ""
    if not buyer_allowed(rules, buyer_id=offer.buyer_id, country=country, segment=offer.buyer_segment):
        return "not_allowed_by_mill"
    return None


def _shown(offer: Offer) -> ShownLot:
    rules = RuleSet.model_validate(offer.rules) if offer.rules is not None else None
    seen = visible_fields(Viewer.MATCHED, rules)
    lot = LOT.validate_python(offer.lot)
    return ShownLot(
        item_id=offer.item_id,
        listing_cycle=offer.listing_cycle,
        match_id=offer.match_id,
        lot=masked(lot, seen),
        requirement_title=offer.requirement_title,
        score=offer.score,
        fits=_FITS.validate_python(offer.explanation),
        mill_name=offer.mill_name if "mill" in seen else None,
        price_hidden="price_per_t" not in seen,
        status=offer.item_status,
        reserved_until=(offer.window_until or offer.reserved_until) if "reserved_until" in seen else None,
        is_holder=offer.is_holder,
        is_interested=offer.is_interested,
        is_open=offer.is_open,
        buyer_currency=offer.buyer_currency,
    )


def choose(offers: Iterable[Offer], *, items_max: int) -> Selection:
    """The lots of one reader from his offers, which come best first. A lot that fits two requirements comes once."""
    lots: dict[UUID, ShownLot] = {}
    dropped: dict[UUID, str] = {}
    for offer in offers:
        if offer.item_id in lots:
            continue
        reason = refusal(offer)
        if reason is None:
            lots[offer.item_id] = _shown(offer)
            dropped.pop(offer.item_id, None)
        else:
            dropped[offer.item_id] = reason
    chosen = tuple(lots.values())
    return Selection(lots=chosen[:items_max], left_over=max(0, len(chosen) - items_max), dropped=dropped)


def by_user(offers: Sequence[Offer]) -> dict[UUID, list[Offer]]:
    """Offers of many readers, apart, in their order."""
    found: dict[UUID, list[Offer]] = {}
    for offer in offers:
        found.setdefault(offer.user_id, []).append(offer)
    return found


def by_issue(offers: Sequence[Offer]) -> dict[UUID, list[Offer]]:
    """Offers of many issues, apart, in the order of their lots."""
    found: dict[UUID, list[Offer]] = {}
    for offer in offers:
        if offer.issue_id is not None:
            found.setdefault(offer.issue_id, []).append(offer)
    return found
