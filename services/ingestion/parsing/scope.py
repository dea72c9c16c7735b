"""What holds for every row of one table, and small things all its readers need."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import cast

from services.ingestion.parsing import dates, grades
from services.ingestion.parsing.columns import Column
from services.ingestion.parsing.draft import Fault
from services.ingestion.parsing.headings import Headings
from services.ingestion.parsing.model import MillContext
from services.ingestion.parsing.quantities import Habit, Plan
from services.ingestion.parsing.sheets import Cell
from services.ingestion.parsing.text import normal
from services.ingestion.parsing.units import HeaderUnit
from shared.contracts.types import Form, PriceUnit

Value = object
Reading = tuple[Value, Fault | None]
NOTHING: Reading = (None, None)


@dataclass(slots=True)
class Scope:
    """What holds for every row of one table: its columns, how to read them, and what the words around it say."""

    columns: dict[str, Column]
    plans: dict[str, Plan]
    habit: Habit
    mill: MillContext
    today: date
    orders: dict[str, dates.Order | None] = field(default_factory=dict[str, dates.Order | None])
    price: HeaderUnit | None = None
    money_unclear: bool = False  # the words around the list name several currencies
    place: tuple[str | None, str | None] = (None, None)
    section_grade: grades.Grade | None = None
    section_text: str | None = None
    section_form: Form | None = None
    headings: Headings = field(default_factory=Headings)
    caches: dict[str, dict[Cell, Reading]] = field(default_factory=dict[str, dict[Cell, Reading]])


def remembered(mill: MillContext, what: str) -> dict[str, str]:
    """Words a person explained for this mill: ``grades`` or ``classes`` of its profile."""
    raw = (mill.profile or {}).get(what)
    if not isinstance(raw, Mapping):
        return {}
    return {normal(word): str(code) for word, code in cast(Mapping[str, object], raw).items()}


@lru_cache(maxsize=1 << 14)  # lists repeat their widths, weights and words
def shown(cell: Cell) -> str:
    """A cell as a person sees it."""
    if isinstance(cell, float):
        return f"{cell:.12g}" if not cell.is_integer() else str(int(cell))
    return "" if cell is None else cell.isoformat() if isinstance(cell, date) else str(cell)


_PRICE_UNITS = {unit.value: unit for unit in PriceUnit}


def price_unit_of(unit: HeaderUnit | None) -> PriceUnit | None:
    return _PRICE_UNITS.get(unit.unit) if unit is not None else None


def filled_cells(row: list[Cell]) -> list[tuple[int, Cell]]:
    return [(i, c) for i, c in enumerate(row) if c is not None]
