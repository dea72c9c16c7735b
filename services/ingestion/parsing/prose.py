"""What the words around a list say: its date, its place, its prices."""

import re
from datetime import date

from services.ingestion.parsing import dates, places
from services.ingestion.parsing.money import CURRENCIES, MONEY
from services.ingestion.parsing.sheets import Cell
from services.ingestion.parsing.text import clean, fold, normal
from services.ingestion.parsing.units import HeaderUnit, cell_unit, header_unit

_EX_PLACE = re.compile(r"\bex (?:mill|works|stock|warehouse|whse)?\s*([A-ZÅÄÖÜÉ][\w.\- ]{1,40}?)\s*\(([A-Z]{2})\)")
_NOT_THE_LIST = re.compile(r"\b(?:week of|woche vom|valid|gultig|until|bis zum|validit)")
_IN_NAME = re.compile(r"(?<!\d)(\d{1,2})[-_.](\d{1,2})[-_.](\d{4})(?!\d)")


def list_date(tops: list[list[list[Cell]]], file_name: str, country: str, today: date) -> date | None:
    """When the list was made: a date above it, else one in the name of the file. A week alone is no date."""
    texts: list[str] = []
    for rows in tops:
        for row in rows:
            for cell in row:
                if isinstance(cell, date):
                    return cell
                if isinstance(cell, str):
                    texts.append(cell)
    order = dates.decide_order(texts, country=country)
    for text in texts:
        folded = fold(text)
        if any(c.isdigit() for c in text) and not _NOT_THE_LIST.search(folded) and not _is_week(folded):
            found = dates.parse(text, order, today)
            if found is not None and found <= today and (today - found).days < 800:
                return found
    named = re.search(r"(?<!\d)(\d{4})[-_.](\d{2})[-_.](\d{2})(?!\d)", file_name)
    if named:
        return dates.parse("-".join(named.groups()), None, today)
    parts = _IN_NAME.search(file_name)
    if parts:
        text = "/".join(parts.groups())
        return dates.parse(text, dates.decide_order([text], country=country), today)
    return None


def _is_week(folded: str) -> bool:
    return (
        re.search(r"\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}-\d{2}", folded) is None
        and re.search(r"\b\d{4}\b", folded) is None
    )


def place_in(texts: list[str], home: str) -> tuple[str | None, str | None]:
    """The one place a mail names for all its lots ("all ex mill Kvarnholm (SE)")."""
    for text in texts:
        found = _EX_PLACE.search(text)
        if found and places.country(found[2], home=home):
            return clean(found[1]), places.country(found[2], home=home)
    return None, None


_SIZES = (
    r"masse|maße|abmessungen|breiten?|formate?|dimensions?|dimensioni|dimensiones|dimensoes|medidas|misure|mitat|matt|maten"
    r"|afmetingen|wymiary|rozmery|olculer|ebatlar|sizes?|widths?|measures?|measurements|mal|meretek|largeurs?|laizes?"
)
_WEIGHTS = (
    r"gewichte?n?|mengen?|weights?|quantit\w+|pes[io]s?|kilos|poids|vikt(?:er)?|painot|wag[ai]|hmotnosti?|mnozstvi|agirliklar"
    r"|vaegt|vekt|suly|qty|tonnage"
)
_TOLD_UNITS = tuple(
    (
        dimension,
        re.compile(rf"\b(?:{words})\b[^.;,\d]{{0,30}}?(?:\b(?:in|en|em|w|v|i)\b|[:=(])\s*(?P<unit>{units})(?![a-z])"),
    )
    for dimension, words, units in (
        ("length", _SIZES, r"mm|cm|inch(?:es)?|zoll|pollici|pulgadas|pouces|tum|millimet\w+|centimet\w+|zentimeter"),
        ("weight", _WEIGHTS, r"kgs?|kilos?|t|to|mt|tonn\w+|toneladas|lbs?|pounds"),
    )
)


def units_in(texts: list[str]) -> dict[str, str]:
    """Units that a note above the list gives to all its sizes or weights ("Maße in cm, Gewichte in Tonnen")."""
    found: dict[str, set[str]] = {}
    for text in texts:
        folded = fold(text)
        for dimension, pattern in _TOLD_UNITS:
            for match in pattern.finditer(folded):
                found.setdefault(dimension, set()).add(cell_unit(match["unit"], dimension) or "?")
    return {dimension: next(iter(units)) for dimension, units in found.items() if len(units) == 1 and "?" not in units}


_PRICES = re.compile(r"\b(?:price|preis|prix|prezz|preci|preco|hinna|hinta|pris|prij|cen[ay]|fiyat|pret|quotation)")
_STORE = "warehouse|magazzino|almacen|entrepot|depot|magazyn|magazijn|varasto|lager"
_EX = re.compile(
    rf"\b(?:ex|ab|loco|franco|depart|stock (?:in|at)|stored (?:in|at)|lagernd in|{_STORE})\b[ :,]*"
    rf"(?:(?:{_STORE}|werk|stock|mill|works|usine|port|in|at|a|de|di)[ :,]+)*(?P<place>[a-z][a-z]+(?: [a-z]+){{0,2}})"
)


def currencies_in(texts: list[str]) -> set[str]:
    """Every money that a sentence about the prices of the list names ("all prices in USD")."""
    sentences = [s for text in texts for s in re.split(r"[.;\n]", fold(text)) if _PRICES.search(s)]
    return {CURRENCIES[m.group()] for s in sentences for m in MONEY.finditer(s)}


def stock_in(texts: list[str], home: str) -> tuple[str | None, str | None]:
    """The one known town that the words above a list give as the place of its goods ("ab Lager Rotterdam")."""
    found: set[tuple[str, str]] = set()
    for text in texts:
        for match in _EX.finditer(normal(text)):
            words = match["place"].split()
            for size in (3, 2, 1):
                name = " ".join(words[:size])
                country = places.place(name.title(), home)[1] if len(words) >= size else None
                if country is not None and places.is_town(name):
                    found.add((name.title(), country))
                    break
    return found.pop() if len(found) == 1 else (None, None)


def price_in(texts: list[str]) -> HeaderUnit | None:
    """Currency and unit of all prices when the words above the list name exactly one pair."""
    found: set[HeaderUnit] = set()
    for text in texts:
        for piece in re.split(r"[.;,\n]| - ", text):
            _, unit = header_unit(piece)
            if unit is not None and unit.dimension == "price" and unit.unit and unit.currency:
                found.add(unit)
    return found.pop() if len(found) == 1 else None
