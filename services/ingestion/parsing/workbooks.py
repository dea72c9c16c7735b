"""Spreadsheets: calamine reads the cells, a look at the raw XML finds what it leaves out and refuses bombs."""

import re
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from io import BytesIO
from xml.etree.ElementTree import Element  # the type only; parsing is defusedxml's

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException
from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from services.ingestion.parsing.compound import DAMAGED, SheetExtras, sheet_extras
from services.ingestion.parsing.model import ListKind, UnreadableFile
from services.ingestion.parsing.sheets import (
    ERROR_TEXTS,
    MAX_COLUMNS,
    MAX_ROWS,
    MAX_SHEETS,
    MAX_UNPACKED_BYTES,
    Cell,
    CellError,
    Document,
    Grid,
    refuse_size,
    unguarded,
)

_ODS_ERROR = re.compile(r"Err:\d{3}$")
Extras = dict[str | int, SheetExtras]  # by name, or by number where the file knows no names there
MAX_ENTRIES = 2000
_CHUNK = 1 << 20
_ROW = re.compile(rb"<(?:\w+:)?row\b([^>]*)>")
_ROW_NUMBER = re.compile(rb'\br="(\d+)"')
_HIDDEN = re.compile(rb'\bhidden="(?:1|true)"')
_COLUMN = re.compile(rb"<(?:\w+:)?col\b([^>]*)/?>")
_SPAN = re.compile(rb'\b(min|max)="(\d+)"')
_ERROR = re.compile(
    rb'<(?:\w+:)?c\b(?=[^>]*\bt="e")[^>]*\br="([A-Z]{1,3})(\d+)"[^>]*>(?:<f[^>]*/>|<f.*?</f>)?<v>([^<]*)</v>', re.DOTALL
)
_WIDE = re.compile(rb"\br=[\"']([A-Z]{2,})\d")
_FAR = re.compile(rb"\br=[\"'][A-Z]*(?:[2-9]\d{5}|\d{7,})[\"']")  # a row from 200,000 on, in a row or a cell

_FAR_OR_WIDE = re.compile(rb"r=[\"'](?:[A-Z]{2}|[A-Z]?(?:[2-9]\d{5}|\d{7}))")  # one quick look for both


