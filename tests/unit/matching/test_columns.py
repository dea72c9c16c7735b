"""The array form of the rules selects exactly what the scalar form lets fit."""

from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from services.matching.columns import Bools, Columns, select
from services.matching.domain.model import NO_RATES, Bounds, Lot, Rates, Requirement, SheetFormat
from services.matching.domain.rules import assess
from shared.contracts.grades import FAMILY_OF
from shared.contracts.types import (
    BuyerId,
    Certification,
    Defect,
    Form,
    ItemId,
    MillId,
    QualityClass,
    RequirementId,
)
from tests.unit.matching.builders import a_lot, a_requirement

CODES = ("TL_2", "TL_3", "WFC_SILK", "FBB_GC1", "OTHER")
FAMILIES = ("containerboard", "graphic_woodfree")
MILLS = (MillId(UUID(int=1)), MillId(UUID(int=2)))
BUYERS = tuple(BuyerId(UUID(int=100 + n)) for n in range(3))
RATES = Rates(dated=None, per_eur={"USD": Decimal("1.16"), "SEK": Decimal("11.05")})
PRICES = [Decimal(text) for text in ("599.99", "600", "600.01", "696", "696.01", "6630")]

# Few values, close to each other and at the edges, so that every criterion is met, missed and just met.
gsm = st.sampled_from([Decimal(text) for text in ("99.99", "100", "100.5", "120", "135", "135.01")])
width = st.sampled_from([699, 700, 720, 721, 1000, 1020, 1400, 2100, 2470])
side = st.sampled_from([700, 720, 1000])
weight = st.sampled_from([Decimal(text) for text in ("999.9", "1000", "1000.1", "25000")])
currency = st.sampled_from(["EUR", "USD", "SEK", "PLN"])
country = st.sampled_from(["DE", "AT", "SE"])


def bounds(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Bounds]:
    end = st.none() | values.map(Decimal)

    def ordered(pair: tuple[Decimal | None, Decimal | None]) -> Bounds:
        low, high = pair
        return Bounds(high, low) if low is not None and high is not None and low > high else Bounds(low, high)

    return st.tuples(end, end).map(ordered)


