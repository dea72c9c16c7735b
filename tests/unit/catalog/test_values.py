"""What makes a lot complete, what changes it, and its price per tonne."""

from decimal import Decimal

import pytest

from services.catalog.domain.values import changed_fields, is_material, price_per_tonne, problems_of
from shared.contracts.types import Certification, Form, LotValues, PriceUnit
from tests.support.lots import LINER, lot

SHEET = {"form": Form.SHEET, "sheet_w_mm": 700, "sheet_l_mm": 1000, "gsm": Decimal(100)}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (lot(price=Decimal("0.45"), price_unit=PriceUnit.PER_KG), "450.00"),
        (lot(price=Decimal("450.125"), price_unit=PriceUnit.PER_T), "450.12"),
        (lot(price=Decimal("45"), price_unit=PriceUnit.PER_100KG), "450.00"),
        (lot(price=Decimal("0.20"), price_unit=PriceUnit.PER_LB), "440.92"),
        (lot(price=Decimal("400"), price_unit=PriceUnit.PER_SHORT_TON), "440.92"),
        # 1000 sheets of 0.7 m² at 100 g weigh 70 kg.
        (lot(price=Decimal("70"), price_unit=PriceUnit.PER_1000_SHEETS, **SHEET), "1000.00"),
        (lot(price=Decimal("35"), price_unit=PriceUnit.PER_REAM, **SHEET), "1000.00"),
        (lot(price=Decimal("0.10"), price_unit=PriceUnit.PER_M2, gsm=Decimal(100)), "1000.00"),
        # 1000 square feet are 92.90304 m².
        (lot(price=Decimal("9.290304"), price_unit=PriceUnit.PER_MSF, gsm=Decimal(100)), "1000.00"),
        (lot(price=Decimal("35"), price_unit=PriceUnit.PER_REAM), None),
        (lot(price=None), None),
    ],
)
def test_price_when_per_any_unit_then_per_tonne(values: LotValues, expected: str | None) -> None:
    assert price_per_tonne(values) == (None if expected is None else Decimal(expected))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (LINER, []),
        (lot(grade_code="SHINY"), ["grade_code"]),
        (lot(gsm=Decimal("9.9")), ["gsm"]),
        (lot(gsm=Decimal(1500)), []),
        (lot(gsm=Decimal("1500.1")), ["gsm"]),
        (lot(width_mm=None), ["width_mm"]),
        (lot(form=Form.SHEET, sheet_w_mm=700), ["sheet_w_mm"]),
        (lot(diameter_mm=140, core_mm=100), ["diameter_mm"]),
        (lot(diameter_mm=141, core_mm=100), []),
        (lot(weight_gross_kg=Decimal(12000)), ["weight_gross_kg"]),
        (lot(currency=None), ["currency"]),
        (lot(price=None, currency=None, price_per_t=None), []),
    ],
)
def test_problems_when_values_are_looked_at_then_each_wrong_field_is_named(
    values: LotValues, expected: list[str]
) -> None:
    assert [field for field, _, _ in problems_of(values, grades=frozenset({"KL_BROWN"}))] == expected


def test_change_when_order_or_scale_differ_then_none() -> None:
    one = lot(certification=(Certification.FSC, Certification.PEFC), gsm=Decimal("112.0"))
    other = lot(certification=(Certification.PEFC, Certification.FSC), gsm=Decimal("112"))
    assert changed_fields(one, other) == ()


@pytest.mark.parametrize(
    ("changed", "material"),
    [((), False), (("remarks",), False), (("remarks", "price"), True), (("product_name", "grade_raw"), False)],
)
def test_change_when_it_makes_another_offer_then_material(changed: tuple[str, ...], material: bool) -> None:
    assert is_material(changed) == material
