"""Numbers as mills write them. The decimal mark belongs to a column, never to one cell."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Literal

Mark = Literal[".", ","]
Kind = Literal["number", "range", "several", "text"]

_SPACE = "[ \u00a0\u2007\u2009\u202f'’]"
_NUMBER = rf"\d{{1,3}}(?:{_SPACE}\d{{3}})+(?!\d)(?:[.,]\d+)?|\d[\d.,]*\d|\d|[.,]\d+"
_ANY_NUMBER = re.compile(_NUMBER)
_SIGNED = rf"[-+−–]?\s?(?:{_NUMBER})"
_LEAD = r"(?:ca\.?|approx\.?|about|abt\.?|circa|env\.?|etwa|noin|cca\.?|yakl\.?|~|≈|Ø|ø|\u2205)?\s*"
_QUANTITY = re.compile(rf"^\s*{_LEAD}(?P<number>{_SIGNED})\s*(?P<unit>.*?)\s*$", re.IGNORECASE | re.DOTALL)
_FRACTION = re.compile(
    r"^\s*(?:(?P<whole>\d+)[ \u00a0-])?\s*(?P<top>\d+)\s*/\s*(?P<bottom>2|4|8|16|32|64)\s*(?P<unit>\D*)$"
)
_RANGE = re.compile(rf"^\s*(?P<low>{_NUMBER})\s*(?:-|–|\bto\b|\bbis\b)\s*(?P<high>{_NUMBER})\s*(?P<unit>[^\d]*)$")
_SEVERAL = re.compile(rf"^\s*(?:{_NUMBER})(?:\s*[/+;&|x×]\s*(?:{_NUMBER}))+\s*[^\d]*$")
_MARKS = re.compile(r"[.,]")
_TOLERANCE = re.compile(r"\s*(?:\+\s*/\s*-|\u00b1)\s*\d[\d.,]*")  # "1250 +/- 2 mm" is 1250 mm
_CUT = re.compile(r"[.,]{2}|\?")  # "4.." and "4 ?" were not meant as a number
_GROUPING = re.compile(_SPACE)


MOST_DIGITS = 24
LARGEST = 1_000_000_000_000  # nothing in the trade is larger; what is cannot be computed with safely


@dataclass(frozen=True, slots=True)
class Quantity:
    """What one cell says: a number, two ends of a range, or why it is none. ``unit`` is the text behind it."""

    kind: Kind
    value: Decimal | None = None
    high: Decimal | None = None
    unit: str = ""


NOT_A_NUMBER = Quantity("text")


def from_float(value: float) -> Decimal | None:
    """A spreadsheet's binary number without its binary dust (twelve significant digits)."""
    return Decimal(f"{value:.12g}") if abs(value) < LARGEST else None


@lru_cache(maxsize=32768)
def quantity(text: str, mark: Mark | None) -> Quantity:
    """Reads one cell. With ``mark`` None a number that could mean two things is no number."""
    if text[:1] == "'":
        text = text[1:]  # a number typed as text
    if "\u00b1" in text or "+" in text:
        text = _TOLERANCE.sub("", text)
    fraction = _FRACTION.match(text)
    if fraction:
        bottom = int(fraction["bottom"])
        top = int(fraction["top"])
        if top < bottom:
            value = Decimal(fraction["whole"] or 0) + Decimal(top) / bottom
            return Quantity("number", value, unit=fraction["unit"].strip())
    ends = _RANGE.match(text)
    if ends:
        low, high = to_decimal(ends["low"], mark), to_decimal(ends["high"], mark)
        if low is not None and high is not None and low < high:
            return Quantity("range", low, high, ends["unit"].strip())
    if _SEVERAL.match(text):
        return Quantity("several")
    found = _QUANTITY.match(text)
    if not found:
        return NOT_A_NUMBER
    value = to_decimal(found["number"], mark)
    return NOT_A_NUMBER if value is None or _CUT.match(found["unit"]) else Quantity("number", value, unit=found["unit"])


_AT_MOST = re.compile(
    r"^\s*(?:max(?:\.|imum|imal)?|bis(?: zu)?|up to|<=?|≤|fino a|hasta|jusqu['’]?\s?[aà]|do|ad max)\s*(?=[\dØø])",
    re.IGNORECASE,
)


