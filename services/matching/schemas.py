"""Bodies of requests and answers. A requirement is the same object in both directions; answers add what we know."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from services.matching.countries import COUNTRIES
from services.matching.domain.model import Cadence
from shared.bodies import RequestBody
from shared.contracts.grades import FAMILIES, FAMILY_OF
from shared.contracts.types import Certification, Defect, Form
from shared.instants import Instant

GSM_MAX = Decimal(2000)
WIDTH_MM_MAX = 12_000  # the widest paper machine makes 11.8 m
CORE_MM_MAX = 999
DIAMETER_MM_MAX = 3000
WEIGHT_KG_MAX = 100_000_000
CEILING_MAX = Decimal(1_000_000)  # per tonne


def _known_code(code: str) -> str:
    if code not in FAMILY_OF:
        raise ValueError("is not a grade code; GET /reference-data lists them")
    return code


def _known_family(family: str) -> str:
    if family not in FAMILIES:
        raise ValueError(f"is not a family; one of {', '.join(FAMILIES)}")
    return family


def _known_country(country: str) -> str:
    if country not in COUNTRIES:
        raise ValueError("is not a country code of two capital letters (ISO 3166-1)")
    return country


GradeCode = Annotated[str, Field(max_length=32), AfterValidator(_known_code)]
Family = Annotated[str, Field(max_length=32), AfterValidator(_known_family)]
Country = Annotated[str, Field(max_length=2), AfterValidator(_known_country)]
Gsm = Annotated[Decimal, Field(gt=0, le=GSM_MAX, max_digits=6, decimal_places=2)]
Width = Annotated[int, Field(ge=1, le=WIDTH_MM_MAX)]


class _Range(RequestBody):
    @model_validator(mode="after")
    def _ordered(self) -> Self:
        low, high = getattr(self, "min", None), getattr(self, "max", None)
        if low is not None and high is not None and low > high:
            raise ValueError("min is larger than max")
        return self


class GsmRange(_Range):
    """g/m², both ends included; the tolerance you accept is part of the range."""

    min: Gsm | None = None
    max: Gsm | None = None


class WidthRange(_Range):
    """mm, both ends included."""

    min: Width | None = None
    max: Width | None = None


class DiameterRange(_Range):
    """mm, both ends included."""

    min: Annotated[int, Field(ge=1, le=DIAMETER_MM_MAX)] | None = None
    max: Annotated[int, Field(ge=1, le=DIAMETER_MM_MAX)] | None = None


class WeightRange(_Range):
    """kg of the whole lot, both ends included."""

    min: Annotated[int, Field(ge=0, le=WEIGHT_KG_MAX)] | None = None
    max: Annotated[int, Field(ge=0, le=WEIGHT_KG_MAX)] | None = None


class Sheet(RequestBody):
    """A wanted format in mm; both sides of a lot may be up to ``max_trim_mm`` larger, in either orientation."""

    w: Width
    l: Width  # noqa: E741 - the long side
    max_trim_mm: Annotated[int, Field(ge=0, le=1000)] = 20


class Ceiling(RequestBody):
    """The most you would pay per tonne."""

    amount: Annotated[Decimal, Field(gt=0, le=CEILING_MAX, decimal_places=2)]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "EUR"
    per: Literal["t"] = "t"


class RequirementBody(RequestBody):
    """What a buyer wants. Empty lists and absent members: any. At least one grade code or family is needed."""

    title: Annotated[str, Field(min_length=1, max_length=120)]
    families: Annotated[list[Family], Field(max_length=len(FAMILIES))] = []
    grade_codes: Annotated[list[GradeCode], Field(max_length=60)] = []
    product_forms: Annotated[list[Form], Field(min_length=1, max_length=2)] = [Form.REEL, Form.SHEET]
    gsm: GsmRange = GsmRange()
    width_mm: WidthRange | None = None
    cut_widths_mm: Annotated[list[Annotated[int, Field(ge=10, le=WIDTH_MM_MAX)]], Field(max_length=20)] = []
    max_trim_mm: Annotated[int, Field(ge=0, le=1000)] | None = None
    sheet_mm: Sheet | None = None
    diameter_mm: DiameterRange | None = None
    core_mm: Annotated[list[Annotated[int, Field(ge=10, le=CORE_MM_MAX)]], Field(max_length=20)] = []
    weight_kg: WeightRange = WeightRange()
    quality_floor: Literal["PRIME", "A", "B", "C"] = "C"
    accepted_defects: Annotated[list[Defect], Field(max_length=len(Defect))] | None = None
    price_ceiling: Ceiling | None = None
    ship_from_countries: Annotated[list[Country], Field(max_length=len(COUNTRIES))] = []
    certifications: Annotated[list[Certification], Field(max_length=len(Certification))] = []
    deliver_to: Annotated[str, Field(min_length=1, max_length=120)] | None = None
    valid_until: date | None = None
    cadence: Cadence = Cadence.DAILY
    auto_interest: bool = False

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if not self.families and not self.grade_codes:
            raise ValueError("name at least one of grade_codes or families")
        return self


class RequirementCreate(RequirementBody):
    """``buyer_id`` is for admins, who say for whom; a buyer's own organisation is taken otherwise."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "title": "Testliner for the wide corrugator",
                    "grade_codes": ["TL_2", "TL_3"],
                    "product_forms": ["reel"],
                    "gsm": {"min": "125", "max": "150"},
                    "width_mm": {"min": 2400, "max": 2500},
                    "weight_kg": {"min": 10000},
                    "quality_floor": "B",
                    "price_ceiling": {"amount": "450.00", "currency": "EUR", "per": "t"},
                    "ship_from_countries": ["DE", "AT"],
                    "cadence": "on_match",
                }
            ]
        }
    )

    buyer_id: UUID | None = None
    paused: bool = False


