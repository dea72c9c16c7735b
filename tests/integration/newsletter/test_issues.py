"""Who gets which lots, and when."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

from shared.contracts.catalog import ItemReleased, ItemReserved, ItemsUnlisted, UnlistedItem, UnlistReason
from shared.contracts.gateway import UserErased
from shared.contracts.matching import ClosedMatch, MatchesClosed, RequirementChanged
from shared.contracts.visibility import Disclosure
from shared.db import Database
from tests.integration.newsletter.conftest import Post, items_of, part, values
from tests.integration.newsletter.market import Market, bring


async def test_list_when_matched_then_each_buyer_gets_exactly_his_lots(db: Database, market: Market, post: Post):
    one, two, blocked = [await market.buyer(slug) for slug in ("one", "two", "blocked")]
    saar = await market.mill("saar", blocked=[blocked.organization_id])
    kvarn = await market.mill("kvarn")
    await market.listed(saar, "S1", "S2", "S3")
    await market.listed(kvarn, "K1")
    await market.matched("S1", one, two, blocked)
    await market.matched("S2", one, blocked)
    await market.matched("S2", one, title="Another wish for the same lot")
    await market.matched("K1", two)
    await market.run_completed()
    mails = await post.send()
    got = {mail["To"].addresses[0].addr_spec: await items_of(db, mail) for mail in mails}
    lots = market.items
    assert got == {one.email: {lots["S1"], lots["S2"]}, two.email: {lots["S1"], lots["K1"]}}
    assert await post.send() == []


async def test_mail_when_read_then_shows_what_a_matched_buyer_may_see_and_no_more(market: Market, post: Post):
    buyer = await market.buyer("one")
    open_mill, quiet_mill = await market.mill("openmill"), await market.mill("quiet", price=Disclosure.WINDOW)
    await market.listed(open_mill, "SECRET-REF-1")
    await market.listed(quiet_mill, "SECRET-REF-2", price_per_t=Decimal(777), grade_code="KL_BROWN")
    await market.matched("SECRET-REF-1", buyer)
    await market.matched("SECRET-REF-2", buyer)
    await market.run_completed()
    (mail,) = await post.send()
    for kind in ("plain", "html"):
        text = part(mail, kind)
        for shown in ("Testliner 2", "135", "2,450", "24.6", "612.50", "Germany", "Fits “Testliner, wide”", "FSC"):
            assert shown in text
        for hidden in ("SECRET-REF", "Openmill", "Brand of", "777", "desk@"):
            assert hidden not in text


async def test_matches_when_they_come_before_their_items_then_the_mail_waits(db: Database, market: Market, post: Post):
    buyer = await market.buyer("one")
    mill = await market.mill("saar", rules=False)
    await market.matched("S1", buyer)
    await market.run_completed()
    assert await post.send() == []
    await market.listed(mill, "S1")
    await market.set_clock(forward=timedelta(seconds=2))
    assert await post.send() == []
    await market.rules(mill)
    await market.set_clock(forward=timedelta(seconds=4))
    (mail,) = await post.send()
    assert await items_of(db, mail) == {market.items["S1"]}


async def test_single_matches_when_no_list_came_then_are_collected(market: Market, post: Post):
    buyer = await market.buyer("one")
    mill = await market.mill("saar")
    await market.listed(mill, "S1", "S2")
    await market.matched("S1", buyer)
    await market.run_completed(batch=False)
    await market.matched("S2", buyer)
    await market.run_completed(batch=False)
    assert await post.send() == []
    await market.set_clock(forward=timedelta(minutes=16))
    assert len(await post.send()) == 1


async def test_on_match_when_six_were_sent_today_then_the_rest_waits(db: Database, market: Market, post: Post):
    buyer = await market.buyer("one")
    mill = await market.mill("saar")
    for number in range(7):
        await market.listed(mill, f"S{number}")
        await market.matched(f"S{number}", buyer)
        await market.run_completed()
        await post.send()
    assert len(post.mails()) == 6
    await market.set_clock(forward=timedelta(hours=25))
    (mail,) = await post.send()
    assert await items_of(db, mail) == {market.items["S6"]}


async def test_daily_when_days_were_missed_then_one_mail_at_the_local_hour(db: Database, market: Market, post: Post):
    await market.set_clock(datetime(2026, 11, 20, 12, tzinfo=UTC))
    buyer = await market.buyer("one")
    mill = await market.mill("saar")
    await market.listed(mill, "S1", "S2", "W1")
    await market.matched("S1", buyer, cadence="daily")
    await market.matched("W1", buyer, cadence="weekly")
    assert await post.send() == []
    (due,) = await values(db, "SELECT next_send_at FROM schedule WHERE cadence = 'daily'")
    assert isinstance(due, datetime)
    assert timedelta() <= due - datetime(2026, 11, 21, 6, tzinfo=UTC) <= timedelta(minutes=10)
    await market.matched("S2", buyer, cadence="daily")
    await market.set_clock(datetime(2026, 11, 25, 12, tzinfo=UTC))
    mails = await post.send()
    got = {frozenset(await items_of(db, mail)) for mail in mails}
    assert len(mails) == 2
    assert got == {frozenset({market.items["S1"], market.items["S2"]}), frozenset({market.items["W1"]})}
    keys = await values(db, "SELECT period_key FROM issue ORDER BY cadence")
    assert keys == ["2026-11-25", "2026-W48"]


async def test_issue_when_lots_go_before_it_is_sent_then_they_are_dropped(db: Database, market: Market, post: Post):
    buyer = await market.buyer("one")
    mill = await market.mill("saar")
    await market.listed(mill, "S1", "S2", "S3", "S4")
    matches = {ref: (await market.matched(ref, buyer))[0] for ref in ("S1", "S2", "S3", "S4")}
    await market.run_completed()
    await post.generate()
    gone = UnlistedItem(
        item_id=market.items["S1"], lot_key="S1", version=market.next_version(), listing_cycle=1,
        reason=UnlistReason.SOLD,
    )  # fmt: skip
    closed = ClosedMatch(
        match_id=matches["S2"], requirement_id=uuid4(), buyer_id=buyer.organization_id, reason="visibility",
        version=market.next_version(),
    )  # fmt: skip
    await bring(
        db,
        ItemsUnlisted(mill_id=mill, items=(gone,)),
        MatchesClosed(item_id=market.items["S2"], listing_cycle=1, matches=(closed,)),
    )
    (mail,) = await post.deliver()
    assert await items_of(db, mail) == {market.items["S3"], market.items["S4"]}
    dropped = await values(db, "SELECT dropped FROM issue_item WHERE dropped IS NOT NULL ORDER BY dropped")
    assert dropped == ["item_gone", "no_longer_matches"]


async def test_issue_when_the_mill_blocks_the_buyer_then_nothing_is_sent(db: Database, market: Market, post: Post):
    buyer = await market.buyer("one")
    mill = await market.mill("saar")
    await market.listed(mill, "S1")
    await market.matched("S1", buyer)
    await market.run_completed()
    await post.generate()
    await market.rules(mill, blocked=[buyer.organization_id])
    assert await post.deliver() == []
    assert await values(db, "SELECT status || ' ' || reason FROM issue") == ["skipped nothing_left"]
    assert await values(db, "SELECT status || ' ' || reason FROM delivery") == ["suppressed nothing_left"]
    await market.rules(mill)
    await market.matched("S1", buyer)
    await market.run_completed()
    assert len(await post.send()) == 1


async def test_requirement_when_paused_then_its_lots_are_not_told(db: Database, market: Market, post: Post):
    buyer = await market.buyer("one")
    mill = await market.mill("saar")
    await market.listed(mill, "S1")
    await market.matched("S1", buyer)
    (requirement,) = await values(db, "SELECT requirement_id FROM match_replica")
    assert isinstance(requirement, UUID)
    await bring(
        db,
        RequirementChanged(
            requirement_id=requirement, buyer_id=buyer.organization_id, version=1, status="paused", title="x",
            cadence="on_match", auto_interest=False,
        ),
    )  # fmt: skip
    await market.run_completed()
    assert await post.send() == []


async def test_reserved_lot_when_told_then_says_until_when(db: Database, market: Market, post: Post):
    buyer = await market.buyer("one", language="de")
    mill = await market.mill("saar")
    until = datetime(2030, 1, 2, 12, tzinfo=UTC)
    snapshot = market.snapshot(mill, "S1")
    reserved = ItemReserved(
        item_id=snapshot.item_id, mill_id=mill, version=snapshot.version + 1, window_id=uuid4(), until=until
    )
    await bring(db, reserved)
    market.version += 1
    await market.matched("S1", buyer)
    await bring(db, (await market.listed(mill, "S0")).model_copy(update={"items": (snapshot,)}))
    await market.run_completed()
    (mail,) = await post.send()
    assert "Bis Mi, 2. Januar, 13:00 Uhr für einen anderen Käufer reserviert" in part(mail, "plain")
    released = ItemReleased(item_id=snapshot.item_id, mill_id=mill, version=snapshot.version + 2, cause="expired")
    await bring(db, released, reserved)
    assert await values(db, "SELECT status FROM item_replica WHERE item_id = %(id)s", id=snapshot.item_id) == [
        "available"
    ]


async def test_person_when_erased_then_leaves_no_name_and_gets_no_mail(db: Database, market: Market, post: Post):
    buyer = await market.buyer("one")
    mill = await market.mill("saar")
    await market.listed(mill, "S1")
    await market.matched("S1", buyer)
    await market.run_completed()
    await post.generate()
    await bring(db, UserErased(user_id=buyer.user_id))
    assert await post.deliver() == []
    assert await values(db, "SELECT name || email FROM user_replica") == [""]
    assert await values(db, "SELECT address || name FROM delivery") == [""]
    await market.person(buyer.organization_id, "one")
    assert await values(db, "SELECT count(*) FROM user_replica WHERE user_id = %(id)s AND email <> ''",
                        id=buyer.user_id) == [0]  # fmt: skip
