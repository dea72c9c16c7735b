"""Batches, interests, windows, newsletters: what comes from others and what it changes here."""

from uuid import UUID, uuid4

import pytest

from services.matching import handlers
from services.matching.handlers import SUBSCRIPTIONS
from shared.contracts import CONTRACTS
from shared.contracts.catalog import ItemsChanged, ItemSnapshot, UnlistReason
from shared.contracts.exclusivity import InterestClosed, InterestRegistered, WindowClosed, WindowGranted, WindowOutcome
from shared.contracts.newsletter import DeliveriesProgressed, DeliveryProgress, IssueSent
from shared.contracts.types import QualityClass
from tests.integration.matching.scene import Scene, snapshot


def test_handlers_are_those_of_the_table_of_contracts() -> None:
    named = {contract.event for contract in CONTRACTS if "matching" in contract.subscribers}
    assert {subscription.event for subscription in SUBSCRIPTIONS} == named


async def test_batch_is_completed_when_its_last_part_has_been_scored(scene: Scene) -> None:
    mill_id, buyer_id, batch_id = await scene.mill(), await scene.buyer(), uuid4()
    await scene.wish(buyer_id)
    await scene.list_items(snapshot(mill_id), snapshot(mill_id), batch_id=batch_id, part=1, parts=3)
    await scene.score()
    await scene.list_items(snapshot(mill_id), batch_id=batch_id, part=3, parts=3)
    await scene.score()
    assert await scene.runs() == []
    await scene.list_items(mill_id=mill_id, batch_id=batch_id, part=2, parts=3)
    await scene.score()
    [run] = await scene.runs()
    assert (run.scope, run.batch_id, run.mill_id) == ("batch", batch_id, mill_id)
    assert (run.items, run.requirements, run.found, run.closed) == (3, 1, 3, 0)


async def test_part_that_comes_again_completes_nothing_twice(scene: Scene) -> None:
    mill_id, batch_id = await scene.mill(), uuid4()
    item = snapshot(mill_id)
    for _ in range(2):
        await scene.list_items(item, batch_id=batch_id, part=1, parts=2)
        await scene.score()
    assert await scene.runs() == []
    await scene.list_items(mill_id=mill_id, batch_id=batch_id, part=2, parts=2)
    await scene.score()
    await scene.list_items(item, batch_id=batch_id, part=1, parts=2)
    await scene.score()
    assert len(await scene.runs()) == 1


async def test_empty_batch_is_completed_too(scene: Scene) -> None:
    mill_id, batch_id = await scene.mill(), uuid4()
    await scene.list_items(mill_id=mill_id, batch_id=batch_id)
    await scene.score()
    assert [run.batch_id for run in await scene.runs()] == [batch_id]


async def test_run_completed_comes_after_every_match_of_its_batch(scene: Scene) -> None:
    mill_id, buyer_id, batch_id = await scene.mill(), await scene.buyer(), uuid4()
    await scene.wish(buyer_id)
    kept, gone = snapshot(mill_id), snapshot(mill_id)
    await scene.list_items(kept, gone)
    await scene.score()
    changed = snapshot(mill_id, item_id=kept.item_id, version=2, width_mm=2000, quality_class=QualityClass.PRIME)
    await scene.bring(handlers.on_items_changed, ItemsChanged(mill_id=mill_id, batch_id=batch_id, items=(changed,)))
    await scene.unlist(gone, UnlistReason.WITHDRAWN)
    await scene.list_items(snapshot(mill_id), batch_id=batch_id)
    await scene.score()
    rows = await scene.rows("SELECT type FROM outbox WHERE type NOT LIKE '%%requirement%%' ORDER BY id")
    assert [row[0].split(".")[1:3] for row in rows][-1] == ["run", "completed"]
    [run] = await scene.runs()
    assert run.items == 2


async def test_confirmed_item_is_not_scored_again(scene: Scene) -> None:
    mill_id = await scene.mill()
    item = snapshot(mill_id)
    await scene.list_items(item)
    await scene.score()
    await scene.change_items(snapshot(mill_id, item_id=item.item_id, version=2))
    assert await scene.score() == 0


async def test_unlisted_item_that_was_never_listed_is_let_go(scene: Scene) -> None:
    mill_id = await scene.mill()
    await scene.unlist(snapshot(mill_id), UnlistReason.WITHDRAWN)
    assert await scene.score() == 0


