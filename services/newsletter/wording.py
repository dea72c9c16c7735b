"""Words and numbers as a reader writes them. Texts are data in ``templates/texts``; who has none reads English."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cache
from pathlib import Path
from typing import cast

import orjson

from services.newsletter.domain.schedule import zone

TEXTS = Path(__file__).parent / "templates/texts"
LANGUAGES = ("en", "de")
NARROW = "\u202f"  # between a number and its unit, so that a line never breaks there


@cache
def _load(name: str) -> Mapping[str, object]:
    return orjson.loads((TEXTS / f"{name}.json").read_bytes())


def _member(table: object, key: str) -> object:
    return cast(Mapping[str, object], table)[key]


def supported(language: str) -> str:
    """The language we write for this BCP 47 tag."""
    short = language.partition("-")[0].lower()
    return short if short in LANGUAGES else "en"


@dataclass(frozen=True, slots=True)
class Words:
    """The texts and number forms of one language."""

    language: str

    def text(self, path: str, **values: object) -> str:
        """A text by its place, ``window.button``, with its values put in. A value is never read as a text itself."""
        found: object = _load(self.language)
        for step in path.split("."):
            found = _member(found, step)
        return str(found).format(**values) if values else str(found)

    def lookup(self, table: str, key: str) -> str | None:
        """A word from a table; ``None`` for a key that nobody translated."""
        found = cast(Mapping[str, str], _load(self.language)[table])
        return found.get(key)

    def grade(self, code: str) -> str:
        """The grade in words; a code that is new here is shown as it is."""
        found = cast(Mapping[str, str] | None, _load("grades").get(code))
        return code.replace("_", " ") if found is None else found[self.language]

    def country(self, code: str) -> str:
        return self.lookup("countries", code) or code

    def number(self, value: Decimal, *, places: int) -> str:
        """Rounded half to even, with the language's marks; no zeros behind unless money asks for them."""
        quantum = Decimal(1).scaleb(-places)
        text = f"{value.quantize(quantum, ROUND_HALF_EVEN):,f}"
        whole, _, rest = text.partition(".")
        return whole.replace(",", self.text("group")) + (self.text("decimal") + rest if rest else "")

    def short(self, value: Decimal, *, places: int) -> str:
        """As ``number``, but 80,0 is 80."""
        rounded = value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)
        return self.number(rounded, places=0 if rounded == rounded.to_integral_value() else places)

    def millimetres(self, value: int) -> str:
        return f"{self.number(Decimal(value), places=0)}{NARROW}mm"

    def tonnes(self, kilograms: Decimal) -> str:
        return self.short(kilograms / 1000, places=1 if kilograms >= 1000 else 3)

    def money(self, amount: Decimal, currency: str) -> str:
        return f"{self.number(amount, places=2)}{NARROW}{currency}"

    def day(self, value: date) -> str:
        months = cast(Sequence[str], _load(self.language)["months"])
        return self.text("date", day=value.day, month=months[value.month - 1], year=value.year)

    def local_day(self, value: datetime, time_zone: str) -> str:
        """The reader's date of a moment."""
        return self.day(value.astimezone(zone(time_zone)).date())

    def moment(self, value: datetime, time_zone: str) -> str:
        """Weekday, day and local time: a deadline of the next days."""
        local = value.astimezone(zone(time_zone))
        months = cast(Sequence[str], _load(self.language)["months"])
        weekdays = cast(Sequence[str], _load(self.language)["weekdays"])
        return self.text(
            "moment",
            weekday=weekdays[local.weekday()],
            day=local.day,
            month=months[local.month - 1],
            time=f"{local.hour:02}:{local.minute:02}",
        )

    def listed(self, words: Sequence[str]) -> str:
        if len(words) < 2:
            return "".join(words)
        return f"{', '.join(words[:-1])} {self.text('and')} {words[-1]}"


@cache
def words(language: str) -> Words:
    """The words for a reader of this language."""
    return Words(supported(language))
