"""What only a whole column or a whole list can tell: a wrong unit, a swapped header, one slipped decimal mark."""

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from math import log
from statistics import median, pstdev
from typing import cast

from services.ingestion.parsing import geometry, grades, numbers
from services.ingestion.parsing.columns import Column
from services.ingestion.parsing.draft import LABELS
from services.ingestion.parsing.model import Problem, RowReading
from services.ingestion.parsing.money import about_a_euro
from services.ingestion.parsing.plain import AnyRow, PlainRow, readings
from services.ingestion.parsing.scope import Scope
from services.ingestion.parsing.validate import USUAL_CORES
from shared.contracts.types import LotValues

FEW = 3  # below this a middle means nothing
ODD_SHARE = 0.3  # of a column outside what can be: the unit is wrong, not the cells
JUDGED_ROWS = 4000
MANY = 0.4  # of the lots whose weight does not go with their size
PRICE_FEW = 3
SLIP = 4.5  # times the usual price of its grade, or less than that part of it
BELIEVABLE = 0.3  # how far the density of a list may be from the usual one, as a logarithm
LIST_SLIP = 6.5  # against the whole list, where grades differ by themselves

# field -> what can be at all, and where the middle of a list usually lies; canonical units
_LIMITS: dict[str, tuple[tuple[float, float], tuple[float, float]]] = {
    "gsm": ((10, 1500), (18, 900)),
    "width_mm": ((20, 6000), (200, 3600)),
    "sheet_w_mm": ((100, 3000), (200, 1700)),
    "sheet_l_mm": ((100, 3000), (200, 1900)),
    "diameter_mm": ((100, 1800), (400, 1600)),
    "core_mm": ((20, 500), (60, 320)),
    "weight_net_kg": ((0.1, 2_000_000), (60, 150_000)),
    "price_per_t": ((1, 20_000), (90, 4500)),
    "reel_count": ((0, 10_000), (0, 400)),
}
# What a bare number may be, where its column is not understood.
_COULD_BE: dict[str, tuple[float, float]] = {
    "gsm": (30, 600),
    "width_mm": (300, 3500),
    "diameter_mm": (600, 1600),
    "core_mm": (70, 310),
    "reel_count": (1, 60),
    "pallet_count": (1, 60),
    "sheet_count": (500, 500_000),
    "weight_net_kg": (100, 100_000),
    "price": (0.2, 4000),
    "caliper_um": (40, 1500),
}


