"""A buyer presses the button and holds the lot; the next waits, is handed the window, and after three it is open."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import psycopg
import pytest

from deploy.market import PASSWORD
from tests.support.marketplace import JSON, Marketplace
from tests.support.small_market import list_of, small_market
from tests.support.wait import until_sync

BUYERS = 5
WINDOWS = 3


@dataclass
class Sale:
    """One lot that every buyer of a small market wants."""

    place: Marketplace
    item_id: str

    @property
    def path(self) -> str:
        return f"/mvp/app/lots/{self.item_id}"

    def press(self, browser: httpx.Client) -> str:
        """Open the page of the lot, press the button, and return what is shown."""
        page = browser.get(self.path).text
        key = re.search(r'name="key" value="([^"]+)"', page)
        assert key, page
        shown = browser.post(f"{self.path}/interests", data={"key": key.group(1)})
        assert shown.status_code == 200, shown.text
        return shown.text

    def windows(self) -> list[JSON]:
        """Oldest first."""
        return sorted(self.place.admin.every(f"/windows?item_id={self.item_id}"), key=lambda one: one["grant_number"])

    def holder(self) -> str | None:
        active = [one for one in self.windows() if one["status"] == "active"]
        assert len(active) <= 1
        return active[0]["buyer_id"] if active else None

    def move_clock(self, hours: int) -> None:
        """Let exclusivity's clock run ahead; only a database of tests may do this."""
        body = f"SELECT clock_timestamp() + interval '{hours} hours'"
        url = self.place.system.layout.secrets()["OFFCUT_EXCLUSIVITY_DATABASE_URL"]
        with psycopg.connect(url, autocommit=True) as conn:
            conn.execute(
                f"CREATE OR REPLACE FUNCTION clock() RETURNS timestamptz LANGUAGE sql VOLATILE AS $$ {body} $$".encode()
            )


@pytest.fixture(scope="module")
def sale(marketplace: Marketplace) -> Iterator[Sale]:
    marketplace.load(small_market("pergamyn", grade_code="GLASSINE", buyers=BUYERS))
    batch = marketplace.upload("pergamyn-mill", list_of(["PG-1"], grade="Glassine")).raise_for_status().json()
    (row,) = marketplace.wait_until_listed(batch["id"])
    until_sync(lambda: marketplace.matched([batch["id"]]), what="the matches")
    marketplace.wait_until_quiet()
    made = Sale(marketplace, row["item_id"])
    yield made
    made.move_clock(0)


def test_link_to_a_lot_when_nobody_is_signed_in_leads_there_after_signing_in(sale: Sale) -> None:
    with httpx.Client(base_url=sale.place.system.layout.address, follow_redirects=True) as browser:
        form = browser.get(sale.path)
        assert "/mvp/app/sign-in" in str(form.url)
        target = re.search(r'name="next" value="([^"]+)"', form.text)
        assert target
        person = {"email": sale.place.address_of("pergamyn-1"), "password": PASSWORD, "next": target.group(1)}
        shown = browser.post("/mvp/app/sign-in", data=person)
        assert str(shown.url).endswith(sale.path)
        assert "I am interested" in shown.text
        assert "Pergamyn" not in shown.text.replace("Pergamyn Buyer", "")  # the mill is named with the window


def test_first_to_press_holds_the_lot_and_the_others_queue_in_their_order(sale: Sale) -> None:
    with sale.place.browser("pergamyn-1") as first:
        shown = sale.press(first)
        assert "It is yours until" in shown
        assert "lists@pergamyn-mill.example" in shown
    for n in range(2, BUYERS):
        with sale.place.browser(f"pergamyn-{n}") as other:
            shown = sale.press(other)
            assert "You are in the queue" in shown
            assert f"Place {n}" in shown
            assert "lists@pergamyn-mill.example" not in shown
    assert sale.holder() == sale.place.organization("pergamyn-1")


def test_window_that_ends_goes_to_the_next_three_times_and_then_the_lot_is_open(sale: Sale) -> None:
    for n in range(1, WINDOWS + 1):
        assert sale.holder() == sale.place.organization(f"pergamyn-{n}")
        sale.move_clock(49 * n)
        assert sale.place.system.shell(".venv/bin/python -m deploy.jobs run exclusivity expire_windows").returncode == 0
    assert sale.holder() is None
    assert [one["outcome"] for one in sale.windows()] == ["expired"] * WINDOWS
    assert [one["grant_number"] for one in sale.windows()] == [1, 2, 3]
    sale.place.wait_until_quiet()
    assert sale.place.admin.get(f"/items/{sale.item_id}")["status"] == "available"
    with sale.place.browser(f"pergamyn-{BUYERS}") as last:
        shown = sale.press(last)
        assert "It is yours until" not in shown
    assert len(sale.windows()) == WINDOWS


def test_both_sides_of_every_window_are_told_of_it_once(sale: Sale) -> None:
    sale.place.wait_until_sent()
    for n in range(1, BUYERS + 1):
        letters = [one for one in sale.place.letters(f"pergamyn-{n}") if sale.path in one.text]
        subjects = [one.subject for one in letters if one.subject.startswith("Yours until")]
        assert len(subjects) == (n <= WINDOWS), subjects
    letters = [one for one in sale.place.letters("pergamyn-mill") if sale.path in one.text]
    for n in range(1, WINDOWS + 1):
        assert len([one for one in letters if f"Pergamyn Buyer {n}" in one.text]) == 1
    assert len(letters) == WINDOWS
