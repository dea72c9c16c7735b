"""One sheet, several lists: reels above and sheets below, each under a header of its own; or a list on its side."""

from dataclasses import replace

from services.ingestion.parsing.sheets import Cell, Grid, is_filled
from services.ingestion.parsing.tables import header_score
from services.ingestion.parsing.text import normal

LIKE_THE_FIRST = 0.6  # of the score of the first header: less is a row of words
_DIGITS = frozenset("0123456789")
TURNED_ROWS, TURNED_COLUMNS = 40, 200


def pieces(grid: Grid) -> list[tuple[int, Grid]]:
    """Every list of a sheet with the row it begins in; the rows before it are blank, so that numbers stay right."""
    starts = _starts(grid)
    if len(starts) < 2:
        return [(0, grid)]
    found: list[tuple[int, Grid]] = []
    for number, start in enumerate(starts):
        end = starts[number + 1] if number + 1 < len(starts) else len(grid.rows)
        rows: list[list[Cell]] = [[] for _ in range(start)]
        merged = [m for m in grid.merged if start <= m[0][0] < end]
        found.append((start, replace(grid, rows=rows + grid.rows[start:end], merged=merged)))
    return found


def _starts(grid: Grid) -> list[int]:
    """The first row of every list: its header, or the lines of words right above it."""
    first: list[Cell] | None = None
    top, starts = 0.0, list[int]()
    for index, row in enumerate(grid.rows):
        if index in grid.hidden_rows or not _looks_like_names(row):
            continue
        score = header_score(row)
        if score <= 0 or score < LIKE_THE_FIRST * top:
            continue
        if first is None:
            first, top = row, score
            starts.append(0)
        elif not _same_names(first, row) and _has_lots_between(grid, starts[-1], index):
            first, top = row, max(top, score)
            starts.append(_with_titles(grid, index))
    return starts


def _looks_like_names(row: list[Cell]) -> bool:
    """A cheap look before every cell is compared: a header begins with words, and holds few digits."""
    first = next((c for c in row[:8] if c is not None), None)
    if not isinstance(first, str) or not _DIGITS.isdisjoint(first):
        return False
    filled = [c for c in row[:8] if c is not None]
    if len(filled) < 3:
        return False
    return sum(1 for c in filled if isinstance(c, str) and not any(ch in "013456789" for ch in c)) > 0.6 * len(filled)


def _same_names(one: list[Cell], other: list[Cell]) -> bool:
    """The same header once more after a page break: the same words in the same columns."""
    pairs = [(a, b) for a, b in zip(one, other, strict=False) if is_filled(a) or is_filled(b)]
    same = sum(1 for a, b in pairs if isinstance(a, str) and isinstance(b, str) and normal(a) == normal(b))
    return same >= 0.7 * len(pairs)


def _has_lots_between(grid: Grid, start: int, end: int) -> bool:
    return any(sum(1 for c in row if _is_number(c)) >= 2 for row in grid.rows[start:end])


def _is_number(cell: Cell) -> bool:
    return isinstance(cell, float) or (isinstance(cell, str) and cell[:1].isdigit())


def _with_titles(grid: Grid, header: int) -> int:
    start = header
    while start > 0 and len([c for c in grid.rows[start - 1] if c is not None]) <= 1 and start > header - 4:
        start -= 1
    return start


def turned(grid: Grid) -> Grid | None:
    """The sheet on its side, where its first column looks like a header; ``None`` where it does not."""
    width = max((len(row) for row in grid.rows), default=0)
    if not 3 <= len(grid.rows) <= TURNED_ROWS or width > TURNED_COLUMNS:
        return None
    rows: list[list[Cell]] = [[row[c] if c < len(row) else None for row in grid.rows] for c in range(width)]
    heads = [header_score(row) for row in rows[:3]]
    if max(heads, default=0.0) <= 0:
        return None
    return Grid(grid.name, rows, hidden_rows=set(grid.hidden_columns), hidden_columns=set(grid.hidden_rows))
