"""What stands in one row of a data sheet: a label, a test method, a unit, numbers, tolerances."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from services.ingestion.datasheets import vocabulary
from services.ingestion.datasheets.layout import Cell, Line
from services.ingestion.parsing.numbers import Mark, own_mark, to_decimal

STANDARD = re.compile(
    r"\b(?:(?:DIN|EN|BS|NF|UNI|UNE|SFS|SS|PN|NEN)[\s/-]*)*"
    r"(?P<body>ISO(?:/(?:CIE|TS|TR))?|TAPPI(?:\s*/\s*ANSI)?|SCAN|ASTM|DIN|EN)[\s-]*(?P<letter>(?:T|P|C|D|UM)(?=[\s-]*\d))?"
    r"[\s-]*(?P<number>\d{2,5}(?:\s?[-/]\s?\d{1,2}(?!\d))?)(?:\s?:\s?(?:19|20)\d\d)?(?:\s?(?:om|cm|pm|sp)-\d\d)?",
)
# A plain blank groups thousands only in "1 250"; "115 125 140" are three numbers that stand close together.
_NUMBER = (
    r"(?:\d{1,3}(?:[\u00a0\u2009\u202f'’]\d{3})+(?!\d)(?:[.,]\d+)?|\d{1,2} \d{3}(?![\d.,]| \d)|\d+(?:[.,]\d+)*|[.,]\d+)"
)
_SIGN = r"[-−–+]"
_TOLERANCE = re.compile(
    rf"(?:±|\+\s?/\s?[-−–]|\+[-−–])\s?{_NUMBER}(?:\s?%)?(?:\s?(?:(?:abs|assol|bezwzgl)\w*\.?|units?\b|points?\b))?"
    rf"|[-−–]\s?{_NUMBER}\s?%?\s?/\s?\+\s?{_NUMBER}(?:\s?(?:%|mm|µm))?"
    rf"|\+\s?{_NUMBER}\s?%?\s?/\s?[-−–]\s?{_NUMBER}(?:\s?(?:%|mm|µm))?"
    rf"|\b(?:min|max)(?:\.|imum|imo|imal)?\s?{_SIGN}\s?{_NUMBER}(?:\s?%)?",
    re.IGNORECASE,
)
_BOUND = re.compile(
    rf"(?:(?<![\w/])(?P<word>min|max)(?:\.|imum|imo|imal)?|(?P<sign>[≥≤<>]))\s?(?P<number>{_NUMBER})", re.IGNORECASE
)
_RANGE = re.compile(
    rf"(?<![\d.,])(?P<low>{_NUMBER})\s?(?:-|–|…|\.\.\.|÷|\bto\b|\bbis\b|\ba\b)\s?(?P<high>{_NUMBER})(?![\d.,])"
)
_PLAIN = re.compile(rf"(?<![\w.,])(?<![A-Za-z]/)[-−]?{_NUMBER}(?![\d.,]*\w*-\d)(?!\s?°)")
_CONDITIONS = re.compile(
    r"\d+\s?°(?:\s?C)?|\b\d+(?:[.,]\d+)?\s?MPa\b|\b[RDSCA]\d{2,3}(?:\s?/\s?\d+°?)?\b|\bS\d{1,2}\b"
    r"|\b(?:cobb|cmt|cct)[\s(-]*\d+(?:\s?(?:s|sec|sek|seg|min)\b\.?)?\)?|\(\s?\d+\s?(?:s|sec|sek|min|°)\s?\)"
    r"|\b\d+\s?(?:kgf?|kPa)\s?/\s?cm²?|(?<![(\d.,])\b\d\)",
    re.IGNORECASE,
)
_NOTE_MARK = re.compile(r"(?<=[^\W\d_]{3})[¹²³⁴⁵⁶⁷⁸⁹*†‡]+")
_WORD_UNITS_MIN = 2


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with its place. ``value`` is ``None`` while it can be read in two ways."""

    text: str
    x0: float
    x1: float
    value: Decimal | None
    low: Decimal | None = None
    high: Decimal | None = None
    tolerance: str | None = None
    unit: str | None = None
    between: bool = False  # nobody wrote this value: it is the middle of a range

    @property
    def middle(self) -> float:
        return (self.x0 + self.x1) / 2


@dataclass(frozen=True, slots=True)
class Row:
    """A line taken apart; ``label`` is what is left before the first figure."""

    line: Line
    label: str
    standard: str | None
    unit: str | None
    figures: tuple[Figure, ...]
    tolerances: tuple[Figure, ...] = field(default=())

    @property
    def x_of_values(self) -> float:
        return min((figure.x0 for figure in (*self.figures, *self.tolerances)), default=self.line.words[-1].x1)


