from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingestion.parsing import sizes
from services.ingestion.parsing.draft import tenth
from services.ingestion.parsing.headers import read_header
from services.ingestion.parsing.units import GSM, LENGTH, WEIGHT, HeaderUnit, cell_unit, header_unit, price_per_t
from shared.contracts.types import PriceUnit


@pytest.mark.parametrize(
    ("pounds", "basis", "gsm"),
    [
        (20, "lb bond", "75.2"),
        (70, "lb text", "103.6"),
        (80, "lb cover", "216.3"),
        (42, "lb/msf", "205.1"),
        (26, "lb/msf", "126.9"),
        (30, "lb/3000ft2", "48.8"),
        (166, "lb/3000ft2", "270.2"),
    ],
)
def test_basis_weight_when_in_pounds_then_the_trade_tables_agree(pounds: int, basis: str, gsm: str) -> None:
    assert tenth(pounds * GSM[basis]) == Decimal(gsm)


@given(st.decimals(min_value="0.01", max_value=100_000, places=2))
def test_conversion_when_there_and_back_then_unchanged(value: Decimal) -> None:
    for factor in (*LENGTH.values(), *WEIGHT.values(), *GSM.values()):
        assert abs(value * factor / factor - value) < Decimal("1e-15")


@given(st.decimals(min_value="0.01", max_value=5000, places=2), st.integers(20, 600))
def test_price_when_per_msf_or_m2_then_the_same_money_per_tonne(price: Decimal, gsm: int) -> None:
    per_m2 = price_per_t(price, PriceUnit.PER_M2, gsm=Decimal(gsm), sheet_w_mm=None, sheet_l_mm=None)
    per_msf = price_per_t(
        price * Decimal("92.90304"), PriceUnit.PER_MSF, gsm=Decimal(gsm), sheet_w_mm=None, sheet_l_mm=None
    )

    assert per_m2 is not None
    assert per_msf is not None
    assert abs(per_m2 - per_msf) < Decimal("0.000001")


@pytest.mark.parametrize(
    ("unit", "price", "per_t"),
    [
        (PriceUnit.PER_KG, "0.77", "770"),
        (PriceUnit.PER_100KG, "63.30", "633"),
        (PriceUnit.PER_SHORT_TON, "950", "1047.2"),
        (PriceUnit.PER_CWT, "35.50", "782.64"),
        (PriceUnit.PER_LB, "0.40", "881.85"),
        (PriceUnit.PER_LONG_TON, "1000", "984.21"),
        (PriceUnit.PER_1000_SHEETS, "42.97", "828.90"),
    ],
)
def test_price_when_per_another_unit_then_per_tonne(unit: PriceUnit, price: str, per_t: str) -> None:
    found = price_per_t(Decimal(price), unit, gsm=Decimal(90), sheet_w_mm=640, sheet_l_mm=900)

    assert found is not None
    assert abs(found - Decimal(per_t)) < Decimal("0.006")


def test_price_when_per_ream_of_unknown_size_then_not_computed() -> None:
    assert price_per_t(Decimal(9), PriceUnit.PER_REAM, gsm=Decimal(80), sheet_w_mm=700, sheet_l_mm=1000) is None


@pytest.mark.parametrize(
    ("header", "rest", "unit"),
    [
        ("Flächen-\ngewicht g/m²", "flachengewicht", HeaderUnit("gsm", "g/m2")),
        ("Breite mm", "breite", HeaderUnit("length", "mm")),
        ("Width (in)", "width ( )", HeaderUnit("length", "in")),
        ("Prezzo €/kg", "prezzo", HeaderUnit("price", "per_kg", "EUR")),
        ("Preis EUR/100kg", "preis", HeaderUnit("price", "per_100kg", "EUR")),
        ("Prix €/1000 f.", "prix", HeaderUnit("price", "per_1000_sheets", "EUR")),
        ("Price USD/ST", "price", HeaderUnit("price", "per_short_ton", "USD")),
        ("Price per ton", "price", HeaderUnit("price", "ton?")),
        ("Qty (LBS)", "qty ( )", HeaderUnit("weight", "lb")),
        ("Caliper µm", "caliper", HeaderUnit("thickness", "um")),
        ("Basis Weight (lb/MSF)", "basis weight ( )", HeaderUnit("gsm", "lb/msf")),
        ("Item #", "item #", None),
    ],
)
def test_header_when_it_carries_a_unit_then_taken_apart(header: str, rest: str, unit: HeaderUnit | None) -> None:
    assert header_unit(header) == (rest, unit)


@pytest.mark.parametrize(
    ("text", "dimension", "unit"),
    [
        ("#/MSF", "gsm", "lb/msf"),
        ("lb/3000 ft2", "gsm", "lb/3000ft2"),
        ("#", "gsm", "lb?"),
        ("# text", "gsm", "lb text"),
        ("GSM", "gsm", "g/m2"),
        ('"', "length", "in"),
        ("CM", "length", "cm"),
        ("tons", "weight", "ton?"),
        ("kgs", "weight", "kg"),
        ("", "weight", ""),
        ("parsecs", "length", None),
        ("kg", "length", None),
    ],
)
def test_cell_when_it_carries_a_unit_then_known_or_refused(text: str, dimension: str, unit: str | None) -> None:
    assert cell_unit(text, dimension) == unit


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("70x100", (700, 1000, None)),
        ("700×1000", (700, 1000, None)),
        ("700*1000 LG", (700, 1000, "long")),
        ("61/86", (610, 860, None)),
        ("0,70 x 1,00", (700, 1000, None)),
        ("72X102 SB", (720, 1020, "long")),
        ("1020x720 BB", (1020, 720, "short")),
        ('25"x38"', (635, Decimal("965.2"), None)),
        ("63,5x88", (635, 880, None)),
    ],
)
def test_sheet_size_when_written_as_mills_do_then_in_mm(text: str, size: tuple[object, ...]) -> None:
    read = sizes.sheet_size(text, None, None, False)

    assert read is not None
    assert (read.first, read.second, read.grain) == size


@pytest.mark.parametrize(("text", "first"), [("720x", 720), ("70", 70)])
def test_sheet_size_when_one_side_is_missing_then_said(text: str, first: int) -> None:
    read = sizes.sheet_size(text, "mm", None, False)

    assert read is not None
    assert (read.first, read.second) == (first, None)


@pytest.mark.parametrize(
    ("text", "reel", "core"),
    [("1200/76", 1200, 76), ("Ø 1250 / 150", 1250, 150), ("125/76", 1250, 76), ("76/1200", 1200, 76)],
)
def test_reel_and_core_when_in_one_cell_then_the_larger_is_the_reel(text: str, reel: int, core: int) -> None:
    read = sizes.diameter_and_core(text, None, None)

    assert read is not None
    assert (read.first, read.second) == (reel, core)


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("Ø / Mandril mm", "diameter_core"),
        ("kg/Rolle", "avg_reel_weight_kg"),
        ("g/m²", "gsm"),
        ("EUR/t", "price"),
        ("KGS", "weight_net_kg"),
        ("Hülsen-Ø (mm)", "core_mm"),
        ("Anz. Rollen", "reel_count"),
        ("verfügbar ab", "available_from"),
        ("Szerokość roli", "width_mm"),
    ],
)
def test_header_when_known_then_names_its_field(header: str, field: str) -> None:
    scores = read_header(header).fields

    assert max(scores, key=lambda f: scores[f]) == field
    assert scores[field] >= 0.9
