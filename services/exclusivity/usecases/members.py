"""Organisations, users, rules and matches change; queues and windows follow."""

from collections.abc import Sequence
from uuid import UUID

from services.exclusivity.domain import CloseReason, Ending, Item, Outcome, Terms
from services.exclusivity.store import interests, items, matches, parties, windows
from services.exclusivity.store.parties import Party
from services.exclusivity.usecases import eligibility
from services.exclusivity.usecases.grants import hand_over, interest_closed
from services.exclusivity.usecases.items import settle_queues
from shared import outbox
from shared.contracts.base import Event
from shared.contracts.catalog import VisibilityChanged
from shared.contracts.gateway import OrganizationChanged, UserChanged
from shared.contracts.matching import MatchesClosed, MatchesFound
from shared.db import Conn


async def take_organizations(conn: Conn, events: Sequence[OrganizationChanged], *, terms: Terms) -> None:
    """Keep the newest state of organisations; who may no longer trade loses windows and places in queues."""
    touched = await items.ids_touched_by(conn, [event.organization_id for event in events])
    await items.lock_items(conn, touched)  # lots before organisations, as everybody does
    news = await parties.replace_organizations(conn, events)
    if news:
        await _review(conn, news, terms=terms, windows_too=True)


async def take_users(conn: Conn, events: Sequence[UserChanged], *, terms: Terms) -> None:
    """Keep who is active; a buyer without any active user leaves his queues but keeps what he holds."""
    news = await parties.replace_users(conn, events)
    if news:
        await _review(conn, news, terms=terms, windows_too=False)


async def take_rules(conn: Conn, events: Sequence[VisibilityChanged], *, terms: Terms) -> None:
    """Keep the newest rules of mills; buyers no longer allowed leave the queues. What was granted stays granted."""
    touched = await items.ids_touched_by(conn, [event.mill_id for event in events])
    await items.lock_items(conn, touched)
    news = await parties.replace_rules(conn, events)
    if news:
        await _review(conn, news, terms=terms, windows_too=False)


async def take_matches(conn: Conn, events: Sequence[MatchesFound], *, terms: Terms) -> None:
    """Register an interest for each match that asks by itself, now or as soon as the lot and both sides are known."""
    item_ids = await matches.keep(conn, events)
    if item_ids:
        await outbox.add(conn, *await settle_queues(conn, item_ids, terms=terms))


async def close_matches(conn: Conn, events: Sequence[MatchesClosed]) -> None:
    """An automatic interest that no match asks for any more leaves the queue; a window is not touched."""
    item_ids = await matches.close(conn, events)
    if not item_ids:
        return
    await items.lock_items(conn, item_ids)
    over = await matches.unwanted(conn, item_ids)
    closed = await interests.close(conn, [(interest_id, CloseReason.NOT_NEEDED) for interest_id in over])
    await outbox.add(conn, *map(interest_closed, closed))


async def _review(conn: Conn, organization_ids: Sequence[UUID], *, terms: Terms, windows_too: bool) -> None:
    """Look again at every lot these organisations have to do with."""
    waiting_for = await matches.pending_items_of(conn, organization_ids)
    touched = await items.ids_touched_by(conn, organization_ids)
    locked = await items.lock_items(conn, sorted({*touched, *waiting_for}))
    if not locked:
        return
    events = await _drop_ineligible(conn, locked)
    if windows_too:
        events += await _revoke(conn, locked, terms=terms)
    events += await settle_queues(conn, [item.item_id for item in locked], terms=terms)
    await outbox.add(conn, *events)


async def _drop_ineligible(conn: Conn, locked: Sequence[Item]) -> list[Event]:
    queue = await interests.waiting(conn, [item.item_id for item in locked])
    known = await _known(conn, {(one.mill_id, one.buyer_id) for one in queue})
    leaving = [
        (one.interest_id, CloseReason.INELIGIBLE)
        for one in queue
        if (one.mill_id, one.buyer_id) in known and not eligibility.stays(known[one.mill_id, one.buyer_id])
    ]
    return [interest_closed(one) for one in await interests.close(conn, leaving)]


async def _revoke(conn: Conn, locked: Sequence[Item], *, terms: Terms) -> list[Event]:
    held = await windows.active_on(conn, [item.item_id for item in locked])
    known = await _known(conn, {(one.mill_id, one.buyer_id) for one in held})
    endings: list[Ending] = []
    for window in held:
        party = known.get((window.mill_id, window.buyer_id))
        if party is None:
            continue
        if party.buyer_status != eligibility.APPROVED:
            why = f"buyer_{party.buyer_status}"
            endings.append(Ending(window.id, Outcome.REVOKED, reason=why, interest=CloseReason.INELIGIBLE))
        elif party.mill_status != eligibility.APPROVED:
            endings.append(Ending(window.id, Outcome.REVOKED, reason=f"mill_{party.mill_status}"))
    return await hand_over(conn, endings, terms=terms) if endings else []


async def _known(conn: Conn, pairs: set[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], Party]:
    if not pairs:
        return {}
    return {(party.mill_id, party.buyer_id): party for party in await parties.parties(conn, pairs)}
