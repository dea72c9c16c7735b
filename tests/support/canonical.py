"""Lots as a mill has them, in canonical units: what every written list is made from."""

# ruff: noqa: E501 - tables of spellings stay on one line

from dataclasses import dataclass, replace
from decimal import Decimal
from math import pi, sqrt
from random import Random

from services.ingestion.parsing.geometry import usual_density
from tests.support.mill_words import CLASSES, REASONS

_GSM = {
    "TL_2": (115, 200), "KL_BROWN": (115, 300), "FL_REC": (80, 140), "WFU": (60, 160), "WFC_GLOSS": (90, 250),
    "WFC_MATT": (90, 250), "LWC": (51, 70), "NEWS": (42, 49), "FBB_GC1": (200, 400), "WLC_GD2": (230, 450),
    "MG_WHITE": (35, 100), "SACK_BROWN": (65, 110), "LABEL_C1S": (60, 90),
}  # fmt: skip
_PRICE = {"PRIME": 900, "A": 780, "B": 640, "C": 480}
_SHEETED = ("WFU", "WFC_GLOSS", "WFC_MATT", "FBB_GC1", "WLC_GD2", "LABEL_C1S")
_SIZES = ((700, 1000), (640, 900), (720, 1020), (610, 860), (520, 720), (880, 630), (450, 640), (650, 920))


@dataclass(frozen=True, slots=True)
class Lot:
    """What a mill has. Lengths in mm, weight in kg, price in EUR per tonne; ``None``: not stated."""

    lot_ref: str
    grade_code: str
    gsm: int
    quality_class: str
    weight_net_kg: int
    price: Decimal | None
    place: str
    certified: bool
    reason: str | None
    width_mm: int | None = None
    diameter_mm: int | None = None
    core_mm: int | None = None
    reel_count: int | None = None
    sheet_w_mm: int | None = None
    sheet_l_mm: int | None = None
    sheet_count: int | None = None


def lots_of(rng: Random, *, sheets: bool, count: int) -> list[Lot]:
    """Lots whose weight, size and grade go together, as those of a mill do."""
    found: list[Lot] = []
    start = rng.randint(1000, 80_000)
    for number in range(count):
        grade = rng.choice(_SHEETED if sheets else tuple(_GSM))
        gsm, quality = rng.randint(*_GSM[grade]), rng.choice(tuple(CLASSES))
        price = Decimal(_PRICE[quality] + 5 * rng.randint(-12, 12))
        lot = Lot(
            f"{'FS' if sheets else 'R'}{start + number * rng.randint(1, 3) if number else start}-{number:02d}", grade, gsm, quality, 0, price if rng.random() < 0.9 else None,
            rng.choice(("Hamburg", "Rotterdam", "Antwerpen")), rng.random() < 0.3, rng.choice((None, *REASONS)),
        )  # fmt: skip
        found.append(_sheeted(rng, lot) if sheets else _wound(rng, lot))
    return found


def _wound(rng: Random, lot: Lot) -> Lot:
    low, high = usual_density(lot.grade_code)
    width, dia, core = 5 * rng.randint(84, 520), 10 * rng.randint(90, 148), rng.choice((70, 76, 100, 150, 152, 300))
    reels = min(24, 1 + int(rng.expovariate(0.3)))
    volume = pi / 4 * ((dia / 1000) ** 2 - ((core + 26) / 1000) ** 2) * width / 1000 * reels
    weight = round(volume * sqrt(low * high) * rng.uniform(0.96, 1.03))
    return replace(lot, width_mm=width, diameter_mm=dia, core_mm=core, reel_count=reels, weight_net_kg=weight)


def _sheeted(rng: Random, lot: Lot) -> Lot:
    (w, h), count = rng.choice(_SIZES), 250 * rng.randint(8, 200)
    weight = max(60, round(w * h * lot.gsm * count / 1e9))
    return replace(lot, sheet_w_mm=w, sheet_l_mm=h, sheet_count=count, weight_net_kg=weight)
