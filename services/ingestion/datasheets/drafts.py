"""From a row and its column to one value: which property, which direction, in which unit, and how sure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from services.ingestion.datasheets import vocabulary
from services.ingestion.datasheets.cells import Figure
from services.ingestion.datasheets.model import SNIPPET_MAX, SheetValue
from services.ingestion.datasheets.vocabulary import Property, properties
from services.ingestion.parsing.text import clean, normal

SURE = 0.99
ASSUMED_SIDE = 0.93  # trade practice on board: a surface value without a side is of the printing side
_UNITLESS_FINE = frozenset({"%", ""})


@dataclass(frozen=True, slots=True)
class Draft:
    """A figure with all that its row and column say. ``gsm_sure``: the sheet says that the column is of that g/m²."""

    label: str
    figure: Figure
    page: int
    snippet: str
    gsm: Decimal | None = None
    gsm_sure: bool = True
    standard: str | None = None
    unit: str | None = None
    tolerance: str | None = None
    direction: str | None = None
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Guess:
    found: Property
    sure: float
    doubt: str | None = None


def judged(draft: Draft, *, two_sided: bool) -> SheetValue | None:
    """The value of a draft with its confidence; ``None`` where the label names no property of paper.

    ``two_sided``: paper whose sides are meant alike, so that a surface value needs no side.
    """
    guess = _property(draft)
    number = draft.figure.value
    if guess is None or guess.found.tolerance_only or number is None:
        return None
    found, sure = guess.found, guess.sure
    doubts = [*draft.doubts, *([guess.doubt] if guess.doubt else [])]
    if draft.doubts:
        sure *= 0.6
    value, unit_sure, unit_doubt = _converted(found, number, draft.unit)
    sure *= unit_sure
    doubts += [unit_doubt] if unit_doubt else []
    direction, side_sure, side_doubt = _direction(draft, found, two_sided=two_sided)
    sure *= side_sure
    doubts += [side_doubt] if side_doubt else []
    if not found.low <= value <= found.high:
        sure *= 0.3
        doubts.append(f"{value} {found.unit} is unusual for {found.name}")
    if not draft.gsm_sure:
        sure *= 0.7
        doubts.append("the head of the column does not say that it is g/m²")
    if draft.figure.between:
        sure *= 0.6
        doubts.append("the sheet gives a range; the value is its middle")
    return SheetValue(
        gsm=draft.gsm,
        property=found.name,
        value=value,
        unit=found.unit,
        page=draft.page,
        snippet=clean(draft.snippet)[:SNIPPET_MAX],
        confidence=round(sure, 2),
        standard=draft.standard,
        direction=direction,
        tolerance=tolerance_of(draft.figure.tolerance or draft.tolerance, found.unit),
        minimum=_limit(draft.figure.low, found, draft.unit),
        maximum=_limit(draft.figure.high, found, draft.unit),
        doubts=tuple(doubts),
    )


def tolerance_of(text: str | None, unit: str) -> str | None:
    """Of a value in per cent an absolute tolerance is in its own unit: ``± 1 % abs`` is ``± 1``."""
    if text and unit == "%" and text.endswith("% abs"):
        return text.removesuffix("% abs").strip()
    return text


def _limit(value: Decimal | None, found: Property, unit: str | None) -> Decimal | None:
    return None if value is None else _converted(found, value, unit)[0]


def property_of(label: str, *, standard: str | None = None, unit: str | None = None) -> str | None:
    """The property a label names, when it is clear."""
    figure = Figure("", 0, 0, None)
    guess = _property(Draft(label, figure, 1, "", standard=standard, unit=unit))
    return guess.found.name if guess else None


def _property(draft: Draft) -> _Guess | None:
    known = properties()
    named = vocabulary.candidates(draft.label)
    measured = vocabulary.of_standard(draft.standard) if draft.standard else ()
    if not named:
        fitting = [one for one in measured if _fits(known[one], draft.unit)]
        if len(fitting) == 1 and draft.unit and draft.label:
            return _Guess(known[fitting[0]], 0.7, f"“{clean(draft.label)[:40]}” is known only by its test method")
        return None
    fitting = [one for one in named if _fits(known[one], draft.unit)]
    if not fitting:
        if draft.unit == "g/m²":
            return None  # a heading such as "Gloss 130 g/m²"
        return _Guess(known[named[0]], 0.4, f"{draft.unit} is no unit of {named[0]}")
    tokens = set(normal(draft.label).split())
    by_method = [one for one in fitting if draft.standard and vocabulary.measures(draft.standard, one)]
    if draft.standard and measured and not by_method:
        return _Guess(known[fitting[0]], 0.5, f"{draft.standard} measures {measured[0]}, the label says otherwise")
    choice = by_method or fitting
    qualified = [one for one in choice if known[one].qualifiers & tokens]
    if len(choice) > 1 and qualified:
        choice = qualified
    if len(choice) > 1 and draft.unit:
        choice = [one for one in choice if known[one].unit == draft.unit] or choice
    plain = [one for one in choice if not known[one].qualifiers]
    if len(choice) > 1 and len(plain) == 1 and (by_method or draft.unit):
        choice = plain
    if len(choice) > 1:
        in_range = [one for one in choice if _in_range(known[one], draft.figure.value)]
        return _Guess(known[(in_range or choice)[0]], 0.6, f"it may be {' or '.join(choice)}")
    return _Guess(known[choice[0]], SURE)


def _fits(found: Property, unit: str | None) -> bool:
    return unit is None or vocabulary.factor(unit=unit, canonical=found.unit) is not None


def _in_range(found: Property, value: Decimal | None) -> bool:
    return value is not None and found.low <= value <= found.high


def _converted(found: Property, value: Decimal, unit: str | None) -> tuple[Decimal, float, str | None]:
    if unit is None:
        if found.unit in _UNITLESS_FINE:
            return value, 0.95, None
        return value, 0.75, f"no unit is given; {found.unit} is taken"
    by = vocabulary.factor(unit=unit, canonical=found.unit)
    if by is None:
        return value, 1.0, None
    if by == 1:
        return value, 1.0, None
    return Decimal(f"{float(value * by):.5g}"), 0.97, None


def _direction(draft: Draft, found: Property, *, two_sided: bool) -> tuple[str | None, float, str | None]:
    if not found.directions:
        return None, 1.0, None
    if draft.direction in found.directions:
        return draft.direction, 1.0, None
    said = vocabulary.directions_in(draft.label, found.directions)
    if len(said) == 1:
        return said[0], 1.0, None
    if len(said) > 1:
        return None, 0.6, "the label names several directions"
    if found.default:
        return found.default, ASSUMED_SIDE, None
    if found.kind == "side":
        return (None, 1.0, None) if two_sided else ("top", ASSUMED_SIDE, None)
    return None, 0.8, "the direction (MD or CD) is not stated"


def crosschecked(values: Sequence[SheetValue]) -> Iterator[SheetValue]:
    """Bulk is thickness by grammage: where the three disagree, none of thickness and bulk is trusted."""
    thick = {one.gsm: one.value for one in values if one.property == "thickness"}
    seen: dict[tuple[Decimal | None, str, str | None], SheetValue] = {}
    for one in values:
        doubt = None
        if one.property in ("bulk", "thickness") and one.gsm in thick and one.gsm:
            bulk = next((v.value for v in values if v.property == "bulk" and v.gsm == one.gsm), None)
            if bulk is not None and abs(thick[one.gsm] / one.gsm / bulk - 1) > Decimal("0.08"):
                doubt = "thickness, grammage and bulk do not fit together"
        key = (one.gsm, one.property, one.direction)
        twin = seen.get(key)
        if twin is not None:
            if twin.value == one.value:
                continue  # the sheet says it twice
            doubt = f"the sheet also says {twin.value}"
        seen.setdefault(key, one)
        yield _doubted(one, doubt) if doubt else one


def _doubted(one: SheetValue, doubt: str) -> SheetValue:
    return SheetValue(
        one.gsm, one.property, one.value, one.unit, one.page, one.snippet, round(one.confidence * 0.5, 2),
        one.standard, one.direction, one.tolerance, one.minimum, one.maximum, (*one.doubts, doubt),
    )  # fmt: skip
