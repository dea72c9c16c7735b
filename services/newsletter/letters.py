"""Composes the mails: which sentence says what, in the reader's language."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from services.newsletter.domain.lots import ShownLot
from services.newsletter.mime import cleaned
from services.newsletter.presentation import Converter, Fact, card, facts_of, price_of, summary_of
from services.newsletter.rendering import Block, NewsletterPage, NotePage
from services.newsletter.wording import Words, words
from shared.contracts.types import LotValues

LINES_MAX = 10  # reasons and problems shown of a list
REASON_MAX = 1000  # characters of what a person wrote


@dataclass(frozen=True, slots=True)
class Reader:
    """Whom a mail is for. ``organization`` ``None``: not known to us."""

    name: str
    organization: str | None
    language: str
    time_zone: str


@dataclass(frozen=True, slots=True)
class Links:
    """Where the links of one mail lead; ``pixel`` and ``unsubscribe`` ``None`` in a preview."""

    lot: Callable[[UUID], str]
    preferences: str
    unsubscribe: str | None = None
    pixel: str | None = None


def _greeting(reader: Reader, say: Words) -> str:
    name = cleaned(reader.name, length_max=80)
    return say.text("greeting", name=name) if name else say.text("greeting_plain")


def _with_organization(say: Words, path: str, organization: str | None, **values: object) -> str:
    if organization:
        return say.text(path, organization=cleaned(organization, length_max=120), **values)
    return say.text(f"{path}_plain", **values)


def newsletter(
    reader: Reader,
    lots: Sequence[ShownLot],
    *,
    cadence: str,
    left_over: int,
    links: Links,
    rates: Converter,
    now: datetime,
) -> NewsletterPage:
    """A personal issue; ``lots`` has at least one."""
    say = words(reader.language)
    count, first = len(lots), summary_of(lots[0].lot, say)
    tonnes = say.tonnes(sum((shown.lot.weight_net_kg for shown in lots), Decimal(0)))
    many = "one" if count == 1 else "many"
    more = say.text("left_one" if left_over == 1 else "left_many", count=left_over) if left_over else ""
    return NewsletterPage(
        language=say.language,
        subject=say.text(f"subject_{many}", count=count, first=first),
        preheader=say.text("preheader", tonnes=tonnes),
        kicker=say.text(f"kicker.{cadence}"),
        day=say.local_day(now, reader.time_zone),
        headline=say.text(f"headline_{many}", count=count),
        greeting=_greeting(reader, say),
        intro=_with_organization(say, "intro", reader.organization, tonnes=tonnes),
        cards=tuple(
            card(shown, say, url=links.lot(shown.item_id), time_zone=reader.time_zone, rates=rates) for shown in lots
        ),
        action=say.text("ask"),
        left_over=more,
        tagline=say.text("tagline"),
        why=_with_organization(say, "foot_why", reader.organization),
        preferences=say.text("preferences"),
        preferences_url=links.preferences,
        unsubscribe=say.text("unsubscribe"),
        unsubscribe_url=links.unsubscribe,
        pixel_url=links.pixel,
    )


@dataclass(frozen=True, slots=True)
class WindowLetter:
    """A window as one side is told of it. ``kind``: holder, mill, reminder, extended or asked.

    ``hours`` are those left at a reminder; ``reason`` is what was written with an extension or the wish for one.
    """

    kind: str
    lot: LotValues
    expires_at: datetime
    party: str
    contacts: tuple[str, ...]
    url: str
    hours: int = 0
    reason: str | None = None


def window_note(reader: Reader, letter: WindowLetter) -> NotePage:
    """Tell the holder or the mill of a window, with the other side's contact: both learn it at the same moment."""
    say = words(reader.language)
    until = say.moment(letter.expires_at, reader.time_zone)
    lot, party = summary_of(letter.lot, say), cleaned(letter.party, length_max=120)
    price, note, has_price = price_of(letter.lot, say, hidden=False, own=None, rates=Converter({}))
    pairs = [Fact(say.text("window.lot"), say.grade(letter.lot.grade_code)), *facts_of(letter.lot, say)]
    pairs.append(Fact(say.text("window.price"), f"{price} {note}" if has_price else price))
    if letter.lot.lot_ref:
        pairs.append(Fact(say.text("window.reference"), cleaned(letter.lot.lot_ref, length_max=64)))
    contacts = tuple(cleaned(line) for line in letter.contacts) or (say.text("window.no_contact"),)
    blocks = [Block(say.text(f"window.{letter.kind}_party"), (party, *contacts))]
    if letter.reason:
        blocks.insert(0, Block(say.text("window.reason"), (cleaned(letter.reason, length_max=REASON_MAX),)))
    return NotePage(
        language=say.language,
        subject=say.text(f"window.{letter.kind}_subject", until=until, lot=lot, hours=letter.hours, party=party),
        preheader=lot,
        kicker=say.text(f"window.{letter.kind}_kicker"),
        headline=say.text(f"window.{letter.kind}_head"),
        greeting=_greeting(reader, say),
        intro=say.text(f"window.{letter.kind}_intro", until=until, party=party),
        pairs=tuple(pairs),
        blocks=tuple(blocks),
        action=say.text("window.button"),
        url=letter.url,
        tagline=say.text("tagline"),
        why=say.text("window.foot"),
    )


@dataclass(frozen=True, slots=True)
class BatchLetter:
    """What became of a mailed list. ``status`` is one the texts know; ``url`` leads to the rows not taken over."""

    status: str
    file_name: str | None
    total: int
    applied: int
    rejected: int
    waiting: int
    reasons: tuple[str, ...]
    problems: tuple[str, ...]
    url: str | None = None


def batch_note(reader: Reader, letter: BatchLetter) -> NotePage:
    """Answer a mill's list, or a data sheet that failed, in plain words: what was read, what was not, and why."""
    say = words(reader.language)
    file = cleaned(letter.file_name or "", length_max=80) or say.text("batch.file")
    told = {"file": file, "total": letter.total, "applied": letter.applied}
    rows = (("rows", letter.total), ("applied", letter.applied), ("rejected", letter.rejected))
    pairs = [Fact(say.text(f"batch.{name}"), str(number)) for name, number in rows if letter.total]
    if letter.waiting:
        pairs.append(Fact(say.text("batch.waiting"), str(letter.waiting)))
    named = (("reasons", letter.reasons), ("problems", letter.problems))
    blocks = tuple(
        Block(say.text(f"batch.{name}"), tuple(cleaned(line) for line in lines[:LINES_MAX]))
        for name, lines in named
        if lines
    )
    topic = "datasheet" if letter.status == "datasheet_failed" else "batch"
    intro = say.text(f"batch.{letter.status}.intro", **told)
    return NotePage(
        language=say.language,
        subject=say.text(f"batch.{letter.status}.subject", **told),
        preheader=intro,
        kicker=say.text(f"{topic}.kicker"),
        headline=say.text(f"batch.{letter.status}.head"),
        greeting=_greeting(reader, say),
        intro=intro,
        pairs=tuple(pairs),
        blocks=blocks,
        action=say.text("batch.rejected_rows") if letter.url else "",
        url=letter.url,
        tagline=say.text("tagline"),
        why=say.text(f"{topic}.foot"),
    )
