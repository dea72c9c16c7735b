"""Which grade a row is: from its own column, the name of the product, or the section above it."""

import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import cast

from services.ingestion.parsing import grades, terms
from services.ingestion.parsing.draft import Draft, Fault, rounded, tenth
from services.ingestion.parsing.facts import facts_inside
from services.ingestion.parsing.grades import Grade
from services.ingestion.parsing.scope import Scope, remembered, shown
from services.ingestion.parsing.sheets import Cell
from services.ingestion.parsing.text import clean
from shared.contracts.types import Certification

_POINTS = re.compile(r"\b(\d{1,2}(?:\.\d)?)\s?pts?\b", re.IGNORECASE)
_MICRONS = re.compile(r"\b(\d{2,4})\s?(?:µm|μm|micron)", re.IGNORECASE)
_GSM_INSIDE = re.compile(r"\b(\d{2,4}(?:[.,]\d)?)\s?(?:gsm|g/m2|g/m²|gr/m2|g/qm|gr/mq|g/mq|gr?)\b", re.IGNORECASE)
INCH_UM = Decimal("25.4")


@dataclass(slots=True)
class RowResult:
    """A draft with its faults; ``origins`` names the column each fault points at."""

    draft: Draft
    faults: list[Fault] = field(default_factory=list[Fault])
    defaulted: list[str] = field(default_factory=list[str])


def name_grade(scope: Scope, row: list[Cell], values: dict[str, object], result: RowResult) -> None:
    """The grade from its column, the product's name or the section; a contradiction goes to a person."""
    draft = result.draft
    own = cast(Grade | None, values.get("grade_raw"))
    text = _cell_text(scope, row, "grade_raw")
    product = draft.product_name
    if own is not None:
        draft.grade_raw = text
        if scope.columns["grade_raw"].names_product and product is None:
            draft.product_name = text
    by_name = grades.resolve(product, remembered(scope.mill, "grades")) if product else None
    if any(f.field == "grade_code" for f in result.faults):
        return
    chosen, raw = _choose(own, text, by_name, product, scope)
    draft.grade_raw = draft.grade_raw or raw
    if isinstance(chosen, Fault):
        result.faults.append(chosen)
    elif chosen is not None:
        draft.grade_code = chosen.code
        if chosen.recycling:
            result.faults.append(
                Fault(
                    "grade_code",
                    "paper_for_recycling",
                    f'"{raw}" is a code for paper for recycling, so the lot is listed for repulping only.',
                    "warning",
                )
            )
    named = " ".join(t for t in (text, product) if t)
    if not named:
        _grammage(scope, "", result)
        return
    certificates = terms.certificates(named)
    if certificates:
        both = set(certificates) | set(draft.certification)
        draft.certification = tuple(c for c in Certification if c in both)
    if draft.caliper_um is None and "caliper_um" not in scope.columns:
        if points := _POINTS.search(named):
            draft.caliper_um = rounded(Decimal(points[1]) * INCH_UM)
        elif microns := _MICRONS.search(named):
            draft.caliper_um = int(microns[1])
    _grammage(scope, named, result)
    _measures(scope, named, values, draft)
    if draft.quality_class is None and "quality_class" not in scope.columns:
        draft.quality_class = terms.class_inside(named)


def _grammage(scope: Scope, named: str, result: RowResult) -> None:
    """The grammage in the name of the product or in the heading, where the list has no column for it."""
    inside, draft = _GSM_INSIDE.search(named), result.draft
    if "gsm" not in scope.columns and inside is None and draft.gsm is None and scope.section_text:
        inside = _GSM_INSIDE.search(scope.section_text)
    if inside is None:
        return
    said = tenth(Decimal(inside[1].replace(",", ".")))
    if draft.gsm is None and "gsm" not in scope.columns:
        draft.gsm = said
    elif draft.gsm is not None and 10 <= said <= 1500 and abs(draft.gsm - said) > draft.gsm / 20:
        text = f"The name says {said:f} g/m², the column {draft.gsm:f}. Which of the two is right?"
        result.faults.append(Fault("gsm", "conflict", text))


_SIZES = frozenset({"format", "width_mm", "sheet_w_mm", "sheet_l_mm"})


def _measures(scope: Scope, named: str, values: dict[str, object], draft: Draft) -> None:
    """Sizes that stand in the name of the product, where the list has no column for them."""
    without = {name.split("#")[0] for name, column in scope.columns.items() if column.cells}
    if without & _SIZES or not any(c.isdigit() for c in named):
        return
    facts = facts_inside(named, scope.habit.mark, scope.habit.imperial)
    if "format" in facts and "width_mm" not in facts:
        values.setdefault("format", facts["format"])
    elif "width_mm" in facts and "format" not in facts and draft.width_mm is None:
        draft.width_mm = cast(int, facts["width_mm"])
    if draft.diameter_mm is None and not without & {"diameter_mm", "diameter_core"}:
        draft.diameter_mm = cast(int | None, facts.get("diameter_mm"))
    if draft.core_mm is None and not without & {"core_mm", "diameter_core"}:
        draft.core_mm = cast(int | None, facts.get("core_mm"))


def _choose(
    own: Grade | None, text: str | None, by_name: Grade | None, product: str | None, scope: Scope
) -> tuple[Grade | Fault | None, str | None]:
    section, heading = scope.section_grade, scope.section_text
    if own is not None:
        if own.outcome != "ambiguous":
            if own.code and section is not None and section.code not in (None, own.code):
                return _conflict(text or "", heading or ""), text
            return (own, text) if own.code else (_unknown(text or "", own), text)
        for other in (by_name, section):
            if other is not None and other.code is not None and other.code in own.codes:
                return other, text
        return _ambiguous(text or "", own), text
    if by_name is not None and by_name.outcome != "unknown":
        if section is None or section.outcome == "unknown":
            return (by_name, product) if by_name.code else (_ambiguous(product or "", by_name), product)
        if by_name.code and by_name.code in section.codes:
            return by_name, product
        if section.code and section.code in by_name.codes:
            return section, heading
        return _conflict(product or "", heading or ""), product
    if section is not None:
        if section.code:
            return section, heading
        return (
            _ambiguous(heading or "", section)
            if section.codes and section.outcome == "ambiguous"
            else _unknown(heading or "", section)
        ), heading
    if product:
        return _unknown(product, by_name or grades.UNKNOWN), product
    return None, None


def _ambiguous(text: str, grade: Grade) -> Fault:
    return Fault(
        "grade_code",
        "ambiguous_grade",
        f'"{text}" can mean several grades. Which one is it?',
        suggestion=" or ".join(grade.codes[:6]),
    )


def _conflict(text: str, heading: str) -> Fault:
    return Fault("grade_code", "conflict", f'"{text}" does not go with the heading "{heading}". Which grade is it?')


def _unknown(text: str, grade: Grade) -> Fault:
    suggestion = " or ".join(grade.codes[:3]) or None
    return Fault(
        "grade_code", "unknown_grade", f'The grade "{text}" is not known. Which grade is it?', suggestion=suggestion
    )


def _cell_text(scope: Scope, row: list[Cell], name: str) -> str | None:
    column = scope.columns.get(name)
    if column is None or column.index >= len(row) or row[column.index] is None:
        return None
    return clean(shown(row[column.index])) or None
