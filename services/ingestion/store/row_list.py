"""Rows of a batch, as they are listed."""

from uuid import UUID

from services.ingestion.domain.batches import RowStatus
from services.ingestion.store.rows import BatchRow
from shared.db import Conn
from shared.filtering import Field, Kind, Listing
from shared.keyset import Found, Question

ROWS = Listing(
    {
        "status": Field(Kind.TEXT, "status", words=tuple(RowStatus)),
        "action": Field(Kind.TEXT, "action", nullable=True),
        "sheet": Field(Kind.TEXT, "sheet", nullable=True),
        "row_number": Field(Kind.INTEGER, "row_number", nullable=True),
        "place": Field(Kind.INTEGER, "place"),
        "lot_key": Field(Kind.TEXT, "lot_key", nullable=True),
        "item_id": Field(Kind.ID, "item_id", nullable=True),
        "outcome": Field(Kind.TEXT, "outcome", nullable=True),
    },
    id="row_id",
    sort="place",
)


async def list_rows(conn: Conn, question: Question, *, batch_id: UUID) -> Found[BatchRow]:
    """Rows of one list, in the order of the file unless asked otherwise."""
    return await question.fetch(
        conn,
        BatchRow,
        """
        SELECT {mark}, row_id, place, sheet, row_number, status, action, lot_key, lot, partial, source_values, problems,
               defaulted, changed, part, lot_version, item_id, outcome, outcome_reason, undo_version, undo_outcome,
               undo_reason
        FROM batch_row
        WHERE batch_id = %(batch_id)s {filters}
        {order}
        """,
        {"batch_id": batch_id},
    )
