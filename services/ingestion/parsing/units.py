"""Units of the trade: their spellings, their sizes, and money per tonne."""

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Literal

from services.ingestion.parsing.money import CURRENCIES, CURRENCY, MONEY
from services.ingestion.parsing.text import fold, join_broken
from shared.contracts.types import PriceUnit

Dimension = Literal["length", "weight", "thickness", "gsm", "price", "count"]

POUND_KG = Decimal("0.45359237")
INCH_MM = Decimal("25.4")
M2_PER_MSF = Decimal("92.90304")
M2_PER_SQUARE_INCH = Decimal("0.00064516")

# Factor from the unit to mm, kg, µm and g/m².
LENGTH = {"mm": Decimal(1), "cm": Decimal(10), "m": Decimal(1000), "in": INCH_MM}
WEIGHT = {
    "kg": Decimal(1),
    "t": Decimal(1000),
    "100kg": Decimal(100),
    "lb": POUND_KG,
    "cwt": POUND_KG * 100,
    "short_ton": POUND_KG * 2000,
    "long_ton": POUND_KG * 2240,
}
THICKNESS = {"um": Decimal(1), "mm": Decimal(1000), "pt": INCH_MM}


def ream(sheets: int, width_in: str, length_in: str) -> Decimal:
    """g/m² of one pound basis weight: so many sheets of the basic size."""
    area = Decimal(sheets) * Decimal(width_in) * Decimal(length_in) * M2_PER_SQUARE_INCH
    return POUND_KG * 1000 / area


GSM = {
    "g/m2": Decimal(1),
    "lb/msf": POUND_KG * 1000 / M2_PER_MSF,
    "lb/3000ft2": POUND_KG * 1000 / (M2_PER_MSF * 3),
    "lb/2880ft2": POUND_KG * 1000 / (M2_PER_MSF * Decimal("2.88")),
    "lb bond": ream(500, "17", "22"),
    "lb text": ream(500, "25", "38"),
    "lb cover": ream(500, "20", "26"),
    "lb index": ream(500, "25.5", "30.5"),
    "lb bristol": ream(500, "22.5", "28.5"),
}
FACTORS: dict[str, dict[str, Decimal]] = {"length": LENGTH, "weight": WEIGHT, "thickness": THICKNESS, "gsm": GSM}

_END = r"(?![a-z0-9])"
_START = r"(?<![a-z0-9])"

