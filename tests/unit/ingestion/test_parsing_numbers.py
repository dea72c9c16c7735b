from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingestion.parsing import dates
from services.ingestion.parsing.numbers import Mark, decide_mark, from_float, quantity

TODAY = date(2026, 11, 21)


@pytest.mark.parametrize(
    ("text", "mark", "value", "unit"),
    [
        ("1.234,5", None, "1234.5", ""),
        ("1,234.5", None, "1234.5", ""),
        ("1 234,5", ",", "1234.5", ""),
        ("5\u202f645", None, "5645", ""),
        ("5\u00a0645 kg", None, "5645", "kg"),
        ("1'234.50", None, "1234.50", ""),
        ("0,860", None, "0.860", ""),
        ("12.450", ",", "12450", ""),
        ("12.450", ".", "12.450", ""),
        ("1.234.567", None, "1234567", ""),
        ("12,5", ".", "12.5", ""),
        ("ca. 1200 mm", None, "1200", "mm"),
        ("~80", None, "80", ""),
        ("-5.851,0", None, "-5851.0", ""),
        ("79 1/4", None, "79.25", ""),
        ('8-1/2"', None, "8.5", '"'),
        ("7/8", None, "0.875", ""),
        ("166#/3MSF", None, "166", "#/3MSF"),
    ],
)
def test_number_when_written_as_mills_do_then_read(text: str, mark: Mark | None, value: str, unit: str) -> None:
    read = quantity(text, mark)

    assert (read.kind, read.value, read.unit) == ("number", Decimal(value), unit)


@pytest.mark.parametrize("text", ["12.450", "3,440", "wird nachgereicht", "1.23.456", "12,34,5", "", "x12"])
def test_number_when_it_can_mean_two_things_or_nothing_then_not_guessed(text: str) -> None:
    assert quantity(text, None).value is None


def test_number_when_a_range_or_several_then_named_so() -> None:
    assert (quantity("78-82", None).kind, quantity("125/98/75", None).kind) == ("range", "several")


@pytest.mark.parametrize(
    ("texts", "mark"),
    [
        (["1.250", "12,5"], ","),
        (["1,250", "12.5"], "."),
        (["12.450", "868", "5.275"], ","),
        (["0,860", "1,070"], ","),
        (["1,234,567"], "."),
    ],
)
def test_decimal_mark_when_the_column_tells_then_decided_for_all(texts: list[str], mark: str) -> None:
    decided = decide_mark(texts, plausible=lambda kg, _: 60 <= kg <= 200_000, locale=None)

    assert (decided.mark, decided.open) == (mark, False)


def test_decimal_mark_when_nothing_tells_then_a_person_decides() -> None:
    assert decide_mark(["1.250", "2.500"], plausible=None, locale=None).open


def test_decimal_mark_when_nothing_tells_then_the_habit_of_the_file_decides() -> None:
    assert decide_mark(["1.250", "2.500"], plausible=None, locale=",").mark == ","


@given(st.decimals(min_value=0, max_value=999_999, places=2), st.sampled_from([".", ","]))
def test_number_when_printed_in_any_style_then_read_back(value: Decimal, mark: Mark) -> None:
    english = f"{value:,.2f}"
    printed = english if mark == "." else english.replace(",", " ").replace(".", ",").replace(" ", ".")

    assert quantity(printed, mark).value == value


@given(st.decimals(min_value=0, max_value=9_999_999, places=3))
def test_number_when_a_spreadsheet_holds_it_then_its_dust_is_gone(value: Decimal) -> None:
    assert from_float(float(value)) == value


@given(st.text(max_size=40), st.sampled_from([".", ",", None]))
def test_number_when_the_cell_is_anything_then_never_fails(text: str, mark: Mark | None) -> None:
    assert quantity(text, mark).kind in {"number", "range", "several", "text"}


@pytest.mark.parametrize(
    ("text", "order", "meant"),
    [
        ("2026-12-01", None, date(2026, 12, 1)),
        ("01.12.2026", None, date(2026, 12, 1)),
        ("12/14/2026", "mdy", date(2026, 12, 14)),
        ("14/12/2026", "dmy", date(2026, 12, 14)),
        ("01/12/2026", None, None),
        ("31.02.2026", None, None),
        ("wk 50/2026", None, date(2026, 12, 7)),
        ("KW 50", None, date(2026, 12, 7)),
        ("week 2", None, date(2027, 1, 11)),
        ("Q1 2027", None, date(2027, 1, 1)),
        ("1 décembre 2026", None, date(2026, 12, 1)),
        ("Dec 15, 2026", None, date(2026, 12, 15)),
        ("soon", None, None),
    ],
)
def test_date_when_written_as_mills_do_then_read(text: str, order: dates.Order | None, meant: date | None) -> None:
    assert dates.parse(text, order, TODAY) == meant


@pytest.mark.parametrize(
    ("texts", "country", "order"),
    [
        (["12/14/2026", "11/05/2026"], "DE", "mdy"),
        (["05/11/2026", "14/12/2026"], "US", "dmy"),
        (["05/11/2026"], "US", "mdy"),
        (["05/11/2026"], "FR", "dmy"),
        (["05/11/2026"], "CA", None),
        (["12/14/2026", "14/12/2026"], "FR", None),
    ],
)
def test_date_order_when_one_cell_tells_then_it_holds_for_the_column(
    texts: list[str], country: str, order: str | None
) -> None:
    assert dates.decide_order(texts, country=country) == order
