"""Keep what others say up to date here, and have scored what it touches."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from uuid_utils.compat import uuid7

from services.matching.convert import replica_of
from services.matching.store import indexing, items, market, matches, queue, requirements, runs
from services.matching.store.market import OrganizationRow
from services.matching.store.queue import Cause
from services.matching.usecases.telling import tell_closed
from shared import trace
from shared.contracts.catalog import ItemsChanged, ItemsListed, ItemsUnlisted
from shared.contracts.exclusivity import InterestClosed, InterestRegistered, WindowClosed, WindowGranted, WindowOutcome
from shared.contracts.gateway import OrganizationKind
from shared.contracts.visibility import RuleSet
from shared.db import Conn

RETURNED = ("withdrawn", "not_needed", "lapsed", "ineligible")  # the item may still be had


async def take_in_items(conn: Conn, event: ItemsListed | ItemsChanged, *, now: datetime) -> None:
    """Store snapshots and have those scored that differ in something we compare.

    Of a listed batch every item is scored, so that the run counts them all.
    """
    cause, run_id = trace.current(), await _run_of(conn, event, now=now)
    different = await items.put(conn, [replica_of(item) for item in event.items], now=now)
    if isinstance(event, ItemsListed):
        different = list({item.item_id: None for item in event.items})
    await queue.add_items(conn, different, cause=cause, run_id=run_id)
    if isinstance(event, ItemsListed) and run_id is not None:
        await runs.see_part(conn, run_id=run_id, part=event.part, parts=event.parts)
        await queue.wake(conn)


async def take_off_items(conn: Conn, event: ItemsUnlisted, *, now: datetime) -> None:
    """Store that items are gone and have their matches closed."""
    run_id = await _run_of(conn, event, now=now)
    gone = await items.take_off(
        conn,
        ids=[item.item_id for item in event.items],
        versions=[item.version for item in event.items],
        reasons=[item.reason.value for item in event.items],
        buyers=[item.buyer_id for item in event.items],
        now=now,
    )
    await queue.add_items(conn, gone, cause=trace.current(), run_id=run_id)


async def _run_of(conn: Conn, event: ItemsListed | ItemsChanged | ItemsUnlisted, *, now: datetime) -> UUID | None:
    if event.batch_id is None:
        return None
    return await runs.of_batch(
        conn, batch_id=event.batch_id, mill_id=event.mill_id, new_id=uuid7(), cause=trace.current(), now=now
    )


async def take_in_organization(conn: Conn, organization: OrganizationRow, *, version: int) -> None:
    """Store a snapshot. When it changes who may trade with whom, score what belongs to it again."""
    if not await market.put_organization(conn, organization, version=version):
        return
    await indexing.bump_market(conn)
    if organization.kind == OrganizationKind.MILL:
        await queue.add_items_of_mill(conn, mill_id=organization.organization_id, cause=trace.current())
    elif organization.kind == OrganizationKind.BUYER:
        ids = await requirements.ids_of_buyers(conn, buyer_ids=[organization.organization_id])
        await queue.add_requirements(conn, ids, cause=trace.current())


async def take_in_rules(conn: Conn, *, mill_id: UUID, version: int, rules: RuleSet) -> None:
    """Store a mill's rules and score its items again: who is shut out now loses his matches."""
    if await market.put_rules(conn, mill_id=mill_id, version=version, rules=rules):
        await indexing.bump_market(conn)
        await queue.add_items_of_mill(conn, mill_id=mill_id, cause=trace.current())


async def take_in_rates(conn: Conn, *, dated: date, base: str, per_base: Mapping[str, Decimal]) -> None:
    """Store the rates of a day, in units per euro; without a rate for the euro they say nothing to us."""
    euro = Decimal(1) if base == "EUR" else per_base.get("EUR")
    if not euro:
        return
    per_eur = {currency: rate / euro for currency, rate in per_base.items() if rate > 0}
    if base != "EUR":
        per_eur[base] = 1 / euro
    await market.put_rates(conn, dated=dated, per_eur=per_eur)
    await queue.add_items_in_foreign_money(conn, cause=trace.current())
    foreign = await indexing.active_in_foreign_money(conn)
    await queue.add_requirements(conn, [row.id for row in foreign], cause=trace.current())


async def follow_interest(conn: Conn, event: InterestRegistered | InterestClosed, *, now: datetime) -> None:
    """A match is ``interested`` as long as its buyer is; when the item itself goes, its own event says how."""
    live = isinstance(event, InterestRegistered)
    await market.put_interest(
        conn,
        interest_id=event.interest_id,
        item_id=event.item_id,
        listing_cycle=event.listing_cycle,
        buyer_id=event.buyer_id,
        live=live,
    )
    if live or event.reason in RETURNED:
        await matches.mark_interested(
            conn,
            item_id=event.item_id,
            listing_cycle=event.listing_cycle,
            buyer_id=event.buyer_id,
            interested=live,
            now=now,
        )


async def follow_grant(conn: Conn, event: WindowGranted, *, now: datetime) -> None:
    """A holder is interested, whether or not his interest was read before."""
    await matches.mark_interested(
        conn,
        item_id=event.item_id,
        listing_cycle=event.listing_cycle,
        buyer_id=event.buyer_id,
        interested=True,
        now=now,
    )


async def follow_window(conn: Conn, event: WindowClosed, *, now: datetime) -> None:
    """A window that ended in a deal: the holder has won."""
    if event.outcome != WindowOutcome.CONVERTED:
        return
    closed = await matches.close_as_won(
        conn, item_id=event.item_id, listing_cycle=event.listing_cycle, buyer_id=event.buyer_id, now=now
    )
    chain = trace.current()
    cause = Cause(chain.correlation_id, chain.causation_id)
    await tell_closed(conn, [(cause, row) for row in closed])
