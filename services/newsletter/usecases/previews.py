"""Issues asked for by hand, and looks at issues: nothing here sends by itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from services.newsletter.domain.recipients import Recipient
from services.newsletter.domain.schedule import Cadence
from services.newsletter.errors import IssueUnknown, OnlyOwnPreview, RecipientMissing, RecipientUnknown
from services.newsletter.rendering import Rendered
from services.newsletter.settings import NewsletterSettings
from services.newsletter.store import issues, lots, offers, people
from services.newsletter.usecases.compose import converter, issue_page, plain_links, render
from services.newsletter.usecases.generate import Plan, generate
from services.newsletter.usecases.selection import choose
from shared import trace
from shared.auth import Actor
from shared.db import Conn


@dataclass(frozen=True, slots=True)
class Preview:
    """What a reader would get now; ``rendered`` ``None`` when there is nothing new for him."""

    user_id: UUID
    item_ids: tuple[UUID, ...]
    rendered: Rendered | None


async def _readers(conn: Conn, actor: Actor, *, user_id: UUID | None, buyer_id: UUID | None) -> list[Recipient]:
    if not actor.is_admin:
        if buyer_id is not None or user_id not in (None, actor.user_id):
            raise OnlyOwnPreview
        found = await people.recipients(conn, user_ids=[actor.user_id])
    else:
        if (user_id is None) == (buyer_id is None):
            raise RecipientMissing
        found = await people.recipients(conn, user_ids=[user_id] if user_id else [], organization_id=buyer_id)
    readers = [one for one in found if one.role == "buyer_user"]
    if not readers:
        raise RecipientUnknown
    return readers


async def preview(
    conn: Conn,
    *,
    actor: Actor,
    user_id: UUID | None,
    buyer_id: UUID | None,
    settings: NewsletterSettings,
    now: datetime,
) -> list[Preview]:
    """What these readers would get now; nothing is stored or sent."""
    rates = converter(await lots.rates(conn))
    found: list[Preview] = []
    for reader in await _readers(conn, actor, user_id=user_id, buyer_id=buyer_id):
        fresh = await offers.not_yet_shown(conn, [reader.user_id], cadence=Cadence.MANUAL.value)
        selection = choose(fresh, items_max=reader.items_max)
        rendered = None
        if selection.lots:
            page = issue_page(
                reader,
                selection,
                cadence=Cadence.MANUAL.value,
                left_over=selection.left_over,
                links=plain_links(settings),
                rates=rates,
                now=now,
            )
            rendered = render(page)
        found.append(Preview(reader.user_id, tuple(lot.item_id for lot in selection.lots), rendered))
    return found


async def send_now(
    conn: Conn,
    *,
    actor: Actor,
    user_id: UUID | None,
    buyer_id: UUID | None,
    settings: NewsletterSettings,
    now: datetime,
) -> list[issues.IssueRow]:
    """Make an issue for these readers at once; the operator only."""
    if not actor.is_admin:
        raise OnlyOwnPreview
    readers = await _readers(conn, actor, user_id=user_id, buyer_id=buyer_id)
    key = f"manual:{uuid4()}"
    plans = [Plan(reader, key, trace.current().correlation_id) for reader in readers]
    made = await generate(conn, plans, cadence=Cadence.MANUAL, settings=settings, now=now)
    return await issues.issues(conn, [one.issue_id for one in made])


async def issue_of(conn: Conn, *, issue_id: UUID, actor: Actor) -> issues.IssueRow:
    """An issue its asker may see; raises ``IssueUnknown``."""
    found = await issues.issues(conn, [issue_id], user_id=None if actor.is_admin else actor.user_id)
    if not found:
        raise IssueUnknown
    return found[0]


async def issue_html(conn: Conn, row: issues.IssueRow, *, settings: NewsletterSettings) -> str:
    """The issue as it would look with today's visibility; raises ``IssueUnknown`` when none of its lots is left."""
    readers: Sequence[Recipient] = await people.recipients(conn, user_ids=[row.user_id])
    selection = choose(await offers.of_issues(conn, [row.issue_id]), items_max=len(row.item_ids) or 1)
    if not readers or not selection.lots:
        raise IssueUnknown
    page = issue_page(
        readers[0],
        selection,
        cadence=row.cadence,
        left_over=row.left_over,
        links=plain_links(settings),
        rates=converter(await lots.rates(conn)),
        now=row.created_at if row.sent_at is None else row.sent_at,
    )
    return render(page).html
