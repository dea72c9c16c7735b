"""Each rule at its edge, the score, and what an explanation says."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from services.matching.domain.model import NO_RATES, Bounds, Rates, SheetFormat
from services.matching.domain.rules import Verdict, assess
from shared.contracts.types import Certification, Defect, Form, QualityClass
from tests.unit.matching.builders import a_lot, a_requirement

RATES = Rates(dated=date(2026, 11, 20), per_eur={"USD": Decimal("1.16")})
DOLLARS = {"price_per_t": Decimal(696), "currency": "USD"}
FSC, PEFC = frozenset({Certification.FSC}), frozenset({Certification.PEFC})
CURL, WATER = frozenset({Defect.CURL}), frozenset({Defect.WATER})
OTHER = {"grade_code": "OTHER", "family": None}
SHEET = SheetFormat(w_mm=700, l_mm=1000, trim_max_mm=20)


def upto(low: int | None, high: int | None) -> Bounds:
    return Bounds(None if low is None else Decimal(low), None if high is None else Decimal(high))


def sheets(w_mm: int | None, l_mm: int | None) -> dict[str, Any]:
    return {"form": Form.SHEET, "width_mm": None, "sheet_w_mm": w_mm, "sheet_l_mm": l_mm}


CASES: list[tuple[str, str, dict[str, Any], dict[str, Any], Verdict | None]] = [
    ("named code", "grade", {}, {}, Verdict.MET),
    ("by family", "grade", {"grade_codes": frozenset(), "families": frozenset({"containerboard"})}, {}, Verdict.NEAR),
    ("other code", "grade", {}, {"grade_code": "TL_3"}, Verdict.FAILED),
    ("unresolved", "grade", {"grade_codes": frozenset({"OTHER"})}, OTHER, Verdict.FAILED),
    ("lower end", "gsm", {}, {"gsm": Decimal(125)}, Verdict.MET),
    ("upper end", "gsm", {}, {"gsm": Decimal(150)}, Verdict.MET),
    ("just above", "gsm", {}, {"gsm": Decimal("150.1")}, Verdict.FAILED),
    ("other form", "form", {}, sheets(700, 1000), Verdict.FAILED),
    ("at the floor", "quality", {}, {"quality": QualityClass.B}, Verdict.NEAR),
    ("above the floor", "quality", {}, {"quality": QualityClass.PRIME}, Verdict.MET),
    ("below the floor", "quality", {}, {"quality": QualityClass.C}, Verdict.FAILED),
    ("prime asked", "quality", {"quality_floor": QualityClass.PRIME}, {"quality": QualityClass.PRIME}, Verdict.MET),
    ("never broke", "quality", {"quality_floor": QualityClass.C}, {"quality": QualityClass.BROKE}, Verdict.FAILED),
    ("width inside", "width", {"width_mm": upto(2400, 2450)}, {}, Verdict.MET),
    ("width beyond", "width", {"width_mm": upto(2400, 2449)}, {}, Verdict.FAILED),
    ("width unknown", "width", {"width_mm": upto(None, 2500)}, {"width_mm": None}, Verdict.FAILED),
    ("cut without trim", "cut", {"cut_widths_mm": (1225,), "trim_max_mm": 60}, {}, Verdict.MET),
    ("cut with half the trim", "cut", {"cut_widths_mm": (1210,), "trim_max_mm": 60}, {}, Verdict.MET),
    ("cut with more than half", "cut", {"cut_widths_mm": (1205,), "trim_max_mm": 60}, {}, Verdict.NEAR),
    ("cut with too much", "cut", {"cut_widths_mm": (1190,), "trim_max_mm": 60}, {}, Verdict.FAILED),
    ("cut wider than the reel", "cut", {"cut_widths_mm": (2451,), "trim_max_mm": 60}, {}, Verdict.FAILED),
    ("best cut counts", "cut", {"cut_widths_mm": (1190, 1225), "trim_max_mm": 60}, {}, Verdict.MET),
    ("core in the set", "core", {"core_mm": frozenset({76, 100})}, {}, Verdict.MET),
    ("other core", "core", {"core_mm": frozenset({76})}, {}, Verdict.FAILED),
    ("core not stated", "core", {"core_mm": frozenset({76})}, {"core_mm": None}, Verdict.NOT_STATED),
    ("diameter inside", "diameter", {"diameter_mm": upto(None, 1250)}, {}, Verdict.MET),
    ("diameter beyond", "diameter", {"diameter_mm": upto(None, 1200)}, {}, Verdict.FAILED),
    ("diameter not stated", "diameter", {"diameter_mm": upto(1000, None)}, {"diameter_mm": None}, Verdict.NOT_STATED),
    ("weight at the end", "weight", {"weight_kg": upto(21349, None)}, {}, Verdict.MET),
    ("weight too low", "weight", {"weight_kg": upto(21350, None)}, {}, Verdict.FAILED),
    ("country named", "country", {"countries": frozenset({"DE", "AT"})}, {}, Verdict.MET),
    ("country not named", "country", {"countries": frozenset({"AT"})}, {}, Verdict.FAILED),
    ("label missing", "certification", {"certifications": FSC}, {"certifications": PEFC}, Verdict.FAILED),
    ("label offered", "certification", {"certifications": FSC}, {"certifications": FSC | PEFC}, Verdict.MET),
    ("well below the ceiling", "price", {"price_ceiling": Decimal(650)}, {}, Verdict.MET),
    ("at the ceiling", "price", {"price_ceiling": Decimal(600)}, {}, Verdict.NEAR),
    ("a cent above", "price", {"price_ceiling": Decimal("599.99")}, {}, Verdict.FAILED),
    ("on request", "price", {"price_ceiling": Decimal(600)}, {"price_per_t": None}, Verdict.NOT_STATED),
    ("in dollars, above", "price", {"price_ceiling": Decimal(599)}, DOLLARS, Verdict.FAILED),
    ("in dollars, equal", "price", {"price_ceiling": Decimal(600)}, DOLLARS, Verdict.NEAR),
    ("no rate", "price", {"price_ceiling": Decimal(1)}, {"currency": "PLN"}, Verdict.NOT_STATED),
    ("no defects", "defects", {"accepted_defects": frozenset[Defect]()}, {}, Verdict.MET),
    ("accepted defect", "defects", {"accepted_defects": CURL}, {"defects": CURL}, Verdict.NEAR),
    ("other defect", "defects", {"accepted_defects": CURL}, {"defects": WATER}, Verdict.FAILED),
    ("any defect", "defects", {}, {"defects": WATER}, None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("criterion", "asked", "offered", "verdict"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_criterion_gives_its_verdict(
    criterion: str, asked: dict[str, Any], offered: dict[str, Any], verdict: Verdict | None
) -> None:
    assessment = assess(a_requirement(**asked), a_lot(**offered), RATES)
    found = {line.criterion: line.verdict for line in assessment.lines}
    assert found.get(criterion) == verdict
    assert assessment.fits == (Verdict.FAILED not in found.values())


@pytest.mark.parametrize(
    ("w_mm", "l_mm", "verdict"),
    [
        (700, 1000, Verdict.MET),
        (1010, 710, Verdict.MET),
        (720, 1020, Verdict.NEAR),
        (1020, 720, Verdict.NEAR),
        (721, 1000, Verdict.FAILED),
        (699, 1000, Verdict.FAILED),
        (None, None, Verdict.FAILED),
    ],
)
def test_sheet_fits_in_either_orientation(w_mm: int | None, l_mm: int | None, verdict: Verdict) -> None:
    requirement = a_requirement(
        forms=frozenset({Form.SHEET}), sheet=SHEET, width_mm=upto(1, 2), core_mm=frozenset({76})
    )
    lines = {line.criterion: line.verdict for line in assess(requirement, a_lot(**sheets(w_mm, l_mm)), RATES).lines}
    assert lines["sheet"] == verdict
    assert lines.keys().isdisjoint({"width", "core"})


def test_score_when_everything_is_as_asked_is_100() -> None:
    assert assess(a_requirement(), a_lot(), NO_RATES).score == Decimal("100.0")


def test_score_can_be_added_up_again_from_the_explanation() -> None:
    requirement = a_requirement(price_ceiling=Decimal(610), core_mm=frozenset({76}), countries=frozenset({"DE"}))
    assessment = assess(requirement, a_lot(core_mm=None), RATES)
    credit = {Verdict.MET: 1.0, Verdict.NEAR: 0.75, Verdict.NOT_STATED: 0.5}
    whole = sum(line.weight for line in assessment.lines)
    again = 100 * sum(line.weight * credit[line.verdict] for line in assessment.lines) / whole
    assert float(assessment.score) == pytest.approx(again, abs=0.05)
    assert assessment.score == Decimal("92.2")  # 80 points asked: the core costs 2.5 of them, the price 3.75


def test_explanation_never_names_a_price_of_the_mill() -> None:
    requirement = a_requirement(price_ceiling=Decimal(650))
    lines = assess(requirement, a_lot(price_per_t=Decimal("612.34")), RATES).lines
    assert not any("612" in line.offered for line in lines)
    assert next(line.required for line in lines if line.criterion == "price") == "at most 650 EUR/t"


def test_explanation_of_a_long_set_is_cut() -> None:
    countries = frozenset({"DE", "AT", "FR", "IT", "ES", "PT", "NL", "BE", "LU", "PL"})
    lines = assess(a_requirement(countries=countries), a_lot(), NO_RATES).lines
    assert next(line.required for line in lines if line.criterion == "country").endswith("NL and 2 more")


@pytest.mark.parametrize(("today", "usable"), [(date(2026, 11, 27), True), (date(2026, 11, 28), False)])
def test_rates_are_used_for_seven_days(today: date, usable: bool) -> None:
    euros = RATES.usable(today=today).euros(Decimal(116), "USD")
    assert euros == (Decimal("100.00") if usable else None)
    assert RATES.usable(today=today).euros(Decimal(5), "EUR") == Decimal("5.00")
