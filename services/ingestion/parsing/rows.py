"""From the cells of one row to a lot, or to the reasons why it is none."""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import cast

from services.ingestion.parsing import terms
from services.ingestion.parsing.draft import Draft, Fault, rounded, tenth
from services.ingestion.parsing.facts import Facts
from services.ingestion.parsing.naming import RowResult, name_grade
from services.ingestion.parsing.scope import Reading, Scope, price_unit_of
from services.ingestion.parsing.sheets import Cell
from services.ingestion.parsing.sizes import Size
from services.ingestion.parsing.units import HeaderUnit
from services.ingestion.parsing.validate import faults
from services.ingestion.parsing.weighing import weigh
from shared.contracts.types import Form, Grain, QualityClass

PLAIN = frozenset(
    {
        "lot_ref",
        "gsm",
        "width_mm",
        "sheet_w_mm",
        "sheet_l_mm",
        "diameter_mm",
        "core_mm",
        "caliper_um",
        "reel_count",
        "pallet_count",
        "sheet_count",
        "weight_net_kg",
        "weight_gross_kg",
        "quality_class",
        "colour",
        "brightness_iso",
        "incoterm",
        "available_from",
        "valid_until",
        "product_name",
        "certification",
        "form",
        "currency",
        "location_country",
    }
)
_REJECTING = frozenset(
    {
        "lot_ref", "grade_code", "gsm", "width_mm", "sheet_w_mm", "sheet_l_mm", "diameter_mm", "core_mm",
        "reel_count", "weight_net_kg", "weight_gross_kg", "price", "currency", "quality_class",
        "available_from", "form", "location_country", "location_place",
    }
)  # fmt: skip

_REMARKS = frozenset({"surplus_reason", "defects", "remarks"})
_OFF_SPEC = re.compile(r"off[\s-]*spec\w*", re.IGNORECASE)  # in a remark the reason of the surplus, not its class
_NO_SIDE = (None, None)

Reader = tuple[str, int, str, Callable[[Cell], Reading], dict[Cell, Reading]]


def read_row(scope: Scope, readers: list[Reader], row: list[Cell]) -> RowResult:
    """Everything one row says, checked against the rules of the trade."""
    values: dict[str, object] = {}
    found: list[Fault] = []
    several: list[Facts] = []
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
        elif value.__class__ is Facts:
            several.append(cast(Facts, value))
        elif value is not None:
            values[name] = value
    for facts in several:
        values = {**facts, **values}  # a column of its own says it better
    draft = Draft(available_from=cast(date | None, values.get("production_date")))
    for name, value in values.items():
        if name in PLAIN:
            setattr(draft, name, value)
    result = RowResult(draft, found)
    name_grade(scope, row, values, result)
    take_sizes(scope, values, result)
    _weights(values, result)
    take_price(scope, values, result)
    take_place(scope, values, result)
    take_words(scope, values, result)
    _finish(scope, values, result)
    return result


def take_sizes(scope: Scope, values: dict[str, object], result: RowResult) -> None:
    draft = result.draft
    size = cast(Size | None, values.get("format"))
    reel = cast(Size | None, values.get("diameter_core"))
    if reel is not None and reel.first is not None:
        draft.diameter_mm = rounded(reel.first)
        draft.core_mm = draft.core_mm if reel.second is None else rounded(reel.second)
    side, alone = cast(tuple[Decimal | None, Fault | None], values.get("one_side", _NO_SIDE))
    reels = draft.diameter_mm is not None or draft.core_mm is not None or draft.reel_count is not None
    if side is not None and draft.width_mm is None and (draft.form is Form.REEL or (draft.form is None and reels)):
        draft.width_mm = rounded(side)
    elif alone is not None:
        result.faults.append(alone)
    broken_size = bool(result.faults) and any(f.field in ("sheet_w_mm", "sheet_l_mm") for f in result.faults)
    form = draft.form or _form(scope, draft, sheets=size is not None or broken_size, result=result)
    draft.form = form
    if form is Form.SHEET:
        if size is not None and size.first is not None and size.second is not None:
            draft.sheet_w_mm, draft.sheet_l_mm, draft.grain = rounded(size.first), rounded(size.second), size.grain
        elif draft.sheet_l_mm is not None and draft.sheet_w_mm is None:
            draft.sheet_w_mm = draft.width_mm
        draft.grain = draft.grain or cast(Grain | None, values.get("grain"))
        draft.width_mm = draft.reel_count = None  # sheets come on pallets: "Anzahl 4" beside a format counts no reels
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
    elif (
        other is not None
        and draft.weight_net_kg is not None
        and abs(other - draft.weight_net_kg) > max(draft.weight_net_kg / 100, Decimal(1))
    ):
        result.faults.append(
            Fault(
                "weight_net_kg",
                "units_disagree",
                f"The two weights differ by more than 1 % ({draft.weight_net_kg:f} and {other:f} kg); "
                "the metric one is taken.",
                "warning",
            )
        )


