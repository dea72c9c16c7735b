"""The array form of the rules: active requirements as int32 columns, one block per grade code.

It selects candidates for a whole set of lots without touching a pair in Python; the scalar rules in ``domain/rules.py``
then confirm each one and say why. A property test holds both to the same answer.

Numbers are scaled to whole ones (g/m² × 100, kg × 10, cents), an open end is the end of int32, and sets that many
requirements share (countries, cores) are interned: a column holds the number of the set, ``Membership`` answers for it.
A requirement stands in the block of every code it takes. Blocks are replaced, never changed in place.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import IntEnum, auto
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from services.matching.domain.model import QUALITY_ORDER, Bounds, Lot, Rates, Requirement
from shared.contracts.grades import expanded
from shared.contracts.types import Certification, Defect, Form, QualityClass

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Bools = NDArray[np.bool_]


LOW, HIGH = -(2**31), 2**31 - 1
ABSENT = -1  # a value that is not stated
CELLS_MAX = 1 << 21  # lots x requirements compared at once: 2 MB of flags stay in the cache of one core
CUTS_MAX = 20
CORE_MM_MAX = 1000
_FORMS = {form: 1 << place for place, form in enumerate(Form)}
_CERTIFICATIONS = {one: 1 << place for place, one in enumerate(Certification)}
_DEFECTS = {one: 1 << place for place, one in enumerate(Defect)}


class Col(IntEnum):
    """Rows of a block: each one is the column of one criterion."""

    GSM_MIN = 0
    GSM_MAX = auto()
    WEIGHT_MIN = auto()
    WEIGHT_MAX = auto()
    WIDTH_MIN = auto()
    WIDTH_MAX = auto()
    DIAMETER_MIN = auto()
    DIAMETER_MAX = auto()
    FORMS = auto()
    FLOOR = auto()
    CEILING = auto()  # cents per tonne, euros
    CERTIFICATIONS = auto()
    DEFECTS = auto()
    SHEET_W = auto()
    SHEET_L = auto()
    SHEET_TRIM = auto()
    CUTS = auto()
    CUT_TRIM = auto()
    CORES = auto()
    COUNTRIES = auto()
    BUYER = auto()


Asked = Callable[[Col], Ints]


@dataclass(slots=True)
class Block:
    """The requirements of one grade code; ``numbers`` names them."""

    numbers: Longs = field(default_factory=lambda: np.empty(0, np.int64))
    cells: Ints = field(default_factory=lambda: np.empty((len(Col), 0), np.int32))

    def without(self, numbers: Longs) -> "Block":
        keep = ~np.isin(self.numbers, numbers)
        return self if bool(keep.all()) else Block(self.numbers[keep], np.ascontiguousarray(self.cells[:, keep]))

    def plus(self, numbers: Sequence[int], cells: Sequence[Sequence[int]]) -> "Block":
        added = np.ascontiguousarray(np.array(cells, np.int32).T)
        return Block(
            np.concatenate([self.numbers, np.array(numbers, np.int64)]), np.concatenate([self.cells, added], axis=1)
        )


class Membership:
    """Interned sets over a small range of integers, as one table of flags. Set 0 is "any"."""

    def __init__(self, size: int) -> None:
        self._places: dict[frozenset[int], int] = {frozenset(): 0}
        self.flags: Bools = np.ones((1, size), np.bool_)

    def intern(self, members: frozenset[int]) -> int:
        place = self._places.get(members)
        if place is None:
            place = self._places[members] = len(self._places)
            if place >= len(self.flags):  # grow by doubling
                self.flags = np.concatenate([self.flags, np.zeros_like(self.flags)])
            self.flags[place, list(members)] = True
        return place


class CutPlans:
    """Interned tuples of cut widths, padded with a width no reel has."""

    def __init__(self) -> None:
        self._places: dict[tuple[int, ...], int] = {}
        self.widths: Ints = np.full((1, CUTS_MAX), HIGH, np.int32)

    def intern(self, cuts: tuple[int, ...]) -> int:
        if not cuts:
            return ABSENT
        place = self._places.get(cuts)
        if place is None:
            place = self._places[cuts] = len(self._places)
            if place >= len(self.widths):
                self.widths = np.concatenate([self.widths, np.full_like(self.widths, HIGH)])
            self.widths[place, : len(cuts)] = cuts
        return place


@dataclass(slots=True)
class Columns:
    """All active requirements. ``numbers`` of requirements are the database's, small and never used twice."""

    blocks: dict[str, Block] = field(default_factory=dict[str, Block])
    buyers: dict[UUID, int] = field(default_factory=dict[UUID, int])
    cores: Membership = field(default_factory=lambda: Membership(CORE_MM_MAX + 1))
    countries: Membership = field(default_factory=lambda: Membership(26 * 26))
    cuts: CutPlans = field(default_factory=CutPlans)

    def put(self, rows: Iterable[tuple[int, Requirement]], *, gone: Iterable[int] = (), rates: Rates) -> None:
        """Add or replace requirements by their number, and take out those that are no longer active."""
        numbers: dict[str, list[int]] = {}
        cells: dict[str, list[list[int]]] = {}
        touched = list(gone)
        for number, requirement in rows:
            touched.append(number)
            row = self._cells(requirement, rates)
            codes = expanded(grade_codes=tuple(requirement.grade_codes), families=tuple(requirement.families))
            for code in codes:
                numbers.setdefault(code, []).append(number)
                cells.setdefault(code, []).append(row)
        old = np.array(touched, np.int64)
        for code in list(self.blocks):
            self.blocks[code] = self.blocks[code].without(old)
        for code, added in numbers.items():
            self.blocks[code] = self.blocks.get(code, Block()).plus(added, cells[code])

    def _cells(self, one: Requirement, rates: Rates) -> list[int]:
        ceiling = rates.euros(one.price_ceiling, one.price_currency)
        accepted = -1 if one.accepted_defects is None else sum(_DEFECTS[defect] for defect in one.accepted_defects)
        sheet = one.sheet
        return [
            *_ends(one.gsm, 100),
            *_ends(one.weight_kg, 10),
            *_ends(one.width_mm, 1),
            *_ends(one.diameter_mm, 1),
            sum(_FORMS[form] for form in one.forms),
            QUALITY_ORDER.index(one.quality_floor),
            HIGH if ceiling is None else _whole(ceiling, 100),
            sum(_CERTIFICATIONS[label] for label in one.certifications),
            accepted,
            sheet.w_mm if sheet else ABSENT,
            sheet.l_mm if sheet else ABSENT,
            sheet.trim_max_mm if sheet else 0,
            self.cuts.intern(tuple(sorted(one.cut_widths_mm))),
            one.trim_max_mm,
            self.cores.intern(one.core_mm),
            self.countries.intern(frozenset(country_number(country) for country in one.countries)),
            self.buyers.setdefault(one.buyer_id, len(self.buyers)),
        ]


