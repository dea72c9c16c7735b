"""One row per comparison: a table for people, or one JSON object per line for programs."""

import json
import math
import statistics
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Row:
    """``ratio`` above 1 means that ours is better; it and ``other`` are ``None`` where nothing is compared."""

    case: str
    ours: float
    other: float | None
    unit: str
    ratio: float | None


def more_is_better(case: str, ours: float, other: float, *, unit: str) -> Row:
    """Throughput and the like."""
    return Row(case, ours, other, unit, ours / other if other else None)


def less_is_better(case: str, ours: float, other: float, *, unit: str) -> Row:
    """Time, memory and the like."""
    return Row(case, ours, other, unit, other / ours if ours else None)


def alone(case: str, ours: float, *, unit: str) -> Row:
    """A figure that only explains the others."""
    return Row(case, ours, None, unit, None)


def median(values: Iterable[float]) -> float:
    return statistics.median(values)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of all values does not exceed."""
    ordered = sorted(values)
    return ordered[max(math.ceil(len(ordered) * share) - 1, 0)]


class Report:
    """Shows rows as they come (JSON) or all at the end (table); progress goes to the error stream."""

    def __init__(self, title: str, *, as_json: bool) -> None:
        self._as_json = as_json
        self._progress = Console(stderr=True, highlight=False)
        self._table = Table("case", "ours", "other", "unit", "ratio", title=title, title_justify="left")
        for column in (1, 2, 4):
            self._table.columns[column].justify = "right"

    def tell(self, text: str) -> None:
        """Say how far we are."""
        self._progress.print(f"[dim]{text}[/]")

    def add(self, *rows: Row) -> None:
        for row in rows:
            if self._as_json:
                sys.stdout.write(json.dumps(asdict(row)) + "\n")
                sys.stdout.flush()
            else:
                ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
                self._table.add_row(row.case, _shown(row.ours), _shown(row.other), row.unit, ratio)

    def end(self) -> None:
        if not self._as_json:
            Console(highlight=False).print(self._table)


def _shown(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}"
