"""The words of data sheets, from ``data/``, and what they mean."""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path
from typing import cast

from services.ingestion.parsing.text import normal

_DATA = Path(__file__).parent / "data"
_LANGUAGES = ("en", "de", "it", "es", "fr", "fi", "sv", "nl", "pl", "pt")
PHRASE_WORDS_MAX = 6
OTHER_WORDS_MAX = 4  # a label with more is a sentence
MACHINE, SIDE = ("MD", "CD"), ("top", "reverse")


@dataclass(frozen=True, slots=True)
class Property:
    """``kind`` of direction: machine, side or none; ``default`` is meant where a sheet is silent."""

    name: str
    unit: str
    low: Decimal
    high: Decimal
    standards: tuple[str, ...]
    kind: str | None
    default: str | None
    qualifiers: frozenset[str]
    tolerance_only: bool

    @property
    def directions(self) -> tuple[str, ...]:
        return MACHINE if self.kind == "machine" else SIDE if self.kind == "side" else ()


@cache
def _table(name: str) -> dict[str, dict[str, object]]:
    read = tomllib.loads((_DATA / f"{name}.toml").read_text(encoding="utf-8"))
    return cast(dict[str, dict[str, object]], read)


def _texts(value: object) -> tuple[str, ...]:
    return tuple(cast(list[str], value or []))


@cache
def properties() -> Mapping[str, Property]:
    """Every property we know, by its name."""
    found: dict[str, Property] = {}
    for name, entry in _table("properties").items():
        low, high = cast(list[float], entry["range"])
        found[name] = Property(
            name=name,
            unit=str(entry["unit"]),
            low=Decimal(str(low)),
            high=Decimal(str(high)),
            standards=_texts(entry.get("standards")),
            kind=cast(str | None, entry.get("direction")),
            default=cast(str | None, entry.get("default")),
            qualifiers=frozenset(normal(word) for word in _texts(entry.get("qualifier"))),
            tolerance_only=bool(entry.get("tolerance_only")),
        )
    return found


@cache
def _names() -> Mapping[str, tuple[str, ...]]:
    """Phrase to the properties it may mean, in the order of the file."""
    found: dict[str, tuple[str, ...]] = {}
    for name, entry in _table("properties").items():
        for language in _LANGUAGES:
            for word in _texts(entry.get(language)):
                known = found.get(normal(word), ())
                if name not in known:
                    found[normal(word)] = (*known, name)
    return found


