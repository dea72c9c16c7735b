"""Both forms of the rules against the larger sample market, where that folder is present."""

from dataclasses import replace
from datetime import timedelta

import numpy as np

from services.matching.columns import Columns, select
from services.matching.convert import requirement_of, terms_of
from services.matching.domain.model import Lot, Requirement
from services.matching.domain.rules import assess
from tests.support import market as samples
from tests.support.sample_market import larger_market
from tests.unit.matching.builders import lot_of

Place = tuple[str, str | None, int]
FOLDER = samples.samples()

if FOLDER is not None:
    MARKET = samples.market(FOLDER)
    LOTS = list(samples.lots(FOLDER))
    RATES = MARKET.rates.usable(today=MARKET.today)
    EXPECTED = samples.expected_pairs(FOLDER, {lot.place[0] for lot in LOTS})

    def requirements() -> list[Requirement]:
        return [
            requirement_of(terms_of(one.body), requirement_id=samples.id_of(one.id), buyer_id=samples.id_of(one.buyer))
            for one in MARKET.requirements
        ]

    def offered() -> list[Lot]:
        return [lot_of(lot) for lot in LOTS]

    def test_matches_stated_by_the_samples_are_those_that_the_end_to_end_tests_expect() -> None:
        market = larger_market()
        assert market is not None
        stated = samples.expected_pairs(market.folder, {one.file.name for one in market.lists})
        assert replace(market, blocks=()).fitting(market.lists) == stated
        assert market.fitting(market.lists) < stated

    def test_scalar_rules_on_the_sample_market_give_the_expected_matches() -> None:
        names = [one.id for one in MARKET.requirements]
        places = [lot.place for lot in LOTS]
        found = {
            (name, place)
            for name, requirement in zip(names, requirements(), strict=True)
            for place, lot in zip(places, offered(), strict=True)
            if assess(requirement, lot, RATES).fits
        }
        assert found == EXPECTED
        assert len(found) > 150

    def test_array_rules_on_the_sample_market_give_the_expected_matches() -> None:
        columns = Columns()
        columns.put(enumerate(requirements()), rates=RATES)
        everybody = np.ones(len(columns.buyers), np.bool_)
        allowed = {samples.id_of(mill.id): everybody for mill in MARKET.mills}
        places, numbers = select(columns, offered(), rates=RATES, allowed=allowed)
        found = [
            (MARKET.requirements[number].id, LOTS[place].place) for place, number in zip(places, numbers, strict=True)
        ]
        assert set(found) == EXPECTED
        assert len(found) == len(set(found))

    def test_old_rates_on_the_sample_market_compare_no_foreign_price() -> None:
        stale = MARKET.rates.usable(today=MARKET.today + timedelta(days=7))
        assert stale.euros(next(lot.price_per_t for lot in offered() if lot.currency == "USD"), "USD") is None
