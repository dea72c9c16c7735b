"""Lists come in by mail and go out as newsletters: on our own market, and on the larger one where it is here."""

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, cast

import httpx
import pytest

from tests.e2e.conftest import open_marketplace
from tests.support.flow import Flow, Told, play
from tests.support.lists import COMPARED
from tests.support.marketplace import JSON, Marketplace
from tests.support.sample_market import SampleMarket, larger_market, own_market

MARKETS = [market for market in (own_market(), larger_market()) if market is not None]
ROUNDED = Decimal("0.0051")


@pytest.fixture(scope="module", params=MARKETS, ids=lambda market: market.folder.parent.name)
def flow(request: pytest.FixtureRequest) -> Iterator[Flow]:
    market: SampleMarket = request.param
    if market is MARKETS[0]:
        yield play(market, request.getfixturevalue("marketplace"))
    else:
        with open_marketplace() as place:
            yield play(market, place)


def plain(value: object) -> object:
    """A value of the API or of an expected file in a form that compares; nothing, zero and empty are one."""
    if isinstance(value, list):
        return sorted(map(str, cast(list[object], value))) or None
    if not value:
        return None
    try:
        return Decimal(str(value))
    except ArithmeticError:
        return value


def same(got: object, meant: object) -> bool:
    """Money is printed with two decimals in the expected files."""
    if isinstance(got, Decimal) and isinstance(meant, Decimal):
        return abs(got - meant) <= ROUNDED
    return got == meant


def difference(got: JSON, meant: Any) -> dict[str, tuple[object, object]]:
    pairs = {name: (plain(got.get(name)), plain(meant.get(name))) for name in COMPARED}
    return {name: pair for name, pair in pairs.items() if not same(*pair)}


def items_of(flow: Flow, told: Told) -> dict[str, JSON]:
    found = {one["id"]: one for one in flow.place.client(told.sent.mill).every("/items")}
    return {item: one for item, one in found.items() if item in told.places}


def test_mailed_list_becomes_exactly_its_lots(flow: Flow) -> None:
    for told in flow.lists:
        items = items_of(flow, told)
        assert {told.places[item] for item in items} == set(told.sent.lots), told.sent.file.name
        wrong = {told.places[item]: difference(one, told.sent.lots[told.places[item]]) for item, one in items.items()}
        assert {place: found for place, found in wrong.items() if found} == {}
        assert {one["status"] for one in items.values()} <= {"available", "reserved", "pre_production"}


def test_mailed_list_loses_exactly_its_bad_rows_each_with_its_reason(flow: Flow) -> None:
    for told in flow.lists:
        refused = [row for row in told.rows if not row["item_id"]]
        reasons = {
            (row["sheet"], row["row_number"], problem["field"], problem["code"])
            for row in refused
            for problem in row["problems"]
            if problem["severity"] == "error"
        }
        assert reasons == told.sent.rejected
        assert all(problem["message"] for row in refused for problem in row["problems"])


def test_list_waits_for_a_person_only_with_a_reason(flow: Flow) -> None:
    trusted = {mill["id"]: mill["trusted"] for mill in flow.market.content["mills"]}
    for told in flow.lists:
        wrong = len(told.sent.rejected) / (len(told.sent.rejected) + len(told.sent.lots))
        waits = not trusted[told.sent.mill] or wrong > 0.05
        assert bool(told.judged["reasons"]) == waits, told.judged
        assert told.judged["status"] == "review_required" if waits else told.judged["status"] != "review_required"


def test_matches_are_exactly_those_that_fit(flow: Flow) -> None:
    found = flow.found()
    assert set(found) == flow.wanted()
    assert len(found) == len(set(found))


def test_newsletters_hold_exactly_the_lots_of_each_buyer_once_each(flow: Flow) -> None:
    for buyer in flow.buyers:
        told = flow.told_of(buyer)
        assert set(told) == flow.due_to(buyer), buyer
        assert len(told) == len(set(told)), buyer


