"""One lot's whole life, played at random on a real database; the rules must hold after every step."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.exclusivity.domain import Ending, Outcome, Terms
from services.exclusivity.errors import AlreadyInterested, HadHisTurn, NotForSale
from services.exclusivity.store import items, windows
from services.exclusivity.usecases import timers
from services.exclusivity.usecases.grants import hand_over
from services.exclusivity.usecases.interests import withdraw_interest
from shared.contracts.base import ActorRef
from shared.contracts.catalog import UnlistReason
from shared.db import Conn
from tests.integration.exclusivity import market
from tests.support.database import fresh_url, opened

BUYERS = 7
TERMS = Terms()


class LifeOfALot(RuleBasedStateMachine):
    """The model is the queue in the order of asking, and who had his turn in this cycle."""

    url: str

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.hours = 0
        self.listed = True
        self.queue: list[UUID] = []  # the holder first, if there is one
        self.granted: list[UUID] = []  # in this cycle

    @initialize()
    def market_opens(self) -> None:
        self.runner.run(self._open())

    async def _open(self) -> None:
        self.pool = opened(self.url, "exclusivity", size_max=1)
        self.db = await self.pool.__aenter__()
        self.transaction = self.db.transaction()
        self.conn: Conn = await self.transaction.__aenter__()
        self.lot = await market.lot(self.conn, await market.mill(self.conn))
        self.buyers = await market.buyers(self.conn, BUYERS)

    def teardown(self) -> None:
        self.runner.run(self._close())
        self.runner.close()

    async def _close(self) -> None:
        await self.conn.rollback()
        await self.transaction.__aexit__(None, None, None)
        await self.pool.__aexit__(None, None, None)

    @rule(number=st.integers(0, BUYERS - 1))
    def ask(self, number: int) -> None:
        buyer = self.buyers[number]
        try:
            self.runner.run(market.ask(self.conn, self.lot, buyer))
        except NotForSale:
            assert not self.listed
        except AlreadyInterested:
            assert buyer in self.queue
        except HadHisTurn:
            assert buyer in self.granted
        else:
            assert self.listed
            assert buyer not in self.queue
            assert buyer not in self.granted
            self.queue.append(buyer)
            self._grant()

    @precondition(lambda self: len(self.queue) > 1)
    @rule(number=st.integers(0, BUYERS - 1))
    def leave(self, number: int) -> None:
        waiting = [one for one in self.queue if one != self._holder()]
        if waiting:
            buyer = waiting[number % len(waiting)]
            self.runner.run(self._leave(buyer))
            self.queue.remove(buyer)

    async def _leave(self, buyer: UUID) -> None:
        cursor = await self.conn.execute(
            "SELECT id FROM interests WHERE buyer_id = %(buyer)s AND status = 'queued'", {"buyer": buyer}
        )
        row = await cursor.fetchone()
        assert row is not None
        await withdraw_interest(self.conn, interest_id=row[0], buyer_id=buyer, by=ActorRef(via="http"))

    @rule(hours=st.sampled_from([1, 30, 49]))
    def time_passes(self, hours: int) -> None:
        self.hours += hours
        self.runner.run(market.move_clock(self.conn, timedelta(hours=self.hours)))
        held = self._holder() is not None
        done = self.runner.run(timers.expire_windows(self.conn, terms=TERMS))
        assert done <= held
        assert hours < 48 or done == held
        if done:
            self._end_of_window()

    @precondition(lambda self: self._holder() is not None)
    @rule(outcome=st.sampled_from([Outcome.RELEASED, Outcome.REVOKED]))
    def window_is_ended(self, outcome: Outcome) -> None:
        self.runner.run(self._end(outcome))
        self._end_of_window()

    async def _end(self, outcome: Outcome) -> None:
        await items.lock_item(self.conn, self.lot.item_id)
        [window] = await windows.active_on(self.conn, [self.lot.item_id])
        await hand_over(self.conn, [Ending(window.id, outcome)], terms=TERMS)

    @precondition(lambda self: self.listed)
    @rule(reason=st.sampled_from(list(UnlistReason)))
    def lot_goes(self, reason: UnlistReason) -> None:
        buyer = self._holder() if reason == UnlistReason.SOLD else None
        self.lot = self.runner.run(market.unlist(self.conn, self.lot, reason, buyer_id=buyer))
        self.listed, self.queue = False, []

    @precondition(lambda self: not self.listed)
    @rule()
    def lot_comes_back(self) -> None:
        self.lot = self.runner.run(market.relist(self.conn, self.lot))
        self.listed, self.granted = True, []

    @rule()
    def old_news_arrive(self) -> None:
        self.runner.run(market.tell(self.conn, replace(self.lot, version=max(1, self.lot.version - 1))))

    def _holder(self) -> UUID | None:
        return self.queue[0] if self.queue and self.queue[0] in self.granted else None

    def _grant(self) -> None:
        if self.queue and self._holder() is None and len(self.granted) < TERMS.grants_max:
            self.granted.append(self.queue[0])

    def _end_of_window(self) -> None:
        self.queue.pop(0)
        self._grant()

    @invariant()
    def the_rules_hold(self) -> None:
        if hasattr(self, "lot"):
            self.runner.run(self._check())

    async def _check(self) -> None:
        await market.must_hold(self.conn)
        told = await market.interests(self.conn, self.lot.item_id)
        live = {buyer: state for buyer, state in told.items() if state in ("queued", "granted")}
        holder = self._holder()
        assert live == {buyer: "granted" if buyer == holder else "queued" for buyer in self.queue}
        held = await market.holders(self.conn, self.lot.item_id)
        assert [buyer for buyer, cycle, _, _ in held if cycle == self.lot.cycle] == self.granted
        assert [outcome is None for *_, outcome in held].count(True) == (1 if holder else 0)


def test_lot_when_anything_happens_in_any_order_then_the_rules_hold() -> None:
    with fresh_url("exclusivity") as url:

        class Here(LifeOfALot):
            pass

        Here.url = url
        case = Here.TestCase
        case.settings = settings(
            max_examples=40,
            stateful_step_count=30,
            deadline=None,
            derandomize=True,
            suppress_health_check=[HealthCheck.too_slow],
        )
        case("runTest").runTest()
