"""One service is stopped: the others go on, and when it is back it does what it missed, once."""

from collections import Counter
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.marketplace import JSON, Marketplace
from tests.support.small_market import list_of, refs, small_market
from tests.support.wait import until_sync

LOTS = 30
BUYERS = 3


@pytest.fixture(scope="module")
def place(marketplace: Marketplace) -> Marketplace:
    market = small_market("fettdicht", grade_code="GREASEPROOF", buyers=BUYERS, cadence="on_match")
    marketplace.load(market)
    return marketplace


def lots_of(place: Marketplace) -> list[JSON]:
    return place.client("fettdicht-mill").every("/items")


@contextmanager
def stopped(place: Marketplace, service: str) -> Generator[None]:
    assert place.system.shell(f'pm2 stop "{service}-*"').returncode == 0
    try:
        yield
    finally:
        assert place.system.shell(f'pm2 start "{service}-*"').returncode == 0


def test_lists_are_taken_while_matching_is_stopped_and_matched_once_when_it_is_back(
    place: Marketplace, tmp_path: Path
) -> None:
    file = tmp_path / "greaseproof.csv"
    file.write_bytes(list_of(refs("GP", LOTS), grade="Greaseproof"))
    place.bearer("fettdicht-1")
    with ThreadPoolExecutor(1) as beside, stopped(place, "matching"):
        waiting = beside.submit(place.ask, "fettdicht-1", "GET", "/matches")  # for as long as a start might take
        batch = place.batch_of_mail(place.mail("fettdicht-mill", file))
        place.wait_until_listed(batch["id"])
        assert {one["status"] for one in lots_of(place)} == {"available"}
        assert len(lots_of(place)) == LOTS
        assert not place.letters("fettdicht-1")
        refused = waiting.result()
        assert refused.status_code == 503
        assert refused.headers["Content-Type"] == "application/problem+json"
        assert int(refused.headers["Retry-After"]) > 0
        assert "matching" in refused.json()["detail"]
    until_sync(lambda: place.matched([batch["id"]]), deadline_s=30, what="the matches after the outage")
    place.wait_until_sent()
    items = {one["id"] for one in lots_of(place)}
    for n in range(1, BUYERS + 1):
        found = Counter(one["item_id"] for one in place.client(f"fettdicht-{n}").every("/matches"))
        assert found == Counter(items)
        letters = [one for one in place.letters(f"fettdicht-{n}") if one.is_newsletter]
        assert [len(one.links_with("/click")) for one in letters] == [LOTS]
