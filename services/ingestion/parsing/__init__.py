"""Reading of surplus lists: pure, without clock, network or disk."""

from services.ingestion.parsing.model import (
    ColumnReading,
    ListReading,
    MillContext,
    Problem,
    RowReading,
    SheetFacts,
    UnreadableFile,
)

__all__ = [
    "ListReading",
    "MillContext",
    "RowReading",
    "ColumnReading",
    "SheetFacts",
    "Problem",
    "UnreadableFile",
]
