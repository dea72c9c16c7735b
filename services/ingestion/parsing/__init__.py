"""Reading of surplus lists: pure, without clock, network or disk.

``read_list`` reads a file, ``revalidate`` checks what a person typed over one of its rows; both keep the same rules.
"""

from services.ingestion.parsing.edits import revalidate
from services.ingestion.parsing.model import (
    ColumnReading,
    ListReading,
    MillContext,
    Problem,
    RowReading,
    SheetFacts,
    UnreadableFile,
)
from services.ingestion.parsing.reading import read_list

__all__ = [
    "read_list",
    "revalidate",
    "ListReading",
    "MillContext",
    "RowReading",
    "ColumnReading",
    "SheetFacts",
    "Problem",
    "UnreadableFile",
]
