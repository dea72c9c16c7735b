"""A lot as a reader sees it: strings ready to print, made only from what ``ShownLot`` still holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from services.newsletter.domain.lots import Fit, ShownLot
from services.newsletter.mime import cleaned
from services.newsletter.wording import NARROW, Words
from shared.contracts.types import Form, LotValues

FITS_NAMED_MAX = 3  # a reader wants the reason, not the protocol


@dataclass(frozen=True, slots=True)
class Fact:
    """One label with its value."""

    label: str
    value: str

    @property
    def line(self) -> str:
        return f"{self.label} {self.value}"


@dataclass(frozen=True, slots=True)
class Card:
    """One lot in a mail. ``price_note`` is what stands under the price, ``tag`` a state worth knowing first."""

    item_id: UUID
    grade: str
    summary: str
    price: str
    price_note: str
    has_price: bool
    facts: tuple[Fact, ...]
    line: str
    fits: str
    tag: str | None
    tag_kind: str
    tone: str
    url: str


@dataclass(frozen=True, slots=True)
class Converter:
    """Exchange rates fresh enough to compare by: units per EUR or another base."""

    per_base: Mapping[tuple[str, str], Decimal]

    def convert(self, amount: Decimal, *, source: str, target: str) -> Decimal | None:
        """``None`` when no fresh rate leads from one currency to the other."""
        if source == target:
            return amount
        for base in {base for base, _ in self.per_base}:
            source_rate = Decimal(1) if source == base else self.per_base.get((base, source))
            target_rate = Decimal(1) if target == base else self.per_base.get((base, target))
            if source_rate and target_rate:
                return amount / source_rate * target_rate
        return None


# The colour of the paper itself, as a narrow stripe beside its lot: the first name that a grade code starts with.
_TONES = (
    ("KL_WHITETOP", "#e9dcc3"), ("KL_BLEACHED", "#efe9dc"), ("KL_COATED", "#e9dcc3"), ("KL_", "#b4854f"),
    ("TL_WHITETOP", "#e9dcc3"), ("TL_COATED", "#e9dcc3"), ("TL_SCHRENZ", "#a08f78"), ("TL_", "#bd9566"),
    ("FL_", "#a9875d"), ("SACK_WHITE", "#efe9dc"), ("SACK_", "#b4854f"), ("MG_WHITE", "#efe9dc"), ("MG_", "#b98d58"),
    ("MF_WHITE", "#efe9dc"), ("MF_", "#b98d58"), ("RIBBED", "#b98d58"), ("WRAP_", "#b09070"), ("SUB", "#b4854f"),
    ("COREBOARD", "#a28a6e"), ("WLC_", "#b9b7ae"), ("GREYBOARD", "#9b9a93"), ("NEWS", "#d8d3c6"), ("UM", "#ddd7c8"),
    ("PLASTERBOARD", "#b9b7ae"), ("GLASSINE", "#dfe3d6"), ("GREASEPROOF", "#e6e0cb"), ("PARCHMENT", "#e8dfc4"),
)  # fmt: skip
_WHITE = "#e8e2d3"


def tone_of(grade_code: str) -> str:
    """The colour of this paper; off-white for everything white."""
    return next((tone for start, tone in _TONES if grade_code.startswith(start)), _WHITE)


def size_of(lot: LotValues, words: Words) -> str | None:
    """Reel width or sheet size; ``None`` when not stated."""
    if lot.form is Form.SHEET and lot.sheet_w_mm and lot.sheet_l_mm:
        short, long = (words.number(Decimal(side), places=0) for side in (lot.sheet_w_mm, lot.sheet_l_mm))
        return f"{short} × {long}{NARROW}mm"
    return words.millimetres(lot.width_mm) if lot.width_mm else None


def summary_of(lot: LotValues, words: Words) -> str:
    """A lot in one breath: grade, grammage, size."""
    parts = [words.grade(lot.grade_code), f"{words.short(lot.gsm, places=1)}{NARROW}g/m²", size_of(lot, words)]
    return ", ".join(part for part in parts if part)


def facts_of(lot: LotValues, words: Words) -> tuple[Fact, ...]:
    """The four figures everybody asks for first."""
    facts = [
        Fact(words.text("gsm"), f"{words.short(lot.gsm, places=1)}{NARROW}g/m²"),
        Fact(words.text(f"size.{lot.form.value}"), size_of(lot, words) or "–"),
        Fact(words.text("weight"), f"{words.tonnes(lot.weight_net_kg)}{NARROW}t"),
        Fact(words.text("class"), words.text(f"quality_short.{lot.quality_class.value}")),
    ]
    return tuple(facts)


def _details(shown: ShownLot, words: Words) -> str:
    lot = shown.lot
    details = [f"{words.text('origin')} {words.country(lot.location_country)}"]
    if lot.form is Form.REEL and lot.reel_count and lot.reel_count > 1:
        details.append(words.text("reels", count=lot.reel_count))
    if lot.diameter_mm:
        details.append(f"{words.text('diameter')} {words.millimetres(lot.diameter_mm)}")
    if lot.core_mm:
        details.append(f"{words.text('core')} {words.millimetres(lot.core_mm)}")
    details.extend(label.value.replace("_", " ") for label in lot.certification)
    if lot.surplus_reason is not None:
        details.append(words.lookup("reasons_of_surplus", lot.surplus_reason.value) or "")
    details.extend(words.lookup("defects", defect.value) or defect.value for defect in lot.defects)
    details.append(cleaned(shown.mill_name) if shown.mill_name else words.text("mill_hidden"))
    return " · ".join(detail for detail in details if detail)


def fits_line(title: str, fits: Sequence[Fit], words: Words, *, price_hidden: bool = False) -> str:
    """Why the lot is in the mail, in one line. What a mill hides is not hinted at either."""
    told = sorted((fit for fit in fits if not (price_hidden and fit.criterion == "price")), key=lambda fit: -fit.weight)
    by_result = {result: [fit for fit in told if fit.result == result] for result in ("met", "near", "not_stated")}
    parts: list[str] = []
    if told and len(by_result["met"]) == len(told):
        parts.append(words.text("fit_all"))
    else:
        for result, path in (("met", "fit_met"), ("near", "fit_near"), ("not_stated", "fit_unknown")):
            named = [
                words.lookup("criteria", fit.criterion) or cleaned(fit.criterion.replace("_", " "), length_max=30)
                for fit in by_result[result][:FITS_NAMED_MAX]
            ]
            if named:
                parts.append(words.text(path, list=words.listed(named)))
    asked = words.text("fits", title=cleaned(title, length_max=80))
    return asked + (f": {'; '.join(parts)}" if parts else "")


def _tag(shown: ShownLot, words: Words, time_zone: str) -> tuple[str | None, str]:
    until = words.moment(shown.reserved_until, time_zone) if shown.reserved_until else None
    if shown.is_holder and until:
        return words.text("tag.holder", until=until), "good"
    if shown.is_interested:
        return words.text("tag.interested"), "good"
    if shown.status == "reserved" and until:
        return words.text("tag.reserved", until=until), "wait"
    if shown.is_open:
        return words.text("tag.open"), "plain"
    if shown.status == "pre_production":
        ready = shown.lot.available_from
        path = "tag.pre_production" if ready else "tag.pre_production_plain"
        return words.text(path, date=words.day(ready) if ready else ""), "plain"
    return None, "plain"


def price_of(lot: LotValues, words: Words, *, hidden: bool, own: str | None, rates: Converter) -> tuple[str, str, bool]:
    """Price per tonne, what stands under it, and whether there is one: hidden, on request, or a figure."""
    if hidden:
        return words.text("price_hidden"), "", False
    if lot.price_per_t is None or lot.currency is None:
        return words.text("on_request"), "", False
    note = " · ".join(part for part in (words.text("per_tonne"), lot.incoterm) if part)
    if own and own != lot.currency:
        converted = rates.convert(lot.price_per_t, source=lot.currency, target=own)
        if converted is not None:
            rounded = f"{words.number(converted, places=0)}{NARROW}{own}"
            note = f"{note} · {words.text('approximately', price=rounded)}"
    return words.money(lot.price_per_t, lot.currency), note, True


def card(shown: ShownLot, words: Words, *, url: str, time_zone: str, rates: Converter) -> Card:
    """Everything the templates print of one lot."""
    price, note, has_price = price_of(
        shown.lot, words, hidden=shown.price_hidden, own=shown.buyer_currency, rates=rates
    )
    tag, kind = _tag(shown, words, time_zone)
    return Card(
        item_id=shown.item_id,
        grade=words.grade(shown.lot.grade_code),
        summary=summary_of(shown.lot, words),
        price=price,
        price_note=note,
        has_price=has_price,
        facts=facts_of(shown.lot, words),
        line=_details(shown, words),
        fits=fits_line(shown.requirement_title, shown.fits, words, price_hidden=shown.price_hidden),
        tag=tag,
        tag_kind=kind,
        tone=tone_of(shown.lot.grade_code),
        url=url,
    )
