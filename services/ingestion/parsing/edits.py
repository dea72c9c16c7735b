"""Values a person typed into a review: the same rules as for a list, in canonical units."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar, cast

from services.ingestion.parsing import dates, grades, numbers, places, terms
from services.ingestion.parsing.draft import DRAFT_FIELDS, LABELS, Draft, Fault, rounded, settled, tenth
from services.ingestion.parsing.model import MillContext, Problem
from services.ingestion.parsing.scope import remembered
from services.ingestion.parsing.text import clean, normal
from services.ingestion.parsing.validate import faults
from services.ingestion.parsing.wording import told
from shared.contracts.types import Certification, Defect, Form, Grain, LotValues, PriceUnit, QualityClass, SurplusReason

E = TypeVar("E", bound=StrEnum)
_NOT_TYPED = frozenset({"price_per_t"})  # follows from the price


def revalidate(
    values: Mapping[str, object], *, mill: MillContext, today: date
) -> tuple[LotValues | None, tuple[Problem, ...]]:
    """Canonical values, as text, numbers or lists of words; blank clears a field.

    The lot is ``None`` as long as an error is among the problems.
    """
    draft = Draft()
    found: list[Fault] = []
    for name, typed in values.items():
        if name in _NOT_TYPED:
            continue
        reader = _READERS.get(name)
        if reader is None:
            found.append(Fault(name, "unknown_field", f'There is no field "{name}" in a lot.'))
        elif typed is not None and typed != "" and typed != [] and typed != ():
            value, fault = reader(name, typed, mill, today)
            if fault is not None:
                found.append(fault)
            else:
                setattr(draft, name, value)
    draft.location_country = draft.location_country or mill.country
    draft.quality_class = draft.quality_class or QualityClass.B
    if draft.form is None:
        draft.form = Form.SHEET if draft.sheet_w_mm or draft.sheet_l_mm else Form.REEL if draft.width_mm else None
    known = {f.field for f in found}
    found.extend(f for f in faults(draft, today=today) if not (f.code == "missing" and f.field in known))
    problems = tuple(
        Problem(
            f.code,
            f.message,
            "error" if f.severity == "error" else "warning",
            field=f.field,
            raw=str(values[f.field]) if f.field is not None and f.field in values else None,
            suggestion=f.suggestion,
        )
        for f in found
    )
    rejected = any(p.severity == "error" for p in problems)
    return (None if rejected else settled(draft)), told(problems, mill.language)


Typed = tuple[object, Fault | None]
_Reader = Callable[[str, object, MillContext, date], Typed]


def _number(name: str, typed: object, mill: MillContext, today: date) -> Typed:
    if isinstance(typed, bool):
        return None, _no_number(name, typed)
    if isinstance(typed, int | Decimal | float):
        exact = Decimal(typed) if isinstance(typed, int) else typed
        value = (
            numbers.from_float(exact) if isinstance(exact, float) else exact if abs(exact) < numbers.LARGEST else None
        )
        return (value, None) if value is not None else (None, _no_number(name, typed))
    read = numbers.quantity(str(typed), None)
    if read.value is None and numbers.quantity(str(typed), ".").value is not None:
        return None, Fault(
            name, "not_a_number", f'"{typed}" can be read in two ways. Please write it without a thousands mark.'
        )
    if read.kind != "number" or read.value is None or read.unit:
        return None, _no_number(name, typed)
    return read.value, None


def _no_number(name: str, typed: object) -> Fault:
    return Fault(name, "not_a_number", f'"{typed}" is not a number for the {LABELS.get(name, name)}.')


def _tenths(name: str, typed: object, mill: MillContext, today: date) -> Typed:
    value, fault = _number(name, typed, mill, today)
    return (tenth(value), None) if isinstance(value, Decimal) else (value, fault)


def _whole(name: str, typed: object, mill: MillContext, today: date) -> Typed:
    value, fault = _number(name, typed, mill, today)
    return (rounded(value), None) if isinstance(value, Decimal) else (value, fault)


def _text(name: str, typed: object, mill: MillContext, today: date) -> Typed:
    return clean(str(typed)) or None, None


def _grade(name: str, typed: object, mill: MillContext, today: date) -> Typed:
    text = clean(str(typed))
    if text in grades.all_codes():
        return text, None
    grade = grades.resolve(text, remembered(mill, "grades"))
    if grade.code:
        return grade.code, None
    return None, Fault(
        name,
        f"{'ambiguous' if grade.outcome == 'ambiguous' else 'unknown'}_grade",
        f'"{text}" is not one grade we know.',
        suggestion=" or ".join(grade.codes[:6]) or None,
    )


def _quality(name: str, typed: object, mill: MillContext, today: date) -> Typed:
    text = str(typed)
    taught = remembered(mill, "classes").get(normal(text))
    found = QualityClass(taught) if taught in QualityClass.__members__ else terms.quality_class(text)
    return (
        (found, None)
        if found
        else (None, Fault(name, "unknown_class", f'"{text}" is not a quality class (PRIME, A, B, C, BROKE).'))
    )


def _form(name: str, typed: object, mill: MillContext, today: date) -> Typed:
    found = terms.form(str(typed))
    return (found, None) if found else (None, Fault(name, "unknown_form", f'"{typed}" is neither reel nor sheet.'))


def _country(name: str, typed: object, mill: MillContext, today: date) -> Typed:
    text = str(typed).strip()
    if len(text) == 2 and text.isascii() and text.isalpha():
        return text.upper(), None
    found = places.country(text, home=mill.country)
    return (found, None) if found else (None, Fault(name, "unknown_country", f'The country "{text}" is not known.'))


def _currency(name: str, typed: object, mill: MillContext, today: date) -> Typed:
    text = str(typed).strip().upper()
    if len(text) == 3 and text.isascii() and text.isalpha():
        return text, None
    return None, Fault(name, "unknown_currency", f'"{typed}" is not a currency such as EUR.')


def _date(name: str, typed: object, mill: MillContext, today: date) -> Typed:
    if isinstance(typed, date):
        return typed, None
    found = dates.parse(str(typed), "dmy" if mill.country not in ("US", "CA") else None, today)
    return (found, None) if found else (None, Fault(name, "bad_date", f'"{typed}" is not a date such as 2026-12-31.'))


def _one_of(kind: type[E]) -> _Reader:
    def read(name: str, typed: object, mill: MillContext, today: date) -> Typed:
        for member in kind:
            if str(typed).strip().casefold() == member.value.casefold():
                return member, None
        return None, Fault(name, "unknown_word", f'"{typed}" is not one of {", ".join(kind)}.')

    return read


def _several_of(kind: type[E]) -> _Reader:
    one = _one_of(kind)

    def read(name: str, typed: object, mill: MillContext, today: date) -> Typed:
        words: list[object] = [typed]
        if isinstance(typed, str):
            words = [w for w in typed.replace(";", ",").split(",") if w.strip()]
        elif isinstance(typed, list | tuple):
            words = list(cast(list[object], typed))
        found: list[E] = []
        for word in words:
            value, fault = one(name, word, mill, today)
            if fault is not None:
                return None, fault
            if isinstance(value, kind) and value not in found:
                found.append(value)
        return tuple(found), None

    return read


_READERS: dict[str, _Reader] = {
    **dict.fromkeys(DRAFT_FIELDS, _text),
    "grade_code": _grade,
    "form": _form,
    "quality_class": _quality,
    "location_country": _country,
    "currency": _currency,
    "available_from": _date,
    "valid_until": _date,
    "grain": _one_of(Grain),
    "price_unit": _one_of(PriceUnit),
    "surplus_reason": _one_of(SurplusReason),
    "certification": _several_of(Certification),
    "defects": _several_of(Defect),
    "price": _number,
    **dict.fromkeys(("gsm", "weight_net_kg", "weight_gross_kg", "brightness_iso"), _tenths),
    **dict.fromkeys(
        (
            "width_mm",
            "sheet_w_mm",
            "sheet_l_mm",
            "diameter_mm",
            "core_mm",
            "caliper_um",
            "reel_count",
            "pallet_count",
            "sheet_count",
        ),
        _whole,
    ),
}
