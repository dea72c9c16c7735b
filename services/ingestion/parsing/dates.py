"""Dates as mills write them: day first or month first is decided for a column, never for a cell."""

import re
from collections.abc import Iterable
from datetime import date, timedelta
from functools import cache, lru_cache
from typing import Literal

from services.ingestion.parsing.text import fold, normal, section, word_set, words

Order = Literal["dmy", "mdy"]

_ISO = re.compile(r"\b(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})\b")
_PARTS = re.compile(r"(?<!\d)(\d{1,2})\s?([./-])\s?(\d{1,2})\s?\2\s?(\d{4}|\d{2})(?!\d)")
_WEEK = re.compile(
    r"\b(?:kw|wk|week|woche|w|cw|s|sem|semaine|semana|settimana|sett|vko|viikko|v|vecka|tydzien)"
    r"\.?\s?(\d{1,2})\s?(?:[/.\- ]\s?(\d{4}|\d{2}))?\b"
)
_QUARTER = re.compile(r"\bq([1-4])\s?[/ -]?\s?(\d{4})\b")
_DAY_MONTH_NAME = re.compile(r"\b(\d{1,2})(?:st|nd|rd|th)?[. ]+(?:de )?([a-z]{3,10})\.?,?[ -]+(?:de )?(\d{4})\b")
_MONTH_NAME_DAY = re.compile(r"\b([a-z]{3,10})\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})\b")
_MONTH_ALONE = re.compile(
    r"^(?:(?P<part>[a-z][a-z ]*?)[ -])?(?P<month>[a-z]{3,10})\.?[ /-]?(?:de )?(?P<year>\d{4}|\d{2})?$"
)
_EXCEL_EPOCH = date(1899, 12, 30)


def decide_order(texts: Iterable[str], *, country: str) -> Order | None:
    """Day or month first over a whole column; ``None`` where no cell tells and the country does not either."""
    day_first = month_first = 0
    for text in texts:
        found = _PARTS.search(text)
        if not found:
            continue
        first, second = int(found[1]), int(found[3])
        if found[2] == "." or (first > 12 >= second):
            day_first += 1
        elif second > 12 >= first:
            month_first += 1
    if day_first and month_first:
        return None
    if day_first or month_first:
        return "dmy" if day_first else "mdy"
    if country == "US":
        return "mdy"
    return None if country == "CA" else "dmy"


@lru_cache(maxsize=8192)
def parse(text: str, order: Order | None, today: date) -> date | None:
    """A date, the Monday of a week, the first day of a quarter; ``None`` when the text is none of them."""
    folded = fold(text).strip()
    try:
        if found := _ISO.search(folded):
            return date(int(found[1]), int(found[2]), int(found[3]))
        if found := _PARTS.search(folded):
            return _from_parts(int(found[1]), int(found[3]), found[4], "dmy" if found[2] == "." else order)
        if found := _DAY_MONTH_NAME.search(folded):
            month = _month(found[2])
            return date(int(found[3]), month, int(found[1])) if month else None
        if found := _MONTH_NAME_DAY.search(folded):
            month = _month(found[1])
            return date(int(found[3]), month, int(found[2])) if month else None
        if found := _QUARTER.search(folded):
            return date(int(found[2]), 3 * int(found[1]) - 2, 1)
        if found := _WEEK.search(folded):
            return _monday(int(found[1]), found[2], today)
        if found := _MONTH_ALONE.match(folded):
            return _in_month(found["part"], found["month"], found["year"], today)
    except ValueError:
        return None
    return None


def _from_parts(first: int, second: int, year: str, order: Order | None) -> date | None:
    if order is None:
        return None
    day, month = (first, second) if order == "dmy" else (second, first)
    return date(_year(year), month, day)


def _year(text: str) -> int:
    return int(text) + (2000 if len(text) == 2 else 0)


def _monday(week: int, year: str | None, today: date) -> date:
    if year:
        return date.fromisocalendar(_year(year), week, 1)
    monday = date.fromisocalendar(today.isocalendar().year, week, 1)
    # A list of December that says "week 2" means next January.
    return date.fromisocalendar(monday.year + 1, week, 1) if today - monday > timedelta(days=180) else monday


def from_serial(number: float) -> date | None:
    """A spreadsheet's day number (1900 system), as it appears where the cell lost its date format."""
    return _EXCEL_EPOCH + timedelta(days=int(number)) if 32_000 <= number <= 64_000 else None


def _month(name: str) -> int | None:
    return _months().get(normal(name))


@cache
def _months() -> dict[str, int]:
    """Names of months and their usual short forms, from every language."""
    found: dict[str, int] = {}
    for number, names in section("words", "months").items():
        for word in words(names):
            found[word] = int(number)
            found.setdefault(word[:3], int(number))
            found.setdefault(word[:4], int(number))
    return found


def _in_month(part: str | None, name: str, year: str | None, today: date) -> date | None:
    """ "Mitte Dezember": the 15th; the end is its last day; a month without a year is the next one to come."""
    month = _month(name)
    said = normal(part or "")
    known = next((key for key in ("early", "middle", "end") if said in word_set(key)), None)
    if month is None or (said and known is None):
        return None
    of_year = _year(year) if year else today.year + (1 if month < today.month else 0)
    following = date(of_year + month // 12, month % 12 + 1, 1)
    return {"middle": date(of_year, month, 15), "end": following - timedelta(days=1)}.get(
        known or "", date(of_year, month, 1)
    )
