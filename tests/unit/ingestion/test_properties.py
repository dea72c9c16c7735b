"""Lots written in any layout, language and unit read back as themselves, or a person is asked.

A few hundred layouts per run; ``OFFCUT_LAYOUTS=5000`` reads thousands, ``OFFCUT_LAYOUT_SEED=17`` only one of them.
"""

import os
from decimal import Decimal

from services.ingestion.parsing import ListReading, UnreadableFile, read_list
from services.ingestion.parsing.units import price_per_t
from shared.contracts.types import LotValues, PriceUnit
from tests.support.canonical import Lot
from tests.support.lists import TODAY
from tests.support.rendering import Written, price_as_written, written

LAYOUTS = int(os.environ.get("OFFCUT_LAYOUTS", "300"))
ONLY = os.environ.get("OFFCUT_LAYOUT_SEED")
ASKED_MOST = 0.02  # of all layouts: nearly every one says enough to be read without a person
_EXACT = ("lot_ref", "grade_code", "reel_count", "sheet_count")
_LENGTHS = ("width_mm", "sheet_w_mm", "sheet_l_mm", "diameter_mm", "core_mm")


def test_lots_when_written_in_any_layout_then_read_back_as_themselves_or_asked() -> None:
    wrong: list[str] = []
    asked: list[str] = []
    seeds = [int(ONLY)] if ONLY else range(LAYOUTS)
    for seed in seeds:
        case = written(seed)
        try:
            reading = read_list(case.content, file_name=case.file_name, mill=case.mill, today=TODAY)
        except UnreadableFile as refused:
            wrong.append(f"seed {seed}: {refused.message} [{case.layout.told()}]")
            continue
        if reading.review_reasons:
            reasons = "; ".join(p.message for p in reading.review_reasons)
            asked.append(f"seed {seed}: {reasons} [{case.layout.told()}]")
            continue
        wrong += [f"seed {seed}: {text} [{case.layout.told()}]" for text in differences(case, reading)[:2]]

    assert wrong == []
    assert len(asked) <= ASKED_MOST * len(seeds), "\n".join(asked)


def differences(case: Written, reading: ListReading) -> list[str]:
    """Every value that would be sold without a person though the mill does not have it, and every lot that is lost."""
    found: list[str] = []
    rows = {(r.sheet, r.row): r for r in reading.rows if r.kind == "lot"}
    for key, lot in case.lots.items():
        row = rows.get(key)
        if row is None:
            found.append(f"{key} is no lot")
        elif row.values is None:
            found.append(f"{key} is rejected: {'; '.join(p.message for p in row.problems)}")
        else:
            found += [f"{key} {text}" for text in _lot_differences(case, lot, row.values)]
    return found + [f"{key} is a lot" for key in rows.keys() - case.lots.keys()]


def _lot_differences(case: Written, lot: Lot, read: LotValues) -> list[str]:
    found = [
        f"{name}: {getattr(read, name)} instead of {getattr(lot, name)}"
        for name in _EXACT
        if getattr(read, name) != getattr(lot, name)
    ]
    for name in _LENGTHS:
        got, meant = getattr(read, name), getattr(lot, name)
        if (got is None) != (meant is None) or (got is not None and abs(got - meant) > 1):
            found.append(f"{name}: {got} instead of {meant}")
    if abs(read.gsm - lot.gsm) > Decimal("0.1"):
        found.append(f"gsm: {read.gsm} instead of {lot.gsm}")
    if abs(read.weight_net_kg - lot.weight_net_kg) > Decimal("0.6"):
        found.append(f"weight: {read.weight_net_kg} instead of {lot.weight_net_kg}")
    if read.quality_class.value != lot.quality_class:
        found.append(f"class: {read.quality_class} instead of {lot.quality_class}")
    if ("FSC" in [c.value for c in read.certification]) != lot.certified:
        found.append(f"certificates: {read.certification}")
    if (read.surplus_reason.value if read.surplus_reason else None) != lot.reason:
        found.append(f"reason: {read.surplus_reason} instead of {lot.reason}")
    if lot.place and read.location_place != lot.place:
        found.append(f"place: {read.location_place} instead of {lot.place}")
    return found + _price_differences(case, lot, read)


def _price_differences(case: Written, lot: Lot, read: LotValues) -> list[str]:
    meant = price_as_written(case.layout, lot)
    if meant is None or read.price is None:
        return [] if meant is read.price else [f"price: {read.price} instead of {meant}"]
    unit = PriceUnit(case.layout.price_unit)
    per_t = price_per_t(meant, unit, gsm=read.gsm, sheet_w_mm=lot.sheet_w_mm, sheet_l_mm=lot.sheet_l_mm)
    told = (read.price, read.price_unit, read.currency)
    wanted = (meant, unit, "USD" if case.layout.imperial else "EUR")
    if told != wanted or per_t is None or read.price_per_t is None or abs(read.price_per_t - per_t) > per_t / 500:
        return [f"price: {told} {read.price_per_t} per t instead of {wanted} {per_t}"]
    return []
