"""Grids of cells become files again: small writers, without a spreadsheet library, for thousands of lists a minute."""

import csv
import io
import zipfile
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Literal
from xml.sax.saxutils import escape, quoteattr

from services.ingestion.parsing.sheets import Cell, CellError, Grid

FileKind = Literal["xlsx", "ods", "html", "csv"]
_EPOCH = date(1899, 12, 30)
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_STYLES = (
    f'{_HEAD}<styleSheet xmlns="{_MAIN}"><fonts count="1"><font/></fonts><fills count="1"><fill/></fills>'
    '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
    '<cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14" applyNumberFormat="1"/></cellXfs></styleSheet>'
)
_HIDDEN = ' state="hidden"'
_OFFICE = "urn:oasis:names:tc:opendocument:xmlns"


def as_text(cell: Cell, mark: str) -> str:
    """A cell as a file without types writes it."""
    if isinstance(cell, float):
        text = f"{cell:.12g}" if abs(cell) < 1e11 else f"{cell:.0f}"
        return text.replace(".", mark)
    if isinstance(cell, date):
        return cell.strftime("%d.%m.%Y") if mark == "," else cell.isoformat()
    return "" if cell is None else str(cell)


def csv_file(grid: Grid, *, delimiter: str, encoding: str, mark: str) -> bytes:
    """One sheet as text; a letter the code page does not have becomes a question mark."""
    target = io.StringIO()
    writer = csv.writer(target, delimiter=delimiter, lineterminator="\r\n")
    writer.writerows([as_text(c, mark) for c in row] for row in grid.rows)
    return target.getvalue().encode(encoding, "replace")


def html_file(grid: Grid, *, mark: str) -> bytes:
    """One sheet as the table many programs save under the name of a spreadsheet."""
    lines = ["<html><head><meta charset='utf-8'></head><body><table border=1>"]
    for row in grid.rows:
        lines.append("<tr>" + "".join(f"<td>{escape(as_text(c, mark))}</td>" for c in row) + "</tr>")
    return "\n".join([*lines, "</table></body></html>"]).encode()


def _zipped(parts: Iterable[tuple[str, str]]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as package:
        for name, content in parts:
            package.writestr(name, content)
    return target.getvalue()


def xlsx_file(grids: Sequence[Grid]) -> bytes:
    """A workbook with everything a grid knows: hidden parts, merged cells, errors and dates."""
    names = [grid.name or f"Sheet{n}" for n, grid in enumerate(grids, 1)]
    sheets = "".join(
        f'<sheet name={quoteattr(name)} sheetId="{n}"{_HIDDEN if grid.hidden else ""} r:id="r{n}"/>'
        for n, (name, grid) in enumerate(zip(names, grids, strict=True), 1)
    )
    links = "".join(
        f'<Relationship Id="r{n}" Type="{_RELATIONS}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n in range(1, len(grids) + 1)
    )
    links += f'<Relationship Id="s" Type="{_RELATIONS}/styles" Target="styles.xml"/>'
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    types = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{kind}.worksheet+xml"/>'
        for n in range(1, len(grids) + 1)
    )
    return _zipped(
        [
            (
                "[Content_Types].xml",
                f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
                'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
                f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
                f'<Override PartName="/xl/styles.xml" ContentType="{kind}.styles+xml"/>{types}</Types>',
            ),
            (
                "_rels/.rels",
                f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="w" '
                f'Type="{_RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
            ),
            (
                "xl/workbook.xml",
                f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}"><sheets>{sheets}</sheets></workbook>',
            ),
            (
                "xl/_rels/workbook.xml.rels",
                f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">{links}</Relationships>',
            ),
            ("xl/styles.xml", _STYLES),
            *((f"xl/worksheets/sheet{n}.xml", _xlsx_sheet(grid)) for n, grid in enumerate(grids, 1)),
        ]
    )  # fmt: skip


def _xlsx_sheet(grid: Grid) -> str:
    columns = "".join(f'<col min="{c + 1}" max="{c + 1}" width="9" hidden="1"/>' for c in sorted(grid.hidden_columns))
    lines = [f'{_HEAD}<worksheet xmlns="{_MAIN}">', f"<cols>{columns}</cols>" if columns else "", "<sheetData>"]
    for number, row in enumerate(grid.rows):
        hidden = ' hidden="1"' if number in grid.hidden_rows else ""
        cells = "".join(
            _xlsx_cell(cell, f"{letters(at)}{number + 1}") for at, cell in enumerate(row) if cell is not None
        )
        lines.append(f'<row r="{number + 1}"{hidden}>{cells}</row>')
    lines.append("</sheetData>")
    if grid.merged:
        spans = "".join(
            f'<mergeCell ref="{letters(left)}{top + 1}:{letters(right)}{bottom + 1}"/>'
            for (top, left), (bottom, right) in grid.merged
        )
        lines.append(f"<mergeCells>{spans}</mergeCells>")
    return "".join([*lines, "</worksheet>"])


def _xlsx_cell(cell: Cell, place: str) -> str:
    if isinstance(cell, CellError):
        return f'<c r="{place}" t="e"><v>{escape(cell)}</v></c>'
    if isinstance(cell, float):
        return f'<c r="{place}"><v>{cell:.15g}</v></c>'
    if isinstance(cell, date):
        return f'<c r="{place}" s="1"><v>{(cell - _EPOCH).days}</v></c>'
    return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{escape(str(cell))}</t></is></c>'


def letters(index: int) -> str:
    """The name of a column, counted from 0."""
    name = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        name = chr(65 + rest) + name
    return name


def ods_file(grids: Sequence[Grid]) -> bytes:
    """An OpenDocument sheet; hidden rows only."""
    tables: list[str] = []
    for number, grid in enumerate(grids, 1):
        tables.append(f"<table:table table:name={quoteattr(grid.name or f'Sheet{number}')}>")
        for at, row in enumerate(grid.rows):
            hidden = ' table:visibility="collapse"' if at in grid.hidden_rows else ""
            tables.append(f"<table:table-row{hidden}>{''.join(_ods_cell(c) for c in row)}</table:table-row>")
        tables.append("</table:table>")
    spaces = "".join(f' xmlns:{name}="{_OFFICE}:{name}:1.0"' for name in ("office", "table", "text"))
    body = f"<office:body><office:spreadsheet>{''.join(tables)}</office:spreadsheet></office:body>"
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    manifest = (
        f'{_HEAD}<manifest:manifest xmlns:manifest="{_OFFICE}:manifest:1.0">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/>'
        '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>'
    )
    content = f"{_HEAD}<office:document-content{spaces}>{body}</office:document-content>"
    return _zipped([("mimetype", kind), ("content.xml", content), ("META-INF/manifest.xml", manifest)])


def _ods_cell(cell: Cell) -> str:
    if cell is None:
        return "<table:table-cell/>"
    if isinstance(cell, float):
        return f'<table:table-cell office:value-type="float" office:value="{cell:.15g}"/>'
    if isinstance(cell, date):
        return f'<table:table-cell office:value-type="date" office:date-value="{cell.isoformat()}"/>'
    paragraph = f"<text:p>{escape(str(cell))}</text:p>"
    return f'<table:table-cell office:value-type="string">{paragraph}</table:table-cell>'
