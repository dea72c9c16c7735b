"""A sample list on its way to disk: its workbook with the same bytes every time, and beside it what its rows mean."""

import io
import json
import zipfile
from datetime import datetime
from pathlib import Path

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

HERE = Path(__file__).parent / "lists"
MADE = datetime(2026, 11, 18, 9, 0)
Lot = dict[str, object]
BASE: Lot = {
    "width_mm": None, "sheet_w_mm": None, "sheet_l_mm": None, "diameter_mm": None, "core_mm": None, "reel_count": None,
    "price": None, "currency": None, "price_unit": None, "price_per_t": None, "available_from": None,
}  # fmt: skip


class Meaning:
    """Collects what each row of a list means while it is being written."""

    def __init__(self, file: str, mill: dict[str, str], facts: dict[str, object]) -> None:
        self.data: dict[str, object] = {"file": f"lists/{file}", "mill": mill, "facts": facts}
        self.lots: list[Lot] = []
        self.rejected: list[dict[str, object]] = []
        self.others: list[dict[str, object]] = []
        self.warnings: list[dict[str, object]] = []

    def other(self, sheet: str | None, row: int, kind: str) -> None:
        self.others.append({"sheet": sheet, "row": row, "kind": kind})

    def lot(self, sheet: str | None, row: int, lot: Lot) -> None:
        self.lots.append({"sheet": sheet, "row": row, **BASE, **lot})

    def reject(self, sheet: str | None, row: int, *, field: str, code: str) -> None:
        self.rejected.append({"sheet": sheet, "row": row, "field": field, "code": code})

    def save(self) -> None:
        parts = {
            **self.data,
            "lots": self.lots,
            "rejected": self.rejected,
            "not_lots": self.others,
            "warnings": self.warnings,
        }
        path = HERE / "expected" / (Path(str(self.data["file"])).stem + ".json")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(parts, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def save_workbook(book: Workbook, name: str) -> None:
    """openpyxl stamps the hour into the file; the stamps are set back so that the bytes stay the same."""
    book.properties.created = book.properties.modified = MADE
    raw = io.BytesIO()
    book.save(raw)
    with zipfile.ZipFile(raw) as source, zipfile.ZipFile(HERE / name, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            content = source.read(entry)
            if entry.filename == "docProps/core.xml":
                content = _same_stamps(content)
            target.writestr(zipfile.ZipInfo(entry.filename, (2026, 11, 18, 9, 0, 0)), content, zipfile.ZIP_DEFLATED)


def _same_stamps(core: bytes) -> bytes:
    head, mark, tail = core.partition(b"<dcterms:modified")
    _, end, rest = tail.partition(b"</dcterms:modified>")
    return head + mark + b' xsi:type="dcterms:W3CDTF">2026-11-18T09:00:00Z' + end + rest if mark else core


def first_sheet(book: Workbook, title: str) -> Worksheet:
    sheet = book.worksheets[0]
    sheet.title = title
    return sheet
