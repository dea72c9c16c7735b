"""A file becomes grids of cells: what kind it is, and the limits nothing may pass."""

from dataclasses import dataclass, field
from datetime import date

from services.ingestion.parsing.model import ListKind, UnreadableFile

MAX_BYTES = 30 * 1024 * 1024  # a list of 100,000 lots is about 6 MB as xlsx and 12 MB as csv
MAX_UNPACKED_BYTES = 250 * 1024 * 1024
MAX_ROWS = 200_000  # twice the longest list we promise to read
MAX_COLUMNS = 256
MAX_CELLS = 5_000_000
MAX_SHEETS = 50


class CellError(str):
    """A spreadsheet's error value ("#REF!"): an error, never a blank."""

    __slots__ = ()


ERROR_TEXTS = frozenset(
    {"#N/A", "#REF!", "#DIV/0!", "#VALUE!", "#NAME?", "#NULL!", "#NUM!", "#NV", "#BEZUG!", "#WERT!"}
)

Cell = str | float | date | None


@dataclass(slots=True)
class Grid:
    """The cells of one sheet. Row and column indexes count from 0; a spreadsheet shows row index + 1."""

    name: str | None
    rows: list[list[Cell]]
    hidden: bool = False
    hidden_rows: set[int] = field(default_factory=set[int])
    hidden_columns: set[int] = field(default_factory=set[int])
    merged: list[tuple[tuple[int, int], tuple[int, int]]] = field(
        default_factory=list[tuple[tuple[int, int], tuple[int, int]]]
    )


@dataclass(frozen=True, slots=True)
class Document:
    """A decoded file. ``doubts`` name what this kind of file hides from us, for the person who reviews."""

    kind: ListKind
    grids: list[Grid]
    encoding: str | None = None
    delimiter: str | None = None
    doubts: tuple[str, ...] = ()


def is_filled(cell: Cell) -> bool:
    """Decoding leaves no cell of blanks only: what is empty is ``None``."""
    return cell is not None


def fill_down(grid: Grid, first: int) -> None:
    """A merged cell says the same for every row it covers; from row ``first`` on (the header above stays as it is)."""
    for (top, left), (bottom, right) in grid.merged:
        if top < first or left != right or bottom <= top or top >= len(grid.rows):
            continue
        if left >= len(grid.rows[top]) or not is_filled(grid.rows[top][left]):
            continue
        for row in grid.rows[top + 1 : bottom + 1]:
            if left < len(row) and not is_filled(row[left]) and any(is_filled(c) for c in row):
                row[left] = grid.rows[top][left]


def unguarded(text: str) -> str:
    """A cell without the apostrophe that keeps a spreadsheet from calculating it."""
    return text[1:] if text[:1] == "'" and text[1:2] in ("=", "+", "-", "@") else text


def refuse_size(rows: int, columns: int) -> None:
    """Stops before memory does."""
    if rows > MAX_ROWS:
        raise UnreadableFile(
            "too_many_rows",
            f"The list has more than {MAX_ROWS:,} rows. Please split it, or delete the empty rows below the list.",
        )
    if columns > MAX_COLUMNS or (columns > 26 and rows * columns > MAX_CELLS):
        raise UnreadableFile(
            "too_many_columns",
            "The sheet is far wider than a list. Please send only the list itself, without other tables beside it.",
        )


_OTHER_KINDS = (
    (b"\x89PNG", "a picture (PNG)"),
    (b"\xff\xd8\xff", "a picture (JPEG)"),
    (b"GIF8", "a picture (GIF)"),
    (b"BM", "a picture (BMP)"),
    (b"II*\x00", "a picture (TIFF)"),
    (b"MM\x00*", "a picture (TIFF)"),
    (b"%PDF", "a PDF document"),
    (b"Rar!", "a RAR archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"\x1f\x8b", "a compressed file (gzip)"),
    (b"{\\rtf", "a text document (RTF)"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
)


def refuse_other_kinds(content: bytes) -> None:
    """Names what a file really is when it is no list, whatever its name says."""
    for magic, what in _OTHER_KINDS:
        if content.startswith(magic):
            raise UnreadableFile(
                "not_a_list",
                f"This file is {what}, not a list. Please send the list as xlsx, xls, ods or csv.",
            )
