"""A table as a csv or xlsx file, made so that the same table gives the same bytes and no cell can calculate."""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from enum import StrEnum
from xml.sax.saxutils import escape

Value = str | int | float | None
CELL_CHARS_MAX = 32_767  # of a spreadsheet program
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"-?\d{1,15}([.,]\d{1,15})?")
_NOT_IN_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_MADE = (1980, 1, 1, 0, 0, 0)
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_PARTS = {
    "[Content_Types].xml": (
        f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_KIND}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_KIND}.worksheet+xml"/></Types>'
    ),
    "_rels/.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="r1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/workbook.xml": (
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets><sheet name="List" sheetId="1" r:id="r1"/></sheets>'
        "</workbook>"
    ),
    "xl/_rels/workbook.xml.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="r1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>'
    ),
}


class TableKind(StrEnum):
    """A kind of file, by its ending."""

    CSV = "csv"
    XLSX = "xlsx"

    @property
    def media_type(self) -> str:
        return "text/csv" if self is TableKind.CSV else f"{_KIND}.sheet"


def asked_for(accept: str) -> TableKind | None:
    """The file that an ``Accept`` names; ``None``: JSON."""
    named = [part.partition(";")[0].strip().lower() for part in accept.split(",")]
    return next((kind for name in named for kind in TableKind if name == kind.media_type), None)


def table_file(kind: TableKind, rows: Iterable[Sequence[Value]]) -> bytes:
    """The bytes of a file with one table; the first row names the columns."""
    return _csv(rows) if kind is TableKind.CSV else _xlsx(rows)


def headers_of(kind: TableKind, name: str) -> dict[str, str]:
    """What makes a browser save the file; ``name`` is plain ASCII without an ending."""
    disposition = f'attachment; filename="{name}.{kind}"'
    return {"Content-Disposition": disposition, "X-Content-Type-Options": "nosniff", "Vary": "Accept"}


def safe(value: Value) -> Value:
    """A text with an apostrophe in front where a spreadsheet would calculate it; the reader takes it off again."""
    if not isinstance(value, str):
        return value
    if value.startswith(_FORMULA) and not _NUMBER.fullmatch(value):
        value = f"'{value}"
    return value[:CELL_CHARS_MAX]


def _csv(rows: Iterable[Sequence[Value]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([safe(cell) for cell in row] for row in rows)
    return ("\ufeff" + text.getvalue()).encode("utf-8", "replace")


def _xlsx(rows: Iterable[Sequence[Value]]) -> bytes:
    sheet = "".join(f"<row>{''.join(_cell(safe(cell)) for cell in row)}</row>" for row in rows)
    parts = {
        **_PARTS,
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{_MAIN}"><sheetData>{sheet}</sheetData></worksheet>',
    }
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(zipfile.ZipInfo(name, _MADE), (_XML + text).encode("utf-8", "replace"))
    return target.getvalue()


def _cell(value: Value) -> str:
    if value is None or value == "":
        return "<c/>"
    if isinstance(value, int | float):
        return f"<c><v>{value}</v></c>"
    return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(_NOT_IN_XML.sub(" ", value))}</t></is></c>'
