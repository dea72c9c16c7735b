from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingestion.parsing import MillContext, revalidate
from services.ingestion.parsing.draft import DRAFT_FIELDS
from tests.support.lists import TODAY

MILL = MillContext("DE", "de", "EUR")
GOOD: dict[str, object] = {
    "lot_ref": "A1",
    "grade_code": "TL_2",
    "form": "reel",
    "gsm": "135",
    "width_mm": 2375,
    "weight_net_kg": "21349,5",
    "quality_class": "I. Wahl",
    "certification": ["FSC"],
    "available_from": "2026-12-01",
    "price": 645,
    "currency": "EUR",
    "price_unit": "per_t",
}


def test_values_when_typed_well_then_a_lot() -> None:
    lot, problems = revalidate(GOOD, mill=MILL, today=TODAY)

    assert problems == ()
    assert lot is not None
    assert (lot.weight_net_kg, lot.quality_class, lot.price_per_t) == (Decimal("21349.5"), "PRIME", Decimal("645.00"))
    assert (lot.certification, lot.available_from, lot.location_country) == (("FSC",), date(2026, 12, 1), "DE")


@pytest.mark.parametrize(
    ("field", "typed", "code"),
    [
        ("gsm", "9999", "out_of_range"),
        ("gsm", "", "missing"),
        ("gsm", "NaN", "not_a_number"),
        ("gsm", float("nan"), "not_a_number"),
        ("gsm", True, "not_a_number"),
        ("weight_net_kg", "1.250", "not_a_number"),
        ("weight_net_kg", 0, "out_of_range"),
        ("width_mm", None, "missing"),
        ("grade_code", "Kraft", "ambiguous_grade"),
        ("grade_code", "gold", "unknown_grade"),
        ("quality_class", "good", "unknown_class"),
        ("form", "heap", "unknown_form"),
        ("available_from", "soon", "bad_date"),
        ("available_from", "2062-01-01", "date_out_of_range"),
        ("price", -1, "out_of_range"),
        ("price_unit", "", "unit_unknown"),
        ("certification", "FSC, GOLD", "unknown_word"),
        ("core_mm", 900, "out_of_range"),
        ("lot_ref", "x" * 65, "too_long"),
        ("colour_of_the_sky", "blue", "unknown_field"),
    ],
)
def test_values_when_one_is_wrong_then_said_which_and_why(field: str, typed: object, code: str) -> None:
    lot, problems = revalidate({**GOOD, field: typed}, mill=MILL, today=TODAY)

    assert lot is None
    assert (field, code) in [(p.field, p.code) for p in problems]


TYPED = st.one_of(
    st.text(max_size=20),
    st.integers(),
    st.floats(),
    st.none(),
    st.booleans(),
    st.lists(st.text(max_size=5), max_size=3),
)


@given(st.dictionaries(st.sampled_from(DRAFT_FIELDS), TYPED))
def test_values_when_anything_is_typed_then_answered_never_failed(values: dict[str, object]) -> None:
    lot, problems = revalidate(values, mill=MILL, today=TODAY)

    assert (lot is None) == any(p.severity == "error" for p in problems)
