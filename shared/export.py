"""Lists as files: CSV and xlsx, written while they are read, so that neither rows nor file are ever held whole.

A text that a spreadsheet would take for a formula gets an apostrophe in front; a number stays a number.
"""

import csv
import io
import re
import zipfile
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, cast, get_args, get_origin
from xml.sax.saxutils import escape

from pydantic import BaseModel

from shared.filtering import Field, Kind
from shared.instants import encoded, written

ROWS_MAX = 50_000
CUT = "X-Export-Truncated"  # on a file that is not the whole list: its number of rows
ROWS_PER_PAGE = 100  # read at a time; more would hold up the other requests of the process
CELL_CHARS_MAX = 32_767  # of a spreadsheet program
DEPTH_MAX = 2  # an object becomes columns, an object in it a text
Value = str | int | float | None
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,15})?")
_HARMLESS = re.compile(r"-?\d{1,15}([.,]\d{1,15})?")  # also as people write numbers
_MADE = (1980, 1, 1, 0, 0, 0)  # the same rows give the same bytes
_NOT_IN_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class Format(StrEnum):
    """A kind of file, by its ending."""

    CSV = "csv"
    XLSX = "xlsx"

    @property
    def media_type(self) -> str:
        """As in ``Accept``."""
        sheet = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        return "text/csv" if self == Format.CSV else sheet


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the file: the way to its value in a row. ``numeric``: texts of digits are numbers."""

    path: tuple[str, ...]
    numeric: bool = False

    @property
    def title(self) -> str:
        """As in the JSON, with dots between."""
        return ".".join(self.path)


def wanted(accept: str) -> Format | None:
    """The file that ``Accept`` asks for; ``None``: JSON."""
    accept = accept.lower()
    if "text/csv" not in accept and "spreadsheetml" not in accept:
        return None
    known = {one.media_type: one for one in Format}
    best: tuple[float, Format | None] = (0.0, None)
    for part in accept.split(","):
        media_type, *parameters = (word.strip() for word in part.split(";"))
        quality = next((word[2:] for word in parameters if word.startswith("q=")), "1")
        weight = float(quality) if re.fullmatch(r"[01](\.\d{0,3})?", quality) else 0.0
        if weight > best[0] and media_type in (*known, "application/json", "*/*"):
            best = (weight, known.get(media_type))
    return best[1]


def headers(kind: Format, name: str) -> dict[str, str]:
    """What makes a browser save the file."""
    return {
        "Content-Disposition": f'attachment; filename="{name}.{kind}"',
        "X-Content-Type-Options": "nosniff",
        "Vary": "Accept, Prefer",
    }


def columns_of(page: Any, fields: Mapping[str, Field]) -> list[Column]:
    """The columns of a page's rows by their model; an object gives a column for each of its members."""
    row: type[BaseModel] = get_args(page.model_fields["items"].annotation)[0]
    numeric = {name for name, one in fields.items() if one.kind in (Kind.NUMBER, Kind.INTEGER)}
    return [Column(path, numeric=path[-1] in numeric) for path in _paths(row, ())]


def note(columns: Sequence[Column], text: str) -> dict[str, Any]:
    """A last row that says something to whoever reads the file, in its first column."""
    row: Any = text
    for name in reversed(columns[0].path):
        row = {name: row}
    return row


def _paths(model: type[BaseModel], above: tuple[str, ...]) -> Iterable[tuple[str, ...]]:
    for name, one in model.model_fields.items():
        kinds: tuple[object, ...] = (one.annotation, *get_args(one.annotation))
        inner = None if get_origin(one.annotation) in (list, tuple, dict) else _model_of(kinds)
        if inner is None or len(above) + 1 >= DEPTH_MAX:
            yield (*above, name)
        else:
            yield from _paths(inner, (*above, name))


def _model_of(kinds: Iterable[object]) -> type[BaseModel] | None:
    return next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)), None)


async def stream(
    kind: Format, columns: Sequence[Column], pages: AsyncIterator[list[dict[str, Any]]]
) -> AsyncGenerator[bytes]:
    """The bytes of the file, page by page."""
    writer = _Csv() if kind == Format.CSV else _Xlsx()
    yield writer.rows([[column.title for column in columns]])
    async for rows in pages:
        yield writer.rows([[_cell(row, column) for column in columns] for row in rows])
    yield writer.end()