def decode_zip(content: bytes) -> Document:
    """xlsx or ods. Every part is unpacked once, in pieces, so that a wrong declared size is found before it matters."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as package:
            names = _checked_names(package)
            if "xl/workbook.xml" in names:
                return _workbook(content, "xlsx", _xlsx_extras(package, names))
            if "content.xml" in names:
                return _workbook(content, "ods", _ods_extras(package))
            if "xl/workbook.bin" in names:
                return _workbook(content, "xlsx", {}, doubts=("xlsb",))
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        LookupError,
        NotImplementedError,
        RuntimeError,
        ValueError,
    ) as error:
        raise UnreadableFile("damaged", DAMAGED) from error
    except (ElementTree.ParseError, DefusedXmlException) as error:
        raise UnreadableFile("damaged", DAMAGED) from error
    raise UnreadableFile("not_a_list", "This is a zip archive, not a list. Please send the list itself.")


def decode_xls(content: bytes) -> Document:
    """The old binary Excel format; a new one with a password looks the same from outside."""
    if "EncryptedPackage".encode("utf-16-le") in content:
        raise UnreadableFile(
            "password_protected", "The file is protected with a password. Please send it without a password."
        )
    return _workbook(content, "xls", dict(enumerate(sheet_extras(content))))


def _checked_names(package: zipfile.ZipFile) -> set[str]:
    entries = package.infolist()
    if len(entries) > MAX_ENTRIES or sum(e.file_size for e in entries) > MAX_UNPACKED_BYTES:
        raise UnreadableFile("too_large", "The file unpacks to far more than a list. Please send only the list.")
    return {e.filename for e in entries}


def _pieces(package: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    with package.open(name) as part:
        while piece := part.read(_CHUNK):
            yield piece


def _xlsx_extras(package: zipfile.ZipFile, names: set[str]) -> Extras:
    targets: dict[str, str] = {}
    for relation in ElementTree.fromstring(package.read("xl/_rels/workbook.xml.rels")):
        targets[relation.get("Id", "")] = relation.get("Target", "")
    extras: Extras = {}
    sheets = set[str]()
    for node in ElementTree.fromstring(package.read("xl/workbook.xml")).iter():
        if not node.tag.endswith("}sheet"):
            continue
        relation_id = next((v for k, v in node.attrib.items() if k.endswith("}id")), "")
        target = targets.get(relation_id, "")
        path = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
        if path in names:
            sheets.add(path)
            extras[node.get("name", "")] = _scan_sheet(_pieces(package, path))
    for name in names - sheets:
        if name.endswith((".xml", ".rels")):
            for _ in _pieces(package, name):
                pass  # reading to the end checks size and checksum
    return extras


def _scan_sheet(pieces: Iterator[bytes]) -> SheetExtras:
    extras, rest, rows = SheetExtras(), b"", 0
    head = True
    for piece in pieces:
        text = rest + piece
        cut = text.rfind(b"</row>")
        if cut < 0 and len(text) < 8 * _CHUNK:
            rest = text
            continue
        body, rest = text[: cut + 6], text[cut + 6 :]
        if head:
            _scan_columns(body, extras)
            head = False
        rows += _scan_rows(body, extras)
        if rows > MAX_ROWS:
            refuse_size(rows, 1)
    if head:
        _scan_columns(rest, extras)
    rows += _scan_rows(rest, extras)
    refuse_size(rows, 1)
    return extras


def _scan_columns(body: bytes, extras: SheetExtras) -> None:
    for column in _COLUMN.finditer(body[: body.find(b"<sheetData") if b"<sheetData" in body else 0]):
        if _HIDDEN.search(column[1]):
            span = {k: int(v) for k, v in _SPAN.findall(column[1])}
            last = min(span.get(b"max", 0), MAX_COLUMNS)
            extras.hidden_columns.update(range(span.get(b"min", 1) - 1, last))


def _scan_rows(body: bytes, extras: SheetExtras) -> int:
    if _FAR_OR_WIDE.search(body):
        if _FAR.search(body):
            refuse_size(MAX_ROWS + 1, 1)
        for letters in set(_WIDE.findall(body)):
            extras.width = max(extras.width, _column_index(letters[:4]) + 1)
    refuse_size(1, extras.width)
    count = body.count(b"<row ") + body.count(b":row ")
    if b'hidden="' in body:
        for row in _ROW.finditer(body):
            if _HIDDEN.search(row[1]) and (number := _ROW_NUMBER.search(row[1])):
                extras.hidden_rows.add(int(number[1]) - 1)
    last = body.rfind(b"<row ")
    if last >= 0 and (number := _ROW_NUMBER.search(body[last : last + 400])):
        extras.height = max(extras.height, int(number[1]))
        refuse_size(extras.height, extras.width)
    if b't="e"' in body:
        for found in _ERROR.finditer(body):
            extras.errors[(int(found[2]) - 1, _column_index(found[1]))] = found[3].decode("utf-8", "replace")
    return count


def _column_index(letters: bytes) -> int:
    index = 0
    for letter in letters:
        index = index * 26 + letter - 64
    return index - 1


def _ods_extras(package: zipfile.ZipFile) -> Extras:
    """Hidden rows and spanned cells of an OpenDocument sheet; repeats are counted, never unrolled."""
    extras: Extras = {}
    current, row = SheetExtras(), 0
    with package.open("content.xml") as part:
        for event, node in ElementTree.iterparse(part, events=("start", "end")):
            tag = node.tag.rsplit("}", 1)[-1]
            if event == "start" and tag == "table":
                name = next((v for k, v in node.attrib.items() if k.endswith("}name")), "")
                current, row = extras.setdefault(name, SheetExtras()), 0
            elif event == "end" and tag == "table-row":
                attributes = {k.rsplit("}", 1)[-1]: v for k, v in node.attrib.items()}
                repeated = int(attributes.get("number-rows-repeated", "1"))
                width = _ods_width(node)
                if width:
                    refuse_size(row + repeated, width)
                    current.merged.extend(_ods_merged(node, row))
                if attributes.get("visibility") in ("collapse", "filter"):
                    current.hidden_rows.update(range(row, row + min(repeated, MAX_ROWS)))
                row += repeated
                node.clear()
    return extras


def _ods_width(row: Element) -> int:
    """Columns up to the last one with a value; 0 for a blank row."""
    width = filled = 0
    for cell in row:
        attributes = {k.rsplit("}", 1)[-1]: v for k, v in cell.attrib.items()}
        width += int(attributes.get("number-columns-repeated", "1"))
        if "value-type" in attributes:
            filled = width
    return filled


def _ods_merged(row: Element, at: int) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    found: list[tuple[tuple[int, int], tuple[int, int]]] = []
    column = 0
    for cell in row:
        attributes = {k.rsplit("}", 1)[-1]: v for k, v in cell.attrib.items()}
        down, across = (
            int(attributes.get("number-rows-spanned", "1")),
            int(attributes.get("number-columns-spanned", "1")),
        )
        if down > 1:
            found.append(((at, column), (at + min(down, MAX_ROWS) - 1, column + across - 1)))
        column += int(attributes.get("number-columns-repeated", "1"))
    return found


def _workbook(content: bytes, kind: ListKind, extras: Extras, doubts: tuple[str, ...] = ()) -> Document:
    try:
        book = CalamineWorkbook.from_filelike(BytesIO(content))
        metadata = book.sheets_metadata
        if len(metadata) > MAX_SHEETS:
            raise UnreadableFile(
                "too_many_sheets", f"The file has more than {MAX_SHEETS} sheets. Please send those with lots."
            )
        grids: list[Grid] = []
        for number, meta in enumerate(metadata):
            if meta.typ is not SheetTypeEnum.WorkSheet:
                continue
            sheet = book.get_sheet_by_name(meta.name)
            refuse_size(sheet.total_height, sheet.total_width)
            texts = _Texts()
            rows: list[list[Cell]] = [
                [texts[c] if type(c) is str else c if type(c) is float else _cell(c) for c in row]
                for row in sheet.to_python(skip_empty_area=False)
            ]
            more = extras.get(meta.name) or extras.get(number) or SheetExtras()
            for (row, column), text in more.errors.items():
                if row < len(rows) and column < len(rows[row]):
                    rows[row][column] = CellError(text or "#N/A")
            hidden = meta.visible is not SheetVisibleEnum.Visible
            merged = sheet.merged_cell_ranges or more.merged
            grids.append(Grid(meta.name, rows, hidden, more.hidden_rows, more.hidden_columns, merged))
    except PasswordError as error:
        raise UnreadableFile(
            "password_protected", "The file is protected with a password. Please send it without a password."
        ) from error
    except (CalamineError, OSError, ValueError) as error:
        raise UnreadableFile("damaged", DAMAGED) from error
    return Document(kind, grids, doubts=doubts)


class _Texts(dict[str, Cell]):
    """Lists repeat their words: each is looked at, and kept, once in a sheet."""

    def __missing__(self, text: str) -> Cell:
        cell = self[text] = _cell(text)
        return cell


def _cell(value: int | float | str | bool | time | date | datetime | timedelta) -> Cell:
    if isinstance(value, str):
        if value[:1] in ("#", "E") and (value in ERROR_TEXTS or _ODS_ERROR.match(value)):
            return CellError(value)
        return unguarded(value) if value and not value.isspace() else None
    if isinstance(value, float):
        return value
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, date):
        return value
    return float(value) if isinstance(value, int) else str(value)
