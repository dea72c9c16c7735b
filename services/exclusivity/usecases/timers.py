"""What happens because time has passed. Each takes at most a slice of lots and says how many it did."""

from collections import defaultdict
from uuid import UUID

from services.exclusivity import domain
from services.exclusivity.domain import CloseReason, Ending, Outcome, Terms, Window
from services.exclusivity.store import interests, reminders, windows
from services.exclusivity.usecases.grants import hand_over, interest_closed
from shared import db, outbox
from shared.contracts.exclusivity import WindowClosed, WindowExpiringSoon
from shared.db import Conn


async def expire_windows(conn: Conn, *, terms: Terms) -> int:
    """Close windows past their end and grant each lot to the next. Safe to run twice and by many at once."""
    due = await windows.claim_due(conn, limit=terms.slice_max)
    if not due:
        return 0
    endings = [Ending(window_id=window_id, outcome=Outcome.EXPIRED) for window_id in due]
    events = await hand_over(conn, endings, terms=terms)
    await outbox.add(conn, *events)
    return sum(isinstance(event, WindowClosed) for event in events)  # another worker may have closed some before us


async def send_reminders(conn: Conn, *, terms: Terms) -> int:
    """Remind holders before the end. Of several thresholds passed at once only the nearest to the end is told."""
    soon = await reminders.claim_soon(conn, thresholds=terms.reminder_hours, limit=terms.slice_max)
    if not soon:
        return 0
    now = await db.clock(conn)
    by_id: dict[UUID, Window] = {window.id: window for window in soon}
    due = [
        (window.id, hours)
        for window in soon
        for hours in domain.reminders_due(window, now=now, thresholds=terms.reminder_hours)
    ]
    written: dict[UUID, list[int]] = defaultdict(list)
    for window_id, hours in await reminders.write(conn, due):
        written[window_id].append(hours)
    await outbox.add(conn, *(expiring_soon(by_id[window_id], min(hours)) for window_id, hours in written.items()))
    return len(written)


async def close_unneeded(conn: Conn, *, terms: Terms) -> int:
    """End queued interests whose buyer said until when he needs the lot."""
    over = await interests.not_needed_any_more(conn, limit=terms.slice_max)
    closed = await interests.close_queued(conn, [(interest_id, CloseReason.NOT_NEEDED) for interest_id, _ in over])
    await outbox.add(conn, *map(interest_closed, closed))
    return len(closed)


def expiring_soon(window: Window, threshold_hours: int) -> WindowExpiringSoon:
    return WindowExpiringSoon(
        item_id=window.item_id,
        mill_id=window.mill_id,
        listing_cycle=window.listing_cycle,
        window_id=window.id,
        buyer_id=window.buyer_id,
        expires_at=window.expires_at,
        threshold_hours=threshold_hours,
    )
