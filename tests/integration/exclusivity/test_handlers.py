"""What the events of others do to queues and windows."""

from uuid import UUID, uuid4

import pytest

from services.exclusivity import handlers
from services.exclusivity.usecases.interests import withdraw_interest
from shared.contracts.base import ActorRef
from shared.contracts.catalog import ItemStatus, UnlistReason
from shared.contracts.gateway import OrganizationKind, OrganizationStatus, Role, UserChanged, UserStatus
from shared.contracts.matching import ClosedMatch, MatchesClosed
from shared.contracts.visibility import RuleSet
from shared.db import Conn
from tests.integration.exclusivity import market

BUYER, MILL = OrganizationKind.BUYER, OrganizationKind.MILL
SUSPENDED, APPROVED = OrganizationStatus.SUSPENDED, OrganizationStatus.APPROVED


async def test_holder_when_suspended_then_the_next_has_the_lot(conn: Conn) -> None:
    lot = await market.lot(conn, await market.mill(conn))
    first, second, third = await market.buyers(conn, 3)
    for buyer in (first, second, third):
        await market.ask(conn, lot, buyer)
    await market.set_status(conn, second, BUYER, SUSPENDED, version=2)
    assert (await market.interests(conn, lot.item_id))[second] == "ineligible"
    await market.set_status(conn, first, BUYER, SUSPENDED, version=2)
    told = {first: "ineligible", second: "ineligible", third: "granted"}
    assert await market.interests(conn, lot.item_id) == told
    [closed] = await market.published(conn, lot.item_id, "window.closed.v1")
    assert (closed["outcome"], closed["reason"]) == ("revoked", "buyer_suspended")
    await market.set_status(conn, first, BUYER, APPROVED, version=1)  # an old event changes nothing
    assert await market.interests(conn, lot.item_id) == told
    await market.must_hold(conn)


async def test_mill_when_suspended_then_windows_end_and_queues_wait_until_it_is_back(conn: Conn) -> None:
    mill_id = await market.mill(conn)
    lot = await market.lot(conn, mill_id)
    first, second = await market.buyers(conn, 2)
    await market.ask(conn, lot, first)
    await market.ask(conn, lot, second)
    await market.set_status(conn, mill_id, MILL, SUSPENDED, version=2)
    assert await market.interests(conn, lot.item_id) == {first: "lapsed", second: "queued"}
    await market.set_status(conn, mill_id, MILL, APPROVED, version=3)
    assert await market.interests(conn, lot.item_id) == {first: "lapsed", second: "granted"}
    await market.must_hold(conn)


async def test_rules_when_they_exclude_buyers_then_the_queue_loses_them_but_the_holder_stays(conn: Conn) -> None:
    mill_id = await market.mill(conn)
    lot = await market.lot(conn, mill_id)
    first, second, third = await market.buyers(conn, 3)
    for buyer in (first, second, third):
        await market.ask(conn, lot, buyer)
    await market.set_rules(conn, mill_id, RuleSet(blocked_buyers=(first, second)), version=2)
    assert await market.interests(conn, lot.item_id) == {first: "granted", second: "ineligible", third: "queued"}


async def test_buyer_when_no_user_is_active_any_more_then_he_leaves_the_queue(conn: Conn) -> None:
    lot = await market.lot(conn, await market.mill(conn))
    first, second = await market.buyers(conn, 2)
    await market.ask(conn, lot, first)
    await market.ask(conn, lot, second)
    user = UserChanged(
        user_id=uuid4(),
        version=1,
        organization_id=second,
        role=Role.BUYER_USER,
        org_role="owner",
        status=UserStatus.ACTIVE,
        name="Ada",
        email="ada@buyer.test",
        language="en",
        time_zone="UTC",
    )
    await handlers.on_user_changed(conn, [user])
    assert (await market.interests(conn, lot.item_id))[second] == "queued"
    await handlers.on_user_changed(conn, [user.model_copy(update={"version": 2, "status": UserStatus.INACTIVE})])
    assert (await market.interests(conn, lot.item_id))[second] == "ineligible"


async def test_events_when_lot_is_unknown_or_late_then_the_end_is_that_of_the_right_order(conn: Conn) -> None:
    mill_id = await market.mill(conn)
    [buyer] = await market.buyers(conn, 1)
    lot = market.Lot(item_id=uuid4(), mill_id=mill_id)
    gone = await market.unlist(conn, lot, UnlistReason.SOLD)
    await market.tell(conn, lot)
    again = await market.relist(conn, gone)
    assert (await market.ask(conn, again, buyer)).window_id is not None
    # The end of this cycle is overtaken by the listing of the next: old rights end all the same.
    third = market.Lot(lot.item_id, mill_id, version=again.version + 2, cycle=again.cycle + 1)
    await market.tell(conn, third)
    assert await market.interests(conn, lot.item_id) == {buyer: "item_withdrawn"}
    assert (await market.holders(conn, lot.item_id))[0][3] == "cancelled"
    await market.must_hold(conn)