_LENGTH_WORDS = (
    (r"mms?|millimet(?:er|re|ri|ros)s?|milli", "mm"),
    (r"cms?|centimet(?:er|re|ri|ros)s?|zentimeter", "cm"),
    (r"inch(?:es)?|in\.?|ins|zoll|pollici|pulgadas|pouces|tuumaa?|tum|palce|inc|\"|''|′′|″|”|“", "in"),
    (r"m|met(?:er|re)s?", "m"),
)
_WEIGHT_WORDS = (
    (r"kgs?|kilos?|kilogramm?e?s?|kilogramos", "kg"),
    (r"short tons?|s\.? ?tons?|sh\.? ?tons?", "short_ton"),
    (r"st", "st?"),  # short tons in North America, pieces in German and Swedish
    (r"long tons?", "long_ton"),
    (r"t|to|tn|tm|mt|mto|tonnes?|tonnen|tonn|tonnellate|toneladas?|tonnia|tonn|metric tons?", "t"),
    (r"tons?|tonnage", "ton?"),
    (r"lbs?\.?|pounds?|#", "lb"),
    (r"cwt", "cwt"),
    (r"dt|dz|quintali?|q ?\.? ?li|q(?!\.? ?t)", "100kg"),
)
_THICKNESS_WORDS = (
    (r"um|μm|mum|microns?|micron|mic|my|micras|mikron|mikrom|mikrometer|μ|µ", "um"),
    (r"pts?|points?|mils?|thou", "pt"),
    (r"mm", "mm"),
)
_BASIC_SIZES = (
    (r"25 ?x ?38", "lb text"),
    (r"17 ?x ?22", "lb bond"),
    (r"20 ?x ?26", "lb cover"),
    (r"25[.,]5 ?x ?30[.,]5", "lb index"),
    (r"22[.,]5 ?x ?28[.,]5", "lb bristol"),
    (r"24 ?x ?36", "lb/3000ft2"),
)
_GSM_WORDS = (
    (r"(?:gr?s?|gram(?:m|s)?|gramm)\.? ?(?:/|p|per|pro| )? ?(?:m ?2|m ?\^2|mq|qm|sqm|m|q)|gsm|g/?", "g/m2"),
    (r"(?:lbs?|#|pounds?) ?(?:/|per)? ?(?:3 ?msf|3000 ?(?:sq\.? ?ft|ft2|sf)\.?|3m)", "lb/3000ft2"),
    (r"(?:lbs?|#|pounds?) ?(?:/|per)? ?(?:msf|1000 ?(?:sq\.? ?ft|ft2|sf)\.?|mft2)", "lb/msf"),
    (r"(?:lbs?|#|pounds?) ?(?:/|per)? ?2880 ?(?:sq\.? ?ft|ft2|sf)\.?", "lb/2880ft2"),
    (r"(?:lbs?|#) ?(?:bond|writing|ledger|copy)", "lb bond"),
    (r"(?:lbs?|#) ?(?:text|book|offset)", "lb text"),
    (r"(?:lbs?|#) ?cover", "lb cover"),
    (r"(?:lbs?|#) ?index", "lb index"),
    (r"(?:lbs?|#) ?bristol", "lb bristol"),
    (r"(?:lbs?|#) ?(?:tag|newsprint|news)", "lb/3000ft2"),
    *((rf"(?:lbs?|#|pounds?)? ?[(/-]? ?{size} ?[-/]? ?(?:500)? ?\)?", unit) for size, unit in _BASIC_SIZES),
    (r"lbs?|#|pounds?", "lb?"),
)
_BY_DIMENSION: dict[str, tuple[tuple[re.Pattern[str], str], ...]] = {
    dimension: tuple((re.compile(rf"^(?:{pattern})$"), unit) for pattern, unit in words)
    for dimension, words in (
        ("length", _LENGTH_WORDS),
        ("weight", _WEIGHT_WORDS),
        ("thickness", _THICKNESS_WORDS),
        ("gsm", _GSM_WORDS),
    )
}


@lru_cache(maxsize=4096)
def cell_unit(text: str, dimension: str) -> str | None:
    """The unit behind a number in a cell. ``""`` for none, ``None`` for words that are no unit of this dimension.

    ``ton?`` and ``lb?`` are units whose size only a person or the header knows.
    """
    folded = fold(text).strip(" .,;()[]")
    folded = folded or ('"' if '"' in text else "")
    if not folded:
        return ""
    for pattern, unit in _BY_DIMENSION[dimension]:
        if pattern.match(folded):
            return unit
    return None


@dataclass(frozen=True, slots=True)
class HeaderUnit:
    """A unit found in a header or unit row; ``unit`` is a ``PriceUnit`` value for prices, ``""`` for money only."""

    dimension: Dimension
    unit: str
    currency: str | None = None


