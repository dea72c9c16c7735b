"""What a data sheet says: values with where they stand and how sure we are. Pure types."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from shared.contracts.types import Certification

Status = Literal["values", "no_text", "no_values"]
SNIPPET_MAX = 300


@dataclass(frozen=True, slots=True)
class Word:
    """A word on a page, in points from the upper left corner; ``size`` is of its letters."""

    text: str
    x0: float
    x1: float
    top: float
    bottom: float
    size: float


@dataclass(frozen=True, slots=True)
class PageText:
    """``number`` counts from 1."""

    number: int
    words: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class SheetValue:
    """One property of one grammage. ``gsm`` is ``None`` where the sheet does not say of which it speaks.

    ``value`` is in the canonical ``unit`` of the property; ``confidence`` is from 0 to 1, ``doubts`` say in plain
    words why it is not higher.
    """

    gsm: Decimal | None
    property: str
    value: Decimal
    unit: str
    page: int
    snippet: str
    confidence: float
    standard: str | None = None
    direction: str | None = None  # MD, CD, top, reverse
    tolerance: str | None = None
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SheetTolerance:
    """A tolerance that the sheet states for a property as such, apart from its values."""

    property: str
    value: str
    page: int


@dataclass(frozen=True, slots=True)
class SheetReading:
    """``doubts``: what keeps a person from trusting the sheet as a whole."""

    status: Status
    pages: int
    values: tuple[SheetValue, ...] = ()
    tolerances: tuple[SheetTolerance, ...] = ()
    language: str | None = None
    product: str | None = None
    grade_code: str | None = None
    revision_date: date | None = None
    certifications: tuple[Certification, ...] = ()
    doubts: tuple[str, ...] = ()


class UnreadableSheet(Exception):
    """The file is no PDF that we can read; ``message`` says what to do about it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
