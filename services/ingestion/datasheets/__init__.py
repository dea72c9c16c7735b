"""Reading of data sheets: pure, from words on pages to values with confidence; only ``pdf`` knows the file format."""

from services.ingestion.datasheets.model import (
    PageText,
    SheetReading,
    SheetTolerance,
    SheetValue,
    UnreadableSheet,
    Word,
)
from services.ingestion.datasheets.reading import read_sheet

__all__ = [
    "read_sheet",
    "SheetReading",
    "SheetValue",
    "SheetTolerance",
    "PageText",
    "Word",
    "UnreadableSheet",
]
