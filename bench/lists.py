"""Surplus lists of any length as a mill's stock system writes them: a title, a header below it, lots, a total.

Every fiftieth row or so cannot be listed, as in real life: no width, no weight, a grade that is none.
"""

import csv
import io
import random
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from xml.sax.saxutils import escape

HEADER = (
    "Reel lot", "Quality", "Grammage g/m²", "Width (mm)", "Diameter mm", "Core mm", "No. of reels", "Net weight kg",
    "Class", "Price EUR/t", "Warehouse", "Certificate", "Comment",
)  # fmt: skip
_GRADES = (
    ("Testliner 2", (115, 125, 140, 150, 170), (1600, 2500), 590),
    ("Testliner 3", (100, 115, 125, 135), (1600, 2500), 540),
    ("Recycled fluting", (90, 100, 105, 112, 127), (1500, 2450), 500),
    ("Kraftliner brown", (125, 140, 170, 200), (1400, 2500), 660),
    ("Woodfree uncoated", (70, 80, 90, 100, 120), (500, 1300), 850),
    ("LWC", (54, 57, 60, 65, 70), (800, 2000), 700),
    ("Newsprint", (42, 45, 48.8), (800, 1600), 510),
    ("GC2", (220, 240, 270, 300), (600, 1350), 940),
    ("GD2", (250, 280, 300, 350), (600, 1350), 660),
)
_PLACES = ("Mill", "Mill", "Mill", "Hamburg, DE", "Antwerp, BE", "Rotterdam, NL")
_CERTIFICATES = (None, None, "FSC Mix Credit", "PEFC")
_COMMENTS = (None, None, None, "side run", "overmake", "edge damage", "old stock", "cancelled order")
_SPOILED: tuple[tuple[int, object], ...] = ((3, None), (7, "tbd"), (2, 9000), (1, "Miscellaneous"), (7, None))
_SPOILED_SHARE = 0.02
_BULK = 0.75  # tonnes in a cubic metre of a wound reel
Line = Sequence[object]


def lots(count: int, *, seed: int = 1) -> Iterator[list[object]]:
    """The rows below the header; the same for the same seed."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    for number in range(1, count + 1):
        grade, grammages, (narrow, wide), price = chance.choice(_GRADES)
        width = chance.randrange(narrow, wide, 10)
        diameter, reels = chance.choice((1000, 1200, 1250, 1400)), chance.randint(1, 14)
        weight = round((diameter / 1000) ** 2 * 0.78 * width * _BULK * chance.uniform(0.97, 1.02)) * reels
        asked = None if chance.random() < 0.1 else price + chance.randrange(-60, 60, 5)
        row: list[object] = [
            f"B{seed}-{number:06d}", grade, chance.choice(grammages), width, diameter, chance.choice((76, 100, 150)),
            reels, weight, chance.choice(("prime", "A", "A", "B", "C")), asked, chance.choice(_PLACES),
            chance.choice(_CERTIFICATES), chance.choice(_COMMENTS),
        ]  # fmt: skip
        if chance.random() < _SPOILED_SHARE:
            place, value = chance.choice(_SPOILED)
            row[place] = value
        yield row


def _lines(count: int) -> Iterator[Line]:
    total = 0
    yield ["Available surplus"]
    yield []
    yield HEADER
    for row in lots(count):
        total += row[7] if isinstance(row[7], int) else 0
        yield row
    yield ["Total", *[None] * 6, total]


def as_csv(count: int) -> bytes:
    """As a German spreadsheet saves it: semicolons, decimal commas, Windows-1252."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    for line in _lines(count):
        writer.writerow([str(cell).replace(".", ",") if isinstance(cell, float) else cell for cell in line])
    return text.getvalue().encode("cp1252")


def as_xlsx(count: int) -> bytes:
    """As a spreadsheet program saves it: one sheet, texts in a table of their own."""
    texts: dict[str, int] = {}
    rows: list[str] = []
    for number, line in enumerate(_lines(count), start=1):
        cells: list[str] = []
        for column, cell in zip("ABCDEFGHIJKLM", line, strict=False):
            if isinstance(cell, str):
                cells.append(f'<c r="{column}{number}" t="s"><v>{texts.setdefault(cell, len(texts))}</v></c>')
            elif cell is not None:
                cells.append(f'<c r="{column}{number}"><v>{cell}</v></c>')
        rows.append(f'<row r="{number}">{"".join(cells)}</row>')
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{kind}.worksheet+xml"/>'
        f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}.sharedStrings+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships">'
        f'<Relationship Id="rId1" Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>'
        '<sheet name="Stock" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships">'
        f'<Relationship Id="rId1" Type="{office}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="rId2" Type="{office}/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{"".join(rows)}</sheetData></worksheet>',
        "xl/sharedStrings.xml": f'<sst xmlns="{main}">'
        + "".join(f"<si><t>{escape(text)}</t></si>" for text in texts)
        + "</sst>",
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n{part}')
    return packed.getvalue()


KINDS: Mapping[str, Callable[[int], bytes]] = {"xlsx": as_xlsx, "csv": as_csv}
