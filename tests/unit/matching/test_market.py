"""Our own market: a file that the API takes, and what fits our own lists."""

from collections import defaultdict

import pytest

from services.matching.convert import requirement_of, terms_of, view_of
from services.matching.domain.rules import assess
from services.matching.schemas import RequirementBody
from tests.support import market as samples
from tests.unit.matching.builders import lot_of, stored

MARKET = samples.market(samples.OWN)

# By hand, from the lists as a buyer reads them; a lot without a number by its place.
EXPECTED = {
    "Q01": {"ST-1001", "ST-1002"},
    "Q02": {"ST-1010"},
    "Q03": set[str](),
    "Q04": {"ST-1001"},
    "Q05": {"ST-1010"},
    "Q06": {"ST-1001", "ST-1002", "ST-1010"},
    "Q07": {"ST-1011"},
    "Q08": {"70012"},
    "Q09": {"70015"},
    "Q10": {"70018"},
    "Q11": {"B501"},
    "Q12": {"B502"},
    "Q13": {"MFC Mill 6", "MFC Mill 7", "B520"},
    "Q14": {"70018", "70024"},
    "Q15": set[str](),
    "Q16": {"B521"},
    "Q17": {"B501", "B502", "MFC Mill 6", "MFC Mill 7", "B520", "B521"},
    "Q18": {"B502"},
    "Q19": {"ST-1001", "ST-1002", "ST-1003", "ST-1010", "ST-1011"},
    "Q20": {"70015"},
    "Q21": {"B520"},
}


def test_market_names_only_invented_addresses_and_known_organisations() -> None:
    slugs = [one.id for one in (*MARKET.mills, *MARKET.buyers)]
    assert len(slugs) == len(set(slugs))
    assert {one.buyer for one in MARKET.requirements} <= {one.id for one in MARKET.buyers}
    assert all(blocked in slugs for mill in MARKET.mills for blocked in mill.blocks)
    text = (samples.OWN / "market.json").read_text("utf-8")
    assert all(word.rstrip('",]}').endswith(".example") for word in text.split() if "@" in word)


@pytest.mark.parametrize("one", MARKET.requirements, ids=lambda one: one.id)
def test_requirement_read_back_is_the_one_that_was_sent(one: samples.SampleRequirement) -> None:
    view = view_of(stored(terms_of(one.body)), live_matches=0)
    again = RequirementBody.model_validate(view.model_dump(include=set(RequirementBody.model_fields)))
    assert terms_of(again) == terms_of(one.body)


def test_our_own_lists_give_the_matches_written_down_by_hand() -> None:
    rates = MARKET.rates.usable(today=MARKET.today)
    found: dict[str, set[str]] = defaultdict(set)
    for one in MARKET.requirements:
        requirement = requirement_of(
            terms_of(one.body), requirement_id=samples.id_of(one.id), buyer_id=samples.id_of(one.buyer)
        )
        for lot in samples.lots(samples.OWN):
            if "kw48" in lot.place[0]:  # the longer list of the demo; nobody wrote its matches down
                continue
            if assess(requirement, lot_of(lot), rates).fits:
                name = lot.values.lot_ref or f"{lot.values.grade_code} {lot.place[1]} {lot.place[2]}"
                found[one.id].add(name)
    assert {one.id: found[one.id] for one in MARKET.requirements} == EXPECTED
