"""Labels that go over several lines of a cell."""

from collections.abc import Sequence
from dataclasses import replace

from services.ingestion.datasheets import vocabulary
from services.ingestion.datasheets.cells import Row
from services.ingestion.datasheets.drafts import property_of

WRAPPED = 1.45  # of the letter size: lines nearer than this belong to one cell


def name_of(row: Row) -> str | None:
    """The property of a row, by its label, method and unit."""
    return property_of(row.label, standard=row.standard, unit=row.unit)


def is_property(row: Row) -> bool:
    """Whether a line is a row of a table: its label begins with a property and its unit is one of it."""
    return vocabulary.starts_with_property(row.label) and name_of(row) is not None


def joined(rows: Sequence[Row]) -> list[Row]:
    """Rows whose label goes over several lines, put together.

    The numbers stand beside the first line of the label, the last one, or between the two.
    """
    done: list[Row] = []
    used: set[int] = set()
    for at, row in enumerate(rows):
        if at in used:
            continue
        if not (row.figures or row.tolerances):
            done.append(row)
            continue
        above = done[-1] if done and _is_part(done[-1], row) else None
        below = rows[at + 1] if at + 1 < len(rows) and _is_part(rows[at + 1], row) else None
        made = _made(row, above, below)
        if made is None:
            done.append(row)
            continue
        whole, takes_above, takes_below = made
        if takes_above:
            done.pop()
        if takes_below:
            used.add(at + 1)
        done.append(whole)
    return done


def _is_part(other: Row, row: Row) -> bool:
    """Whether a line without numbers stands so near to a row that it may be a part of its label."""
    first, *more = other.line.cells
    if other.figures or other.tolerances or len(more) > 1 or other.line.page != row.line.page:
        return False
    distance = abs(other.line.top - row.line.top)
    left_of_values = first.x1 < row.x_of_values + 2
    return left_of_values and distance < WRAPPED * max(other.line.size, row.line.size)


def _made(row: Row, above: Row | None, below: Row | None) -> tuple[Row, bool, bool] | None:
    """The row with the label that names a property, from the parts around it; ``None``: it is fine alone."""
    own = row.label
    alone = is_property(row)
    if alone and not own.endswith("-"):
        # A second line may still say which direction or method is meant.
        if below is not None and not vocabulary.starts_with_property(below.label) and _adds(below):
            return _with_label(row, own, below), False, True
        return None
    tries: tuple[tuple[str, bool, bool] | None, ...] = (
        (_glued(own, below), False, True) if below else None,
        (_glued(above.label if above else "", row), True, False) if above else None,
        (_glued(_glued(above.label if above else "", row), below), True, True) if above and below else None,
    )
    for one in tries:
        if one is None:
            continue
        label, takes_above, takes_below = one
        whole = _with_label(row, label, above if takes_above else None, below if takes_below else None, glue=False)
        if is_property(whole):
            return whole, takes_above, takes_below
    return None


def _adds(part: Row) -> bool:
    return bool(vocabulary.directions_in(part.label)) or (part.standard is not None and not part.label)


def _glued(first: str, second: Row | None) -> str:
    tail = second.label if second else ""
    if first.endswith("-") and tail[:1].islower():
        return first[:-1] + tail
    return f"{first} {tail}".strip()


def _with_label(row: Row, label: str, *parts: Row | None, glue: bool = True) -> Row:
    standard, unit = row.standard, row.unit
    for part in parts:
        if part is not None:
            label = f"{label} {part.label}".strip() if glue else label
            standard, unit = standard or part.standard, unit or part.unit
    return replace(row, label=label, standard=standard, unit=unit)
