"""What ends a match, and what brings it back: items, requirements, organisations, rules and rates change."""

from datetime import date
from decimal import Decimal

import pytest

from services.matching import handlers, jobs
from shared.contracts.catalog import UnlistReason
from shared.contracts.gateway import OrganizationKind, OrganizationStatus
from shared.contracts.ingestion import RatesChanged
from shared.contracts.visibility import RuleSet
from tests.integration.matching.scene import Scene, snapshot


async def test_new_listing_cycle_closes_the_old_match_and_makes_another(scene: Scene) -> None:
    mill_id, buyer_id = await scene.mill(), await scene.buyer()
    wish = await scene.wish(buyer_id)
    item = snapshot(mill_id)
    await scene.list_items(item)
    await scene.score()
    await scene.unlist(item, UnlistReason.WITHDRAWN)
    await scene.list_items(snapshot(mill_id, item_id=item.item_id, version=3, cycle=2))
    await scene.score()
    assert await scene.closed() == [(wish, "item_unavailable")]
    rows = await scene.rows("SELECT listing_cycle, status FROM match ORDER BY listing_cycle")
    assert rows == [(1, "closed"), (2, "active")]


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        (UnlistReason.SOLD, "won"),
        (UnlistReason.WITHDRAWN, "item_unavailable"),
        (UnlistReason.EXPIRED, "item_unavailable"),
    ],
)
async def test_unlisted_item_closes_its_matches(reason: UnlistReason, expected: str, scene: Scene) -> None:
    mill_id, buyer_id, other = await scene.mill(), await scene.buyer(), await scene.buyer()
    wish, lost = await scene.wish(buyer_id), await scene.wish(other)
    item = snapshot(mill_id)
    await scene.list_items(item)
    await scene.score()
    await scene.unlist(item, reason, buyer_id=buyer_id if reason == UnlistReason.SOLD else None)
    await scene.score()
    assert dict(await scene.closed()) == {wish: expected, lost: "item_unavailable"}


async def test_paused_requirement_closes_its_matches_and_resumed_one_finds_them_again(scene: Scene) -> None:
    mill_id, buyer_id = await scene.mill(), await scene.buyer()
    wish = await scene.wish(buyer_id)
    item = snapshot(mill_id)
    await scene.list_items(item)
    await scene.score()
    await scene.change(buyer_id, wish, paused=True)
    await scene.score()
    assert await scene.closed() == [(wish, "requirement_inactive")]
    await scene.list_items(later := snapshot(mill_id))
    await scene.score()
    assert len(await scene.found()) == 1
    await scene.change(buyer_id, wish, version=2, paused=False)
    await scene.score()
    assert set((await scene.found())[1:]) == {
        (wish, item.item_id, 3),
        (wish, later.item_id, 1),
    }


async def test_expired_requirement_is_ended_by_the_job_and_its_matches_closed(scene: Scene) -> None:
    mill_id, buyer_id = await scene.mill(), await scene.buyer()
    wish = await scene.wish(buyer_id, valid_until="2099-01-01")
    await scene.list_items(snapshot(mill_id))
    await scene.score()
    assert await jobs.expire(scene.db) == 0
    await scene.rows("UPDATE requirement SET valid_until = clock()::date - 1 RETURNING id")
    assert await jobs.expire(scene.db) == 1
    await scene.score()
    assert await scene.closed() == [(wish, "requirement_inactive")]


async def test_blocked_buyer_has_no_match_with_any_lot_of_the_mill(scene: Scene) -> None:
    blocked, other = await scene.buyer(), await scene.buyer()
    strict = await scene.mill(rules=RuleSet(blocked_buyers=(blocked,)))
    open_mill = await scene.mill()
    shut_out, let_in = await scene.wish(blocked), await scene.wish(other)
    own, theirs = snapshot(strict), snapshot(open_mill)
    await scene.list_items(own)
    await scene.list_items(theirs)
    await scene.score()
    assert set(await scene.matches()) == {
        (let_in, own.item_id),
        (let_in, theirs.item_id),
        (shut_out, theirs.item_id),
    }


async def test_buyer_blocked_later_loses_his_matches_and_gets_them_back(scene: Scene) -> None:
    mill_id, buyer_id = await scene.mill(), await scene.buyer()
    wish = await scene.wish(buyer_id)
    item = snapshot(mill_id)
    await scene.list_items(item)
    await scene.score()
    await scene.rules(mill_id, RuleSet(blocked_countries=("DE",)), version=2)
    await scene.score()
    assert await scene.closed() == [(wish, "visibility")]
    await scene.rules(mill_id, RuleSet(), version=3)
    await scene.rules(mill_id, RuleSet(blocked_buyers=(buyer_id,)), version=2)  # late and older
    await scene.score()
    assert await scene.matches() == {(wish, item.item_id): "active"}


async def test_mill_without_known_rules_has_no_matches(scene: Scene) -> None:
    mill_id, buyer_id = await scene.mill(rules=None), await scene.buyer()
    await scene.wish(buyer_id)
    await scene.list_items(snapshot(mill_id))
    await scene.score()
    assert await scene.matches() == {}


@pytest.mark.parametrize("side", [OrganizationKind.MILL, OrganizationKind.BUYER])
async def test_suspended_organisation_loses_its_matches(side: OrganizationKind, scene: Scene) -> None:
    mill_id, buyer_id = await scene.mill(), await scene.buyer()
    wish = await scene.wish(buyer_id)
    await scene.list_items(snapshot(mill_id))
    await scene.score()
    who = mill_id if side == OrganizationKind.MILL else buyer_id
    await scene.organization(who, side, version=2, status=OrganizationStatus.SUSPENDED)
    await scene.score()
    assert await scene.closed() == [(wish, "visibility")]


async def test_new_rates_score_foreign_prices_again(scene: Scene) -> None:
    mill_id, buyer_id = await scene.mill(), await scene.buyer()
    wish = await scene.wish(buyer_id, price_ceiling={"amount": "610"})
    dollars = await scene.wish(buyer_id, price_ceiling={"amount": "690", "currency": "USD"})
    await scene.list_items(snapshot(mill_id, price_per_t=Decimal(700), currency="USD"), snapshot(mill_id))
    await scene.score()
    assert len(await scene.matches()) == 4  # without rates nothing foreign is compared, and that lets pass
    [now] = await scene.rows("SELECT clock()::date")
    today: date = now[0]
    rates = RatesChanged(dated=today, base="EUR", per_base={"USD": Decimal("1.10")})
    await scene.bring(handlers.on_rates_changed, rates)
    await scene.score()
    # 700 USD are 636.36 EUR: above 610; 690 USD are 627.27 EUR: below 636.36, above 600.
    assert sorted(await scene.closed()) == sorted([(wish, "no_longer_matches"), (dollars, "no_longer_matches")])
    assert sum(status == "active" for status in (await scene.matches()).values()) == 2