_PER = (
    (r"(?:100 ?kgs?|% ?kg|dt|dz|q|qtl|quintale)", PriceUnit.PER_100KG),
    (
        r"(?:1[.,' ]?000|m|mille|tsd\.?|tis\.?|tys\.?|bin) ?"
        r"(?:sheets?|shts?|bogen|bg|fogli|ff?|feuilles?|hojas|pliegos|ark(?:kia|\.|uszy|k)?|archu|blatt|vel(?:len)?|folhas"
        r"|tabaka|iv)\.?",
        PriceUnit.PER_1000_SHEETS,
    ),
    (r"(?:ream|ries|risma|resma|rame|riisi|ris)", PriceUnit.PER_REAM),
    (r"(?:msf|1[.,]?000 ?(?:sq\.? ?ft|ft2))", PriceUnit.PER_MSF),
    (r"(?:cwt|100 ?lbs?)", PriceUnit.PER_CWT),
    (r"(?:lbs?|pound)", PriceUnit.PER_LB),
    (r"(?:kgs?|kilo)", PriceUnit.PER_KG),
    (r"(?:short ?tons?|s\.?t\.?|s\.? ?tons?|sh\.? ?tons?)", PriceUnit.PER_SHORT_TON),
    (r"(?:long ?tons?)", PriceUnit.PER_LONG_TON),
    (r"(?:1[.,' ]?000 ?kgs?|mt|to|tn|tm|tonnes?|tonne|tonn|tonnellata|tonelada|metric ?tons?|t)", PriceUnit.PER_T),
    (r"(?:m ?2|qm|mq|sqm)", PriceUnit.PER_M2),
)
_PRICE_PER = tuple(
    (
        re.compile(
            rf"(?P<a>{CURRENCY})?\s*(?:/|\bper\b|\bpro\b|\bje\b|\bpor\b|\bpar\b|\bal\b|\bla\b|\bza\b|\bpr\b|\bbasina\b)\s*{unit}{_END}\s*(?P<b>{CURRENCY})?"
        ),
        name,
    )
    for unit, name in _PER
)
_TON = re.compile(rf"(?P<a>{CURRENCY})?\s*(?:/|\bper\b)\s*tons?{_END}\s*(?P<b>{CURRENCY})?")
_PERCENT_KG = re.compile(rf"(?P<a>{CURRENCY})?\s*% ?kg{_END}(?P<b>{CURRENCY})?")
_PRICE_WORD = re.compile(r"\b(?:price|preis|prix|prezzo|precio|preco|hinta|pris|prijs|cena|fiyat|egysegar)")
_NO_MONEY = re.compile(r"(?:kgs?|lbs?|g|t|to|bogen|bg|sheets?|shts?|rolls?|reels?|rollen|stk|pcs)\s*$")
_PIECE = re.compile(r"\bst\b\.?(?!\s*on)")
_HEADER_GSM = tuple(
    (re.compile(rf"{_START}(?:{pattern}){_END}|(?:{pattern}){_END}"), unit)
    for pattern, unit in (
        (_GSM_WORDS[1][0], "lb/3000ft2"),
        (_GSM_WORDS[2][0], "lb/msf"),
        (_GSM_WORDS[3][0], "lb/2880ft2"),
        *(
            (rf"(?:basis|bs|basic|ream) ?(?:wt|weight)\.?[^a-z]*(?:lbs?|#)?[^a-z]*{size}(?: ?[-/] ?500)?\)?", unit)
            for size, unit in _BASIC_SIZES
        ),
        (r"\b(?:gr?s?|gram(?:m|s)?|gramm)\.? ?(?:/|per|pro)? ?(?:m ?2|m ?\^2|mq|qm|sqm)|\bgsm|\bg/m", "g/m2"),
    )
)
_HEADER_WORDS: tuple[tuple[Dimension, tuple[tuple[str, str], ...]], ...] = (
    ("thickness", _THICKNESS_WORDS[:2]),
    ("weight", tuple(w for w in _WEIGHT_WORDS if w[1] != "lb")),
    ("weight", ((r"lbs?\.?|pounds?", "lb"),)),
    (
        "length",
        (
            (_LENGTH_WORDS[0]),
            (_LENGTH_WORDS[1]),
            (r"inch(?:es)?|in\.|zoll|pollici|pulgadas|pouces|tuumaa?|tum|\"|″|”", "in"),
        ),
    ),
    (
        "length",
        (
            (r"(?<=\()in(?=\))|(?<=\[)in(?=\])|in$", "in"),
            (r"(?<=\()m(?=\))|(?<=\[)m(?=\])|(?<=[a-z]{4} )m$|(?<=ø )m$", "m"),
        ),
    ),
)
_HEADER_UNITS: tuple[tuple[Dimension, re.Pattern[str], str], ...] = tuple(
    (dimension, re.compile(rf"{_START}(?:{pattern}){_END}"), unit)
    for dimension, words in _HEADER_WORDS
    for pattern, unit in words
)


