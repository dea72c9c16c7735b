"""Redis wiped and every worker killed in the middle of the main job: nothing is lost and nothing done twice."""

from collections import Counter

import pytest

from tests.e2e.conftest import open_marketplace
from tests.support.disturbance import BUYERS, WORKERS, Disturbance


def test_counts_are_right_after_a_wipe_and_the_death_of_every_worker() -> None:
    with open_marketplace() as place:
        run = Disturbance(place)
        run.open()
        for service in WORKERS:
            run.kill_in_flight(service)
        run.wipe_with_a_backlog()
        assert run.wiped_with > 0
        run.settle()
        lots = run.lots()
        assert len(lots) == len(set(lots)) == run.lots_sent
        matches = run.matches()
        assert len(matches) == run.lots_sent * BUYERS
        assert set(matches.values()) == {1}
        assert len(run.windows()) == run.lots_sent
        assert set(run.windows().values()) == {1}
        for buyer in run.buyers:
            told = Counter(
                run.place.lot_behind(link) for one in run.newsletters(buyer) for link in one.links_with("/click")
            )
            assert len(told) == run.lots_sent, buyer
            assert set(told.values()) == {1}, buyer


def test_the_same_wipe_without_refill_loses_lots() -> None:
    with open_marketplace(OFFCUT_REMEDY_OFF="refill") as place:
        run = Disturbance(place)
        run.open()
        run.send_list()
        run.settle()
        run.wipe_with_a_backlog()
        for batch in run.batches:
            place.wait_for_batch(batch, "committed")
        with pytest.raises(AssertionError, match=r"matching reads events\.catalog"):
            place.wait_until_quiet(deadline_s=8)
        assert len(run.lots()) == run.lots_sent
        assert len(run.matches()) < run.lots_sent * BUYERS
