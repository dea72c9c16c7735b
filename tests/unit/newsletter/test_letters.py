"""What a reader sees: words, numbers, and nothing that he may not see."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import cast
from uuid import UUID

import orjson
import pytest

from services.newsletter.domain.lots import Fit, ShownLot
from services.newsletter.letters import Links, Reader, newsletter
from services.newsletter.presentation import Converter, card, fits_line, summary_of
from services.newsletter.rendering import PublicPage, render_newsletter, render_page
from services.newsletter.usecases.selection import masked
from services.newsletter.wording import LANGUAGES, TEXTS, words
from shared.contracts.types import Defect, Form, LotValues, QualityClass, SurplusReason
from shared.contracts.visibility import RuleSet, Viewer, visible_fields

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
LOT = LotValues(
    grade_code="KL_WHITETOP",
    form=Form.REEL,
    gsm=Decimal("112.5"),
    weight_net_kg=Decimal(8120),
    quality_class=QualityClass.PRIME,
    location_country="SE",
    lot_ref="K-1",
    location_place="Kvarnholm",
    remarks="call us",
    grade_raw="WTKL",
    width_mm=1860,
    price_per_t=Decimal(760),
    price=Decimal("0.76"),
    currency="GBP",
    defects=(Defect.EDGE_DAMAGE,),
)
SHOWN = ShownLot(
    item_id=UUID(int=1),
    listing_cycle=1,
    match_id=UUID(int=2),
    lot=LOT,
    requirement_title="White tops",
    score=Decimal(90),
    fits=(Fit("grade", "", "", "met", 25), Fit("price", "", "", "near", 15)),
    mill_name=None,
    price_hidden=False,
    status="available",
    reserved_until=None,
    is_holder=False,
    is_interested=False,
    is_open=False,
    buyer_currency="EUR",
)
RATES = Converter({("EUR", "GBP"): Decimal("0.875"), ("EUR", "USD"): Decimal("1.16")})


def keys(table: object, path: str = "") -> set[str]:
    if not isinstance(table, dict):
        return {path}
    members = cast(dict[str, object], table)
    return {found for key, value in members.items() for found in keys(value, f"{path}.{key}")}


def test_texts_when_compared_then_every_language_says_everything_with_the_same_values() -> None:
    tables = {language: orjson.loads((TEXTS / f"{language}.json").read_bytes()) for language in LANGUAGES}
    assert keys(tables["de"]) == keys(tables["en"])
    grades = orjson.loads((TEXTS / "grades.json").read_bytes())
    assert all(set(names) == set(LANGUAGES) for names in grades.values())


@pytest.mark.parametrize(
    ("language", "value", "places", "text"),
    [
        ("en", "1234567.5", 2, "1,234,567.50"),
        ("de", "1234567.5", 2, "1.234.567,50"),
        ("de", "0.125", 2, "0,12"),
        ("fi", "1234", 0, "1,234"),
    ],
)
def test_number_when_written_then_as_the_language_does(language: str, value: str, places: int, text: str) -> None:
    assert words(language).number(Decimal(value), places=places) == text


def test_lot_when_summed_up_then_one_breath() -> None:
    assert summary_of(LOT, words("de")) == "Kraftliner weiß gedeckt, 112,5\u202fg/m², 1.860\u202fmm"
    sheet = replace(LOT, form=Form.SHEET, width_mm=None, sheet_w_mm=700, sheet_l_mm=1000, grade_code="NEW_GRADE")
    assert summary_of(sheet, words("en")) == "NEW GRADE, 112.5\u202fg/m², 700 × 1,000\u202fmm"


@pytest.mark.parametrize(
    ("changes", "price", "note"),
    [
        ({}, "760.00\u202fGBP", "per tonne · about 869\u202fEUR"),
        ({"buyer_currency": "USD"}, "760.00\u202fGBP", "per tonne · about 1,008\u202fUSD"),
        ({"buyer_currency": "GBP"}, "760.00\u202fGBP", "per tonne"),
        ({"buyer_currency": "JPY"}, "760.00\u202fGBP", "per tonne"),
        ({"lot": replace(LOT, price_per_t=None)}, "Price on request", ""),
        ({"price_hidden": True}, "Price with the window", ""),
    ],
)
def test_price_when_shown_then_as_the_mill_wrote_it(changes: dict[str, object], price: str, note: str) -> None:
    shown = replace(SHOWN, **changes)  # pyright: ignore[reportArgumentType] – the names are those of the fields
    found = card(shown, words("en"), url="u", time_zone="UTC", rates=RATES)
    assert (found.price, found.price_note) == (price, note)


@pytest.mark.parametrize(
    ("results", "line"),
    [
        ("met met", "Fits “x”: everything as you asked"),
        ("met near", "Fits “x”: grade as you asked; price at the limit"),
        ("met not_stated", "Fits “x”: grade as you asked; price not stated"),
        ("", "Fits “x”"),
    ],
)
def test_reason_when_told_then_one_line(results: str, line: str) -> None:
    names = ("grade", "price")
    fits = [Fit(name, "", "", result, 10) for name, result in zip(names, results.split(), strict=False)]
    assert fits_line("x", fits, words("en")) == line


def test_reason_when_the_price_is_hidden_then_says_nothing_of_it() -> None:
    assert "price" not in fits_line("x", SHOWN.fits, words("en"), price_hidden=True)


def test_lot_when_masked_then_keeps_only_what_a_matched_buyer_may_see() -> None:
    found = masked(LOT, visible_fields(Viewer.MATCHED, RuleSet()))
    assert found.price_per_t == LOT.price_per_t
    assert (found.lot_ref, found.location_place, found.remarks, found.grade_raw) == (None, None, None, None)
    teaser = masked(LOT, visible_fields(Viewer.OTHER_BUYER, RuleSet()))
    assert (teaser.price_per_t, teaser.defects, teaser.width_mm) == (None, (), 1860)


@pytest.mark.parametrize("language", ["en", "de", "it"])
@pytest.mark.parametrize("count", [1, 3])
def test_newsletter_when_rendered_then_whole_in_both_faces(language: str, count: int) -> None:
    lots = [replace(SHOWN, item_id=UUID(int=number)) for number in range(count)]
    page = newsletter(
        Reader("", None, language, "Europe/Berlin"),
        lots,
        cadence="weekly",
        left_over=count - 1,
        links=Links(lot=lambda item: f"https://x/{item}", preferences="https://x/p"),
        rates=RATES,
        now=NOW,
    )
    found = render_newsletter(page)
    assert len(found.html) < 100_000  # larger mails are cut off by some readers' programs
    for face in (found.html, found.text):
        assert all(f"https://x/{UUID(int=number)}" in face for number in range(count))
        assert not any(left in face for left in ("{{", "{%", "<!--%", "None"))
    assert "style=" in found.html
    assert max(len(line) for line in found.text.splitlines()) < 200


def test_page_when_rendered_then_escapes() -> None:
    html = render_page(PublicPage("en", "<b>", "{{ 7*7 }}", "OK"))
    assert "&lt;b&gt;" in html
    assert "{{ 7*7 }}" in html


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_when_a_trade_term_exists_then_every_language_has_it(language: str) -> None:
    say = words(language)
    assert all(say.lookup("defects", defect.value) for defect in Defect)
    assert all(say.lookup("reasons_of_surplus", reason.value) for reason in SurplusReason)
    assert all(say.lookup("quality_short", quality.value) for quality in QualityClass)


def test_lot_when_it_has_defects_then_they_are_told() -> None:
    damaged = card(SHOWN, words("en"), url="u", time_zone="UTC", rates=RATES)
    assert damaged.line.startswith("Ex Sweden · edge damage")
