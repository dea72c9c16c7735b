"""The sentences of a reading in the mill's language; a catalogue per language lies in ``data/messages``.

The code speaks English. A sentence without a translation stays English, and a test finds it.
"""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import cast

from services.ingestion.parsing.model import Problem
from services.ingestion.parsing.text import DATA

_GAP = re.compile(r"\{(\w+)\}")
_NUMBERS = frozenset({"n", "m", "k", "low", "high"})
_NUMBER = r"[-+]?\d[\d.,]*"
_GROUPS = {
    "de": ".",
    "it": ".",
    "es": ".",
    "fr": "\u202f",
    "fi": "\u00a0",
    "sv": "\u00a0",
    "nl": ".",
    "pl": "\u00a0",
    "pt": ".",
}
LOOKED_AT = 12  # characters of a message that tell most sentences apart
DEEPEST = 2  # a sentence may hold another one


@dataclass(frozen=True, slots=True)
class _Sentence:
    begins: str
    pattern: re.Pattern[str]
    target: str


@cache
def languages() -> frozenset[str]:
    """Languages a reading can speak."""
    return frozenset(path.stem for path in (DATA / "messages").glob("*.toml")) | {"en"}


@cache
def _catalogue(language: str) -> tuple[dict[str, str], tuple[_Sentence, ...]]:
    raw = tomllib.loads((DATA / "messages" / f"{language}.toml").read_text(encoding="utf-8"))
    labels = cast(dict[str, str], raw["labels"])
    found = [_compiled(english, own) for english, own in cast(dict[str, str], raw["sentences"]).items()]
    # The sentence that says most comes first: gaps take anything.
    return labels, tuple(sorted(found, key=lambda s: -len(_GAP.sub("", s.pattern.pattern))))


def _compiled(english: str, own: str) -> _Sentence:
    parts = _GAP.split(english)
    pattern = ""
    for number, part in enumerate(parts):
        if number % 2:
            pattern += f"(?P<{part}>{_NUMBER if part in _NUMBERS else '.+?'})"
        else:
            pattern += re.escape(part)
    return _Sentence(parts[0], re.compile(pattern, re.DOTALL), own)


def in_language(message: str, language: str | None) -> str:
    """A sentence of ours as the mill says it."""
    base = (language or "en").split("-")[0].lower()
    return message if base == "en" or base not in languages() else _told(message, base, DEEPEST)


@lru_cache(maxsize=2048)
def _candidates(language: str, start: str) -> tuple[_Sentence, ...]:
    """The sentences that a message may be which begins like this, best first."""
    found = _catalogue(language)[1]
    return tuple(s for s in found if start.startswith(s.begins[:LOOKED_AT]) or s.begins.startswith(start))


@lru_cache(maxsize=8192)
def _told(message: str, language: str, deep: int) -> str:
    labels = _catalogue(language)[0]
    for sentence in _candidates(language, message[:LOOKED_AT]):
        if not message.startswith(sentence.begins):
            continue
        found = sentence.pattern.fullmatch(message)
        if found is None:
            continue
        values = {name: _value(name, text, language, labels, deep) for name, text in found.groupdict().items()}
        own = sentence.target.format_map(values)
        return own[:1].upper() + own[1:]
    return message


def _value(name: str, text: str, language: str, labels: dict[str, str], deep: int) -> str:
    if name in _NUMBERS:
        marks = str.maketrans({",": _GROUPS.get(language, " "), ".": ","})
        return text.translate(marks)
    if name == "sentence":
        return _told(text, language, deep - 1) if deep else text
    return labels.get(text, text)


def word_in(word: str, language: str | None) -> str:
    """One of the names of the catalogue ("row", "reel width")."""
    base = (language or "en").split("-")[0].lower()
    return word if base == "en" or base not in languages() else _catalogue(base)[0].get(word, word)


def told(problems: Iterable[Problem], language: str | None) -> tuple[Problem, ...]:
    if (language or "en").split("-")[0].lower() not in languages() - {"en"}:
        return tuple(problems)
    return tuple(replace(p, message=in_language(p.message, language)) for p in problems)
