"""What the rows of a list come to, where whoever wrote them has counted them."""

from collections.abc import Mapping
from decimal import Decimal
from uuid import UUID

from psycopg.types.json import Jsonb

from services.ingestion.domain.batches import Action, RowStatus
from shared.db import Conn, execute


async def set_figures(
    conn: Conn,
    batch_id: UUID,
    *,
    counts: Mapping[RowStatus, int],
    changes: Mapping[Action, int],
    weight_net_kg: Decimal | None,
) -> None:
    """Rows by status and by action, and the weight of what can be listed; ``progress.refresh_figures`` counts anew."""
    await execute(
        conn,
        """
        UPDATE batch
        SET counts = %(counts)s, changes = %(changes)s, weight_net_kg = %(weight_net_kg)s
        WHERE batch_id = %(batch_id)s
        """,
        {
            "batch_id": batch_id,
            "counts": Jsonb({status.value: n for status, n in counts.items()}),
            "changes": Jsonb({action.value: n for action, n in changes.items()}),
            "weight_net_kg": weight_net_kg,
        },
    )
