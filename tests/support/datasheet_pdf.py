"""Data sheets drawn for tests: text at places on a page, as mills' layout programs leave it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from fpdf import FPDF

Row = Sequence[str]


@dataclass(frozen=True, slots=True)
class Table:
    """Cells at fixed distances from ``x``, downwards from ``y``, all in millimetres. A line feed breaks a cell."""

    rows: Sequence[Row]
    widths: Sequence[float]
    x: float = 15
    y: float = 60
    pitch: float = 6
    ruled: bool = False


class Sheet:
    """A page with a title and an opening sentence."""

    def __init__(self, title: str, opening: str = "") -> None:
        self._pdf = FPDF(format="A4")
        self._pdf.set_creation_date(datetime(2026, 3, 2, tzinfo=UTC))
        self.page()
        self.text(15, 25, title, size=20)
        if opening:
            self.text(15, 35, opening, size=9)

    def page(self) -> None:
        self._pdf.add_page()

    def text(self, x: float, y: float, text: str, *, size: float = 8) -> "Sheet":
        self._pdf.set_font("Helvetica", size=size)
        self._pdf.text(x, y, text)
        return self

    def table(self, table: Table) -> "Sheet":
        """Draw it; lines within a cell are 3 mm apart, rows further."""
        y = table.y
        for row in table.rows:
            deepest = 0
            x = table.x
            for cell, width in zip(row, table.widths, strict=False):
                for number, line in enumerate(cell.split("\n")):
                    self.text(x, y + 3 * number, line, size=7)
                    deepest = max(deepest, number)
                x += width
            y += table.pitch + 3 * deepest
            if table.ruled:
                self._pdf.line(table.x, y - 4, table.x + sum(table.widths), y - 4)
        return self

    def bytes(self) -> bytes:
        return bytes(self._pdf.output())
