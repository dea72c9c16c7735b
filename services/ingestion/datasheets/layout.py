"""Where words stand: lines, the cells on them, and the columns of text of a page."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from services.ingestion.datasheets.model import PageText, Word

CELL_GAP = 0.72  # of the letter size; a blank is about 0.3, and 0.6 in justified text
COLUMN_LINES_MIN = 4
LABELS_OF_A_COLUMN = 3
_WRITTEN = re.compile(r"(?!(?:ISO|DIN|EN|TAPPI|SCAN|ASTM)\b)[^\W\d_]{3,}")


@dataclass(frozen=True, slots=True)
class Cell:
    """Words that stand together."""

    words: tuple[Word, ...]

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)

    @property
    def x0(self) -> float:
        return self.words[0].x0

    @property
    def x1(self) -> float:
        return self.words[-1].x1

    @property
    def middle(self) -> float:
        return (self.x0 + self.x1) / 2


@dataclass(frozen=True, slots=True)
class Line:
    """Cells at one height, from left to right."""

    page: int
    cells: tuple[Cell, ...]

    @property
    def words(self) -> tuple[Word, ...]:
        return tuple(word for cell in self.cells for word in cell.words)

    @property
    def text(self) -> str:
        """Words of one cell with blanks between them, cells with a tab: ``1 250`` is a number, ``200\t215`` are two."""
        return "\t".join(cell.text for cell in self.cells)

    @property
    def top(self) -> float:
        return min(word.top for word in self.words)

    @property
    def bottom(self) -> float:
        return max(word.bottom for word in self.words)

    @property
    def size(self) -> float:
        return max(word.size for word in self.words)

    @property
    def x0(self) -> float:
        return self.cells[0].x0


def lines_of(page: PageText) -> list[Line]:
    """The lines of a page from top to bottom."""
    rows: list[list[Word]] = []
    for word in sorted(page.words, key=lambda one: (one.top + one.bottom) / 2):
        middle = (word.top + word.bottom) / 2
        if rows and _middle(rows[-1]) + 0.45 * min(word.size, rows[-1][0].size) > middle:
            rows[-1].append(word)
        else:
            rows.append([word])
    return [_line(page.number, row) for row in rows]


def _middle(row: Sequence[Word]) -> float:
    return sum((word.top + word.bottom) / 2 for word in row) / len(row)


def _line(page: int, words: list[Word]) -> Line:
    words.sort(key=lambda word: word.x0)
    cells: list[list[Word]] = [[words[0]]]
    for word in words[1:]:
        last = cells[-1][-1]
        if word.x0 - last.x1 > CELL_GAP * min(word.size, last.size):
            cells.append([word])
        else:
            cells[-1].append(word)
    return Line(page, tuple(Cell(tuple(cell)) for cell in cells))


def columns_of(lines: Sequence[Line], labels: Callable[[str], bool]) -> list[list[Line]]:
    """Lines in the order of reading: where the page has two or three columns of text, one column after the other.

    A table has empty bands between its columns too. Two columns of text differ in that their lines stand at heights of
    their own, or that the right one has labels of its own.
    """
    if len(lines) < COLUMN_LINES_MIN:
        return [list(lines)] if lines else []
    left = min(line.x0 for line in lines)
    width = max(line.cells[-1].x1 for line in lines) - left
    best: tuple[int, int, float] | None = None
    for step in range(25, 76):
        band = left + width * step / 100
        for start, end in _runs(lines, band):
            longer = best is None or end - start > best[1] - best[0]
            if longer and _are_columns(lines[start:end], band, labels):
                best = (start, end, band)
    if best is None:
        return [list(lines)]
    start, end, band = best
    parts = ([part for line in lines[start:end] if (part := _part(line, band, right=side))] for side in (False, True))
    inner = [column for part in parts for column in columns_of(part, labels)]
    return [*columns_of(lines[:start], labels), *inner, *columns_of(lines[end:], labels)]


def _runs(lines: Sequence[Line], band: float) -> Iterator[tuple[int, int]]:
    """Stretches of lines that nothing crosses at ``band``."""
    start = 0
    for at, line in enumerate(lines):
        if any(cell.x0 - 2 < band < cell.x1 + 2 for cell in line.cells):
            if at - start >= COLUMN_LINES_MIN:
                yield start, at
            start = at + 1
    if len(lines) - start >= COLUMN_LINES_MIN:
        yield start, len(lines)


def _are_columns(lines: Sequence[Line], band: float, labels: Callable[[str], bool]) -> bool:
    left = [part for line in lines if (part := _part(line, band, right=False))]
    right = [part for line in lines if (part := _part(line, band, right=True))]
    if len(left) < 2 or len(right) < COLUMN_LINES_MIN:
        return False
    if sum(1 for line in right if labels(line.cells[0].text)) >= LABELS_OF_A_COLUMN:
        return True
    side_by_side = len(left) + len(right) - len(lines)
    written = sum(1 for line in right if _WRITTEN.match(line.cells[0].text))
    return side_by_side < 0.75 * min(len(left), len(right)) and written * 2 > len(right)


def _part(line: Line, band: float, *, right: bool) -> Line | None:
    cells = tuple(cell for cell in line.cells if (cell.middle > band) is right)
    return Line(line.page, cells) if cells else None
