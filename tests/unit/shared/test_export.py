"""Files are written while their rows are read, and a spreadsheet calculates nothing that somebody typed."""

import io
import zipfile
from collections.abc import AsyncGenerator
from secrets import token_hex
from typing import Any

import openpyxl
import pytest

from shared.export import CELL_CHARS_MAX, Column, Format, safe, stream, wanted

COLUMNS = [Column(("id",)), Column(("price",), numeric=True), Column(("place", "town"))]
SHEET = Format.XLSX.media_type


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("=1+1", "'=1+1"),
        ("+49 30 1234", "'+49 30 1234"),
        ("-cmd|' /C calc'!A0", "'-cmd|' /C calc'!A0"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("-12.5", "-12.5"),
        ("-7", "-7"),
        ("--7", "'--7"),
        ("plain = text", "plain = text"),
        ("0017", "0017"),
        ("x" * 40_000, "x" * CELL_CHARS_MAX),
    ],
)
def test_text_when_it_looks_like_a_formula_then_defused(text: str, kept: str) -> None:
    assert safe(text) == kept


@pytest.mark.parametrize(
    ("accept", "found"),
    [
        ("", None),
        ("*/*", None),
        ("application/json, text/csv;q=0.9", None),
        ("text/csv", Format.CSV),
        (f"text/csv;q=0.5, {SHEET}", Format.XLSX),
        ("text/csv;q=0", None),
        ("text/csv;q=nonsense", None),
        ("TEXT/CSV", Format.CSV),
    ],
)
def test_accept_when_read_then_the_file_that_is_wanted_most(accept: str, found: Format | None) -> None:
    assert wanted(accept) == found


@pytest.mark.parametrize("kind", list(Format))
async def test_file_when_streamed_then_begun_before_the_rows_are_read_and_given_away_page_by_page(kind: Format) -> None:
    read: list[int] = []

    async def pages() -> AsyncGenerator[list[dict[str, Any]]]:
        for number in range(30):
            read.append(number)
            yield [{"id": token_hex(64), "price": "-1.5"} for _ in range(200)]

    parts = stream(kind, COLUMNS, pages())
    first = await anext(parts)
    assert (bool(first), read) == (True, [])
    sizes = [len(part) async for part in parts]
    assert len(sizes) == len(read) + 1
    assert sum(1 for size in sizes if size) >= 10  # given away while it goes on
    assert max(sizes) < sum(sizes) / 5  # and not all at the end


async def test_xlsx_when_opened_then_cells_are_what_they_were() -> None:
    async def pages() -> AsyncGenerator[list[dict[str, Any]]]:
        yield [{"id": "=1+1", "price": "-612.50", "place": {"town": "A & <B>\x0b\ud800"}}]
        yield [{"id": "007", "price": None, "place": None}]

    content = b"".join([part async for part in stream(Format.XLSX, COLUMNS, pages())])
    assert zipfile.ZipFile(io.BytesIO(content)).testzip() is None
    rows = list(openpyxl.load_workbook(io.BytesIO(content)).worksheets[0].values)
    assert rows == [("id", "price", "place.town"), ("'=1+1", -612.5, "A & <B>  "), ("007", None, None)]
