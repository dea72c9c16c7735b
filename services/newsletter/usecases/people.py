"""What readers want, and what happens when they want nothing any more."""

from datetime import datetime
from uuid import UUID, uuid4

from services.newsletter.domain.recipients import Recipient, Wish
from services.newsletter.domain.schedule import Cadence, next_send_at, spread_of
from services.newsletter.errors import LiftedByRecipientOnly, RecipientUnknown, SuppressionUnknown
from services.newsletter.settings import NewsletterSettings
from services.newsletter.store import deliveries, issues, people, replicas, suppressions
from services.newsletter.tracking import hash_address
from services.newsletter.usecases.replicas import SCHEDULE
from shared import outbox
from shared.contracts.newsletter import PreferenceChanged, SuppressionChanged
from shared.db import Conn, notify
from shared.preconditions import check_version
from shared.problems import Conflict

BY_RECIPIENT = frozenset({"complaint", "unsubscribe"})


async def reader(conn: Conn, user_id: UUID) -> Recipient:
    """One reader; raises ``RecipientUnknown``."""
    found = await people.recipients(conn, user_ids=[user_id])
    if not found:
        raise RecipientUnknown
    return found[0]


def next_time(who: Recipient, settings: NewsletterSettings, now: datetime) -> datetime | None:
    """When his next periodical issue is due; ``None`` when he waits for matches or wants nothing."""
    wanted = [cadence for cadence in (Cadence.DAILY, Cadence.WEEKLY) if who.wants(cadence)]
    spread = spread_of(who.user_id, seconds_max=settings.spread_seconds_max)
    return min(
        (next_send_at(who.send_wish, cadence, after=now, spread_seconds=spread) for cadence in wanted), default=None
    )


async def set_preference(
    conn: Conn, *, user_id: UUID, wish: Wish, expected_version: int, source: str, by: UUID, now: datetime
) -> Recipient:
    """Replace the wishes of a reader. Who asks for mail again himself is no longer suppressed for having said no."""
    before = await reader(conn, user_id)
    check_version(before.version, expected_version)
    if not await people.save_preference(conn, user_id=user_id, wish=wish, version=before.version, now=now):
        raise Conflict("Somebody changed the preferences at the same moment; read them again.")
    after = await reader(conn, user_id)
    if wish.cadence != Cadence.OFF and by == user_id:
        address = hash_address(after.email)
        if await suppressions.lift_own(conn, address, by=by, now=now):
            await _publish_suppression(conn, user_id, address, suppressed=False, reason="asked for mail again")
    if wish.cadence == Cadence.OFF:
        await issues.cancel_of_user(conn, user_id, "not_wanted")
    await people.plan_anew(conn, user_ids=[user_id])
    await _publish(conn, after, source)
    await notify(conn, SCHEDULE)
    return after


async def unsubscribe(conn: Conn, *, user_id: UUID, now: datetime) -> bool:
    """Switch the newsletter off for good; ``False`` when it was off. Mails about own lots still come."""
    found = await people.recipients(conn, user_ids=[user_id])
    if not found or found[0].cadence == Cadence.OFF:
        return False
    who = found[0]
    wish = Wish(
        cadence=Cadence.OFF.value,
        weekday=who.weekday,
        send_time=who.send_time,
        time_zone=who.time_zone,
        language=who.language,
        items_max=who.items_max,
        tracking=who.tracking,
        quiet_from=who.quiet_from,
        quiet_until=who.quiet_until,
    )
    if not await people.save_preference(conn, user_id=user_id, wish=wish, version=who.version, now=now):
        raise Conflict("The preferences were changed at the same moment; try again.")
    await issues.cancel_of_user(conn, user_id, "unsubscribed")
    await _publish(conn, await reader(conn, user_id), "unsubscribe")
    return True


async def _publish(conn: Conn, who: Recipient, source: str) -> None:
    await outbox.add(conn, preference_changed(who, source))


def preference_changed(who: Recipient, source: str) -> PreferenceChanged:
    """What others are told of a reader's wishes."""
    return PreferenceChanged(
        user_id=who.user_id,
        organization_id=who.organization_id,
        version=who.version,
        cadence=who.cadence or "as_required",
        paused=who.cadence == Cadence.OFF,
        source=source,
    )


async def _publish_suppression(
    conn: Conn, user_id: UUID | None, address_hash: str, *, suppressed: bool, reason: str
) -> None:
    event = SuppressionChanged(user_id=user_id, address_hash=address_hash, suppressed=suppressed, reason=reason)
    await outbox.add(conn, event)


async def suppress(conn: Conn, *, address: str, user_id: UUID | None, reason: str, source: str, now: datetime) -> None:
    """Never write to this address again, until somebody lifts it."""
    hashed = hash_address(address)
    row = suppressions.Suppression(uuid4(), hashed, address, user_id, reason, source, now)
    if await suppressions.suppress(conn, row):
        await _publish_suppression(conn, user_id, hashed, suppressed=True, reason=reason)


async def lift_suppression(conn: Conn, suppression_id: UUID, *, by: UUID, reason: str, now: datetime) -> None:
    """Raises ``SuppressionUnknown`` or ``LiftedByRecipientOnly``."""
    found = await suppressions.suppression(conn, suppression_id)
    if found is None:
        raise SuppressionUnknown
    if found.reason in BY_RECIPIENT:
        raise LiftedByRecipientOnly
    await suppressions.lift(conn, suppression_id, by=by, reason=reason, now=now)
    await _publish_suppression(conn, found.user_id, found.address_hash, suppressed=False, reason=reason)


async def erase(conn: Conn, user_id: UUID) -> None:
    """Forget a person: name and address go everywhere, what was not sent is not sent, figures stay."""
    address = await replicas.erase_user(conn, user_id)
    await issues.cancel_of_user(conn, user_id, "erased")
    await people.delete_preference(conn, user_id)
    await deliveries.forget_address(conn, user_id=user_id, address=address)
    if address:
        await suppressions.forget_address(conn, hash_address(address))
