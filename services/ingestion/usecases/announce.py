"""Tell the others where a batch stands."""

from collections.abc import Mapping
from uuid import UUID

from services.ingestion.domain.batches import BatchStatus
from services.ingestion.store import batches
from services.ingestion.store.batches import Batch
from shared import outbox
from shared.contracts.base import ActorRef
from shared.contracts.ingestion import BatchCounts, BatchStatusChanged
from shared.db import Conn

PROBLEMS_SHOWN_MAX = 10


def figures(counts: Mapping[str, int]) -> BatchCounts:
    """Counts by row status as they are told."""
    return BatchCounts(
        total=sum(counts.values()),
        valid=counts.get("valid", 0),
        warning=counts.get("warning", 0),
        invalid=counts.get("invalid", 0),
        duplicate=counts.get("duplicate", 0),
        excluded=counts.get("excluded", 0),
        applied=counts.get("applied", 0),
        rejected=counts.get("rejected", 0),
        reverted=counts.get("reverted", 0),
    )


async def announce(
    conn: Conn,
    batch_id: UUID,
    *,
    previous: BatchStatus | None,
    actor: ActorRef | None = None,
    first_reason: str | None = None,
) -> Batch:
    """Publish the batch as it stands now. The mill's row must be locked, so that its events keep their order.

    ``previous`` equal to the status says: it still stands there; ``first_reason`` why that is said again.
    """
    batch = await batches.find_batch(conn, batch_id, mill_id=None)
    if batch is None:
        raise LookupError(f"batch {batch_id} is gone")
    event = BatchStatusChanged(
        batch_id=batch.batch_id,
        mill_id=batch.mill_id,
        version=batch.version,
        status=batch.status,
        previous=previous,
        file_name=batch.file_name,
        reasons=(*((first_reason,) if first_reason else ()), *batch.reasons),
        problems=tuple(batch.problems[:PROBLEMS_SHOWN_MAX]),
        counts=figures(batch.counts),
        message_id=batch.message_id,
        reply_to=batch.reply_to,
        language=batch.language,
    )
    await outbox.add(conn, event, actor=actor)
    return batch