def decide_mark(lines: Sequence[Line]) -> Mark | None:
    """The decimal mark of the sheet; ``None`` where nothing tells."""
    votes = {".": 0, ",": 0}
    for line in lines:
        for found in _PLAIN.finditer(STANDARD.sub(" ", line.text)):
            digits = found[0].lstrip("-−")
            if len(re.findall(r"[.,]", digits)) == 1 and " " not in digits:
                mark = own_mark(digits)
                if mark in votes:
                    votes[mark] += 1
    if votes["."] == votes[","]:
        return None
    return "." if votes["."] > votes[","] else ","


def standard_of(text: str) -> str | None:
    """The test method in a text, without its year: ``ISO 2470-1``, ``TAPPI T 569``; of several the one of ISO."""
    found = [_standard(one) for one in STANDARD.finditer(text)]
    return next((one for one in found if one.startswith("ISO")), found[0] if found else None)


def _standard(found: re.Match[str]) -> str:
    body = re.sub(r"\s*/.*", "", found["body"])
    number = re.sub(r"\s?[-/]\s?", "-", found["number"])
    if body == "SCAN" and found["letter"]:
        return f"SCAN-{found['letter']} {number}"
    return f"{body}{' T' if body == 'TAPPI' else ''} {number}"


class _Marked:
    """The text of a line, with where each character stands and what was recognised so far."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.text = line.text
        self.masked = self.text
        self._starts: list[int] = []
        at = 0
        for word in line.words:
            self._starts.append(at)
            at += len(word.text) + 1

    def mask(self, start: int, end: int) -> None:
        self.masked = self.masked[:start] + "\x00" * (end - start) + self.masked[end:]

    def place(self, start: int, end: int) -> tuple[float, float]:
        """From where to where a stretch of characters goes on the page."""
        words = self.line.words
        inside = [
            word for at, word in zip(self._starts, words, strict=True) if at < end and at + len(word.text) > start
        ]
        return (inside[0].x0, inside[-1].x1) if inside else (words[0].x0, words[0].x1)


def read_row(line: Line, mark: Mark | None) -> Row:
    """Take a line apart."""
    marked = _Marked(line)
    standard = standard_of(marked.text)
    first = len(marked.text)
    for found in STANDARD.finditer(marked.text):
        first = min(first, found.start())
        marked.mask(*found.span())
    for found in _CONDITIONS.finditer(marked.masked):
        if vocabulary.unit_of(found[0]) is None:
            marked.mask(*found.span())
    tolerances = tuple(_tolerances(marked, mark))
    figures = list(_figures(marked, mark))
    first_figure = min((marked_at for marked_at, _ in figures), default=len(marked.text))
    unit, unit_at = _unit(marked, before=first_figure)
    units_behind = {figure.unit for _, figure in figures if figure.unit}
    if unit is None and len(units_behind) == 1:
        unit = next(iter(units_behind))
    end = min(first, first_figure, unit_at, min((at for at, _ in tolerances), default=len(marked.text)))
    label = re.sub(r"[\s,;:(\[–/|]+$|\s-$|^[\s,;:)\]–/|-]+", "", marked.text[:end].replace("\t", " "))
    label = _NOTE_MARK.sub("", label)
    return Row(
        line=line,
        label=label,
        standard=standard,
        unit=unit,
        figures=_with_tolerances([figure for _, figure in figures], [one for _, one in tolerances]),
        tolerances=tuple(one for _, one in tolerances),
    )


def _tolerances(marked: _Marked, mark: Mark | None) -> Iterator[tuple[int, Figure]]:
    for found in list(_TOLERANCE.finditer(marked.masked)):
        x0, x1 = marked.place(*found.span())
        yield found.start(), Figure(tolerance_text(found[0], mark), x0, x1, None)
        marked.mask(*found.span())


def tolerance_text(raw: str, mark: Mark | None) -> str:
    """A tolerance in one spelling: ``± 3 %``, ``-0/+3 mm``, ``min -8 %``, ``± 1.0 % abs``."""
    text = re.sub(r"\s+", " ", raw.replace("−", "-").replace("–", "-")).strip()
    text = re.sub(r"\+\s?/\s?-|\+-", "±", text)
    if mark == ",":
        text = re.sub(r"(?<=\d),(?=\d)", ".", text)
    text = re.sub(r"\b(min|max)(?:\.|imum|imo|imal)?\s?", _limit_word, text, flags=re.IGNORECASE)
    text = re.sub(r"([-+])\s+(?=\d)", r"\1", text)
    text = re.sub(r"\s?/\s?", "/", text)
    text = re.sub(r"±\s?", "± ", text)
    text = re.sub(r"\s?%", " %", text)
    text = re.sub(r"\s?(?:abs|assol|bezwzgl)\w*\.?", " abs", text, flags=re.IGNORECASE)
    return re.sub(r"\s?(?:units?|points?)$", "", text).strip()


def _limit_word(found: re.Match[str]) -> str:
    return f"{found[1].lower()} "


def _figures(marked: _Marked, mark: Mark | None) -> Iterator[tuple[int, Figure]]:
    """Numbers that are values: bounds (``min 100``), ranges and plain ones, each with a unit directly behind it."""
    found: list[tuple[int, Figure]] = []
    for bound in list(_BOUND.finditer(marked.masked)):
        value = to_decimal(bound["number"], mark)
        least = (bound["word"] or "").casefold() == "min" or bound["sign"] in ("≥", ">")
        limit = "min" if least else "max"
        figure = _figure(marked, bound, value)
        found.append((bound.start(), replace(figure, tolerance=limit, low=value if least else None,
                                             high=None if least else value)))  # fmt: skip
        marked.mask(*bound.span())
    for span in list(_RANGE.finditer(marked.masked)):
        low, high = to_decimal(span["low"], mark), to_decimal(span["high"], mark)
        if low is not None and high is not None and low < high and _one_cell(marked, span):
            middle = (low + high) / 2
            found.append((span.start(), replace(_figure(marked, span, middle), low=low, high=high, between=True)))
            marked.mask(*span.span())
    for plain in list(_PLAIN.finditer(marked.masked)):
        found.append((plain.start(), _figure(marked, plain, to_decimal(plain[0], mark))))
        marked.mask(*plain.span())
    yield from sorted(found, key=lambda one: one[0])


def _one_cell(marked: _Marked, found: re.Match[str]) -> bool:
    x0, x1 = marked.place(*found.span())
    return any(cell.x0 - 1 <= x0 and x1 <= cell.x1 + 1 for cell in marked.line.cells)


def _figure(marked: _Marked, found: re.Match[str], value: Decimal | None) -> Figure:
    x0, x1 = marked.place(*found.span())
    blank = marked.masked[found.end() :][:1] in (" ", "\t")
    behind = vocabulary.unit_pattern().match(marked.masked, found.end() + blank)
    unit = vocabulary.unit_of(behind[0]) if behind else None
    if behind is not None and len(behind[0]) == 1 and behind[0] != "%" and not _near(marked, behind):
        unit = None
    return Figure(found[0].strip(), x0, x1, value, unit=unit)


def _near(marked: _Marked, behind: re.Match[str]) -> bool:
    """Whether a one-letter unit stands with its number and not in a column behind it."""
    x0, x1 = marked.place(behind.start() - 2, behind.end())
    return any(cell.x0 - 1 <= x0 and x1 <= cell.x1 + 1 for cell in marked.line.cells)


def _unit(marked: _Marked, *, before: int) -> tuple[str | None, int]:
    """The unit of the row: in a cell of its own, in brackets, or at the end of the label; and where it begins."""
    at = 0
    own = {cell.text: cell for cell in marked.line.cells}
    for found in vocabulary.unit_pattern().finditer(marked.masked):
        if found.start() >= before:
            break
        unit = vocabulary.unit_of(found[0])
        ahead, behind = marked.masked[: found.start()].rstrip(), marked.masked[found.end() :].lstrip()
        bracketed = ahead.endswith(("(", "[")) and behind.startswith((")", "]"))
        alone = any(vocabulary.unit_of(text) == unit and found[0].strip() in text for text in own)
        ends = found.end() >= before - 1 or not behind.strip("\x00 ()\t") or behind.startswith("\x00")
        starts = not ahead
        plain = len(found[0]) >= _WORD_UNITS_MIN or found[0] == "%"
        if unit and (bracketed or alone or ahead.endswith(",") or ((ends or starts) and plain)):
            return unit, max(found.start() - bracketed, 0)
        at = found.end()
    for cell in marked.line.cells:
        unit = vocabulary.unit_of(cell.text)
        start = marked.text.find(cell.text)
        if unit and at <= start < before:
            return unit, start
    return None, len(marked.text)


def _with_tolerances(figures: list[Figure], tolerances: list[Figure]) -> tuple[Figure, ...]:
    """``92 ± 2`` in one cell belongs together; a tolerance in a column of its own stays with the row."""
    if len(figures) > 1 and len(tolerances) == len(figures):
        return tuple(
            replace(figure, tolerance=figure.tolerance or tolerance.text)
            for figure, tolerance in zip(figures, tolerances, strict=True)
        )
    return tuple(figures)


def cells_with_figures(row: Row) -> int:
    """In how many cells the figures of a row stand."""
    return sum(1 for cell in row.line.cells if any(_inside(cell, figure) for figure in row.figures))


def _inside(cell: Cell, figure: Figure) -> bool:
    return cell.x0 - 1 <= figure.middle <= cell.x1 + 1
