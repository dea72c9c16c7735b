"""Text files: csv in any usual code page and delimiter, HTML that calls itself xls, lists typed into a mail."""

import csv
import re
from collections import Counter
from html.parser import HTMLParser

from services.ingestion.parsing.model import UnreadableFile
from services.ingestion.parsing.sheets import (
    ERROR_TEXTS,
    MAX_COLUMNS,
    MAX_ROWS,
    Cell,
    CellError,
    Document,
    Grid,
    refuse_size,
    unguarded,
)
from services.ingestion.parsing.tables import SEARCHED_ROWS, header_score

DELIMITERS = (";", ",", "\t", "|")
SWALLOWED = 3  # delimiters inside one cell of several lines: an open quotation mark ate the rows below it
LONGEST_LINE = 1_000_000  # characters
CENTRAL_EUROPE = frozenset({"pl", "cs", "sk", "hu", "sl", "hr", "ro"})
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_ODD_INSIDE_WORD = re.compile(r"(?<=[A-Za-z])[¹²³¿¡£¥¦§¨¬¯´¶¸¼½¾×÷°±][a-z]|[a-z][¹³¿¡£¥¦§¨¬¯´¶¸¼½¾×÷±](?=[A-Za-z])")
_WORD_RUN = re.compile(r"[^ \n]+(?: [^ \n]+)*")  # one blank is inside a cell, two are between two cells


def decode_text(content: bytes, *, language: str | None) -> Document:
    """csv, tab text, HTML or a plain mail body."""
    text, encoding = _decode(content, language=language)
    start = text.lstrip()[:2000].casefold()
    if start.startswith(("<html", "<!doctype html", "<table")) or "<table" in start:
        return Document("html", _html_grids(text), encoding=encoding)
    if start.startswith(("<?xml", "{", "[")):
        raise UnreadableFile("not_a_list", "This file is data for a program, not a list. Please send xlsx or csv.")
    named = re.match(r"sep=(.)\r?\n", text, re.IGNORECASE)
    delimiter = named[1] if named else _delimiter(text)
    if delimiter is None:
        return Document("text", [_aligned_grid(text)], encoding=encoding)
    return Document("csv", [_csv_grid(text, delimiter)], encoding=encoding, delimiter=delimiter)


def _decode(content: bytes, *, language: str | None) -> tuple[str, str]:
    if content.startswith(b"\xef\xbb\xbf"):
        return content.decode("utf-8-sig", "replace"), "utf-8-sig"
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _decode_as(content, "utf-16"), "utf-16"
    sample = content[:4000]
    nuls = sample.count(0)
    if nuls > len(sample) * 0.2:
        low = sum(1 for b in sample[1::2] if b == 0) > sum(1 for b in sample[0::2] if b == 0)
        encoding = "utf-16-le" if low else "utf-16-be"
        return _decode_as(content, encoding), encoding
    if _BINARY.search(content):
        raise UnreadableFile(
            "binary", "The file is not readable text. Please save the list as xlsx, or as csv from your spreadsheet."
        )
    try:
        return content.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        pass
    western = content.decode("cp1252", "replace")
    central = content.decode("cp1250", "replace")
    likely_central = (language or "").split("-")[0] in CENTRAL_EUROPE
    odd = len(_ODD_INSIDE_WORD.findall(western)) - len(_ODD_INSIDE_WORD.findall(central))
    if western.count("\ufffd") > central.count("\ufffd") or (likely_central and odd >= 0) or odd > 2:
        return central, "cp1250"
    return western, "cp1252"


def _decode_as(content: bytes, encoding: str) -> str:
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise UnreadableFile("binary", "The text of the file is damaged. Please save it again as csv.") from error
    if "\x00" in text:
        raise UnreadableFile("binary", "The file is not readable text. Please save the list again as csv.")
    return text


def _delimiter(text: str) -> str | None:
    """The delimiter whose counts agree over the lines and that shows a header; ``None``: columns made of blanks."""
    lines = [line for line in text[:60_000].splitlines()[:200] if line.strip()]
    found: list[tuple[float, float, str]] = []
    for candidate in DELIMITERS:
        widths = Counter(_width(line, candidate) for line in lines)
        wide = {w: n for w, n in widths.items() if w >= 4}
        if not wide:
            continue
        width = max(wide, key=lambda w: (wide[w], w))
        score = wide[width] / len(lines) + min(width, 20) / 100
        if wide[width] >= min(2, len(lines)) and wide[width] >= 0.3 * len(lines):
            heads = max(header_score(_split(line, candidate)) for line in lines[:SEARCHED_ROWS])
            found.append((heads, score, candidate))
    if not found:
        return None
    heads, _, best = max(found)
    if max(header_score(_runs(line)) for line in lines[:SEARCHED_ROWS]) > heads:
        return None  # commas inside numbers, no columns
    return best


