"""The main job, played once on a running system by the people of a sample market."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.support.marketplace import Marketplace
from tests.support.sample_market import MailedList, Place, SampleMarket
from tests.support.wait import until_sync

JSON = dict[str, Any]


@dataclass
class Told:
    """One list on its way: ``judged`` as it stood before anybody touched it, ``rows`` as they ended."""

    sent: MailedList
    judged: JSON
    rows: list[JSON] = field(default_factory=list[JSON])

    @property
    def batch_id(self) -> str:
        return str(self.judged["id"])

    @property
    def places(self) -> dict[str, Place]:
        """Where each lot stands in the list, by its id on the market."""
        return {
            row["item_id"]: (self.sent.file.name, row["sheet"], row["row_number"])
            for row in self.rows
            if row["item_id"]
        }


@dataclass
class Flow:
    """What has happened, for tests to look at."""

    market: SampleMarket
    place: Marketplace
    lists: list[Told] = field(default_factory=list[Told])

    @property
    def places(self) -> Mapping[str, Place]:
        return {item: place for one in self.lists for item, place in one.places.items()}

    @property
    def buyers(self) -> list[str]:
        return [str(one["id"]) for one in self.market.content["buyers"]]

    def mill_of(self, place: Place) -> str:
        return next(one.mill for one in self.market.lists if one.file.name == place[0])

    def wanted(self) -> set[tuple[str, Place]]:
        """Requirement and lot of every match there must be."""
        return self.market.fitting(tuple(one.sent for one in self.lists))

    def due_to(self, buyer: str) -> set[Place]:
        """The lots a buyer must be told of."""
        return {place for name, place in self.wanted() if self.market.buyer_of(name) == buyer}

    def found(self) -> list[tuple[str, Place]]:
        """Requirement and lot of every match there is."""
        titles = {
            one["id"]: one["title"] for buyer in self.buyers for one in self.place.client(buyer).every("/requirements")
        }
        return [
            (titles[one["requirement_id"]], self.places[one["item_id"]])
            for one in self.place.admin.every("/matches")
            if one["requirement_id"] in titles
        ]

    def told_of(self, buyer: str) -> list[Place]:
        """The lots behind the links of a buyer's newsletters, each as often as it was sent."""
        links = [link for one in self.place.letters(buyer) if one.is_newsletter for link in one.links_with("/click")]
        return [self.places[self.place.lot_behind(link)] for link in links]


def play(market: SampleMarket, place: Marketplace) -> Flow:
    """Mail every list, commit what waits for a person as its mill, and send every buyer what he has not had yet."""
    flow = Flow(market, place)
    place.load(market.content, blocks=market.blocks)
    mailed = [(one, place.mail(one.mill, one.file)) for one in market.lists]
    flow.lists += [Told(one, place.batch_of_mail(subject)) for one, subject in mailed]
    for told in flow.lists:
        if told.judged["status"] == "review_required":
            place.commit(told.sent.mill, told.judged)
        place.wait_for_batch(told.batch_id, "committed")  # a mill's lists are committed one after the other
        told.rows = place.wait_until_listed(told.batch_id)
    wait_until_matched(flow)
    for buyer in flow.buyers:
        place.send_issues(buyer)
    place.wait_until_sent()
    return flow


def wait_until_matched(flow: Flow) -> None:
    """Wait until matching has said of every batch that it is through, and everybody has heard it."""
    batches = [one.batch_id for one in flow.lists]
    until_sync(lambda: flow.place.matched(batches), deadline_s=60, what="the match runs of all lists")
    flow.place.wait_until_quiet()