def table(kind: Format, rows: Iterable[Sequence[Value]]) -> bytes:
    """A file with one table that is small enough to be held; the same rows give the same bytes."""
    writer = _Csv() if kind == Format.CSV else _Xlsx()
    cells = [[safe(cell) if isinstance(cell, str) else cell for cell in row] for row in rows]
    return writer.rows(cells) + writer.end()


def _cell(row: Mapping[str, Any], column: Column) -> str | int | float | Decimal | None:
    value: Any = row
    for name in column.path:
        value = cast(Mapping[str, Any], value).get(name) if isinstance(value, Mapping) else None
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | Decimal):
        return value
    if isinstance(value, datetime):
        return written(value)
    text = _joined(cast(Any, value)) if isinstance(value, list | dict) else str(value)
    return Decimal(text) if column.numeric and _NUMBER.fullmatch(text) else safe(text)


def _joined(value: list[Any] | dict[str, Any]) -> str:
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return "; ".join(value)
    return encoded(value).decode() if value else ""


def safe(text: str) -> str:
    """The text with an apostrophe in front when a spreadsheet would calculate it."""
    if text.startswith(_FORMULA) and not _HARMLESS.fullmatch(text):
        text = f"'{text}"
    return text[:CELL_CHARS_MAX]


class _Csv:
    """RFC 4180 in UTF-8, with the mark by which spreadsheet programs know it."""

    def __init__(self) -> None:
        self._begun = False

    def rows(self, rows: Sequence[Sequence[object]]) -> bytes:
        text = io.StringIO(newline="")
        csv.writer(text).writerows(rows)
        mark = "" if self._begun else "\ufeff"
        self._begun = True
        return (mark + text.getvalue()).encode("utf-8", "replace")

    def end(self) -> bytes:
        return b""


class _Sink(io.RawIOBase):
    """Takes what the archive writes; it cannot go back, so sizes follow the data."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def taken(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)


_SPREADSHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_PARTS = {
    "[Content_Types].xml": (
        f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPE}.worksheet+xml"/></Types>'
    ),
    "_rels/.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="r1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/workbook.xml": (
        f'<workbook xmlns="{_SPREADSHEET}" xmlns:r="{_OFFICE}"><sheets>'
        '<sheet name="Offcut" sheetId="1" r:id="r1"/></sheets></workbook>'
    ),
    "xl/_rels/workbook.xml.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="r1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>'
    ),
}


class _Xlsx:
    """One sheet written straight into a compressed stream; the usual libraries keep the file until its end."""

    def __init__(self) -> None:
        self._sink = _Sink()
        self._archive = zipfile.ZipFile(self._sink, "w", zipfile.ZIP_DEFLATED, compresslevel=1)  # type: ignore[arg-type] – any writable file does
        for name, text in _PARTS.items():
            self._archive.writestr(_part(name), _XML + text)
        self._sheet = self._archive.open(_part("xl/worksheets/sheet1.xml"), "w", force_zip64=True)
        self._sheet.write(f'{_XML}<worksheet xmlns="{_SPREADSHEET}"><sheetData>'.encode())

    def rows(self, rows: Sequence[Sequence[object]]) -> bytes:
        for row in rows:
            self._sheet.write(f"<row>{''.join(map(_xml, row))}</row>".encode())
        return self._sink.taken()

    def end(self) -> bytes:
        self._sheet.write(b"</sheetData></worksheet>")
        self._sheet.close()
        self._archive.close()
        return self._sink.taken()


def _part(name: str) -> zipfile.ZipInfo:
    part = zipfile.ZipInfo(name, _MADE)
    part.compress_type = zipfile.ZIP_DEFLATED
    return part


def _xml(value: object) -> str:
    if value is None or value == "":
        return "<c/>"
    if isinstance(value, int | float | Decimal):
        return f"<c><v>{value}</v></c>"
    text = escape(_NOT_IN_XML.sub(" ", str(value)))
    return f'<c t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'