def _whole(value: Decimal, scale: int) -> int:
    return max(LOW + 1, min(HIGH - 1, int(value * scale)))


def _ends(bounds: Bounds, scale: int) -> tuple[int, int]:
    # Asked on one side only, the other end is 0: so a value that is not stated (-1) lies outside.
    if not bounds.asked:
        return LOW, HIGH
    low = 0 if bounds.min is None else _whole(bounds.min, scale)
    return low, HIGH if bounds.max is None else _whole(bounds.max, scale)


def country_number(country: str) -> int:
    """AA to ZZ as 0 to 675; whatever is no country code is ZZ, which nobody can ask for."""
    if len(country) != 2 or not all("A" <= letter <= "Z" for letter in country):
        country = "ZZ"
    return (ord(country[0]) - 65) * 26 + ord(country[1]) - 65


def _lot_cells(lot: Lot, rates: Rates) -> list[int]:
    price = rates.euros(lot.price_per_t, lot.currency)
    return [
        _whole(lot.gsm, 100),
        _whole(lot.weight_kg, 10),
        ABSENT if lot.width_mm is None else lot.width_mm,
        ABSENT if lot.diameter_mm is None else lot.diameter_mm,
        _FORMS[lot.form],
        HIGH if lot.quality == QualityClass.BROKE else QUALITY_ORDER.index(lot.quality),
        ABSENT if price is None else _whole(price, 100),
        sum(_CERTIFICATIONS[label] for label in lot.certifications),
        sum(_DEFECTS[defect] for defect in lot.defects),
        ABSENT if lot.sheet_w_mm is None or lot.sheet_l_mm is None else lot.sheet_w_mm,
        ABSENT if lot.sheet_w_mm is None or lot.sheet_l_mm is None else lot.sheet_l_mm,
        ABSENT if lot.core_mm is None else min(lot.core_mm, CORE_MM_MAX),
        country_number(lot.country),
    ]


