"""Files that are no list, or a list in a shape nobody expects: a plain refusal, quickly."""

import time
import zipfile
from io import BytesIO

import pytest
from openpyxl import Workbook

from services.ingestion.parsing import ListReading, MillContext, UnreadableFile, read_list
from tests.support.lists import ROOT, TODAY

MILL = MillContext("DE", "de")
HEADER = "Lot;Grade;gsm;Width mm;Weight kg"
ROW = "1;LWC;60;1000;2000"
LIST = f"{HEADER}\n{ROW}\n"
WORKBOOK = (ROOT / "samples/lists/brine_stocklots_w47.xlsx").read_bytes()
SHEET = "xl/worksheets/sheet1.xml"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def read(content: bytes) -> ListReading:
    return read_list(content, file_name="list.xlsx", mill=MILL, today=TODAY)


def zipped(parts: dict[str, bytes]) -> bytes:
    package = BytesIO()
    with zipfile.ZipFile(package, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in parts.items():
            target.writestr(name, content)
    return package.getvalue()


def with_part(name: str, content: bytes) -> bytes:
    with zipfile.ZipFile(BytesIO(WORKBOOK)) as source:
        return zipped({n: source.read(n) for n in source.namelist() if n != name} | {name: content})


def sheet_of(rows: bytes) -> bytes:
    namespace = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    return with_part(SHEET, b"<worksheet " + namespace + b"><sheetData>" + rows + b"</sheetData></worksheet>")


def circular() -> bytes:
    """A compound file whose chain of sectors leads back to itself."""
    header = bytearray(512)
    header[:8], header[30:32] = OLE, b"\x09\x00"
    header[48:52] = (1).to_bytes(4, "little")  # the directory starts in sector 1
    header[60:64] = header[68:72] = b"\xfe\xff\xff\xff"
    header[76:80] = bytes(4)  # the table is sector 0
    header[80:512] = b"\xff" * 432
    table = b"\xfd\xff\xff\xff" + (1).to_bytes(4, "little") + b"\xff" * 504
    return bytes(header) + table + bytes(512) * 2


ENTITIES = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "b"><!ENTITY c "&b;&b;">]><workbook>&c;</workbook>'
MANY_ROWS = b"".join(b'<row r="%d"><c r="A%d"><v>1</v></c></row>' % (i, i) for i in range(1, 250_001))
REFUSED = {
    "empty": (b"", "empty"),
    "blank": (b"  \n\n", "empty"),
    "picture": (b"\x89PNG\r\n\x1a\n" + b"\0" * 90, "not_a_list"),
    "pdf": (b"%PDF-1.7 x", "not_a_list"),
    "zip": (zipped({"a.txt": b"hello"}), "not_a_list"),
    "json": (b'{"lots": []}', "not_a_list"),
    "garbage": (bytes(range(256)) * 400, "binary"),
    "nul": (b"a;b\x00;c\n1;2;3", "binary"),
    "cut off": (WORKBOOK[:4000], "damaged"),
    "broken ole": (OLE + b"\0" * 900, "damaged"),
    "circular ole": (circular(), "damaged"),
    "password": (OLE + b"\0" * 900 + "EncryptedPackage".encode("utf-16-le"), "password_protected"),
    "entities": (with_part("xl/workbook.xml", ENTITIES), "damaged"),
    "bomb": (zipped({"xl/workbook.xml": b"<a/>", "xl/b.xml": b" " * 300_000_000}), "too_large"),
    "many rows": (sheet_of(MANY_ROWS), "too_many_rows"),
    "far row": (sheet_of(b'<row r="1048576"><c r="A1048576"><v>1</v></c></row>'), "too_many_rows"),
    "far column": (sheet_of(b'<row r="1"><c r="XFD1"><v>1</v></c></row>'), "too_many_columns"),
    "many lines": (HEADER.encode() + b"\n" + f"{ROW}\n".encode() * 250_000, "too_many_rows"),
    "header only": (HEADER.encode(), "no_rows"),
    "open quote": (f'{HEADER}\n1;"LWC;60;1000;2000\n'.encode() + f"{ROW}\n".encode() * 5, "bad_csv"),
    "huge cell": (LIST.encode() + b"2;LWC;60;1000;" + b"9" * 300_000, "bad_csv"),
}


