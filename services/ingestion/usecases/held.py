"""A batch in the hands of a person: locked, in the version he saw, in a state that allows what he wants."""

from uuid import UUID

from services.ingestion.domain.batches import TRANSITIONS, BatchStatus, sources_of
from services.ingestion.errors import BatchNotFound, BatchNotReady, MillNotApproved
from services.ingestion.store import batches, mills
from services.ingestion.store.batches import Batch
from services.ingestion.store.mills import Mill
from shared.db import Conn
from shared.preconditions import check_version


async def held(
    conn: Conn, batch_id: UUID, *, mill_id: UUID | None, expected: int, target: BatchStatus, verb: str
) -> tuple[Batch, Mill]:
    """The batch and its mill, locked, in the version the person saw and in a state that allows ``target``."""
    found = await batches.find_batch(conn, batch_id, mill_id=mill_id)
    mill = None if found is None else await mills.lock_mill(conn, found.mill_id)
    batch = None if mill is None else await batches.find_batch(conn, batch_id, mill_id=mill_id)
    if batch is None or mill is None:
        raise BatchNotFound
    if not mill.approved and target is not BatchStatus.CANCELLED:
        raise MillNotApproved  # a suspended mill may look, and throw away
    check_version(batch.version, expected)
    if target not in TRANSITIONS[BatchStatus(batch.status)]:
        raise BatchNotReady(status=batch.status, allowed=sources_of(target), verb=verb)
    return batch, mill
