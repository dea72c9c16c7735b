"""Sample markets through handlers, columns, rules and tables: our own, and the larger one where it is present."""

from collections import Counter
from collections.abc import Set
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

import pytest

from services.matching import handlers
from shared.contracts.ingestion import RatesChanged
from shared.contracts.matching import MatchesFound
from shared.contracts.visibility import RuleSet
from tests.integration.matching.scene import Scene
from tests.support import market as samples
from tests.support.sample_market import Place, own_market


@dataclass(frozen=True, slots=True)
class Case:
    """``blocks``: the mill and the buyer that it does not sell to; ``stated``: what would fit without it."""

    folder: Path
    lists: tuple[str, ...]
    blocks: tuple[str, str]
    stated: Set[tuple[str, Place]]


def own() -> Case:
    market = own_market()
    stated = replace(market, blocks=()).fitting(market.lists)
    return Case(market.folder, tuple(one.file.stem for one in market.lists), market.blocks[0], stated)


def larger(folder: Path) -> Case:
    lists = ("02_", "03_", "10_")
    files = {lot.place[0] for lot in samples.lots(folder, *lists)}
    return Case(folder, lists, ("saarwinkel", "rheinwell"), samples.expected_pairs(folder, files))


CASES = [own(), *(larger(folder) for folder in [samples.samples()] if folder is not None)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.folder.parent.name)
async def test_lists_of_a_market_give_exactly_the_expected_matches(scene: Scene, case: Case) -> None:
    market, lots = samples.market(case.folder), list(samples.lots(case.folder, *case.lists))
    blocked, shut_out = case.blocks
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
        await scene.list_items(*(lot.snapshot() for lot in lots if lot.mill == mill), batch_id=uuid4())
    await scene.score()

    buyers = {one.id: one.buyer for one in market.requirements}
    mills = {lot.place: lot.mill for lot in lots}
    kept = {(name, place) for name, place in case.stated if (mills[place], buyers[name]) == case.blocks}
    assert kept
    expected = case.stated - kept
    found = Counter((names[wish], places[item]) for wish, item, _ in await scene.found())
    assert set(found) == expected
    assert set(found.values()) == {1}
    assert {(names[wish], places[item]) for wish, item in await scene.matches()} == expected
    assert len(await scene.runs()) == len(case.lists)
    assert sum(run.found for run in await scene.runs()) == len(expected)
    assert all(event.batch_id is not None for event in await scene.told(MatchesFound))
