"""Data sheets: their states, the lots they speak of, and what keeps one from being published without a person."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

CONFIDENCE_LEAST = Decimal("0.9")
GSM_APART = Decimal("0.5")  # the same grammage, however it was rounded
LINKS_MAX = 500
REASONS_MAX = 10


class SheetStatus(StrEnum):
    RECEIVED = "received"
    EXTRACTING = "extracting"
    REVIEW_REQUIRED = "review_required"
    APPROVED = "approved"
    SUPERSEDED = "superseded"
    FAILED = "failed"


MAY_BE_READ_AGAIN = (SheetStatus.FAILED, SheetStatus.REVIEW_REQUIRED, SheetStatus.APPROVED)
MAY_BE_CHANGED = (SheetStatus.REVIEW_REQUIRED, SheetStatus.APPROVED)


class LinkReason(StrEnum):
    """Why a data sheet is thought to speak of a lot."""

    STATED = "stated"  # the sender named the item or the lot
    PRODUCT = "product"  # same name, grade and grammage
    GRADE = "grade"  # same grade and grammage only
    PERSON = "person"


_SURENESS = {LinkReason.STATED: Decimal(1), LinkReason.PRODUCT: Decimal("0.95"), LinkReason.GRADE: Decimal("0.5")}


@dataclass(frozen=True, slots=True)
class Stated:
    """What the sender said the sheet is about."""

    item_id: UUID | None = None
    grade_code: str | None = None
    lot_ref: str | None = None


NOTHING_STATED = Stated()


@dataclass(frozen=True, slots=True)
class KnownLot:
    """A lot of the mill that is for sale."""

    item_id: UUID
    lot_key: str
    grade_code: str
    gsm: Decimal
    product_name: str | None


@dataclass(frozen=True, slots=True)
class Link:
    item_id: UUID
    reason: LinkReason
    confidence: Decimal


def _same_name(one: str | None, other: str | None) -> bool:
    def plain(text: str | None) -> str:
        return " ".join("".join(c if c.isalnum() else " " for c in (text or "").casefold()).split())

    first, second = plain(one), plain(other)
    return bool(first) and bool(second) and (first == second or f" {first} " in f" {second} ")


def proposed_links(
    lots: Iterable[KnownLot],
    *,
    stated: Stated,
    stated_key: str | None,
    product: str | None,
    grade_code: str | None,
    grammages: Sequence[Decimal],
) -> list[Link]:
    """The lots a sheet may speak of, the surest reason of each. ``stated_key``: the lot key of the number given."""
    found: list[Link] = []
    grade = stated.grade_code or grade_code
    for lot in lots:
        fits = not grammages or any(abs(lot.gsm - gsm) <= GSM_APART for gsm in grammages)
        same_grade = grade is not None and lot.grade_code == grade
        reason: LinkReason | None = None
        if lot.item_id == stated.item_id or (stated_key is not None and lot.lot_key == stated_key):
            reason = LinkReason.STATED
        elif stated.item_id or stated.lot_ref or not fits:
            continue
        elif same_grade and _same_name(product, lot.product_name):
            reason = LinkReason.PRODUCT
        elif same_grade:
            reason = LinkReason.GRADE
        if reason is not None:
            found.append(Link(lot.item_id, reason, _SURENESS[reason]))
    found.sort(key=lambda link: -link.confidence)
    return found[:LINKS_MAX]


def objections(
    *, trusted: bool, confidences: Sequence[Decimal], links: Sequence[Link], doubts: Sequence[str], grades: set[str]
) -> list[str]:
    """Why a person has to look before the values are shown; empty: they are published at once.

    ``grades``: of the sheet and of the lots that the sender named; a sheet of another grade was sent by mistake.
    """
    reasons = list(doubts)
    unsure = sum(1 for one in confidences if one < CONFIDENCE_LEAST)
    if unsure:
        reasons.append(f"{unsure} of {len(confidences)} values are not sure; see their doubts.")
    sure = [link for link in links if link.confidence >= CONFIDENCE_LEAST]
    if not sure:
        reasons.append("It is not clear of which lots the data sheet speaks; say which.")
    if sure and len(grades) > 1:
        reasons.append(f"The data sheet and its lots are of different grades: {', '.join(sorted(grades))}.")
    if not trusted:
        reasons.append("Data sheets of this mill are looked at by a person.")
    return reasons[:REASONS_MAX]
