"""Rates, lists that catalog has not answered, and approved data sheets, for a subscriber that has to start anew."""

from decimal import Decimal

from services.ingestion.store import datasheets, progress, rates
from services.ingestion.usecases.commits import resend_parts
from services.ingestion.usecases.datasheets import approved_event
from shared import trace
from shared.contracts.ingestion import RatesChanged
from shared.db import Conn
from shared.snapshots import PAGE, paged, publish


async def publish_snapshots(conn: Conn) -> int:
    """Rates of every day, oldest first, every part that waits for its answer, every approved sheet; how many events."""
    published = 0
    async for days in paged(
        lambda after: rates.rates_after(conn, after=after, limit=PAGE), lambda day: (day.dated, day.base)
    ):
        events = [
            RatesChanged(
                dated=day.dated, base=day.base, per_base={name: Decimal(rate) for name, rate in day.per_base.items()}
            )
            for day in days
        ]
        published += await publish(conn, events)
    async for batches in paged(
        lambda after: progress.unanswered(conn, after=after, limit=PAGE), lambda batch: batch.batch_id
    ):
        for batch in batches:
            with trace.tracing(trace.continued(batch.correlation_id)):
                published += await resend_parts(conn, batch_id=batch.batch_id, mill_id=batch.mill_id)
    async for sheets in paged(
        lambda after: datasheets.approved_after(conn, after=after, limit=PAGE), lambda datasheet_id: datasheet_id
    ):
        for datasheet_id in sheets:
            published += await publish(conn, [await approved_event(conn, datasheet_id)])
    return published