@lru_cache(maxsize=4096)
def header_unit(text: str) -> tuple[str, HeaderUnit | None]:
    """What a header says without its unit, and the unit."""
    folded = fold(join_broken(text)).replace("\n", " ")
    money = MONEY.search(folded)
    if money is None:
        for pattern, unit in _HEADER_GSM:
            found = pattern.search(folded)
            if found:
                return _without(folded, found), HeaderUnit("gsm", unit)
    price = _price_unit(folded)
    if price:
        return price
    if money:
        return _without(folded, money), HeaderUnit("price", "", CURRENCIES[money.group()])
    for dimension, pattern, unit in _HEADER_UNITS:
        found = pattern.search(folded)
        if found:
            return pattern.sub(" ", folded).strip(), HeaderUnit(dimension, unit)
    return folded, None


def _price_unit(folded: str) -> tuple[str, HeaderUnit] | None:
    for pattern, name in ((_PERCENT_KG, PriceUnit.PER_100KG), *_PRICE_PER, (_TON, "ton?")):
        found = pattern.search(folded)
        if not found:
            continue
        rest = _without(folded, found)
        symbol = found["a"] or found["b"]
        if symbol is None:
            money = MONEY.search(rest)
            symbol = money.group() if money else None
            rest = _without(rest, money) if money else rest
        if symbol is None and found.group().strip()[:1] != "/" and not _PRICE_WORD.search(rest):
            continue
        currency = CURRENCIES[symbol] if symbol else None
        if symbol is None and _NO_MONEY.search(folded[: found.start()]):
            continue  # "kg/1000 Bogen" is a weight
        if name is PriceUnit.PER_SHORT_TON and _PIECE.search(found.group()) and currency not in ("USD", "CAD"):
            continue  # "€/St" is money per piece
        return rest, HeaderUnit("price", str(name), currency)
    return None


def currency_of(text: str) -> str | None:
    """The currency a text names, if it names one."""
    found = MONEY.search(fold(text))
    return CURRENCIES[found.group()] if found else None


def _without(text: str, found: re.Match[str]) -> str:
    return (text[: found.start()] + " " + text[found.end() :]).strip()


def price_per_t(
    price: Decimal,
    unit: PriceUnit,
    *,
    gsm: Decimal,
    sheet_w_mm: int | None,
    sheet_l_mm: int | None,
    ream_sheets: int | None = None,
) -> Decimal | None:
    """The same money per tonne; ``None`` where the list does not say enough (a ream without its size)."""
    fixed = _TONNE.get(unit)
    if fixed is not None:
        return price * fixed
    if unit is PriceUnit.PER_MSF:
        return price * 1_000_000 / (M2_PER_MSF * gsm)
    if unit is PriceUnit.PER_M2:
        return price * 1_000_000 / gsm
    if sheet_w_mm is None or sheet_l_mm is None:
        return None
    tonnes_per_1000 = Decimal(sheet_w_mm) * sheet_l_mm * gsm / 1_000_000_000
    if unit is PriceUnit.PER_1000_SHEETS:
        return price / tonnes_per_1000
    return None if ream_sheets is None else price * 1000 / ream_sheets / tonnes_per_1000


_TONNE = {
    PriceUnit.PER_T: Decimal(1),
    PriceUnit.PER_KG: Decimal(1000),
    PriceUnit.PER_100KG: Decimal(10),
    PriceUnit.PER_LB: 1000 / POUND_KG,
    PriceUnit.PER_CWT: 10 / POUND_KG,
    PriceUnit.PER_SHORT_TON: 1000 / (POUND_KG * 2000),
    PriceUnit.PER_LONG_TON: 1000 / (POUND_KG * 2240),
}


def per_tonne(unit: str) -> Decimal | None:
    """The factor from a price per this unit to a price per tonne, where it needs no size of sheet."""
    return next((factor for name, factor in _TONNE.items() if name.value == unit), None)
