"""Files that want to harm whoever opens them, or pretend to be something else."""

import io
import zipfile
from collections.abc import Iterable

from bench.mutants.files import xlsx_file
from services.ingestion.parsing.sheets import Cell, Grid

HEADER = "Lot;Grade;gsm;Width mm;Weight kg"
LIST = f"{HEADER}\n1;LWC;60;1000;2000\n2;LWC;57;1100;2100\n3;LWC;54;1200;2200\n".encode()
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_LINK = f'<Relationship Id="r1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
_RELATIONS = (
    f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{_LINK}</Relationships>'
)
_BOOK = (
    f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>'
)
_LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
BILLION = f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY l0 "lol">{_LAUGHS}]>'
OUTSIDE = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/hostname">]>'
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def zipped(parts: Iterable[tuple[str, bytes | str]]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as package:
        for name, content in parts:
            package.writestr(name, content)
    return target.getvalue()


def workbook(rows: bytes) -> bytes:
    sheet = f'<worksheet xmlns="{_MAIN}"><sheetData>'.encode() + rows + b"</sheetData></worksheet>"
    parts = [
        ("xl/workbook.xml", _BOOK),
        ("xl/_rels/workbook.xml.rels", _RELATIONS),
        ("xl/worksheets/sheet1.xml", sheet),
    ]
    return zipped(parts)


def real_workbook(more: Iterable[tuple[str, bytes | str]] = (), *, head: str = "", last: str = "") -> bytes:
    """The list as xlsx with more parts in its archive; ``head`` before the sheet, ``last`` in a cell of its own."""
    rows: list[list[Cell]] = [list(line.split(";")) for line in LIST.decode().strip().split("\n")]
    rows[-1].append("LAST")
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(xlsx_file([Grid("S", rows)]))) as source, zipfile.ZipFile(target, "w") as package:
        for name in source.namelist():
            part = source.read(name).decode()
            if name.endswith("sheet1.xml"):
                part = head + part.partition("?>")[2].replace("LAST", last or "none")
            package.writestr(name, part)
        for name, content in more:
            package.writestr(name, content)
    return target.getvalue()


def ods(head: str, text: str) -> bytes:
    office = "urn:oasis:names:tc:opendocument:xmlns"
    spaces = " ".join(f'xmlns:{name}="{office}:{name}:1.0"' for name in ("office", "table", "text"))
    cell = f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>'
    body = f"<table:table table:name='A'><table:table-row>{cell}</table:table-row></table:table>"
    content = (
        f"{head}<office:document-content {spaces}><office:body><office:spreadsheet>{body}"
        "</office:spreadsheet></office:body></office:document-content>"
    )
    return zipped([("mimetype", "application/vnd.oasis.opendocument.spreadsheet"), ("content.xml", content)])


def lying_size() -> bytes:
    """The directory says 900 bytes, the part holds nine million."""
    parts = [("xl/workbook.xml", _BOOK), ("xl/_rels/workbook.xml.rels", _RELATIONS), ("xl/b.xml", b"x" * 9_000_000)]
    return zipped(parts).replace((9_000_000).to_bytes(4, "little"), (900).to_bytes(4, "little"))


def million_rows() -> bytes:
    return workbook(b"".join(b'<row r="%d"><c r="A%d"><v>1</v></c></row>' % (n, n) for n in range(1, 1_000_001)))


# name -> the file and the code of the refusal
REFUSED: dict[str, tuple[bytes, str]] = {
    "bomb by declared size": (zipped([("xl/workbook.xml", _BOOK), ("xl/b.xml", b" " * 300_000_000)]), "too_large"),
    "bomb by real size": (lying_size(), "damaged"),
    "bomb by entries": (zipped([("xl/workbook.xml", _BOOK), *((f"xl/{n}.xml", "") for n in range(5000))]), "too_large"),
    "billion laughs in the workbook": (
        zipped([("xl/workbook.xml", f"{BILLION}<a>&l9;</a>"), ("xl/_rels/workbook.xml.rels", _RELATIONS)]),
        "damaged",
    ),
    "billion laughs in an ods": (ods(BILLION, "&l9;"), "damaged"),
    "external entity in an ods": (ods(OUTSIDE, "&e;"), "damaged"),
    "password": (OLE + b"\0" * 900 + "EncryptedPackage".encode("utf-16-le"), "password_protected"),
    "a program called xlsx": (b"MZ" + b"\0" * 4000, "not_a_list"),
    "a pdf called xlsx": (b"%PDF-1.7 ...", "not_a_list"),
    "a million rows": (million_rows(), "too_many_rows"),
    "a million lines": (LIST + b"4;LWC;60;1000;2000\n" * 1_000_000, "too_many_rows"),
    "csv with nul": (LIST.replace(b"LWC", b"L\0C"), "binary"),
    "one line of 25 MB": (b"9;" * 12_500_000, "bad_csv"),
}
# name -> a file that only looks dangerous: its list is read, and nothing else of it
READ: dict[str, bytes] = {
    "names that climb out of the folder": real_workbook(
        [("../../../../tmp/offcut-was-here", "x"), ("/etc/offcut-was-here", "x")]
    ),
    "macros": real_workbook([("xl/vbaProject.bin", OLE + b"Sub AutoOpen()" * 50)]),
    "utf-16": LIST.decode().encode("utf-16"),
    "html called xls": b"<html><table>"
    + b"".join(b"<tr><td>" + line.replace(b";", b"</td><td>") + b"</td></tr>" for line in LIST.strip().split(b"\n"))
    + b"</table></html>",
    "formulas as text": LIST.replace(b"1;LWC", b"=cmd|' /C calc'!A0;LWC"),
}