def at_most(text: str) -> str:
    """A diameter is told as the largest one: "max. 1250 mm" is 1250 mm."""
    return _AT_MOST.sub("", text)


def to_decimal(text: str, mark: Mark | None) -> Decimal | None:
    """``None``: not a number, or one that needs a decimal mark nobody could decide."""
    digits = _GROUPING.sub("", text).replace("−", "-").replace("–", "-").lstrip("+").replace(" ", "")
    marks = _MARKS.findall(digits)
    if marks:
        own = own_mark(digits)
        decimal = own if own is not None else mark
        if decimal is None:
            return None
        if decimal == "none":
            digits = digits.replace(".", "").replace(",", "")
        else:
            other = "," if decimal == "." else "."
            if digits.count(decimal) > 1 or (decimal in digits and other in digits.split(decimal)[-1]):
                return None
            if not _groups_right(digits.split(decimal)[0], other):
                return None
            digits = digits.replace(other, "").replace(decimal, ".")
    try:
        value = Decimal(digits)
    except ArithmeticError:
        return None
    return value if abs(value) < LARGEST and len(digits) <= MOST_DIGITS else None


def own_mark(digits: str) -> Literal[".", ",", "none"] | None:
    """What a number says about its decimal mark on its own; ``none`` means its marks only group thousands."""
    dots, commas = digits.count("."), digits.count(",")
    if dots and commas:
        return "." if digits.rindex(".") > digits.rindex(",") else ","
    sign: Mark = "." if dots else ","
    parts = digits.lstrip("-").split(sign)
    if len(parts) > 2:
        return "none" if all(len(p) == 3 for p in parts[1:]) else sign
    whole, tail = parts[0], parts[1]
    if len(tail) != 3 or not whole or whole.startswith("0") or len(whole) > 3:
        return sign
    return None


def _groups_right(whole: str, separator: str) -> bool:
    groups = whole.lstrip("-").split(separator)
    return len(groups) == 1 or (len(groups[0]) <= 3 and all(len(g) == 3 for g in groups[1:]))


@dataclass(frozen=True, slots=True)
class MarkDecision:
    """``mark`` None with ``open`` True: the column's numbers can be read in two ways and nothing decides."""

    mark: Mark | None
    open: bool


def decide_mark(
    texts: Iterable[str], *, plausible: Callable[[Decimal, str], bool] | None, locale: Mark | None
) -> MarkDecision:
    """One decimal mark for a column: from its own clear numbers, then what is plausible, then the file's habit.

    ``plausible`` is asked with a number and the text behind it.
    """
    votes = {".": 0, ",": 0}
    unclear: list[tuple[str, str]] = []
    for text in texts:
        for number in _ANY_NUMBER.finditer(text):
            digits = _GROUPING.sub("", number.group())
            if not _MARKS.search(digits):
                continue
            own = own_mark(digits)
            if own is None:
                unclear.append((digits, text[number.end() :].strip()))
            elif own == "none":
                votes["," if "." in digits else "."] += 1
            else:
                votes[own] += 1
    by_range = _by_plausibility(unclear, plausible) if unclear and plausible else None
    if by_range is not None and sum(votes.values()) * 4 <= len(unclear):
        return MarkDecision(by_range, open=False)  # the odd clear number is an odd cell, not the habit of the column
    if votes["."] != votes[","] and min(votes.values()) * 5 <= max(votes.values()):
        return MarkDecision("." if votes["."] > votes[","] else ",", open=False)
    if not unclear:
        return MarkDecision(locale, open=False)
    if by_range is not None:
        return MarkDecision(by_range, open=False)
    return MarkDecision(locale, open=locale is None)


def _by_plausibility(unclear: list[tuple[str, str]], plausible: Callable[[Decimal, str], bool]) -> Mark | None:
    share: dict[Mark, float] = {}
    for mark in (".", ","):
        good = sum(1 for d, tail in unclear if (v := to_decimal(d, mark)) is not None and plausible(v, tail))
        share[mark] = good / len(unclear)
    if share["."] >= 0.7 and share[","] <= 0.2:
        return "."
    if share[","] >= 0.7 and share["."] <= 0.2:
        return ","
    return None
