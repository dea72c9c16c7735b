"""Rows as a person left them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from uuid import UUID

import orjson

from services.ingestion.domain.batches import Finding, RowStatus
from services.ingestion.store.rows import lot_json
from shared.contracts.types import LotValues
from shared.db import Conn, execute


@dataclass(frozen=True, slots=True)
class Edited:
    """A row after a person changed it, or after its neighbours were."""

    row_id: UUID
    status: RowStatus
    lot_key: str | None
    values: LotValues | None
    findings: Sequence[Finding]


async def save_edited(conn: Conn, edited: Sequence[Edited]) -> None:
    await execute(
        conn,
        """
        UPDATE batch_row AS r
        SET status = e.status, lot_key = e.lot_key, lot = e.lot, problems = e.problems, action = NULL, changed = '{}'
        FROM unnest(%(row_ids)s::uuid[], %(statuses)s::text[], %(lot_keys)s::text[], %(lots)s::jsonb[],
                    %(problems)s::jsonb[]) AS e (row_id, status, lot_key, lot, problems)
        WHERE r.row_id = e.row_id
        """,
        {
            "row_ids": [one.row_id for one in edited],
            "statuses": [one.status.value for one in edited],
            "lot_keys": [one.lot_key for one in edited],
            "lots": [None if one.values is None else orjson.dumps(lot_json(one.values)).decode() for one in edited],
            "problems": [orjson.dumps([asdict(found) for found in one.findings]).decode() for one in edited],
        },
    )


async def exclude_withdrawals(conn: Conn, row_ids: Sequence[UUID], *, excluded: bool) -> None:
    """Keep lots on the market that the list no longer has, or propose again to withdraw them."""
    await execute(
        conn,
        """
        UPDATE batch_row
        SET status = CASE WHEN %(excluded)s THEN 'excluded' ELSE 'valid' END
        WHERE row_id = ANY (%(row_ids)s) AND action = 'withdraw'
        """,
        {"row_ids": list(row_ids), "excluded": excluded},
    )