def take_price(scope: Scope, values: dict[str, object], result: RowResult) -> None:
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


def take_place(scope: Scope, values: dict[str, object], result: RowResult) -> None:
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


def take_words(scope: Scope, values: dict[str, object], result: RowResult) -> None:
    """Reason and defects from every column of words; the remark itself is kept."""
    draft = result.draft
    reason = cast(str | None, values.get("surplus_reason"))
    told = [cast(str, values[n]) for n in values if n.split("#")[0] in _REMARKS]
    for text in (reason, *told):
        if text and draft.surplus_reason is None:
            draft.surplus_reason = terms.surplus_reason(text)
        if text and terms.is_sold(text):
            result.faults.append(Fault(None, "sold", f'The row is marked "{text}".'))
            break
    draft.surplus_reason = draft.surplus_reason or scope.headings.reason
    if told:
        defects = [d for text in told for d in terms.defects(text)]
        draft.defects = tuple(dict.fromkeys(defects))
    remarks = [cast(str, values[n]) for n in values if n.split("#")[0] == "remarks"]
    draft.remarks = "; ".join(remarks) or None


def take_class(scope: Scope, values: dict[str, object], result: RowResult) -> None:
    """Where no column says the class: a remark, the heading above the row, the title; else it is a B."""
    draft, above = result.draft, scope.headings
    said = "; ".join(cast(str, values[n]) for n in values if n.split("#")[0] in _REMARKS)
    found, doubtful = terms.classes_inside(_OFF_SPEC.sub(" ", said)) if said else frozenset[QualityClass](), said
    if not found:
        found, doubtful = frozenset({above.quality} if above.quality else ()), above.doubtful
    if len(found) == 1:
        draft.quality_class = next(iter(found))
    elif doubtful and (found or above.doubtful):
        text = f'The quality class "{doubtful}" is not known. Which class is it: prime, A, B or C?'
        result.faults.append(Fault("quality_class", "unknown_class", text))
    else:
        draft.quality_class = QualityClass.B
        result.defaulted.insert(0, "quality_class")


def _finish(scope: Scope, values: dict[str, object], result: RowResult) -> None:
    draft = result.draft
    unclear = {f.field for f in result.faults if f.severity == "error"}
    if draft.quality_class is None and "quality_class" not in unclear:
        take_class(scope, values, result)
    result.faults[:] = [
        f
        if f.field in _REJECTING or f.field is None or f.severity != "error"
        else Fault(f.field, "unreadable", f.message, "warning")
        for f in result.faults
    ]
    judge(scope, result)


def judge(scope: Scope, result: RowResult) -> None:
    """The rules of the trade, asked about a lot that is complete but for what could not be read."""
    draft = result.draft
    known = {f.field for f in result.faults if f.severity == "error"} if result.faults else frozenset[str | None]()
    for fault in faults(draft, today=scope.today):
        if fault.code == "missing" and (
            fault.field in known or (fault.field == "sheet_w_mm" and "sheet_l_mm" in known)
        ):
            continue
        if fault.field not in known or fault.code not in ("missing", "out_of_range"):
            result.faults.append(fault)
    if not result.faults or not any(f.severity == "error" for f in result.faults):
        weigh(draft, result.faults)
