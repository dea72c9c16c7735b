"""The nouns of matching: a buyer's requirement, a lot as matching sees it, exchange rates."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum

from shared.contracts.types import BuyerId, Certification, Defect, Form, ItemId, MillId, QualityClass, RequirementId

RATES_DAYS_MAX = 7
"""Older exchange rates are not used: a price in another currency is then shown, not compared."""

CENT = Decimal("0.01")
QUALITY_ORDER: tuple[QualityClass, ...] = tuple(QualityClass)  # best first


class RequirementStatus(StrEnum):
    """Only ``active`` requirements are matched; ``archived`` and ``expired`` are final."""

    ACTIVE = "active"
    PAUSED = "paused"
    ARCHIVED = "archived"
    EXPIRED = "expired"


class Cadence(StrEnum):
    """How soon the buyer wants to be told of a match."""

    DAILY = "daily"
    WEEKLY = "weekly"
    ON_MATCH = "on_match"
    OFF = "off"


class MatchStatus(StrEnum):
    """``won`` and ``lost`` are reasons of ``closed``."""

    ACTIVE = "active"
    INTERESTED = "interested"
    DISMISSED = "dismissed"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Bounds:
    """Both ends belong to it; ``None`` is open."""

    min: Decimal | None = None
    max: Decimal | None = None

    @property
    def asked(self) -> bool:
        return self.min is not None or self.max is not None

    def holds(self, value: Decimal | int | None) -> bool:
        """Whether the value lies inside. A value that is not stated lies inside only if nothing is asked."""
        if value is None:
            return not self.asked
        return (self.min is None or self.min <= value) and (self.max is None or value <= self.max)


ANY = Bounds()


@dataclass(frozen=True, slots=True)
class SheetFormat:
    """A wanted sheet; each side of a lot may be up to ``trim_max_mm`` larger, in either orientation."""

    w_mm: int
    l_mm: int
    trim_max_mm: int

    def waste(self, w_mm: int, l_mm: int) -> int | None:
        """Millimetres to trim on the worse side in the better orientation; ``None`` when it cannot be cut out."""
        spare = (
            (w_mm - self.w_mm, l_mm - self.l_mm),
            (l_mm - self.w_mm, w_mm - self.l_mm),
        )
        usable = [max(pair) for pair in spare if min(pair) >= 0 and max(pair) <= self.trim_max_mm]
        return min(usable, default=None)


@dataclass(frozen=True, slots=True)
class Requirement:
    """What a buyer wants. Empty sets of countries, cores and certifications: any. Widths, cuts, cores and diameters are
    asked of reels, the sheet format of sheets.
    """

    id: RequirementId
    buyer_id: BuyerId
    title: str
    grade_codes: frozenset[str] = frozenset()
    families: frozenset[str] = frozenset()
    forms: frozenset[Form] = frozenset(Form)
    gsm: Bounds = ANY  # g/m², the buyer's tolerance included
    width_mm: Bounds = ANY
    cut_widths_mm: tuple[int, ...] = ()
    trim_max_mm: int = 0  # left over after cutting the reel
    sheet: SheetFormat | None = None
    diameter_mm: Bounds = ANY
    core_mm: frozenset[int] = frozenset()
    weight_kg: Bounds = ANY
    quality_floor: QualityClass = QualityClass.C
    accepted_defects: frozenset[Defect] | None = None  # None: any
    price_ceiling: Decimal | None = None  # per tonne
    price_currency: str = "EUR"
    countries: frozenset[str] = frozenset()
    certifications: frozenset[Certification] = frozenset()


@dataclass(frozen=True, slots=True)
class Lot:
    """A surplus item with what matching compares; ``None`` is "not stated". ``family`` is ``None`` for ``OTHER``."""

    item_id: ItemId
    mill_id: MillId
    grade_code: str
    family: str | None
    form: Form
    gsm: Decimal
    weight_kg: Decimal
    quality: QualityClass
    country: str
    width_mm: int | None = None
    sheet_w_mm: int | None = None
    sheet_l_mm: int | None = None
    diameter_mm: int | None = None
    core_mm: int | None = None
    certifications: frozenset[Certification] = frozenset()
    defects: frozenset[Defect] = frozenset()
    price_per_t: Decimal | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Rates:
    """Units of each currency for one euro, on one day. Without a day nothing but euros is comparable."""

    dated: date | None
    per_eur: Mapping[str, Decimal]

    def usable(self, *, today: date) -> "Rates":
        """These rates, or none when they are older than ``RATES_DAYS_MAX`` days."""
        fresh = self.dated is not None and (today - self.dated).days <= RATES_DAYS_MAX
        return self if fresh else NO_RATES

    def euros(self, amount: Decimal | None, currency: str | None) -> Decimal | None:
        """The amount in euros, to the cent; ``None`` when it cannot be compared."""
        if amount is None or currency is None:
            return None
        if currency != "EUR":
            rate = self.per_eur.get(currency)
            if rate is None or rate <= 0:
                return None
            amount = amount / rate
        return amount.quantize(CENT, ROUND_HALF_EVEN)


NO_RATES = Rates(dated=None, per_eur={})