def seldom(usual: object, values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Most requirements ask for little, so that enough pairs fit and each criterion is what decides now and then."""
    return st.one_of(st.just(usual), st.just(usual), values)


requirements = st.builds(
    Requirement,
    id=st.just(RequirementId(UUID(int=7))),
    buyer_id=st.sampled_from(BUYERS),
    title=st.just("any"),
    grade_codes=seldom(frozenset(CODES[:-1]), st.frozensets(st.sampled_from(CODES[:-1]), max_size=2)),
    families=st.frozensets(st.sampled_from(FAMILIES), max_size=1),
    forms=seldom(frozenset(Form), st.frozensets(st.sampled_from(list(Form)), min_size=1)),
    gsm=seldom(Bounds(), bounds(gsm)),
    width_mm=seldom(Bounds(), bounds(width)),
    cut_widths_mm=seldom((), st.lists(st.sampled_from([350, 700, 1020, 1225]), max_size=2, unique=True).map(tuple)),
    trim_max_mm=st.sampled_from([0, 20, 60]),
    sheet=seldom(None, st.builds(SheetFormat, w_mm=side, l_mm=side, trim_max_mm=st.sampled_from([0, 20, 400]))),
    diameter_mm=seldom(Bounds(), bounds(st.sampled_from([1000, 1200]))),
    core_mm=seldom(frozenset[int](), st.frozensets(st.sampled_from([76, 150]), max_size=2)),
    weight_kg=seldom(Bounds(), bounds(weight)),
    quality_floor=seldom(QualityClass.C, st.sampled_from(list(QualityClass)[:4])),
    accepted_defects=seldom(None, st.frozensets(st.sampled_from(list(Defect)[:3]))),
    price_ceiling=seldom(None, st.sampled_from(PRICES)),
    price_currency=currency,
    countries=seldom(frozenset[str](), st.frozensets(country, max_size=2)),
    certifications=seldom(frozenset[Certification](), st.frozensets(st.sampled_from(list(Certification)[:2]))),
)


@st.composite
def lots(draw: st.DrawFn) -> Lot:
    code = draw(st.sampled_from(CODES))
    return Lot(
        item_id=ItemId(UUID(int=draw(st.integers(1000, 1100)))),
        mill_id=draw(st.sampled_from(MILLS)),
        grade_code=code,
        family=FAMILY_OF.get(code),
        form=draw(st.sampled_from(list(Form))),
        gsm=draw(gsm),
        weight_kg=draw(weight),
        quality=draw(st.sampled_from(list(QualityClass))),
        country=draw(country),
        width_mm=draw(st.none() | width),
        sheet_w_mm=draw(st.none() | side),
        sheet_l_mm=draw(st.none() | side),
        diameter_mm=draw(st.none() | st.sampled_from([999, 1000, 1100, 1201])),
        core_mm=draw(st.none() | st.sampled_from([70, 76, 150, 5000])),
        certifications=draw(st.frozensets(st.sampled_from(list(Certification)[:2]))),
        defects=draw(st.frozensets(st.sampled_from(list(Defect)[:3]), max_size=2)),
        price_per_t=draw(st.none() | st.sampled_from(PRICES)),
        currency=draw(st.none() | currency),
    )


def selected(columns: Columns, offered: list[Lot], rates: Rates, doors: dict[UUID, list[bool]]) -> set[tuple[int, int]]:
    allowed = {
        mill: np.array([row[BUYERS.index(BuyerId(one))] for one in columns.buyers], np.bool_)
        for mill, row in doors.items()
    }
    places, numbers = select(columns, offered, rates=rates, allowed=allowed)
    pairs = list(zip(places, numbers, strict=True))
    assert len(pairs) == len(set(pairs))
    return set(pairs)


@settings(max_examples=200, deadline=None)
@given(
    wanted=st.lists(requirements, min_size=3, max_size=12),
    offered=st.lists(lots(), min_size=3, max_size=10),
    rates=st.sampled_from([RATES, NO_RATES]),
    doors=st.fixed_dictionaries(
        {mill: seldom([True, True, True], st.lists(st.booleans(), min_size=3, max_size=3)) for mill in MILLS}
    ),
)
def test_array_form_selects_the_pairs_that_the_scalar_form_lets_fit(
    wanted: list[Requirement], offered: list[Lot], rates: Rates, doors: dict[UUID, list[bool]]
) -> None:
    columns = Columns()
    columns.put(enumerate(wanted), rates=rates)
    expected = {
        (place, number)
        for place, lot in enumerate(offered)
        for number, requirement in enumerate(wanted)
        if assess(requirement, lot, rates).fits and doors[lot.mill_id][BUYERS.index(requirement.buyer_id)]
    }
    assert selected(columns, offered, rates, doors) == expected


@settings(deadline=None)
@given(
    first=st.lists(requirements, min_size=1, max_size=6),
    second=st.lists(requirements, min_size=1, max_size=6),
    gone=st.frozensets(st.integers(0, 5), max_size=3),
    offered=st.lists(lots(), max_size=6),
)
def test_columns_changed_piece_by_piece_equal_columns_loaded_at_once(
    first: list[Requirement], second: list[Requirement], gone: frozenset[int], offered: list[Lot]
) -> None:
    piecemeal, whole = Columns(), Columns()
    piecemeal.put(enumerate(first), rates=RATES)
    piecemeal.put(enumerate(second), gone=gone, rates=RATES)
    final = {number: one for number, one in enumerate(first) if number not in gone} | dict(enumerate(second))
    whole.put(final.items(), rates=RATES)
    doors: dict[UUID, list[bool]] = {mill: [True, True, True] for mill in MILLS}
    assert selected(piecemeal, offered, RATES, doors) == selected(whole, offered, RATES, doors)


def test_lot_of_a_mill_without_a_known_door_is_selected_for_nobody() -> None:
    columns = Columns()
    columns.put([(1, a_requirement())], rates=NO_RATES)
    assert select(columns, [a_lot()], rates=NO_RATES, allowed={}) == ([], [])


def test_more_lots_than_fit_one_step_are_all_compared() -> None:
    columns = Columns()
    columns.put([(number, a_requirement()) for number in range(3000)], rates=NO_RATES)
    lot = a_lot()
    everybody: dict[UUID, Bools] = {lot.mill_id: np.ones(1, np.bool_)}
    places, _ = select(columns, [lot] * 800, rates=NO_RATES, allowed=everybody)
    assert len(places) == 3000 * 800