def _split(line: str, delimiter: str) -> list[Cell]:
    return [_cell(c) for record in csv.reader([line], delimiter=delimiter) for c in record]


def _runs(line: str) -> list[Cell]:
    return [m.group() for m in _WORD_RUN.finditer(line.expandtabs())]


def _width(line: str, delimiter: str) -> int:
    """Cells of one line on its own, so that an open quotation mark spoils no other line."""
    try:
        return max((len(record) for record in csv.reader([line], delimiter=delimiter)), default=0)
    except csv.Error:
        return 0


def _csv_grid(text: str, delimiter: str) -> Grid:
    rows: list[list[Cell]] = []
    try:
        lines = text.splitlines(keepends=True)
        if max((len(line) for line in lines), default=0) > LONGEST_LINE:
            raise csv.Error("no line of a list is that long")
        for record in csv.reader(lines, delimiter=delimiter):
            rows.append([_cell(c) for c in record])
            if any("\n" in c and c.count(delimiter) >= SWALLOWED for c in record):
                raise csv.Error("rows inside a cell")
            if len(rows) > MAX_ROWS or len(record) > MAX_COLUMNS:
                refuse_size(len(rows), len(record))
    except csv.Error as error:
        raise UnreadableFile(
            "bad_csv",
            f"Row {len(rows)} or the next cannot be read: a quotation mark is not closed, or a cell is far too long."
            " Please save it again as csv, or send xlsx.",
        ) from error
    return Grid(None, rows)


def _cell(text: str) -> Cell:
    stripped = text.strip()
    if not stripped:
        return None
    if stripped[0] == "'":
        return unguarded(stripped)
    if stripped[0] == "#" and stripped in ERROR_TEXTS:
        return CellError(stripped)
    return stripped if len(stripped) != len(text) else text


def _aligned_grid(text: str) -> Grid:
    """Columns made of blanks: the words of a line belong to the header above which they stand."""
    lines = [line.expandtabs() for line in text.splitlines()]
    refuse_size(len(lines), 1)
    header, spans = -1, list[tuple[int, int]]()
    for index, line in enumerate(lines[:200]):
        runs = [(m.start(), m.end()) for m in _WORD_RUN.finditer(line)]
        if len(runs) >= 3 and header_score([line[a:b] for a, b in runs]) >= 3:
            header, spans = index, runs
            break
    rows: list[list[Cell]] = []
    for index, line in enumerate(lines):
        runs = [(m.start(), m.end()) for m in _WORD_RUN.finditer(line)]
        if header < 0 or index < header or not _fits(runs, spans):
            rows.append([_cell(line)] if line.strip() else [])
            continue
        row: list[Cell] = [None] * len(spans)
        for a, b in runs:
            column = max(range(len(spans)), key=lambda c: min(b, spans[c][1]) - max(a, spans[c][0]))
            row[column] = _cell(line[a:b])
        rows.append(row)
    return Grid(None, rows)


def _fits(runs: list[tuple[int, int]], spans: list[tuple[int, int]]) -> bool:
    """Whether a line is a row of the table: several words apart, each under or touching a header of its own."""
    if len(runs) < 2:
        return False
    taken: set[int] = set()
    for a, b in runs:
        column = max(range(len(spans)), key=lambda c: min(b, spans[c][1]) - max(a, spans[c][0]))
        if column in taken or min(b, spans[column][1]) - max(a, spans[column][0]) < -2:
            return False
        taken.add(column)
    return True


class _Tables(HTMLParser):
    """Rows of all tables of a page; merged cells are repeated to the right, never more than a list is wide."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[Cell]] = []
        self._text: list[str] | None = None
        self._span = 1

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.rows.append([])
            refuse_size(len(self.rows), 1)
        elif tag in ("td", "th"):
            self._finish()
            self._text = []
            span = dict(attrs).get("colspan") or "1"
            self._span = min(int(span), MAX_COLUMNS) if span.isdigit() else 1

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th", "tr"):
            self._finish()

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self._text.append(data)

    def _finish(self) -> None:
        if self._text is None or not self.rows:
            return
        self.rows[-1].append(_cell(" ".join("".join(self._text).split())))
        self.rows[-1].extend([None] * (self._span - 1))
        refuse_size(1, len(self.rows[-1]))
        self._text = None


def _html_grids(text: str) -> list[Grid]:
    parser = _Tables()
    parser.feed(text)
    parser.close()
    return [Grid(None, parser.rows)]