@pytest.mark.parametrize(("content", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_file_when_it_is_no_list_then_refused_in_plain_words_and_quickly(content: bytes, code: str) -> None:
    started = time.perf_counter()

    with pytest.raises(UnreadableFile) as refusal:
        read(content)

    assert refusal.value.code == code
    assert refusal.value.message.endswith((".", "?"))
    assert time.perf_counter() - started < 5


def test_file_when_its_declared_size_lies_then_refused() -> None:
    parts = {"xl/workbook.xml": b"<a/>", "xl/_rels/workbook.xml.rels": b"<a/>", "xl/b.xml": b"x" * 9_000_000}
    real, small = (9_000_000).to_bytes(4, "little"), (900).to_bytes(4, "little")
    lying = zipped(parts).replace(real, small)

    with pytest.raises(UnreadableFile) as refusal:
        read(lying)

    assert refusal.value.code == "damaged"


@pytest.mark.parametrize(
    ("content", "encoding", "delimiter"),
    [
        (LIST.encode("utf-16"), "utf-16", ";"),
        (LIST.encode("utf-16-le"), "utf-16-le", ";"),
        (LIST.encode("utf-8-sig"), "utf-8-sig", ";"),
        (LIST.replace(";", "\t").encode(), "utf-8", "\t"),
        (LIST.replace(";", "|").encode(), "utf-8", "|"),
        (f"sep=,\n{LIST.replace(';', ',')}".encode(), "utf-8", ","),
        ("Partia;Gatunek;Gramatura;Szerokość mm;Waga kg\n1;LWC;60;1000;2000\n".encode("cp1250"), "cp1250", ";"),
    ],
)
def test_csv_when_in_another_code_page_or_delimiter_then_read(content: bytes, encoding: str, delimiter: str) -> None:
    mill = MillContext("PL", "pl") if encoding == "cp1250" else MILL
    reading = read_list(content, file_name="list.csv", mill=mill, today=TODAY)

    assert (reading.encoding, reading.delimiter) == (encoding, delimiter)
    assert [r.values.gsm for r in reading.rows if r.values] == [60]


def test_html_when_it_calls_itself_xls_then_read() -> None:
    cells = "".join(f"<tr>{''.join(f'<td>{c}</td>' for c in line.split(';'))}</tr>" for line in LIST.split("\n"))
    reading = read(f"<html><table>{cells}</table></html>".encode())

    assert (reading.kind, [r.values.width_mm for r in reading.rows if r.values]) == ("html", [1000])


def test_text_when_without_a_list_then_a_person_is_asked() -> None:
    reading = read(b"Dear all,\n\nnothing to offer this week.\n")

    assert [p.code for p in reading.review_reasons] == ["no_header"]
    assert not any(r.values for r in reading.rows)


def test_workbook_when_rows_and_columns_are_hidden_then_only_the_visible_is_read() -> None:
    book = Workbook()
    sheet = book.worksheets[0]
    for line in (*LIST.strip().split("\n"), "2;LWC;57;1200;2500", "3;LWC;54;1100;2500"):
        sheet.append([int(c) if c.isdigit() else c for c in line.split(";")])
    sheet.cell(1, 6, "Price EUR/t")
    sheet.cell(2, 6, 999)
    sheet.row_dimensions[3].hidden = True
    sheet.column_dimensions["F"].hidden = True
    raw = BytesIO()
    book.save(raw)
    reading = read(raw.getvalue())

    assert [(r.row, r.kind) for r in reading.rows] == [(1, "header"), (2, "lot"), (3, "hidden"), (4, "lot")]
    assert [r.values.price for r in reading.rows if r.values] == [None, None]


def test_workbook_when_a_cell_is_an_error_then_the_row_is_rejected_not_blank() -> None:
    book = Workbook()
    sheet = book.worksheets[0]
    for line in LIST.strip().split("\n"):
        sheet.append([int(c) if c.isdigit() else c for c in line.split(";")])
    cell = sheet.cell(2, 5, "#REF!")
    cell.data_type = "e"
    raw = BytesIO()
    book.save(raw)
    row = read(raw.getvalue()).rows[1]

    assert row.values is None
    assert [(p.field, p.code, p.raw) for p in row.problems] == [("weight_net_kg", "cell_error", "#REF!")]
