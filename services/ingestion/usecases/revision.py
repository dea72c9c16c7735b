"""Values as a person typed them: in our units, with what the sheet itself says of them kept."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Protocol

from services.ingestion.datasheets.vocabulary import Property, factor, properties, unit_of
from services.ingestion.errors import WrongValue
from services.ingestion.store.sheet_values import StoredValue

TYPED = "entered by a person"


class Typed(Protocol):
    """A value of a request."""

    property: str
    value: Decimal
    unit: str
    gsm: Decimal | None
    standard: str | None
    direction: str | None
    tolerance: str | None
    minimum: Decimal | None
    maximum: Decimal | None
    page: int


def revised_values(typed: Sequence[Typed], present: Sequence[StoredValue]) -> list[StoredValue]:
    """The values to keep; raises ``WrongValue`` for one that cannot be. What a person confirms is sure."""
    read = {(one.gsm, one.property, one.direction, one.value): one for one in present}
    found: list[StoredValue] = []
    seen: set[tuple[Decimal | None, str, str | None]] = set()
    for one in typed:
        known = _known(one)
        by = factor(unit=unit_of(one.unit) or one.unit or known.unit, canonical=known.unit)
        if by is None:
            raise WrongValue(f"{one.unit} is no unit of {known.name}; give it in {known.unit}.")
        value = one.value * by
        if not known.low <= value <= known.high:
            limits = f"from {known.low} to {known.high} {known.unit}".rstrip()
            raise WrongValue(f"{known.name} has to be {limits}; {value} is not.")
        if one.direction is not None and one.direction not in known.directions:
            names = " or ".join(known.directions) or "none"
            raise WrongValue(f"{one.direction} is no direction of {known.name}; it takes {names}.")
        key = (one.gsm, known.name, one.direction)
        if key in seen:
            raise WrongValue(f"{known.name} is given twice for one grammage; leave one out.")
        seen.add(key)
        before = read.get((one.gsm, known.name, one.direction, value))
        found.append(
            StoredValue(
                gsm=one.gsm,
                property=known.name,
                value=value,
                unit=known.unit,
                standard=one.standard,
                direction=one.direction,
                tolerance=one.tolerance,
                minimum=None if one.minimum is None else one.minimum * by,
                maximum=None if one.maximum is None else one.maximum * by,
                page=before.page if before else one.page,
                snippet=before.snippet if before else TYPED,
                confidence=Decimal(1),
                doubts=(),
            )
        )
    return found


def _known(one: Typed) -> Property:
    known = properties().get(one.property)
    if known is None or known.tolerance_only:
        names = ", ".join(name for name, known in properties().items() if not known.tolerance_only)
        raise WrongValue(f"{one.property} is no property we know; one of {names}.")
    return known
