"""From what is stored to the letter of one message, and its links."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID

from services.newsletter.domain.lots import Selection
from services.newsletter.domain.recipients import Recipient
from services.newsletter.letters import BatchLetter, Links, Reader, WindowLetter, batch_note, newsletter, window_note
from services.newsletter.presentation import Converter
from services.newsletter.rendering import NewsletterPage, NotePage, Rendered, render_newsletter, render_note
from services.newsletter.settings import NewsletterSettings
from services.newsletter.store.deliveries import Claimed
from services.newsletter.store.links import Link
from services.newsletter.store.lots import Rate, WindowFacts
from services.newsletter.tracking import hash_token, make_token
from services.newsletter.usecases.selection import LOT

Page = NewsletterPage | NotePage
TO_MILL = frozenset({"window_mill", "window_asked"})


@dataclass(frozen=True, slots=True)
class Letter:
    """A message ready to be rendered and sent. ``unsubscribe_url`` ``None``: transactional."""

    claimed: Claimed
    page: Page
    unsubscribe_url: str | None = None


def render(page: Page) -> Rendered:
    return render_newsletter(page) if isinstance(page, NewsletterPage) else render_note(page)


def converter(rates: Sequence[Rate]) -> Converter:
    return Converter({(rate.base, rate.currency): rate.per_base for rate in rates})


def lot_url(settings: NewsletterSettings, item_id: UUID) -> str:
    return f"{settings.public_url}/mvp/app/lots/{item_id}"


def preferences_url(settings: NewsletterSettings) -> str:
    return f"{settings.public_url}/mvp/app/newsletter"


def plain_links(settings: NewsletterSettings) -> Links:
    """Links of a preview: straight to the pages, nothing is counted."""
    return Links(lot=lambda item_id: lot_url(settings, item_id), preferences=preferences_url(settings))


def tracked_links(
    settings: NewsletterSettings, *, delivery_id: UUID, items: Sequence[UUID], tracking: bool
) -> tuple[Links, list[Link]]:
    """Links of one message and the rows behind them. Who does not want to be counted gets straight links."""
    base = f"{settings.public_url}/mvp/api/newsletter"

    def token(kind: str, item_id: UUID | None = None) -> str:
        return make_token(settings.link_key, delivery_id=delivery_id, kind=kind, item_id=item_id)

    unsubscribe = token("unsubscribe")
    rows = [Link(hash_token(unsubscribe), delivery_id, "unsubscribe", None, None)]
    lot: Callable[[UUID], str] = lambda item_id: lot_url(settings, item_id)  # noqa: E731
    pixel = None
    if tracking:
        opened = token("open")
        pixel = f"{base}/t/{opened}/open"
        rows.append(Link(hash_token(opened), delivery_id, "open", None, None))
        clicks = {item: token("click", item) for item in items}
        rows.extend(
            Link(hash_token(click), delivery_id, "click", item, lot_url(settings, item))
            for item, click in clicks.items()
        )
        lot = lambda item_id: f"{base}/t/{clicks[item_id]}/click"  # noqa: E731
    links = Links(
        lot=lot,
        preferences=preferences_url(settings),
        unsubscribe=f"{base}/unsubscribe/{unsubscribe}",
        pixel=pixel,
    )
    return links, rows


def reader_of(recipient: Recipient) -> Reader:
    return Reader(recipient.name, recipient.organization_name, recipient.language, recipient.time_zone)


def issue_page(
    recipient: Recipient,
    selection: Selection,
    *,
    cadence: str,
    left_over: int,
    links: Links,
    rates: Converter,
    now: datetime,
) -> NewsletterPage:
    """One issue in words."""
    return newsletter(
        reader_of(recipient),
        selection.lots,
        cadence=cadence,
        left_over=left_over,
        links=links,
        rates=rates,
        now=now,
    )


def rejected_rows_url(settings: NewsletterSettings, batch_id: str) -> str:
    return f"{settings.public_url}/mvp/app/lists/{batch_id}"


def answer_page(claimed: Claimed, settings: NewsletterSettings) -> NotePage:
    """The answer to a mailed list, with the way to the rows that were not taken over."""
    facts = claimed.facts
    counts = cast(dict[str, int], facts.get("counts") or {})
    waiting = counts.get("valid", 0) + counts.get("warning", 0) if facts["status"] != "committed" else 0
    rejected = counts.get("rejected", 0) or counts.get("invalid", 0)
    batch_id = cast(str | None, facts.get("batch_id"))
    letter = BatchLetter(
        status=str(facts["status"]),
        file_name=cast(str | None, facts.get("file_name")),
        total=counts.get("total", 0),
        applied=counts.get("applied", 0),
        rejected=rejected,
        waiting=waiting,
        reasons=tuple(cast(list[str], facts.get("reasons") or [])),
        problems=tuple(cast(list[str], facts.get("problems") or [])),
        url=rejected_rows_url(settings, batch_id) if rejected and batch_id else None,
    )
    return batch_note(Reader(claimed.name, None, claimed.language, "UTC"), letter)


def window_page(
    claimed: Claimed, recipient: Recipient | None, facts: WindowFacts, settings: NewsletterSettings
) -> NotePage | None:
    """A window as this side is told of it; ``None`` while the lot or the other side has not arrived yet.

    Without a recipient the mail goes to a contact of the organisation, who reads its time zone's clock.
    """
    to_mill = claimed.kind in TO_MILL
    party = facts.buyer_name if to_mill else facts.mill_name
    contacts = facts.buyer_contacts if to_mill else facts.mill_contacts
    if facts.lot is None or party is None or facts.expires_at is None:
        return None
    lines = tuple(
        " · ".join(str(part) for part in (one.get("name"), one.get("email"), one.get("phone")) if part)
        for one in contacts or ()
    )
    letter = WindowLetter(
        kind=claimed.kind.removeprefix("window_"),
        lot=LOT.validate_python(facts.lot),
        expires_at=facts.expires_at,
        party=party,
        contacts=lines,
        url=lot_url(settings, facts.item_id),
        hours=cast(int, claimed.facts.get("hours", 0)),
        reason=cast(str | None, claimed.facts.get("reason")),
    )
    desk_zone = facts.mill_time_zone if to_mill else facts.buyer_time_zone
    desk = Reader(claimed.name, None, claimed.language, desk_zone or "UTC")
    return window_note(reader_of(recipient) if recipient else desk, letter)
