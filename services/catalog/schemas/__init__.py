"""Requests that catalog takes."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from shared.bodies import RequestBody
from shared.contracts.types import (
    Certification,
    Defect,
    Form,
    Grain,
    LotValues,
    PriceUnit,
    QualityClass,
    SurplusReason,
)
from shared.contracts.visibility import Disclosure

_PRINTABLE = r"^[^\x00-\x1f\x7f]*$"
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=_PRINTABLE)]
LotRef = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64, pattern=_PRINTABLE)]
Remarks = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=2000, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]*$")
]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=500, pattern=_PRINTABLE)]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Incoterm = Literal["EXW", "FCA", "FAS", "FOB", "CFR", "CIF", "CPT", "CIP", "DAP", "DPU", "DDP"]
Grammage = Annotated[Decimal, Field(gt=0, max_digits=6, decimal_places=1)]
Kilograms = Annotated[Decimal, Field(gt=0, max_digits=12, decimal_places=1)]
Percent = Annotated[Decimal, Field(gt=0, max_digits=5, decimal_places=2)]
Amount = Annotated[Decimal, Field(gt=0, max_digits=12, decimal_places=4)]
Count = Annotated[int, Field(ge=0, le=100_000_000)]
Size = Annotated[int, Field(gt=0, le=100_000)]


class _Optional(RequestBody):
    """What a lot may have; nothing here is needed to name it."""

    lot_ref: LotRef | None = None
    grade_raw: Line | None = None
    product_name: Line | None = None
    width_mm: Size | None = None
    sheet_w_mm: Size | None = None
    sheet_l_mm: Size | None = None
    grain: Grain | None = None
    diameter_mm: Size | None = None
    core_mm: Size | None = None
    caliper_um: Size | None = None
    reel_count: Count | None = None
    pallet_count: Count | None = None
    sheet_count: Count | None = None
    weight_gross_kg: Kilograms | None = None
    colour: Line | None = None
    brightness_iso: Percent | None = None
    certification: Annotated[tuple[Certification, ...], Field(max_length=5)] = ()
    surplus_reason: SurplusReason | None = None
    defects: Annotated[tuple[Defect, ...], Field(max_length=20)] = ()
    price: Amount | None = None
    currency: Currency | None = None
    price_unit: PriceUnit | None = None
    incoterm: Incoterm | None = None
    location_place: Line | None = None
    available_from: date | None = None
    valid_until: date | None = None
    remarks: Remarks | None = None


class NewItem(_Optional):
    """A lot entered by hand. ``mill_id`` is for operators; a mill enters its own."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "grade_code": "TL_2",
                    "form": "reel",
                    "gsm": "135",
                    "width_mm": 2450,
                    "reel_count": 9,
                    "weight_net_kg": "24600",
                    "quality_class": "A",
                    "location_country": "DE",
                    "lot_ref": "K-2041",
                    "price": "412.50",
                    "currency": "EUR",
                    "price_unit": "per_t",
                    "incoterm": "FCA",
                }
            ]
        }
    )

    grade_code: Annotated[str, StringConstraints(max_length=40)]
    form: Form
    gsm: Grammage
    weight_net_kg: Kilograms
    quality_class: QualityClass = QualityClass.B
    location_country: Country
    mill_id: UUID | None = None
    publish: bool = True

    def values(self) -> LotValues:
        """The lot; its price per tonne is still to be worked out."""
        return LotValues(**self.model_dump(exclude={"mill_id", "publish"}))


class ItemPatch(_Optional):
    """JSON Merge Patch: members sent are changed, ``null`` removes."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"price": "398.00", "incoterm": "FCA"}]})

    grade_code: Annotated[str, StringConstraints(max_length=40)] | None = None
    form: Form | None = None
    gsm: Grammage | None = None
    weight_net_kg: Kilograms | None = None
    quality_class: QualityClass | None = None
    location_country: Country | None = None
    certification: Annotated[tuple[Certification, ...], Field(max_length=5)] | None = None  # pyright: ignore[reportIncompatibleVariableOverride, reportGeneralTypeIssues] – a search narrows what a lot has
    defects: Annotated[tuple[Defect, ...], Field(max_length=20)] | None = None  # pyright: ignore[reportIncompatibleVariableOverride, reportGeneralTypeIssues] – a search narrows what a lot has

    def changes(self) -> dict[str, object]:
        """What was sent, ``None`` for what is to be removed."""
        sent: dict[str, object] = self.model_dump(exclude_unset=True)
        for name in ("certification", "defects"):
            if name in sent and sent[name] is None:
                sent[name] = ()
        return sent


class Listing(RequestBody):
    """Put an item on the market. ``cause`` and ``reason`` are needed after a sale that came to nothing."""

    cause: Literal["sale_cancelled"] | None = None
    reason: Reason | None = None


class Withdrawal(RequestBody):
    """``force`` takes the item from a buyer who holds it; he is told."""

    reason: Reason
    force: bool = False


class Sale(RequestBody):
    """A sale made outside an offer. ``force`` (operators) sells over the head of a holder."""

    buyer_id: UUID | None = None
    force: bool = False


class RulesIn(RequestBody):
    """A mill's whole rule set. Empty ``allowed_*``: any. ``dry_run`` only counts whom it would concern."""

    blocked_buyers: Annotated[list[UUID], Field(max_length=1000)] = []
    allowed_countries: Annotated[list[Country], Field(max_length=250)] = []
    blocked_countries: Annotated[list[Country], Field(max_length=250)] = []
    allowed_segments: Annotated[list[Line], Field(max_length=50)] = []
    price: Disclosure = Disclosure.MATCHED
    identity: Disclosure = Disclosure.WINDOW
    dry_run: bool = False
