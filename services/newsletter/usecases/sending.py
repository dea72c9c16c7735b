"""Take due messages, decide what may still be said, and write down what the mail server answered."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import cast
from uuid import UUID, uuid4

from services.newsletter.domain.deliveries import Outcome, Result, backoff
from services.newsletter.domain.recipients import Recipient
from services.newsletter.domain.schedule import Cadence
from services.newsletter.settings import NewsletterSettings
from services.newsletter.store import deliveries, issues, lots, offers, people, suppressions
from services.newsletter.store.deliveries import Claimed
from services.newsletter.store.links import Link, save_links
from services.newsletter.tracking import hash_address
from services.newsletter.usecases.compose import (
    Letter,
    answer_page,
    converter,
    issue_page,
    tracked_links,
    window_page,
)
from services.newsletter.usecases.people import suppress
from services.newsletter.usecases.selection import by_issue, choose
from shared import outbox, trace
from shared.contracts.base import Event
from shared.contracts.newsletter import DeliveriesProgressed, DeliveryProgress, DeliveryState, IssueSent
from shared.db import Conn

FACTS_RETRY_SECONDS = 2
EVENT_SET_MAX = 500


@dataclass(frozen=True, slots=True)
class Claim:
    """Letters to be sent under one lease; ``taken`` counts all messages that were looked at."""

    lease: UUID
    letters: tuple[Letter, ...]
    taken: int


@dataclass(slots=True)
class _Decided:
    """What is to become of the claimed messages."""

    letters: list[Letter] = field(default_factory=list[Letter])
    links: list[Link] = field(default_factory=list[Link])
    ends: list[tuple[UUID, DeliveryState, str]] = field(default_factory=list[tuple[UUID, DeliveryState, str]])
    waiting: list[UUID] = field(default_factory=list[UUID])
    dropped: list[tuple[UUID, UUID, str]] = field(default_factory=list[tuple[UUID, UUID, str]])


async def claim(conn: Conn, *, settings: NewsletterSettings, now: datetime) -> Claim:
    """Claim due messages and look at each once more: what its reader may see now is what the mail says.

    After the commit the letters may go to the mail server; whoever finds the lease run out sends them again under the
    same Message-ID.
    """
    lease = uuid4()
    claimed = await deliveries.claim(
        conn, lease=lease, seconds=settings.lease_seconds, limit=settings.deliveries_per_claim
    )
    if not claimed:
        return Claim(lease, (), 0)
    decided = _Decided()
    blocked = await suppressions.suppressed(conn, [hash_address(one.address) for one in claimed])
    readers = await people.recipients(conn, user_ids=[one.user_id for one in claimed if one.user_id])
    known = {one.user_id: one for one in readers}
    open_ones: list[tuple[Claimed, Recipient | None]] = []
    for one in claimed:
        reader = known.get(one.user_id) if one.user_id else None
        if one.attempts > settings.attempts_max:
            decided.ends.append((one.delivery_id, "failed", "attempts_used_up"))
        elif hash_address(one.address) in blocked:
            decided.ends.append((one.delivery_id, "suppressed", "address_suppressed"))
        elif one.user_id is not None and (reader is None or not reader.is_active):
            decided.ends.append((one.delivery_id, "suppressed", "recipient_inactive"))
        else:
            open_ones.append((one, reader))
    await _issues(conn, [pair for pair in open_ones if pair[0].kind == "issue"], decided, settings, now)
    await _windows(conn, [pair for pair in open_ones if pair[0].kind.startswith("window_")], decided, settings, now)
    decided.letters.extend(
        Letter(one, answer_page(one, settings)) for one, _ in open_ones if one.kind == "batch_answer"
    )
    await _save(conn, claimed, decided, now)
    return Claim(lease, tuple(decided.letters), len(claimed))


async def _issues(
    conn: Conn,
    pairs: Sequence[tuple[Claimed, Recipient | None]],
    decided: _Decided,
    settings: NewsletterSettings,
    now: datetime,
) -> None:
    ids = [one.issue_id for one, _ in pairs if one.issue_id]
    if not ids:
        return
    stored = {row.issue_id: row for row in await issues.issues(conn, ids)}
    current = by_issue(await offers.of_issues(conn, ids))
    rates = converter(await lots.rates(conn))
    for one, reader in pairs:
        row = stored.get(one.issue_id) if one.issue_id else None
        if row is None or reader is None or not reader.wants(Cadence.MANUAL):
            decided.ends.append((one.delivery_id, "suppressed", "not_wanted"))
            continue
        selection = choose(current.get(row.issue_id, ()), items_max=len(row.item_ids) or 1)
        kept = {lot.item_id for lot in selection.lots}
        decided.dropped.extend(
            (row.issue_id, item, selection.dropped.get(item, "no_longer_matches"))
            for item in row.item_ids
            if item not in kept
        )
        if not selection.lots:
            decided.ends.append((one.delivery_id, "suppressed", "nothing_left"))
            continue
        mail_links, rows = tracked_links(
            settings, delivery_id=one.delivery_id, items=list(kept), tracking=reader.tracking
        )
        page = issue_page(
            reader, selection, cadence=row.cadence, left_over=row.left_over, links=mail_links, rates=rates, now=now
        )
        decided.links.extend(rows)
        decided.letters.append(Letter(one, page, mail_links.unsubscribe))


async def _windows(
    conn: Conn,
    pairs: Sequence[tuple[Claimed, Recipient | None]],
    decided: _Decided,
    settings: NewsletterSettings,
    now: datetime,
) -> None:
    if not pairs:
        return
    found = await lots.windows(conn, [UUID(str(one.facts["window_id"])) for one, _ in pairs])
    windows = {one.window_id: one for one in found}
    for one, reader in pairs:
        window = windows.get(UUID(str(one.facts["window_id"])))
        if window is not None and (not window.live or (window.expires_at is not None and window.expires_at <= now)):
            decided.ends.append((one.delivery_id, "suppressed", "window_closed"))
            continue
        if window is not None and _is_overtaken(one, window.expires_at):
            decided.ends.append((one.delivery_id, "suppressed", "window_extended"))
            continue
        page = window_page(one, reader, window, settings) if window is not None else None
        if page is not None:
            decided.letters.append(Letter(one, page))
        elif now - one.created_at < timedelta(seconds=settings.facts_wait_seconds):
            decided.waiting.append(one.delivery_id)
        else:
            decided.ends.append((one.delivery_id, "failed", "facts_missing"))


def _is_overtaken(claimed: Claimed, expires_at: datetime | None) -> bool:
    """Whether the window got more time since: then neither its old end nor a wish to move it is worth a mail."""
    told = claimed.facts.get("expires_at")
    return expires_at is not None and isinstance(told, str) and datetime.fromisoformat(told) < expires_at


async def _save(conn: Conn, claimed: Sequence[Claimed], decided: _Decided, now: datetime) -> None:
    by_id = {one.delivery_id: one for one in claimed}
    await issues.drop_items(conn, decided.dropped)
    sending = [letter.claimed.issue_id for letter in decided.letters if letter.claimed.issue_id]
    await issues.set_status(conn, sending, status="sending")
    await save_links(conn, decided.links)
    await deliveries.wait_for_facts(conn, decided.waiting, seconds=FACTS_RETRY_SECONDS)
    await deliveries.end_unsent(conn, decided.ends)
    for delivery_id, _, reason in decided.ends:
        issue_id = by_id[delivery_id].issue_id
        if issue_id is not None:
            await issues.set_status(conn, [issue_id], status=_ENDS.get(reason, "failed"), reason=reason)
    await _publish(
        conn,
        [
            (
                by_id[one].correlation_id,
                DeliveryProgress(delivery_id=one, user_id=user_id, state=state, at=now, issue_id=by_id[one].issue_id),
            )
            for one, state, _ in decided.ends
            if (user_id := by_id[one].user_id) is not None
        ],
    )


_ENDS = {"nothing_left": "skipped", "not_wanted": "cancelled", "recipient_inactive": "cancelled"}
"""What an issue becomes whose message must not be sent, by reason; all else is a failure."""


async def record(
    conn: Conn, outcomes: Sequence[Outcome], *, letters: Sequence[Letter], settings: NewsletterSettings, now: datetime
) -> None:
    """Write what the mail server answered, and tell the others."""
    by_id = {letter.claimed.delivery_id: letter for letter in letters}
    waits = [backoff(by_id[one.delivery_id].claimed.attempts).total_seconds() for one in outcomes]
    ended = await deliveries.record(conn, outcomes, attempts_max=settings.attempts_max, waits=waits, now=now)
    states = {one.delivery_id: one for one in outcomes}
    done = [one for one in ended if one.status != "queued"]
    for status in ("sent", "bounced", "failed"):
        ids = [one.issue_id for one in done if one.status == status and one.issue_id]
        await issues.set_status(
            conn, ids, status="sent" if status == "sent" else "failed", reason=None if status == "sent" else status
        )
    for one in done:
        if states[one.delivery_id].suppress:
            with trace.tracing(trace.continued(by_id[one.delivery_id].claimed.correlation_id)):
                await suppress(
                    conn, address=one.address, user_id=one.user_id, reason="hard_bounce", source="smtp", now=now
                )
    chains = {
        one.issue_id: by_id[one.delivery_id].claimed.correlation_id
        for one in done
        if one.status == "sent" and one.issue_id
    }
    if chains:
        rows = await issues.issues(conn, list(chains))
        await _tell(conn, [(chains[row.issue_id], _issue_sent(row)) for row in rows])
    steps = [
        (
            by_id[one.delivery_id].claimed.correlation_id,
            DeliveryProgress(
                delivery_id=one.delivery_id,
                user_id=one.user_id,
                state=cast(DeliveryState, one.status),
                at=now,
                smtp_status=states[one.delivery_id].smtp_status,
                issue_id=one.issue_id,
            ),
        )
        for one in done
        if one.user_id is not None
    ]
    await _publish(conn, steps)


def _issue_sent(row: issues.IssueRow) -> IssueSent:
    return IssueSent(
        issue_id=row.issue_id,
        user_id=row.user_id,
        buyer_id=row.organization_id,
        cadence=row.cadence,
        item_ids=tuple(row.item_ids),
    )


async def _publish(conn: Conn, steps: Sequence[tuple[str, DeliveryProgress]]) -> None:
    """Steps with the chain of causes each belongs to: a set holds those of one chain."""
    chains: dict[str, list[DeliveryProgress]] = {}
    for correlation_id, step in steps:
        chains.setdefault(correlation_id, []).append(step)
    await _tell(
        conn,
        [
            (correlation_id, DeliveriesProgressed(deliveries=tuple(own[start : start + EVENT_SET_MAX])))
            for correlation_id, own in chains.items()
            for start in range(0, len(own), EVENT_SET_MAX)
        ],
    )


async def _tell(conn: Conn, events: Sequence[tuple[str, Event]]) -> None:
    """Publish each event in the chain of causes that its message was queued with."""
    for correlation_id, group in groupby(sorted(events, key=_chain), key=_chain):
        with trace.tracing(trace.continued(correlation_id)):
            await outbox.add(conn, *(event for _, event in group))


def _chain(told: tuple[str, Event]) -> str:
    return told[0]


def not_sent(letter: Letter, lease: UUID, *, result: Result, reason: str | None = None) -> Outcome:
    """The outcome of a letter that never reached the mail server."""
    return Outcome(letter.claimed.delivery_id, lease, result, reason=reason)
