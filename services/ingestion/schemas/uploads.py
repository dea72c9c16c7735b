"""A list as it is sent: a file with a form around it, or rows as JSON."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StrictFloat, StrictInt, StringConstraints

from services.ingestion.schemas.rows import Word
from shared import export
from shared.bodies import RequestBody
from shared.export import Format, Value

ROWS_PER_REQUEST_MAX = 5_000
COLUMNS_MAX = 100
CellIn = Annotated[str, StringConstraints(strict=True, max_length=2_000)] | StrictInt | StrictFloat | None


class ListSettings(RequestBody):
    """What holds for a list however it is sent.

    ``list_mode``: ``snapshot`` withdraws lots of such a list that are missing now, ``append`` leaves them.
    ``mapping_profile_id``: read it with this mapping, whatever its header. ``force``: take the same list again.
    """

    mill_id: UUID | None = Field(None, description="whose list; only for operators")
    list_mode: Literal["snapshot", "append"] = "snapshot"
    mapping_profile_id: UUID | None = None
    force: bool = False


class RowsIn(ListSettings):
    """Rows by the mill's own column names, as its spreadsheet has them; they are read as a file with that header is.

    Numbers are numbers: ``1.25`` is never twelve hundred and fifty. The columns are in the order of their first use.
    """

    file_name: Word = "rows.xlsx"
    rows: list[dict[Word, CellIn]] = Field(min_length=1, max_length=ROWS_PER_REQUEST_MAX)

    def headers(self) -> list[str]:
        return list(dict.fromkeys(name for row in self.rows for name in row))

    def content(self) -> bytes:
        """The same rows as a spreadsheet, byte for byte the same each time."""
        headers = self.headers()
        table: list[list[Value]] = [list(headers), *([row.get(name) for name in headers] for row in self.rows)]
        return export.table(Format.XLSX, table)
