"""A list that was read, on its way out of the sandbox: a summary, and its lots in sets that are unpacked one by one."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from pydantic import TypeAdapter

from services.ingestion.parsing.model import ListReading, Problem, RowReading

ROWS_AT_ONCE = 500
PROBLEMS_KEPT_MAX = 10


@dataclass(frozen=True, slots=True)
class Summary:
    """A list without its rows. ``lots``: rows that are lots, ``readable`` of them have values; ``problems``: the first
    things a person would want to know, worst first."""

    about: ListReading
    lots: int
    readable: int
    other_rows: Mapping[str, int]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class ListRead:
    """What the child said of a list. Its lots stay packed until they are asked for: a long list has many."""

    summary: Summary
    packed: Sequence[bytes]

    def sets(self) -> Iterator[list[RowReading]]:
        """The lots in the order of the file, some hundred at a time."""
        return (_ROWS.validate_json(line) for line in self.packed)


_SUMMARY: TypeAdapter[Summary] = TypeAdapter(Summary)
_ROWS: TypeAdapter[list[RowReading]] = TypeAdapter(list[RowReading])


def packed(reading: ListReading) -> Iterator[bytes]:
    """A line with the summary, then one for each set of lots; rows that are no lots are only counted."""
    lots = [row for row in reading.rows if row.kind == "lot"]
    yield _SUMMARY.dump_json(
        Summary(
            about=replace(reading, rows=()),
            lots=len(lots),
            readable=sum(row.values is not None for row in lots),
            other_rows=dict(Counter(row.kind for row in reading.rows if row.kind != "lot")),
            problems=tuple(islice(_worst_first(reading), PROBLEMS_KEPT_MAX)),
        )
    )
    for at in range(0, len(lots), ROWS_AT_ONCE):
        yield _ROWS.dump_json(lots[at : at + ROWS_AT_ONCE])


def unpacked(answer: bytes) -> ListRead:
    """What ``packed`` wrote; raises ``ValidationError``."""
    summary, *sets = answer.split(b"\n")
    return ListRead(_SUMMARY.validate_json(summary), sets)


def _worst_first(reading: ListReading) -> Iterator[Problem]:
    yield from (problem for row in reading.rows if row.values is None for problem in row.problems)
    yield from reading.warnings
    yield from (problem for row in reading.rows if row.values for problem in row.problems)
