"""From the cells of one row to a lot, or to the reasons why it is none."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import cast

from services.ingestion.parsing import grades, terms
from services.ingestion.parsing.grades import Grade
from services.ingestion.parsing.lots import Reading, Scope, price_unit_of, remembered, shown
from services.ingestion.parsing.sheets import Cell
from services.ingestion.parsing.sizes import Size
from services.ingestion.parsing.text import clean
from services.ingestion.parsing.units import HeaderUnit
from services.ingestion.parsing.validate import Draft, Fault, faults, rounded, tenth
from shared.contracts.types import Certification, Form, QualityClass

_PLAIN = ("lot_ref", "gsm", "width_mm", "sheet_w_mm", "sheet_l_mm", "diameter_mm", "core_mm", "caliper_um", "reel_count", "pallet_count", "sheet_count", "weight_net_kg", "weight_gross_kg", "quality_class", "colour", "brightness_iso", "incoterm", "available_from", "valid_until", "product_name", "certification", "form", "currency", "location_country")  # fmt: skip
_REJECTING = frozenset({"lot_ref", "grade_code", "gsm", "width_mm", "sheet_w_mm", "sheet_l_mm", "diameter_mm", "core_mm", "reel_count", "weight_net_kg", "weight_gross_kg", "price", "currency", "quality_class", "available_from", "form", "location_country"})  # fmt: skip
_POINTS = re.compile(r"\b(\d{1,2}(?:\.\d)?)\s?pts?\b", re.IGNORECASE)
_MICRONS = re.compile(r"\b(\d{2,4})\s?(?:µm|μm|micron)", re.IGNORECASE)
_GSM_INSIDE = re.compile(r"\b(\d{2,4}(?:[.,]\d)?)\s?(?:gsm|g/m2|g/m²|gr/m2|g/qm|gr/mq|g/mq)\b", re.IGNORECASE)
INCH_UM = Decimal("25.4")

Reader = tuple[str, int, str, Callable[[Cell], Reading], dict[Cell, Reading]]


@dataclass(slots=True)
class RowResult:
    """A draft with its faults; ``origins`` names the column each fault points at."""

    draft: Draft
    faults: list[Fault] = field(default_factory=list[Fault])
    defaulted: list[str] = field(default_factory=list[str])


def read_row(scope: Scope, readers: list[Reader], row: list[Cell]) -> RowResult:
    """Everything one row says, checked against the rules of the trade."""
    values: dict[str, object] = {}
    found: list[Fault] = []
    width = len(row)
    for name, index, _, reader, cache in readers:
        cell = row[index] if index < width else None
        if cell is None:
            continue
        reading = cache.get(cell)
        if reading is None:
            reading = cache[cell] = reader(cell)
        value, fault = reading
        if fault is not None:
            found.append(fault)
        elif value is not None:
            values[name] = value
    draft = Draft()
    for name in _PLAIN:
        if name in values:
            setattr(draft, name, values[name])
    result = RowResult(draft, found)
    _names(scope, row, values, result)
    _sizes(scope, values, result)
    _weights(values, result)
    _price(scope, values, result)
    _where(scope, values, result)
    _words(scope, values, result)
    _finish(scope, result)
    return result


def _names(scope: Scope, row: list[Cell], values: dict[str, object], result: RowResult) -> None:
    """The grade from its column, the product's name or the section above; two that contradict each other go to a person."""
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
            result.faults.append(Fault("grade_code", "paper_for_recycling", f'"{raw}" is a code for paper for recycling, so the lot is listed for repulping only.', "warning"))  # fmt: skip
    named = " ".join(t for t in (text, product) if t)
    if not named:
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
    if draft.gsm is None and "gsm" not in scope.columns and (inside := _GSM_INSIDE.search(named)):
        draft.gsm = tenth(Decimal(inside[1].replace(",", ".")))
    if draft.quality_class is None and "quality_class" not in scope.columns:
        draft.quality_class = terms.class_inside(named)


def _choose(
    own: Grade | None, text: str | None, by_name: Grade | None, product: str | None, scope: Scope
) -> tuple[Grade | Fault | None, str | None]:
    section, heading = scope.section_grade, scope.section_text
    if own is not None:
        if own.outcome != "ambiguous":
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
        return Fault("grade_code", "conflict", f'"{product}" does not go with the heading "{heading}".'), product
    if section is not None:
        if section.code:
            return section, heading
        return (_ambiguous(heading or "", section) if section.codes and section.outcome == "ambiguous" else _unknown(heading or "", section)), heading  # fmt: skip
    if product:
        return _unknown(product, by_name or grades.UNKNOWN), product
    return None, None


def _ambiguous(text: str, grade: Grade) -> Fault:
    return Fault("grade_code", "ambiguous_grade", f'"{text}" can mean several grades. Which one is it?', suggestion=" or ".join(grade.codes[:6]))  # fmt: skip


def _unknown(text: str, grade: Grade) -> Fault:
    suggestion = " or ".join(grade.codes[:3]) or None
    return Fault("grade_code", "unknown_grade", f'The grade "{text}" is not known. Which grade is it?', suggestion=suggestion)  # fmt: skip


def _cell_text(scope: Scope, row: list[Cell], name: str) -> str | None:
    column = scope.columns.get(name)
    if column is None or column.index >= len(row) or row[column.index] is None:
        return None
    return clean(shown(row[column.index])) or None