class Held:
    """A match whose buyer is interested."""

    def __init__(self, scene: Scene, item: ItemSnapshot, buyer_id: UUID, wish: UUID) -> None:
        self.scene, self.item, self.buyer_id, self.wish = scene, item, buyer_id, wish
        self.interest_id = uuid4()

    @classmethod
    async def of(cls, scene: Scene) -> "Held":
        mill_id, buyer_id = await scene.mill(), await scene.buyer()
        wish = await scene.wish(buyer_id)
        item = snapshot(mill_id)
        await scene.list_items(item)
        await scene.score()
        held = cls(scene, item, buyer_id, wish)
        await held.register()
        return held

    async def register(self) -> None:
        event = InterestRegistered(
            item_id=self.item.item_id,
            mill_id=self.item.mill_id,
            listing_cycle=1,
            interest_id=self.interest_id,
            buyer_id=self.buyer_id,
            position=1,
            origin="person",
        )
        await self.scene.bring(handlers.on_interest_registered, event)

    async def end(self, reason: str) -> None:
        event = InterestClosed(
            item_id=self.item.item_id,
            mill_id=self.item.mill_id,
            listing_cycle=1,
            interest_id=self.interest_id,
            buyer_id=self.buyer_id,
            reason=reason,
        )
        await self.scene.bring(handlers.on_interest_closed, event)

    async def status(self) -> str:
        return (await self.scene.matches())[self.wish, self.item.item_id]


@pytest.mark.parametrize(("reason", "after"), [("withdrawn", "active"), ("lapsed", "active"), ("sold", "interested")])
async def test_match_follows_the_interest_of_its_buyer(reason: str, after: str, scene: Scene) -> None:
    held = await Held.of(scene)
    assert await held.status() == "interested"
    await held.end(reason)
    assert await held.status() == after


async def test_match_found_after_the_interest_starts_as_interested(scene: Scene) -> None:
    held = await Held.of(scene)
    second = await scene.wish(held.buyer_id)
    await scene.score()
    assert (await scene.matches())[second, held.item.item_id] == "interested"


async def test_window_granted_makes_the_match_interested_and_a_deal_wins_it(scene: Scene) -> None:
    held = await Held.of(scene)
    await held.end("withdrawn")
    common = {"item_id": held.item.item_id, "mill_id": held.item.mill_id, "listing_cycle": 1, "buyer_id": held.buyer_id}
    granted = WindowGranted.model_validate(
        {
            **common,
            "window_id": uuid4(),
            "interest_id": held.interest_id,
            "grant_number": 1,
            "max_grants": 3,
            "granted_at": "2026-11-21T09:00:00Z",
            "expires_at": "2026-11-23T09:00:00Z",
            "origin": "first_interest",
        }
    )
    await scene.bring(handlers.on_window_granted, granted)
    assert await held.status() == "interested"
    closed = {**common, "window_id": uuid4(), "closed_at": "2026-11-22T09:00:00Z", "grants_remaining": 2}
    expired = WindowClosed.model_validate({**closed, "outcome": WindowOutcome.EXPIRED})
    await scene.bring(handlers.on_window_closed, expired)
    assert await scene.closed() == []
    deal = WindowClosed.model_validate({**closed, "outcome": WindowOutcome.CONVERTED})
    await scene.bring(handlers.on_window_closed, deal)
    assert await scene.closed() == [(held.wish, "won")]
    await scene.change_items(snapshot(held.item.mill_id, item_id=held.item.item_id, version=2, width_mm=2000))
    await scene.score()
    assert await held.status() == "closed"


async def test_sold_item_is_lost_for_those_who_asked_for_it(scene: Scene) -> None:
    held = await Held.of(scene)
    await scene.unlist(held.item, UnlistReason.SOLD, buyer_id=uuid4())
    await scene.score()
    assert await scene.closed() == [(held.wish, "lost")]


async def test_shown_and_clicked_are_counted_for_people_only(scene: Scene) -> None:
    held = await Held.of(scene)
    user_id, item_id = uuid4(), held.item.item_id
    issue = IssueSent(issue_id=uuid4(), user_id=user_id, buyer_id=held.buyer_id, cadence="daily", item_ids=(item_id,))
    await scene.bring(handlers.on_issue_sent, issue, issue.model_copy(update={"issue_id": uuid4()}))

    def step(state: str, *, machine: bool = False) -> DeliveryProgress:
        return DeliveryProgress.model_validate(
            {
                "delivery_id": uuid4(),
                "user_id": user_id,
                "state": state,
                "at": "2026-11-21T10:00:00Z",
                "item_id": item_id,
                "machine": machine,
            }
        )

    steps = (step("clicked"), step("clicked", machine=True), step("opened"))
    await scene.bring(handlers.on_deliveries_progressed, DeliveriesProgressed(deliveries=steps))
    [row] = await scene.rows("SELECT shown_count, click_count, last_shown_at IS NOT NULL FROM match")
    assert row == (2, 1, True)
