"""The larger sample market through handlers, columns, rules and tables, where that folder is present."""

from collections import Counter
from uuid import uuid4

from services.matching import handlers
from shared.contracts.ingestion import RatesChanged
from shared.contracts.matching import MatchesFound
from shared.contracts.visibility import RuleSet
from tests.integration.matching.scene import Scene
from tests.support import market as samples

FOLDER = samples.samples()
LISTS = ("02_", "03_", "10_")

if FOLDER is not None:

    async def test_lists_02_03_and_10_give_exactly_the_expected_matches(scene: Scene) -> None:
        assert FOLDER is not None
        market, lots = samples.market(FOLDER), list(samples.lots(FOLDER, *LISTS))
        blocked = "kvarnholm"
        shut_out = market.requirements[0].buyer
        for mill in market.mills:
            rules = RuleSet(blocked_buyers=(samples.id_of(shut_out),)) if mill.id == blocked else RuleSet()
            await scene.mill(samples.id_of(mill.id), rules=rules)
        for buyer in market.buyers:
            await scene.buyer(samples.id_of(buyer.id), country=buyer.country)
        [today] = await scene.rows("SELECT clock()::date")
        rates = RatesChanged(dated=today[0], base="EUR", per_base=dict(market.rates.per_eur))
        await scene.bring(handlers.on_rates_changed, rates)
        names = {
            await scene.wish(samples.id_of(one.buyer), **one.body.model_dump(mode="json")): one.id
            for one in market.requirements
        }
        places = {lot.item_id: lot.place for lot in lots}
        for mill in {lot.mill for lot in lots}:
            own = [lot.snapshot() for lot in lots if lot.mill == mill]
            await scene.list_items(*own, batch_id=uuid4())
        await scene.score()

        expected = samples.expected_pairs(FOLDER, {lot.place[0] for lot in lots})
        buyers = {one.id: one.buyer for one in market.requirements}
        mills = {lot.place: lot.mill for lot in lots}
        expected = {
            (name, place) for name, place in expected if not (buyers[name] == shut_out and mills[place] == blocked)
        }
        found = Counter((names[wish], places[item]) for wish, item, _ in await scene.found())
        assert set(found) == expected
        assert set(found.values()) == {1}
        assert {(names[wish], places[item]) for wish, item in await scene.matches()} == expected
        assert len(await scene.runs()) == 3
        assert sum(run.found for run in await scene.runs()) == len(expected)
        assert all(event.batch_id is not None for event in await scene.told(MatchesFound))
