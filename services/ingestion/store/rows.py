"""Rows of a batch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from pydantic import TypeAdapter

from services.ingestion.domain.batches import Action
from shared.contracts.types import LotValues
from shared.db import Conn, execute, fetch_all

LOT: TypeAdapter[LotValues] = TypeAdapter(LotValues)


def lot_json(values: LotValues) -> dict[str, object]:
    """A lot as it is stored: canonical JSON without what is not stated."""
    return LOT.dump_python(values, mode="json", exclude_none=True)


@dataclass(frozen=True, slots=True)
class BatchRow:
    row_id: UUID
    place: int
    sheet: str | None
    row_number: int | None
    status: str
    action: str | None
    lot_key: str | None
    lot: Mapping[str, object] | None
    partial: Mapping[str, object]
    source_values: Mapping[str, str]
    problems: Sequence[Mapping[str, str | None]]
    defaulted: Sequence[str]
    changed: Sequence[str]
    part: int | None
    lot_version: int | None
    item_id: UUID | None
    outcome: str | None
    outcome_reason: str | None
    undo_version: int | None
    undo_outcome: str | None
    undo_reason: str | None

    @property
    def values(self) -> LotValues | None:
        return None if self.lot is None else LOT.validate_python(self.lot)


async def delete_rows(conn: Conn, batch_id: UUID) -> None:
    """Before a list is read again with another mapping."""
    await execute(conn, "DELETE FROM batch_row WHERE batch_id = %(batch_id)s", {"batch_id": batch_id})


async def rows_of(
    conn: Conn,
    batch_id: UUID,
    *,
    statuses: Sequence[str] | None = None,
    after: int | None = None,
    limit: int | None = None,
) -> list[BatchRow]:
    """In the order of the file, from after place ``after``."""
    return await fetch_all(
        conn,
        BatchRow,
        """
        SELECT row_id, place, sheet, row_number, status, action, lot_key, lot, partial, source_values, problems,
               defaulted, changed, part, lot_version, item_id, outcome, outcome_reason, undo_version, undo_outcome,
               undo_reason
        FROM batch_row
        WHERE batch_id = %(batch_id)s
          AND (%(statuses)s::text[] IS NULL OR status = ANY (%(statuses)s))
          AND (%(after)s::integer IS NULL OR place > %(after)s)
        ORDER BY place
        LIMIT %(limit)s
        """,
        {
            "batch_id": batch_id,
            "statuses": list(statuses) if statuses is not None else None,
            "after": after,
            "limit": limit,
        },
    )


async def set_plan(
    conn: Conn, *, row_ids: Sequence[UUID], actions: Sequence[Action], changed: Sequence[Sequence[str]]
) -> None:
    """What each row will do to its lot."""
    await execute(
        conn,
        """
        UPDATE batch_row AS r
        SET action = p.action, changed = CASE p.changed WHEN '' THEN '{}' ELSE string_to_array(p.changed, ',') END
        FROM unnest(%(row_ids)s::uuid[], %(actions)s::text[], %(changed)s::text[]) AS p (row_id, action, changed)
        WHERE r.row_id = p.row_id
        """,
        {
            "row_ids": list(row_ids),
            "actions": [action.value for action in actions],
            "changed": [",".join(names) for names in changed],
        },
    )


async def delete_withdrawals(conn: Conn, batch_id: UUID) -> None:
    """Rows for lots that the list no longer has; those a person excluded stay."""
    await execute(
        conn,
        "DELETE FROM batch_row WHERE batch_id = %(batch_id)s AND action = 'withdraw' AND status = 'valid'",
        {"batch_id": batch_id},
    )


async def insert_withdrawals(
    conn: Conn, *, batch_id: UUID, row_ids: Sequence[UUID], lot_keys: Sequence[str], first_place: int
) -> None:
    """One row without a place in the file for each lot that the list no longer has."""
    await execute(
        conn,
        """
        INSERT INTO batch_row (row_id, batch_id, place, status, action, lot_key)
        SELECT row_id, %(batch_id)s, %(first_place)s + n::integer - 1, 'valid', 'withdraw', lot_key
        FROM unnest(%(row_ids)s::uuid[], %(lot_keys)s::text[]) WITH ORDINALITY AS w (row_id, lot_key, n)
        """,
        {
            "batch_id": batch_id,
            "row_ids": list(row_ids),
            "lot_keys": list(lot_keys),
            "first_place": first_place,
        },
    )