def select(
    columns: Columns, lots: Sequence[Lot], *, rates: Rates, allowed: Mapping[UUID, Bools]
) -> tuple[list[int], list[int]]:
    """Which requirement fits which lot: places in ``lots`` and numbers of requirements, pair by pair.

    ``allowed`` says per mill which buyers (by their place in ``columns.buyers``) may know of its lots.
    """
    places: list[int] = []
    numbers: list[int] = []
    by_code: dict[str, list[int]] = {}
    for place, lot in enumerate(lots):
        if lot.mill_id in allowed and lot.family is not None:
            by_code.setdefault(lot.grade_code, []).append(place)
    for code, wanted in by_code.items():
        block = columns.blocks.get(code)
        if block is None or not len(block.numbers):
            continue
        step = max(1, CELLS_MAX // len(block.numbers))
        for start in range(0, len(wanted), step):
            part = wanted[start : start + step]
            which, where = _fitting(columns, block, [lots[place] for place in part], rates, allowed)
            places.extend(np.array(part, np.int64)[which].tolist())
            numbers.extend(block.numbers[where].tolist())
    return places, numbers


def _fitting(
    columns: Columns, block: Block, lots: Sequence[Lot], rates: Rates, allowed: Mapping[UUID, Bools]
) -> tuple[Longs, Longs]:
    gsm, weight, width, diameter, form, quality, price, labels, defects, sheet_w, sheet_l, core, country = np.array(
        [_lot_cells(lot, rates) for lot in lots], np.int32
    ).T
    want = block.cells
    # The whole grid only for the two criteria that leave few pairs; everything else on what is left of it.
    grid = want[Col.GSM_MIN] <= gsm[:, None]
    np.logical_and(grid, want[Col.GSM_MAX] >= gsm[:, None], out=grid)
    np.logical_and(grid, (want[Col.FORMS] & form[:, None]) != 0, out=grid)
    which, where = np.nonzero(grid)

    def left(keep: Bools) -> None:
        nonlocal which, where
        which, where = which[keep], where[keep]

    def asked(column: Col) -> Ints:
        return want[column][where]

    reel = form == _FORMS[Form.REEL]
    inside = (asked(Col.WIDTH_MIN) <= width[which]) & (width[which] <= asked(Col.WIDTH_MAX))
    left(inside | ~reel[which])
    left((asked(Col.WEIGHT_MIN) <= weight[which]) & (weight[which] <= asked(Col.WEIGHT_MAX)))
    left((quality[which] <= asked(Col.FLOOR)) & (price[which] <= asked(Col.CEILING)))
    left((asked(Col.CERTIFICATIONS) & ~labels[which]) == 0)
    left((defects[which] & ~asked(Col.DEFECTS)) == 0)
    left(columns.countries.flags[asked(Col.COUNTRIES), country[which]])
    left(columns.cores.flags[asked(Col.CORES), core[which]] | (core[which] < 0) | ~reel[which])
    inside = (asked(Col.DIAMETER_MIN) <= diameter[which]) & (diameter[which] <= asked(Col.DIAMETER_MAX))
    left(inside | (diameter[which] < 0) | ~reel[which])
    left(_sheets_fit(asked, sheet_w[which], sheet_l[which]) | reel[which])
    left(_cuts_fit(columns.cuts, asked, width[which]) | ~reel[which])
    mills = {mill: row for row, mill in enumerate(dict.fromkeys(lot.mill_id for lot in lots))}
    doors = np.stack([allowed[mill] for mill in mills])
    left(doors[np.array([mills[lot.mill_id] for lot in lots])[which], asked(Col.BUYER)])
    return which, where


def _sheets_fit(asked: Asked, w: Ints, l: Ints) -> Bools:  # noqa: E741 - the long side of a sheet
    wanted_w, wanted_l, trim = asked(Col.SHEET_W), asked(Col.SHEET_L), asked(Col.SHEET_TRIM)

    def cut_out(one: Ints, other: Ints) -> Bools:
        spare_w, spare_l = one - wanted_w, other - wanted_l
        return (spare_w >= 0) & (spare_w <= trim) & (spare_l >= 0) & (spare_l <= trim)

    return (wanted_w < 0) | cut_out(w, l) | cut_out(l, w)


def _cuts_fit(plans: CutPlans, asked: Asked, width: Ints) -> Bools:
    plan, trim = asked(Col.CUTS), asked(Col.CUT_TRIM)
    fits = plan < 0
    asking = np.flatnonzero(~fits)
    if len(asking):
        cuts, reel = plans.widths[plan[asking]], width[asking][:, None]
        fits[asking] = ((reel >= cuts) & (reel % cuts <= trim[asking][:, None])).any(axis=1)
    return fits