@pytest.mark.parametrize("order", ["lot last", "rules last", "buyer last", "match last"])
async def test_match_that_asks_by_itself_when_its_facts_come_in_any_order_then_it_is_registered(
    conn: Conn, order: str
) -> None:
    mill_id, [near, best] = uuid4(), [uuid4(), uuid4()]
    lot = market.Lot(item_id=uuid4(), mill_id=mill_id)
    await handlers.on_organization_changed(conn, [market.organization(mill_id, MILL)])
    known = [market.organization(one, BUYER) for one in (near, best)]
    found = [market.wish(lot, near, score=71), market.wish(lot, best, score=96), market.wish(lot, best, score=70)]

    async def tell(step: str) -> None:
        match step:
            case "lot last":
                await market.tell(conn, lot)
            case "rules last":
                await market.set_rules(conn, mill_id, RuleSet(), version=1)
            case "buyer last":
                await handlers.on_organization_changed(conn, known)
            case _:
                await handlers.on_matches_found(conn, found)

    for step in ("rules last", "buyer last", "match last", "lot last"):
        if step != order:
            await tell(step)
    assert await market.interests(conn, lot.item_id) == {}
    await tell(order)
    assert await market.interests(conn, lot.item_id) == {best: "granted", near: "queued"}
    [first, second] = await market.published(conn, lot.item_id, "interest.registered.v1")
    assert (first["origin"], first["position"], second["position"]) == ("auto_interest", 1, 2)
    await market.must_hold(conn)


async def test_automatic_interest_when_the_buyer_left_then_a_better_score_does_not_bring_it_back(conn: Conn) -> None:
    lot = await market.lot(conn, await market.mill(conn))
    holder, buyer = await market.buyers(conn, 2)
    await market.ask(conn, lot, holder)
    match_id = uuid4()
    await handlers.on_matches_found(conn, [market.wish(lot, buyer, match_id=match_id)])
    view = await _interest_of(conn, lot, buyer)
    await withdraw_interest(conn, interest_id=view, buyer_id=buyer, by=ActorRef(via="http"))
    await handlers.on_matches_found(
        conn, [market.wish(lot, buyer, match_id=match_id, score=99, version=2), market.wish(lot, buyer, score=98)]
    )
    assert (await market.interests(conn, lot.item_id))[buyer] == "withdrawn"


async def test_automatic_interest_when_its_last_match_closes_then_it_leaves_the_queue(conn: Conn) -> None:
    lot = await market.lot(conn, await market.mill(conn))
    holder, buyer, person = await market.buyers(conn, 3)
    await market.ask(conn, lot, holder)
    await market.ask(conn, lot, person)
    one, other = uuid4(), uuid4()
    await handlers.on_matches_found(
        conn, [market.wish(lot, buyer, match_id=one), market.wish(lot, buyer, match_id=other)]
    )
    for match_id, state in ((one, "queued"), (other, "not_needed")):
        closed = ClosedMatch(
            match_id=match_id, requirement_id=uuid4(), buyer_id=buyer, reason="requirement_inactive", version=2
        )
        await handlers.on_matches_closed(conn, [MatchesClosed(item_id=lot.item_id, listing_cycle=1, matches=(closed,))])
        assert await market.interests(conn, lot.item_id) == {holder: "granted", person: "queued", buyer: state}
    await market.must_hold(conn)


async def test_lots_when_a_whole_list_comes_then_each_is_granted_in_one_go(conn: Conn) -> None:
    mill_id = await market.mill(conn)
    waiting = await market.buyers(conn, 3)
    early = [market.Lot(uuid4(), mill_id, status=ItemStatus.PRE_PRODUCTION) for _ in range(40)]
    await market.tell(conn, *early)
    for lot in early:
        for buyer in waiting:
            await market.ask(conn, lot, buyer)
    await market.tell(conn, *(market.Lot(lot.item_id, mill_id, version=2) for lot in early))
    for lot in early:
        assert [row[0] for row in await market.holders(conn, lot.item_id)] == [waiting[0]]
    await market.must_hold(conn)


async def _interest_of(conn: Conn, lot: market.Lot, buyer: UUID) -> UUID:
    cursor = await conn.execute(
        "SELECT id FROM interests WHERE item_id = %(item)s AND buyer_id = %(buyer)s",
        {"item": lot.item_id, "buyer": buyer},
    )
    row = await cursor.fetchone()
    assert row is not None
    return row[0]