class SheetPatch(RequestBody):
    """Members of a sheet format to change."""

    w: Width | None = None
    l: Width | None = None  # noqa: E741 - the long side
    max_trim_mm: Annotated[int, Field(ge=0, le=1000)] | None = None


class CeilingPatch(RequestBody):
    """Members of a price ceiling to change."""

    amount: Annotated[Decimal, Field(gt=0, le=CEILING_MAX, decimal_places=2)] | None = None
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None = None
    per: Literal["t"] | None = None


class RequirementPatch(RequestBody):
    """Members to change (JSON Merge Patch): absent stays as it is, ``null`` goes back to "any"."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"gsm": {"min": "120"}, "valid_until": "2026-12-31", "paused": False}]}
    )

    title: Annotated[str, Field(max_length=120)] | None = None
    families: Annotated[list[Family], Field(max_length=len(FAMILIES))] | None = None
    grade_codes: Annotated[list[GradeCode], Field(max_length=60)] | None = None
    product_forms: Annotated[list[Form], Field(max_length=2)] | None = None
    gsm: GsmRange | None = None
    width_mm: WidthRange | None = None
    cut_widths_mm: Annotated[list[int], Field(max_length=20)] | None = None
    max_trim_mm: int | None = None
    sheet_mm: SheetPatch | None = None
    diameter_mm: DiameterRange | None = None
    core_mm: Annotated[list[int], Field(max_length=20)] | None = None
    weight_kg: WeightRange | None = None
    quality_floor: Literal["PRIME", "A", "B", "C"] | None = None
    accepted_defects: Annotated[list[Defect], Field(max_length=len(Defect))] | None = None
    price_ceiling: CeilingPatch | None = None
    ship_from_countries: Annotated[list[Country], Field(max_length=len(COUNTRIES))] | None = None
    certifications: Annotated[list[Certification], Field(max_length=len(Certification))] | None = None
    deliver_to: Annotated[str, Field(max_length=120)] | None = None
    valid_until: date | None = None
    cadence: Cadence | None = None
    auto_interest: bool | None = None
    paused: bool | None = None


class RequirementChange(RequirementBody):
    """The requirement as it will be after a change: the merge of what it was and what was sent."""

    paused: bool = False


class RequirementView(RequirementBody):
    """A requirement as it stands; ``live_matches`` counts those that are not closed or dismissed."""

    model_config = ConfigDict(extra="ignore")

    id: UUID
    buyer_id: UUID
    version: int
    status: str
    paused: bool
    live_matches: int
    created_at: Instant
    updated_at: Instant


class CriterionView(BaseModel):
    """One line of an explanation. ``result``: met, near, not_stated or failed."""

    criterion: str
    required: str
    offered: str
    result: str
    weight: int


class MatchView(BaseModel):
    """A match as the viewer may see it; what is hidden is ``null`` and named in ``redacted``.

    ``band`` says strong (90 and more), good (75 and more) or fair. A mill sees ``buyer`` without a name.
    """

    id: UUID
    version: int
    status: str
    item_id: UUID
    listing_cycle: int
    requirement_id: UUID | None
    buyer_id: UUID | None
    buyer: str | None
    score: Decimal | None
    band: str
    explanation: list[CriterionView] | None
    created_at: Instant
    closed_reason: str | None
    redacted: list[str]


class Feedback(RequestBody):
    """``dismissed`` takes a match out of your newsletters; ``relevant`` takes it back in."""

    verdict: Literal["relevant", "dismissed"]
    reason: Annotated[str, Field(max_length=500)] | None = None


class RunCreate(RequestBody):
    """What to match again. ``item_id``, ``requirement_id`` and ``since`` belong to the scope of their name."""

    scope: Literal["all", "item", "requirement", "changed_since"]
    item_id: UUID | None = None
    requirement_id: UUID | None = None
    since: Instant | None = None

    @model_validator(mode="after")
    def _target(self) -> Self:
        named = {"item": self.item_id, "requirement": self.requirement_id, "changed_since": self.since}
        given = {scope for scope, value in named.items() if value is not None}
        if given != {self.scope} - {"all"}:
            raise ValueError("give exactly the member that belongs to the scope: item_id, requirement_id or since")
        if self.since is not None and self.since.tzinfo is None:
            raise ValueError("since needs a time zone")
        return self


class RunView(BaseModel):
    """A match run; ``status`` running or completed."""

    id: UUID
    status: str
    scope: str
    batch_id: UUID | None
    items: int
    requirements: int
    found: int
    closed: int
    created_at: Instant
    completed_at: Instant | None
