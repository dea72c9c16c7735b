"""When a lot fits a requirement, how well, and why: the readable reference of ``columns.py``.

Each criterion answers with one verdict:

``met``         as asked;
``near``        inside what the buyer accepts, but at its edge: reached only by family, class exactly at the floor, more
                than half of the allowed trim, within 5 % of the price ceiling, with an accepted defect;
``not_stated``  the lot does not say, and the rules let that pass: core, diameter, price;
``failed``      the lot does not fit.

A lot fits when no criterion failed. Its score is ``100 × Σ weight × credit / Σ weight`` over the criteria that were
asked, with credit 1 for met, 0.75 for near, 0.5 for not stated; to one decimal, half to even. The explanation carries
weights and verdicts, so anybody can add the score up again.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum

from services.matching.domain.model import QUALITY_ORDER, Lot, Rates, Requirement
from services.matching.domain.words import ceiling_words, listed, millimetres, plain, ranged, sheet_words
from shared.contracts.types import Form, QualityClass

NEAR_CEILING = Decimal("0.95")


class Verdict(StrEnum):
    """How one criterion came out."""

    MET = "met"
    NEAR = "near"
    NOT_STATED = "not_stated"
    FAILED = "failed"


CREDIT = {
    Verdict.MET: Decimal(1),
    Verdict.NEAR: Decimal("0.75"),
    Verdict.NOT_STATED: Decimal("0.5"),
    Verdict.FAILED: Decimal(0),
}

WEIGHTS = {
    "grade": 25,
    "gsm": 15,
    "width": 15,
    "cut": 15,
    "sheet": 15,
    "price": 15,
    "quality": 10,
    "form": 5,
    "weight": 5,
    "country": 5,
    "certification": 5,
    "core": 5,
    "defects": 5,
    "diameter": 5,
}


@dataclass(frozen=True, slots=True)
class Line:
    """One criterion of an explanation, in words that a buyer may read: a price is never named, only compared."""

    criterion: str
    required: str
    offered: str
    verdict: Verdict

    @property
    def weight(self) -> int:
        return WEIGHTS[self.criterion]


@dataclass(frozen=True, slots=True)
class Assessment:
    """All asked criteria of one requirement against one lot, the important ones first."""

    lines: tuple[Line, ...]

    @property
    def fits(self) -> bool:
        return all(line.verdict != Verdict.FAILED for line in self.lines)

    @property
    def score(self) -> Decimal:
        """0–100."""
        whole = sum(line.weight for line in self.lines)
        credit = sum((line.weight * CREDIT[line.verdict] for line in self.lines), Decimal(0))
        return (Decimal(100) * credit / whole).quantize(Decimal("0.1"), ROUND_HALF_EVEN)


def assess(requirement: Requirement, lot: Lot, rates: Rates) -> Assessment:
    """Compare one requirement with one lot. ``rates`` must be usable today (``Rates.usable``)."""
    return Assessment(tuple(_lines(requirement, lot, rates)))


def _lines(requirement: Requirement, lot: Lot, rates: Rates) -> Iterator[Line]:
    yield _grade(requirement, lot)
    yield Line("gsm", ranged(requirement.gsm, "g/m²"), f"{plain(lot.gsm)} g/m²", _when(requirement.gsm.holds(lot.gsm)))
    form = listed(form.value for form in requirement.forms)
    yield Line("form", form, lot.form.value, _when(lot.form in requirement.forms))
    yield from _measures(requirement, lot)
    yield _quality(requirement, lot)
    if requirement.price_ceiling is not None:
        yield _price(requirement, lot, rates)
    if requirement.weight_kg.asked:
        verdict = _when(requirement.weight_kg.holds(lot.weight_kg))
        yield Line("weight", ranged(requirement.weight_kg, "kg"), f"{plain(lot.weight_kg)} kg", verdict)
    if requirement.countries:
        yield Line("country", listed(requirement.countries), lot.country, _when(lot.country in requirement.countries))
    if requirement.certifications:
        verdict = _when(requirement.certifications <= lot.certifications)
        yield Line("certification", listed(requirement.certifications), listed(lot.certifications), verdict)
    if requirement.accepted_defects is not None:
        yield _defects(requirement.accepted_defects, lot)


def _measures(requirement: Requirement, lot: Lot) -> Iterator[Line]:
    if lot.form == Form.SHEET:
        if requirement.sheet is not None:
            yield _sheet(requirement, lot)
        return
    if requirement.width_mm.asked:
        verdict = _when(requirement.width_mm.holds(lot.width_mm))
        yield Line("width", ranged(requirement.width_mm, "mm"), millimetres(lot.width_mm), verdict)
    if requirement.cut_widths_mm:
        yield _cut(requirement, lot)
    if requirement.core_mm:
        verdict = Verdict.NOT_STATED if lot.core_mm is None else _when(lot.core_mm in requirement.core_mm)
        yield Line("core", f"{listed(map(str, sorted(requirement.core_mm)))} mm", millimetres(lot.core_mm), verdict)
    if requirement.diameter_mm.asked:
        held = requirement.diameter_mm.holds(lot.diameter_mm)
        verdict = Verdict.NOT_STATED if lot.diameter_mm is None else _when(held)
        yield Line("diameter", ranged(requirement.diameter_mm, "mm"), millimetres(lot.diameter_mm), verdict)


def _when(condition: bool) -> Verdict:
    return Verdict.MET if condition else Verdict.FAILED


def _grade(requirement: Requirement, lot: Lot) -> Line:
    asked = listed(requirement.grade_codes | requirement.families)
    if lot.family is None:
        return Line("grade", asked, lot.grade_code, Verdict.FAILED)
    if lot.grade_code in requirement.grade_codes:
        return Line("grade", asked, lot.grade_code, Verdict.MET)
    verdict = Verdict.NEAR if lot.family in requirement.families else Verdict.FAILED
    return Line("grade", asked, lot.grade_code, verdict)


def _quality(requirement: Requirement, lot: Lot) -> Line:
    rank, floor = QUALITY_ORDER.index(lot.quality), QUALITY_ORDER.index(requirement.quality_floor)
    if rank > floor or lot.quality == QualityClass.BROKE:
        verdict = Verdict.FAILED
    else:
        verdict = Verdict.NEAR if rank == floor and floor > 0 else Verdict.MET
    return Line("quality", f"{requirement.quality_floor.value} or better", lot.quality.value, verdict)


def _cut(requirement: Requirement, lot: Lot) -> Line:
    width, trim = lot.width_mm or 0, requirement.trim_max_mm
    wastes = [width % cut for cut in requirement.cut_widths_mm if width >= cut]
    waste = min(wastes, default=None)
    asked = f"{listed(map(str, sorted(requirement.cut_widths_mm)))} mm, at most {trim} mm trim"
    if waste is None or waste > trim:
        return Line("cut", asked, millimetres(lot.width_mm), Verdict.FAILED)
    verdict = Verdict.MET if 2 * waste <= trim else Verdict.NEAR
    return Line("cut", asked, f"{millimetres(lot.width_mm)}, {waste} mm trim", verdict)


def _sheet(requirement: Requirement, lot: Lot) -> Line:
    wanted = requirement.sheet
    assert wanted is not None  # noqa: S101 - the caller asked
    asked = f"{sheet_words(wanted.w_mm, wanted.l_mm)}, at most {wanted.trim_max_mm} mm more"
    offered = sheet_words(lot.sheet_w_mm, lot.sheet_l_mm)
    if lot.sheet_w_mm is None or lot.sheet_l_mm is None:
        return Line("sheet", asked, offered, Verdict.FAILED)
    waste = wanted.waste(lot.sheet_w_mm, lot.sheet_l_mm)
    if waste is None:
        return Line("sheet", asked, offered, Verdict.FAILED)
    return Line("sheet", asked, offered, Verdict.MET if 2 * waste <= wanted.trim_max_mm else Verdict.NEAR)


def _price(requirement: Requirement, lot: Lot, rates: Rates) -> Line:
    asked = ceiling_words(requirement.price_ceiling, requirement.price_currency)
    ceiling = rates.euros(requirement.price_ceiling, requirement.price_currency)
    price = rates.euros(lot.price_per_t, lot.currency)
    if lot.price_per_t is None:
        return Line("price", asked, "on request", Verdict.NOT_STATED)
    if price is None or ceiling is None:
        return Line("price", asked, "not compared: no current exchange rate", Verdict.NOT_STATED)
    if price > ceiling:
        return Line("price", asked, "above the ceiling", Verdict.FAILED)
    if price > ceiling * NEAR_CEILING:
        return Line("price", asked, "just below the ceiling", Verdict.NEAR)
    return Line("price", asked, "below the ceiling", Verdict.MET)


def _defects(accepted: frozenset[str], lot: Lot) -> Line:
    held = Verdict.NEAR if lot.defects <= accepted else Verdict.FAILED
    verdict = held if lot.defects else Verdict.MET
    return Line("defects", listed(accepted), listed(lot.defects), verdict)
