"""What reading a surplus list gives back: its shape, its columns, its rows, and everything that is wrong with them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

from shared.contracts.types import LotValues

Severity = Literal["error", "warning"]

RowKind = Literal[
    "lot",
    "title",
    "header",
    "section",
    "subtotal",
    "total",
    "blank",
    "footer",
    "hidden",
    "line",  # a ruler of dashes in a list typed into a mail
    "text",  # prose around a list in a mail body
]

ListKind = Literal["xlsx", "xls", "ods", "csv", "html", "text"]


class UnreadableFile(Exception):
    """The bytes hold no list at all. ``code`` is stable; ``message`` is for the person who sent the file."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class MillContext:
    """What is known about the sender. ``profile`` is what a person confirmed for this header fingerprint:

    ``{"columns": {"<normalised header>": {"field": "width_mm", "unit": "cm"}}, "grades": {"<grade word>": "TL_3"},
    "classes": {"<class word>": "B"}, "decimal": ","}``; every part may be missing, a field ``None`` means nothing.
    """

    country: str  # ISO 3166-1 alpha-2, the default of location_country
    language: str | None = None  # BCP 47
    currency: str | None = None  # ISO 4217
    profile: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing a person should know, in words a sales assistant understands. ``row`` counts from 1."""

    code: str
    message: str
    severity: Severity
    sheet: str | None = None
    row: int | None = None
    column: str | None = None  # the header as written
    field: str | None = None
    raw: str | None = None
    suggestion: str | None = None


@dataclass(frozen=True, slots=True)
class SheetFacts:
    """``header_rows`` is empty when the sheet holds no list."""

    name: str | None
    header_rows: tuple[int, ...]
    hidden: bool
    lots: int
    stated_total_kg: Decimal | None = None


@dataclass(frozen=True, slots=True)
class ColumnReading:
    """``field`` is None when the column stays unmapped; ``unit`` None when it has none or the cells carry it."""

    sheet: str | None
    index: int  # from 0
    header: str
    field: str | None
    unit: str | None
    confidence: float
    samples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RowReading:
    """One row as a spreadsheet shows it.

    A row of kind ``lot`` without ``values`` is rejected: ``problems`` says why and ``partial`` keeps the canonical
    values that could be read, as text or numbers for JSON, so that a person has to repair only the broken cell.
    """

    sheet: str | None
    row: int
    kind: RowKind
    values: LotValues | None = None
    source_values: Mapping[str, str] = field(default_factory=dict[str, str])
    problems: tuple[Problem, ...] = ()
    defaulted: tuple[str, ...] = ()
    partial: Mapping[str, object] = field(default_factory=dict[str, object])


@dataclass(frozen=True, slots=True)
class ListReading:
    """A whole list. Empty ``review_reasons``: every required column is sure, so a trusted mill needs no person."""

    kind: ListKind
    encoding: str | None
    delimiter: str | None
    language: str | None
    header_fingerprint: str
    list_date: date | None
    stated_total_kg: Decimal | None
    sheets: tuple[SheetFacts, ...]
    columns: tuple[ColumnReading, ...]
    rows: tuple[RowReading, ...]
    warnings: tuple[Problem, ...] = ()
    review_reasons: tuple[Problem, ...] = ()
