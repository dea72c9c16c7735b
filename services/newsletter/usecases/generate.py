"""Make personal issues: what is new for each reader, stored with the message that will carry it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from uuid_utils.compat import uuid7

from services.newsletter.domain.recipients import Recipient
from services.newsletter.domain.schedule import Cadence, end_of_quiet, next_send_at, period_key, spread_of
from services.newsletter.settings import NewsletterSettings
from services.newsletter.store import deliveries, issues, offers, people
from services.newsletter.usecases.selection import by_user, choose
from shared import trace
from shared.db import Conn, notify

DELIVERIES = "deliveries"
ON_MATCH = "on_match"
RETRY_ITEMS = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Plan:
    """One reader's issue to be made."""

    reader: Recipient
    period_key: str
    correlation_id: str


def message_id(delivery_id: UUID, settings: NewsletterSettings) -> str:
    """The same for every attempt at this message."""
    return f"<{delivery_id}@{settings.from_address.partition('@')[2]}>"


async def generate(
    conn: Conn, plans: Sequence[Plan], *, cadence: Cadence, settings: NewsletterSettings, now: datetime
) -> list[issues.NewIssue]:
    """Make the issues of one cadence; those that were made before for the same person and period are left out.

    A reader with nothing new gets an issue that says ``skipped``, so that the operator can see why no mail came; not
    for ``on_match``, which is asked for more often than there is something to tell.
    """
    users = [plan.reader.user_id for plan in plans]
    await people.lock_users(conn, users)
    fresh = by_user(await offers.not_yet_shown(conn, users, cadence=cadence.value))
    made: list[tuple[Plan, issues.NewIssue]] = []
    for plan in plans:
        issue = _issue(plan, fresh.get(plan.reader.user_id, []), cadence=cadence)
        if issue.lots or cadence is not Cadence.ON_MATCH:
            made.append((plan, issue))
    stored = await issues.insert_issues(conn, [issue for _, issue in made], now)
    kept = [(plan, issue) for plan, issue in made if issue.issue_id in stored]
    queued = [_delivery(plan, issue, settings) for plan, issue in kept if issue.lots]
    if queued:
        await deliveries.queue(conn, queued, now)
        await notify(conn, DELIVERIES)
    return [issue for _, issue in kept]


def _issue(plan: Plan, fresh: Sequence[offers.Offer], *, cadence: Cadence) -> issues.NewIssue:
    reader = plan.reader
    wanted = reader.wants(cadence)
    selection = choose(fresh if wanted else (), items_max=reader.items_max)
    reason = "nothing_new" if wanted else "not_wanted"
    return issues.NewIssue(
        issue_id=uuid7(),
        user_id=reader.user_id,
        organization_id=reader.organization_id,
        cadence=cadence.value,
        period_key=plan.period_key,
        status="generated" if selection.lots else "skipped",
        reason=None if selection.lots else reason,
        left_over=selection.left_over,
        lots=tuple((lot.item_id, lot.listing_cycle, lot.match_id) for lot in selection.lots),
    )


def _delivery(plan: Plan, issue: issues.NewIssue, settings: NewsletterSettings) -> deliveries.NewDelivery:
    delivery_id = uuid7()
    return deliveries.NewDelivery(
        delivery_id=delivery_id,
        user_id=plan.reader.user_id,
        business_key=f"issue:{issue.issue_id}",
        kind="issue",
        issue_id=issue.issue_id,
        address=plan.reader.email,
        name=plan.reader.name,
        language=plan.reader.language,
        facts={},
        message_id=message_id(delivery_id, settings),
        correlation_id=plan.correlation_id,
    )


async def generate_scheduled(conn: Conn, *, settings: NewsletterSettings, now: datetime) -> int:
    """Make the daily and weekly issues that are due and set each reader's next time; periods missed become one."""
    due = await people.take_due(conn, limit=settings.issues_per_run)
    readers = {one.user_id: one for one in await people.recipients(conn, user_ids=[line.user_id for line in due])}
    correlation = trace.current().correlation_id
    for cadence in (Cadence.DAILY, Cadence.WEEKLY):
        plans = [
            Plan(reader, period_key(cadence, time_zone=reader.time_zone, now=now), correlation)
            for line in due
            if line.cadence == cadence and line.next_send_at is not None and (reader := readers.get(line.user_id))
            if reader.wants(cadence)
        ]
        if plans:
            await generate(conn, plans, cadence=cadence, settings=settings, now=now)
    await people.set_next(conn, [_next(line, readers.get(line.user_id), settings, now) for line in due])
    return len(due)


def _next(line: people.Due, reader: Recipient | None, settings: NewsletterSettings, now: datetime) -> people.Due:
    if reader is None or not reader.wants(Cadence(line.cadence)):
        # Looked at again when the person or his wishes change; the day is only the net.
        return people.Due(line.user_id, line.cadence, now + timedelta(days=1))
    spread = spread_of(line.user_id, seconds_max=settings.spread_seconds_max)
    due = next_send_at(reader.send_wish, Cadence(line.cadence), after=now, spread_seconds=spread)
    return people.Due(line.user_id, line.cadence, due)


async def ask_on_match(
    conn: Conn, *, run_id: UUID, batch_id: UUID | None, correlation_id: str, settings: NewsletterSettings
) -> None:
    """A scoring run is through: whoever has something new hears of it, at once after a mill's list."""
    await people.ask_on_match(
        conn,
        batch_id=batch_id,
        period_key=f"{'batch' if batch_id else 'run'}:{run_id}",
        correlation_id=correlation_id,
        quiet_minutes=settings.on_match_quiet_minutes,
    )
    await notify(conn, ON_MATCH)


async def generate_on_match(conn: Conn, *, settings: NewsletterSettings, now: datetime) -> int:
    """Make the issues asked for; wait for items still on their way, for quiet hours and for the daily limit."""
    due = await people.take_on_match(conn, limit=settings.issues_per_run)
    users = [one.user_id for one in due]
    readers = {one.user_id: one for one in await people.recipients(conn, user_ids=users)}
    incomplete = await offers.waiting_for_items(conn, users)
    later: dict[UUID, datetime] = {}
    plans: list[Plan] = []
    for one in due:
        reader = readers.get(one.user_id)
        if reader is None:
            continue
        until = _later(one, reader, incomplete=one.user_id in incomplete, settings=settings, now=now)
        if until is None:
            plans.append(Plan(reader, one.period_key, one.correlation_id))
        else:
            later[one.user_id] = until
    if plans:
        await generate(conn, plans, cadence=Cadence.ON_MATCH, settings=settings, now=now)
    await people.postpone_on_match(conn, list(later), list(later.values()))
    await people.end_on_match(conn, [user_id for user_id in users if user_id not in later])
    return len(due) - len(later)


def _later(
    due: people.OnMatchDue, reader: Recipient, *, incomplete: bool, settings: NewsletterSettings, now: datetime
) -> datetime | None:
    """When to look again, ``None`` for now."""
    if incomplete and now - due.asked_at < timedelta(seconds=settings.items_wait_seconds):
        return now + RETRY_ITEMS
    if due.issues_today >= settings.on_match_issues_per_day_max:
        return now + timedelta(hours=1)
    return end_of_quiet(
        quiet_from=reader.quiet_from, quiet_until=reader.quiet_until, time_zone=reader.time_zone, now=now
    )