def test_blocked_buyer_hears_nothing_of_the_mill(flow: Flow) -> None:
    for mill, buyer in flow.market.blocks:
        lots = {item for item, place in flow.places.items() if flow.mill_of(place) == mill}
        assert lots
        assert not {flow.mill_of(place) for place in flow.told_of(buyer)} & {mill}
        assert not {one["id"] for one in flow.place.client(buyer).every("/items")} & lots
        assert flow.place.ask(buyer, "GET", f"/items/{min(lots)}").status_code == 404
        names = [known["name"] for known in flow.market.content["mills"] if known["id"] == mill]
        assert not [one.subject for one in flow.place.letters(buyer) if names[0] in one.text + one.html]


def test_every_link_of_a_newsletter_leads_to_its_lot_after_signing_in(flow: Flow) -> None:
    written = {name: [one for one in flow.place.letters(name) if one.is_newsletter] for name in flow.buyers}
    readers = {name: letters[0] for name, letters in written.items() if letters}
    assert readers
    for buyer, letter in readers.items():
        assert letter.links_with("/click")
        check_links(flow.place, buyer, letter.links)


def check_links(place: Marketplace, buyer: str, links: list[str]) -> None:
    with place.browser(buyer) as browser:
        for link in links:
            shown = browser.get(link)
            assert shown.status_code == 200, (link, shown.text[:500])
            if link.endswith("/click"):
                assert [one.status_code for one in shown.history] == [302]
                assert "/mvp/app/lots/" in str(shown.url)
                assert "g/m²" in shown.text
            elif link.endswith("/open"):
                assert shown.headers["Content-Type"] == "image/gif"
            elif "/unsubscribe/" in link:
                assert "<form" in shown.text


def test_unsubscribing_takes_a_press_of_the_button(flow: Flow) -> None:
    buyer = next(name for name in flow.buyers if any(one.is_newsletter for one in flow.place.letters(name)))
    letter = next(one for one in flow.place.letters(buyer) if one.is_newsletter)
    (link,) = letter.links_with("/unsubscribe/")
    assert str(letter.message["List-Unsubscribe"]) == f"<{link}>"
    reader = flow.place.client(buyer)
    assert httpx.get(link).status_code == 200
    assert reader.get("/newsletter/preferences")["cadence"] != "off"
    assert httpx.post(link, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    assert reader.get("/newsletter/preferences")["cadence"] == "off"


def test_mill_is_answered_once_per_result(flow: Flow) -> None:
    for told in flow.lists:
        sender = next(
            mill["sender_addresses"][0] for mill in flow.market.content["mills"] if mill["id"] == told.sent.mill
        )
        answers = [one for one in flow.place.all_letters() if one.to == sender and told.sent.file.name in one.subject]
        online = [one for one in answers if str(len(told.sent.lots)) in one.subject]
        assert len(online) == 1, [one.subject for one in answers]
        assert len(answers) == (2 if told.judged["reasons"] else 1)
        for reason in told.judged["reasons"]:
            assert any(reason in " ".join(one.text.split()) for one in answers)


def test_dashboard_counts_what_the_services_have(flow: Flow) -> None:
    place = flow.place
    place.wait_until_quiet()
    for mill in (one["id"] for one in flow.market.content["mills"]):
        shown = place.client(mill).get("/dashboard")
        items = Counter(one["status"] for one in place.client(mill).every("/items"))
        assert {name: shown["items"]["by_status"].get(name, 0) for name in items} == items, mill
        batches = Counter(one["status"] for one in place.client(mill).every("/batches"))
        assert shown["batches"]["by_status"] == batches, mill
    sent = {one["id"]: one for one in place.admin.every("/newsletter/deliveries") if one["issue_id"] and one["sent_at"]}
    told = place.admin.get("/dashboard")
    assert told["newsletter"]["sent"] == len(sent) > 0
    assert told["newsletter"]["clicked"] == len([one for one in sent.values() if one["clicked_at"]])
    assert told["listing"]["lists"] >= len(flow.lists)
    assert 0 < told["listing"]["median_seconds"] < 60