def judged_every(rows: int) -> int:
    """A long list is judged by every so-manieth of its rows."""
    return -(-rows // JUDGED_ROWS) or 1


def doubts(sheet: str | None, read: Sequence[AnyRow], scope: Scope) -> Iterator[Problem]:
    """Questions about a table as a whole; each names the column it is about. A long list is judged by some of it."""
    rows = readings(read[:: judged_every(len(read))])
    lots = [row.values for row in rows if row.values is not None]
    yield from _odd_columns(sheet, rows, scope)
    refused = sum(1 for row in rows if any(_is_about_weight(p) for p in row.problems))
    yield from _odd_geometry(sheet, lots, refused, scope)


def _is_about_weight(problem: Problem) -> bool:
    """The weight does not go with the size: of reels, or of so many sheets."""
    return problem.code in ("size_and_weight", "conflict") and problem.field == "weight_net_kg"


def _sheet_share(lot: LotValues) -> float | None:
    """The stated weight of sheets against the weight their size, grammage and number give."""
    if not (lot.sheet_count and lot.sheet_w_mm and lot.sheet_l_mm):
        return None
    return float(lot.weight_net_kg) / (lot.sheet_w_mm * lot.sheet_l_mm * float(lot.gsm) * lot.sheet_count / 1e9)


def _odd_columns(sheet: str | None, rows: Sequence[RowReading], scope: Scope) -> Iterator[Problem]:
    for field, (hard, usual) in _LIMITS.items():
        values = [float(v) for row in rows if (v := _stated(row, field)) is not None and v > 0]
        if len(values) < FEW:
            continue
        outside = sum(1 for v in values if not hard[0] <= v <= hard[1])
        middle = median(values)
        if field == "gsm" and _thin(rows):
            usual = (11, usual[1])
        if outside > ODD_SHARE * len(values) or not usual[0] <= middle <= usual[1]:
            name = "price" if field == "price_per_t" else field
            label = LABELS.get(name, name)
            text = f"The {label} would be around {middle:,.0f}, which is unusual. Is the unit or the column right?"
            yield Problem("unit_doubtful", text, "error", sheet, column=_header(scope, name), field=name)

    yield from _odd_for_grade(sheet, rows, scope)
    twice = sum(1 for row in rows if any(p.code == "duplicate_lot_ref" for p in row.problems))
    if twice >= FEW and twice > 0.15 * sum(1 for row in rows if row.kind == "lot"):
        text = f'Many rows have the same lot number. Is "{_header(scope, "lot_ref")}" the lot number?'
        yield Problem("unit_doubtful", text, "error", sheet, column=_header(scope, "lot_ref"), field="lot_ref")
    cores = [v for row in rows if (v := _stated(row, "core_mm")) is not None]
    usual_cores = sum(1 for v in cores if any(abs(float(v) - core) <= 4 for core in USUAL_CORES))
    if len(cores) >= FEW and usual_cores < 0.5 * len(cores):
        some = ", ".join(f"{v:g}" for v in list(dict.fromkeys(cores))[:3])
        text = f"Cores of {some} mm are unusual. Is the unit or the column right?"
        yield Problem("unit_doubtful", text, "error", sheet, column=_header(scope, "core_mm"), field="core_mm")


def _thin(rows: Sequence[RowReading]) -> bool:
    """Whether most lots are of tissue or another paper that is thinner than all others."""
    ranges = [grades.typical_gsm().get(row.values.grade_code, (50, 0)) for row in rows if row.values is not None]
    return 2 * sum(1 for low, _ in ranges if low < 18) > len(ranges) > 0


def _odd_for_grade(sheet: str | None, rows: Sequence[RowReading], scope: Scope) -> Iterator[Problem]:
    """Grammages that many grades of the list do not have: a wrong unit, or another column."""
    read = [row for row in rows if row.kind == "lot" and _stated(row, "gsm") is not None]
    odd = [
        row for row in read if any(p.field == "gsm" and p.code in ("grade_and_gsm", "unusual") for p in row.problems)
    ]
    if len(odd) >= FEW and len(odd) > 0.35 * len(read):
        text = "Many grammages do not go with their grades. Is the unit or the column right?"
        yield Problem("unit_doubtful", text, "error", sheet, column=_header(scope, "gsm"), field="gsm")


def _stated(row: RowReading, field: str) -> Decimal | int | float | None:
    if row.kind != "lot":
        return None
    if row.values is not None:
        value = cast(object, getattr(row.values, field))
        if field == "price_per_t" and isinstance(value, Decimal):
            value = value / about_a_euro(row.values.currency)
        return value if isinstance(value, Decimal | int) else None
    raw = row.partial.get(field)
    if isinstance(raw, str):
        read = numbers.to_decimal(raw, ".")
        return read
    return raw if isinstance(raw, int | float) else None


def _header(scope: Scope, field: str) -> str | None:
    for name in (field, *(n for n in scope.columns if n.split("#")[0] in ("format", "diameter_core"))):
        if name in scope.columns:
            return scope.columns[name].header.text
    return None


def _odd_geometry(sheet: str | None, lots: Sequence[LotValues], refused: int, scope: Scope) -> Iterator[Problem]:
    shares = [s for lot in lots if (s := geometry.against_middle(lot)) is not None]
    implied = [d for lot in lots if (d := geometry.implied_diameter(lot)) is not None]
    wrong = len(shares) >= FEW and not geometry.LIST_LIGHT <= median(shares) <= geometry.LIST_HEAVY
    apart = sum(1 for lot in lots if (s := geometry.share_of_usual(lot)) is not None and not 0.8 <= s <= 1.2)
    piles = [s for lot in lots if (s := _sheet_share(lot)) is not None]
    wrong = wrong or (len(piles) >= FEW and not 0.85 <= median(piles) <= 1.2)
    wrong = wrong or (apart >= FEW and apart > MANY * len(shares))
    wrong = wrong or _turned(lots)
    absurd = len(implied) >= FEW and not 300 <= median(implied) <= 1700
    solid = [float(v.gsm) * 1000 / v.caliper_um for v in lots if v.caliper_um]
    if len(solid) >= FEW and not 300 <= median(solid) <= 1300:
        text = "Grammage and thickness do not go together. Please check their columns and units."
        yield Problem("unit_doubtful", text, "error", sheet, column=_header(scope, "caliper_um"), field="caliper_um")
    if wrong or absurd or (refused >= FEW and refused > ODD_SHARE * (refused + len(lots))):
        yield Problem(
            "units_doubtful",
            "Weight and size do not go together. Please check the units of width, diameter or format, and weight.",
            "error",
            sheet,
            column=_header(scope, "weight_net_kg"),
            field="weight_net_kg",
        )


def _turned(lots: Sequence[LotValues]) -> bool:
    """Whether weight goes much better with width and diameter exchanged: one stands under the name of the other."""
    both = [
        (log(as_told), log(turned))
        for lot in lots
        if (as_told := geometry.against_middle(lot)) and (turned := geometry.against_middle_turned(lot))
    ]
    if len(both) < max(4, 0.5 * len(lots)):
        return False
    told, exchanged = (pstdev(side) for side in zip(*both, strict=True))
    return told > 0.1 and told > 2 * exchanged and abs(median(t for _, t in both)) < BELIEVABLE


def slipped_prices(sheets: Sequence[Sequence[AnyRow]]) -> Iterator[Problem]:
    """One price far from the others of its grade, or of the list where the grade stands alone."""
    priced = [
        (row, lot.grade_code, float(lot.price_per_t) / about_a_euro(lot.currency), lot.price)
        for rows in sheets
        for row in rows
        if (lot := row if isinstance(row, PlainRow) else row.values) is not None and lot.price_per_t
    ]
    by_grade: dict[str, list[float]] = {}
    for _, grade, price, _ in priced:
        by_grade.setdefault(grade, []).append(price)
    if len(priced) < FEW + 1:
        return
    middles = {grade: median(prices) for grade, prices in by_grade.items() if len(prices) >= PRICE_FEW}
    overall = median(price for _, _, price, _ in priced)
    for row, grade, price, stated in priced:
        middle, limit = middles.get(grade), SLIP
        if middle is None:
            middle, limit = overall, LIST_SLIP
        if not middle / limit <= price <= middle * limit:
            text = f"The price {stated} looks as if its decimal mark slipped."
            yield Problem("price_slip", text, "error", row.sheet, row.row, field="price", raw=str(stated))


def could_measure(column: Column, taken: set[str]) -> bool:
    """Whether the numbers of a column nobody understood could be a measure no other column gives."""
    values = [v for cell in column.cells if (v := _number(cell)) is not None]
    if len(values) < max(FEW, 0.7 * len(column.cells)):
        return False
    return any(_within(values, low, high) for field, (low, high) in _COULD_BE.items() if field not in taken)


def _number(cell: object) -> float | None:
    if isinstance(cell, float):
        return cell
    if not isinstance(cell, str):
        return None
    read = numbers.quantity(cell, ",")
    read = read if read.value is not None else numbers.quantity(cell, ".")
    return float(read.value) if read.value is not None and read.kind == "number" else None


def _within(values: Sequence[float], low: float, high: float) -> bool:
    inside: Callable[[float], bool] = lambda value: low <= value <= high  # noqa: E731
    return sum(1 for v in values if inside(v)) >= 0.7 * len(values)
