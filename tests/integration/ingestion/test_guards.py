"""When a list of a trusted mill waits for a person all the same, and who hears of rows that nobody answers."""

import logging
from collections.abc import Callable
from typing import cast

import pytest
from prometheus_client import REGISTRY

from services.ingestion import jobs
from shared.contracts.ingestion import RowsAccepted
from tests.integration.ingestion.market import Market, csv_list, line, usual_list

USUAL = usual_list(40)
Change = Callable[[list[str]], list[str]]


def as_usual(lines: list[str]) -> list[str]:
    return lines


def bad(count: int) -> Change:
    """That many rows cannot be listed."""
    return lambda lines: [*lines[count:], *(line(f"B-{n}", gsm=n + 1) for n in range(count))]


def lighter(lines: list[str]) -> list[str]:
    """Each lot cut to a third of its width, and so of its weight."""
    return [line(text.partition(";")[0], width=340) for text in lines]


def others(lines: list[str]) -> list[str]:
    """More than half of the lots are gone, with as many new ones."""
    return [*lines[21:], *(line(f"N-{n}") for n in range(21))]


def dearer(lines: list[str]) -> list[str]:
    return [text.replace(";500", ";900") for text in lines]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (as_usual, None),
        (bad(2), None),
        (bad(3), "3 von 40 Zeilen (8%) brauchen Aufmerksamkeit"),
        (lighter, "weniger als die üblichen"),
        (others, "21 von 40 Losen der letzten Liste fehlen"),
        (dearer, "Die Preise weichen"),
    ],
    ids=["as-usual", "five-percent-bad", "more-bad-rows", "much-lighter", "most-of-the-stock-gone", "price-jump"],
)
async def test_list_of_a_trusted_mill_when_it_is_unlike_the_last_then_waits_with_the_reason(
    market: Market, change: Change, words: str | None
) -> None:
    await market.take(csv_list(*USUAL))
    before = len(await market.events(RowsAccepted))
    response = await market.upload(csv_list(*change(USUAL)), force="true")
    await market.read_lists()
    batch = await market.batch(response.json()["id"])
    reasons = " ".join(cast(list[str], batch["reasons"]))
    assert batch["status"] == ("committing" if words is None else "review_required"), reasons
    assert (words or "") in reasons
    assert (len(await market.events(RowsAccepted)) > before) == (words is None)


async def test_rows_when_nobody_answers_them_then_are_sent_again_and_operators_hear_of_it(
    market: Market, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "settings", lambda: market.settings)
    await market.upload(csv_list(*USUAL))
    await market.read_lists()
    assert await jobs.resend_unanswered(market.db) == 0
    await market.set_clock("clock_timestamp() + interval '11 minutes'")
    told = REGISTRY.get_sample_value("offcut_parts_sent_again_total") or 0
    with caplog.at_level(logging.ERROR):
        assert await jobs.resend_unanswered(market.db) == 1
    assert (REGISTRY.get_sample_value("offcut_parts_sent_again_total") or 0) == told + 1
    assert "rows without an answer, sent again" in caplog.messages
    assert await jobs.resend_unanswered(market.db) == 0  # not again before another ten minutes
    one, two = await market.events(RowsAccepted)
    assert one == two