@cache
def _languages() -> Mapping[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for entry in _table("properties").values():
        for language in _LANGUAGES:
            for word in _texts(entry.get(language)):
                found[normal(word)] = found.get(normal(word), frozenset()) | {language}
    return found


def language_of(labels: Iterable[str]) -> str | None:
    """The language most labels are written in; words of many languages say little."""
    score: dict[str, float] = {language: 0.0 for language in _LANGUAGES}
    for label in labels:
        phrase = phrase_of(label)
        spoken = _languages().get(phrase, frozenset()) if phrase else frozenset[str]()
        for language in spoken:
            score[language] += 1 / len(spoken)
    best = max(score, key=lambda language: score[language])
    return best if score[best] > 0 else None


def _longest(label: str, known: Mapping[str, object], *, words_max: int = PHRASE_WORDS_MAX) -> tuple[str, int] | None:
    """The longest known phrase in a label and where it begins; of equally long ones the first."""
    tokens = normal(label).split()
    for size in range(min(words_max, len(tokens)), 0, -1):
        for start in range(len(tokens) - size + 1):
            phrase = " ".join(tokens[start : start + size])
            if phrase in known:
                return phrase, start
    return None


@lru_cache(maxsize=4096)
def phrase_of(label: str) -> str | None:
    """The phrase of a label that names a property."""
    if any(f" {word} " in f" {normal(label)} " for word in _not_paper()):
        return None
    found = _longest(label, _names())
    return found[0] if found else None


@cache
def _not_paper() -> tuple[str, ...]:
    return tuple(normal(word) for word in _texts(_table("sheets")["words"]["not_paper"]))


def starts_with_property(label: str) -> bool:
    """Whether a label begins with the name of a property, as a row of a table does."""
    phrase = phrase_of(label)
    if phrase is None:
        return False
    before, _, behind = normal(label).partition(phrase)
    words = [word for word in (*before.split(), *behind.split()) if word.isalpha() and word not in _directions()]
    return len(before.split()) <= 2 and len(words) <= OTHER_WORDS_MAX


def candidates(label: str) -> tuple[str, ...]:
    """The properties a label may mean."""
    phrase = phrase_of(label)
    return _names()[phrase] if phrase else ()


def measures(standard: str, name: str) -> bool:
    """Whether a test method is one for this property; ``ISO 1924`` stands for its parts too."""
    whole = standard.partition("-")[0]
    return any(
        standard == known or whole == known or known.partition("-")[0] == standard
        for known in properties()[name].standards
    )


def of_standard(standard: str) -> tuple[str, ...]:
    """The properties that a test method measures."""
    exact = tuple(one.name for one in properties().values() if standard in one.standards)
    return exact or tuple(name for name in properties() if measures(standard, name))


@cache
def _directions() -> Mapping[str, str]:
    found: dict[str, str] = {}
    for direction, entry in cast(dict[str, dict[str, object]], _table("sheets")["direction"]).items():
        for word in _texts(entry["words"]):
            found.setdefault(normal(word), direction)
    return found


@lru_cache(maxsize=4096)
def directions_in(label: str, kinds: Sequence[str] = (*MACHINE, *SIDE)) -> tuple[str, ...]:
    """Every direction that a label names, in its order, each once."""
    tokens = normal(label).split()
    found: list[str] = []
    at = 0
    while at < len(tokens):
        for size in (3, 2, 1):
            direction = _directions().get(" ".join(tokens[at : at + size]))
            if direction is not None and direction in kinds and at + size <= len(tokens):
                if direction not in found:
                    found.append(direction)
                at += size - 1
                break
        at += 1
    return tuple(found)


def is_direction(label: str) -> str | None:
    """The direction, when a label says nothing else."""
    return _directions().get(normal(label))


@cache
def _heads() -> Mapping[str, str]:
    return {
        normal(word): role
        for role, spellings in reversed(list(_table("sheets")["heads"].items()))
        for word in _texts(spellings)
    }


@lru_cache(maxsize=2048)
def head_of(text: str) -> str | None:
    """What a column holds by its head: property, standard, unit, value, minimum, maximum, tolerance."""
    return _heads().get(normal(text))


@cache
def revision_words() -> frozenset[str]:
    return frozenset(normal(word) for word in _texts(_table("sheets")["words"]["revision"]))


@cache
def _units() -> Mapping[str, str]:
    found: dict[str, str] = {}
    for unit, spellings in _table("sheets")["units"].items():
        for word in (unit, *_texts(spellings)):
            found.setdefault(_bare_unit(word), unit)
    return found


_SIGNS = str.maketrans({"²": "2", "³": "3", "μ": "u", "µ": "u", "−": "-", "·": None, "*": None, "^": None, ".": None})


def _bare_unit(text: str) -> str:
    return re.sub(r"\s+", "", text).translate(_SIGNS).casefold()


@lru_cache(maxsize=4096)
def unit_of(text: str) -> str | None:
    """The unit a text is, in our spelling; ``None`` for anything else."""
    return _units().get(_bare_unit(text.strip(" ()[],;:")))


@cache
def unit_pattern() -> re.Pattern[str]:
    """Any spelling of a unit inside a text."""
    spellings = {word for words in _table("sheets")["units"].values() for word in _texts(words)} | set(
        _table("sheets")["units"]
    )
    shapes = [re.escape(word).replace("/", r"\s?/\s?") for word in sorted(spellings, key=len, reverse=True)]
    return re.compile(rf"(?<![A-Za-zÀ-ÿ²³/])(?:{'|'.join(shapes)})(?![\w²³/%])", re.IGNORECASE)


def factor(*, unit: str, canonical: str) -> Decimal | None:
    """Canonical units per unit; ``None`` when one is not of the kind of the other."""
    if unit == canonical:
        return Decimal(1)
    known = cast(dict[str, dict[str, str]], _table("sheets")["factors"])
    found = known.get(canonical, {}).get(unit)
    return Decimal(found) if found else None
