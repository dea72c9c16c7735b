"""What people want to hear and who is written to no longer, for a subscriber that has to start anew.

Issues and deliveries are not repeated: they are what happened, and others count them.
"""

from services.newsletter.store import people, suppressions
from services.newsletter.usecases.people import preference_changed
from shared.contracts.newsletter import SuppressionChanged
from shared.db import Conn
from shared.snapshots import PAGE, paged, publish

SOURCE = "snapshot"


async def publish_snapshots(conn: Conn) -> int:
    """Preferences, then suppressed addresses; how many events."""
    published = 0
    async for wishes in paged(lambda after: people.with_wishes(conn, after=after, limit=PAGE), lambda one: one.user_id):
        published += await publish(conn, [preference_changed(who, SOURCE) for who in wishes])
    async for blocked in paged(
        lambda after: suppressions.live_after(conn, after=after, limit=PAGE), lambda one: one.address_hash
    ):
        events = [
            SuppressionChanged(user_id=one.user_id, address_hash=one.address_hash, suppressed=True, reason=one.reason)
            for one in blocked
        ]
        published += await publish(conn, events)
    return published
