"""What an operator asks and does while people trade: events, jobs, and a restart that nobody notices."""

import json
import threading
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import uuid4

import httpx
import pytest

from tests.support.marketplace import Marketplace
from tests.support.small_market import list_of, refs, small_market
from tests.support.wait import until_sync

PYTHON = ".venv/bin/python -m"
SERVICES = ("gateway", "ingestion", "catalog", "matching", "exclusivity", "newsletter")
LOTS = 3


@pytest.fixture(scope="module")
def place(marketplace: Marketplace) -> Marketplace:
    marketplace.load(small_market("betrieb", grade_code="THERMAL", buyers=1, cadence="on_match", auto=True))
    content = list_of(refs("OP", LOTS), grade="Thermal paper")
    batch = marketplace.upload("betrieb-mill", content).raise_for_status().json()
    marketplace.wait_until_listed(batch["id"])
    until_sync(lambda: marketplace.matched([batch["id"]]), what="the matches")
    marketplace.wait_until_sent()
    return marketplace


def said(place: Marketplace, line: str) -> str:
    done = place.system.shell(f"COLUMNS=200 {PYTHON} {line}")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_lag_shows_every_reader_at_the_head_of_every_stream(place: Marketplace) -> None:
    lines = [line.split() for line in said(place, "deploy.events lag").splitlines() if "runs" in line]
    readers = {words[-6] for words in lines}
    assert readers == set(SERVICES)
    assert {words[-4] for words in lines} == {"0"}


def test_tail_shows_the_newest_events_of_a_service(place: Marketplace) -> None:
    lines = said(place, "deploy.events tail catalog -n 5").splitlines()
    assert len(lines) == 5
    numbers = [int(line.split()[2]) for line in lines]
    assert numbers == list(range(numbers[0], numbers[0] + 5))


def test_trace_leads_from_a_newsletter_back_to_the_list_that_brought_it(place: Marketplace) -> None:
    (letter,) = [one for one in place.letters("betrieb-1") if one.is_newsletter]
    place.lot_behind(letter.links_with("/click")[0])
    place.wait_until_quiet()
    sent = place.admin.every("/newsletter/deliveries")
    (chain,) = {one["correlation_id"] for one in sent if one["message_id"] == letter.message_id}
    shown = said(place, f"deploy.events trace {chain} --json")
    for event in (
        "ingestion.rows.accepted.v1",
        "catalog.items.listed.v1",
        "matching.matches.found.v1",
        "exclusivity.window.granted.v1",
        "newsletter.issue.sent.v1",
        "newsletter.deliveries.progressed.v1",
    ):
        assert event in shown


def test_no_event_was_given_up(place: Marketplace) -> None:
    assert said(place, "deploy.events dead list") == "no dead letters\n"


def test_timetable_names_every_service_and_a_job_can_be_run_now(place: Marketplace) -> None:
    table = said(place, "deploy.jobs list")
    assert {line.split()[0] for line in table.splitlines()[1:] if line[0] != " "} == set(SERVICES)
    assert "poll_mailboxes" in said(place, "deploy.jobs run ingestion poll_mailboxes")
    unknown = place.system.shell(f"{PYTHON} deploy.jobs run ingestion no_such_job")
    assert unknown.returncode == 2
    assert "poll_mailboxes" in unknown.stdout + unknown.stderr


@dataclass
class Traffic:
    """People who go on asking and entering lots; what they were answered."""

    place: Marketplace
    answers: Counter[str] = field(default_factory=Counter[str])
    stop: threading.Event = field(default_factory=threading.Event)

    def ask(self) -> None:
        address = f"{self.place.system.layout.address}/mvp/api/items"
        with httpx.Client(timeout=30, headers={"Authorization": self.place.bearer("betrieb-mill")}) as client:
            while not self.stop.is_set():
                self.note(client.get(f"{address}?limit=5"))
                lot = {"grade_code": "THERMAL", "form": "reel", "gsm": "80", "weight_net_kg": "1000", "width_mm": 900,
                       "location_country": "DE", "publish": False}  # fmt: skip
                self.note(client.post(address, json=lot, headers={"Idempotency-Key": str(uuid4())}))

    def note(self, answer: httpx.Response) -> None:
        self.answers[f"{answer.request.method} {answer.status_code}"] += 1

    @property
    def failed(self) -> dict[str, int]:
        return {answer: count for answer, count in self.answers.items() if not answer.split()[1].startswith("2")}


@contextmanager
def traffic(place: Marketplace, people: int) -> Generator[Traffic]:
    flowing = Traffic(place)
    threads = [threading.Thread(target=flowing.ask) for _ in range(people)]
    for thread in threads:
        thread.start()
    try:
        yield flowing
    finally:
        flowing.stop.set()
        for thread in threads:
            thread.join()


def starts(place: Marketplace) -> dict[str, int]:
    listed = json.loads(place.system.shell("pm2 jlist").stdout.splitlines()[-1])
    return {one["name"]: one["pid"] for one in listed}


def test_restart_of_one_service_fails_no_request(place: Marketplace) -> None:
    before = starts(place)
    with traffic(place, people=4) as flowing:
        until_sync(lambda: flowing.answers["POST 201"] > 20, what="traffic")
        assert place.system.shell('pm2 restart "catalog-*"').returncode == 0
        after_restart = flowing.answers["POST 201"]
        until_sync(lambda: flowing.answers["POST 201"] > after_restart + 20, what="traffic after the restart")
    assert flowing.failed == {}
    after = starts(place)
    assert {name for name in before if before[name] != after[name]} == {"catalog-api", "catalog-worker"}
    drafts = place.client("betrieb-mill").every("/items?status=draft")
    assert len(drafts) == flowing.answers["POST 201"]
    place.wait_until_quiet()