def _sizes(scope: Scope, values: dict[str, object], result: RowResult) -> None:
    draft = result.draft
    size = cast(Size | None, values.get("format"))
    reel = cast(Size | None, values.get("diameter_core"))
    if reel is not None and reel.first is not None:
        draft.diameter_mm = rounded(reel.first)
        draft.core_mm = draft.core_mm if reel.second is None else rounded(reel.second)
    broken_size = any(f.field in ("sheet_w_mm", "sheet_l_mm") for f in result.faults)
    form = draft.form or _form(scope, draft, sheets=size is not None or broken_size, result=result)
    draft.form = form
    if form is Form.SHEET:
        if size is not None and size.first is not None and size.second is not None:
            draft.sheet_w_mm, draft.sheet_l_mm, draft.grain = rounded(size.first), rounded(size.second), size.grain
        elif draft.sheet_l_mm is not None and draft.sheet_w_mm is None:
            draft.sheet_w_mm = draft.width_mm
        draft.width_mm = None
    elif form is Form.REEL:
        result.faults[:] = [f for f in result.faults if f.field not in ("sheet_w_mm", "sheet_l_mm")]
        draft.sheet_w_mm = draft.sheet_l_mm = None


def _form(scope: Scope, draft: Draft, *, sheets: bool, result: RowResult) -> Form | None:
    """Reel or sheet where the list does not say it, from what is given."""
    reel_facts = draft.diameter_mm is not None or draft.core_mm is not None or draft.reel_count is not None
    if draft.sheet_l_mm is not None and not reel_facts:
        return Form.SHEET
    wide = draft.width_mm is not None
    if wide and sheets:
        result.faults.append(Fault("form", "conflict", "The row has a reel width and a sheet size. Which one is it?"))
        return None
    if wide or sheets:
        return Form.REEL if wide else Form.SHEET
    if any(f.field == "width_mm" for f in result.faults) or reel_facts:
        return Form.REEL
    if draft.sheet_count is not None:
        return Form.SHEET
    if scope.section_form is not None:
        return scope.section_form
    has_width, has_format = "width_mm" in scope.columns, "format" in scope.columns
    return Form.REEL if has_width and not has_format else Form.SHEET if has_format and not has_width else None


def _weights(values: dict[str, object], result: RowResult) -> None:
    draft = result.draft
    other = cast(Decimal | None, values.get("weight_alt"))
    each = cast(Decimal | None, values.get("avg_reel_weight_kg"))
    broken = any(f.field == "weight_net_kg" for f in result.faults)
    if draft.weight_net_kg is None and not broken:
        if other is not None:
            draft.weight_net_kg = other
        elif each is not None and draft.reel_count:
            draft.weight_net_kg = tenth(each * draft.reel_count)
    elif other is not None and draft.weight_net_kg is not None and abs(other - draft.weight_net_kg) > max(draft.weight_net_kg / 100, Decimal(1)):  # fmt: skip
        result.faults.append(Fault("weight_net_kg", "units_disagree", f"The two weights differ by more than 1 % ({draft.weight_net_kg:f} and {other:f} kg); the metric one is taken.", "warning"))  # fmt: skip


def _price(scope: Scope, values: dict[str, object], result: RowResult) -> None:
    priced = cast(tuple[Decimal, HeaderUnit | None] | None, values.get("price"))
    if priced is None:
        result.draft.currency = None
        return
    draft, (amount, unit) = result.draft, priced
    draft.price, draft.price_unit = amount, price_unit_of(unit)
    draft.currency = draft.currency or (unit.currency if unit else None)
    if draft.currency is None and scope.mill.currency:
        draft.currency = scope.mill.currency
        result.defaulted.append("currency")


def _where(scope: Scope, values: dict[str, object], result: RowResult) -> None:
    draft = result.draft
    stated = cast(tuple[str | None, str | None] | None, values.get("location_place"))
    place, country = stated or scope.place
    draft.location_place = place
    if draft.location_country is None:
        draft.location_country = country if stated else None
    if draft.location_country is None:
        draft.location_country = (country if not stated else None) or scope.mill.country
        if stated is None:
            result.defaulted.append("location_country")


def _words(scope: Scope, values: dict[str, object], result: RowResult) -> None:
    """Reason and defects from every column of words; the remark itself is kept."""
    draft = result.draft
    reason = cast(str | None, values.get("surplus_reason"))
    told = [cast(str, values[n]) for n in values if n.split("#")[0] in ("surplus_reason", "defects", "remarks")]
    for text in (reason, *told):
        if text and draft.surplus_reason is None:
            draft.surplus_reason = terms.surplus_reason(text)
        if text and terms.is_sold(text):
            result.faults.append(Fault(None, "sold", f'The row is marked "{text}".'))
            break
    if told:
        defects = [d for text in told for d in terms.defects(text)]
        draft.defects = tuple(dict.fromkeys(defects))
    remarks = [cast(str, values[n]) for n in values if n.split("#")[0] == "remarks"]
    draft.remarks = "; ".join(remarks) or None


def _finish(scope: Scope, result: RowResult) -> None:
    draft = result.draft
    unclear = {f.field for f in result.faults if f.severity == "error"}
    if draft.quality_class is None and "quality_class" not in unclear:
        draft.quality_class = QualityClass.B
        result.defaulted.insert(0, "quality_class")
    result.faults[:] = [
        f if f.field in _REJECTING or f.field is None or f.severity != "error" else Fault(f.field, "unreadable", f.message, "warning")
        for f in result.faults
    ]  # fmt: skip
    known = {f.field for f in result.faults if f.severity == "error"}
    for fault in faults(draft, today=scope.today):
        if fault.code == "missing" and (
            fault.field in known or (fault.field == "sheet_w_mm" and "sheet_l_mm" in known)
        ):
            continue
        if fault.field not in known or fault.code not in ("missing", "out_of_range"):
            result.faults.append(fault)
