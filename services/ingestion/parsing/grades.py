"""From the words of a mill to one grade code, or to a person."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Literal, cast

from rapidfuzz import fuzz, process

from services.ingestion.parsing.text import normal, table, words

Outcome = Literal["resolved", "ambiguous", "unknown"]
LONGEST_PHRASE = 5

_RECYCLING = re.compile(r"^\s*[1-5]\.\d{2}(?:\.\d{2})?(?!\d)")
_CLAIM = re.compile(
    r"\b(?:fsc|pefc)(?: certified| zertifiziert)?(?: ?c\d{6})?"
    r"(?: (?:mix|recycled|100|controlled wood|credit|certified|claim|coc|\d{1,3})\b)*"
    r"|\b(?:eu )?ecolabel\b|\bblauer engel\b|\bblue angel\b|\bnordic swan\b|\bsvanen\b"
)
_MEASURE = re.compile(r"\b\d+(?: \d)? ?(?:g m2|gr m2|g mq|gr mq|g qm|gsm|gr|g|pts|pt|um|mm|cm|lb)\b")
_NUMBER = re.compile(r"\b\d{2,4}\b")


@dataclass(frozen=True, slots=True)
class Grade:
    """``codes`` holds the one code, the codes that are possible, or what the word resembles (for a person only)."""

    outcome: Outcome
    codes: tuple[str, ...]
    recycling: bool = False  # an EN 643 code: paper for recycling

    @property
    def code(self) -> str | None:
        return self.codes[0] if self.outcome == "resolved" else None


UNKNOWN = Grade("unknown", ())


@dataclass(frozen=True, slots=True)
class _Lexicon:
    names: Mapping[str, frozenset[str]]
    hints: Mapping[str, frozenset[str]]
    bars: Mapping[str, frozenset[str]]
    prefer: tuple[tuple[frozenset[str], str], ...]
    doubt: frozenset[str]


@cache
def _lexicon() -> _Lexicon:
    data = table("grades")

    def phrases(key: str) -> dict[str, frozenset[str]]:
        found: dict[str, frozenset[str]] = {}
        for entry in cast(list[dict[str, list[str]]], data[key]):
            for word in words(entry["words"]):
                found[word] = found.get(word, frozenset()) | frozenset(entry["codes"])
        return found

    prefer = tuple((frozenset(e["of"]), str(e["is"])) for e in cast(list[dict[str, list[str]]], data["prefer"]))
    return _Lexicon(phrases("name"), phrases("hint"), phrases("bar"), prefer, frozenset(words(data["doubt"])))


@cache
def all_codes() -> frozenset[str]:
    """Every code a lot may carry."""
    return frozenset(c for codes in _lexicon().names.values() for c in codes) | {"OTHER"}


@cache
def typical_gsm() -> dict[str, tuple[int, int]]:
    """Usual grammages per code, g/m²: outside them is unusual, not wrong."""
    data = cast(dict[str, list[int]], table("grades")["typical_gsm"])
    return {code: (low, high) for code, (low, high) in data.items()}


def resolve(text: str, remembered: Mapping[str, str] | None = None) -> Grade:
    """What a person taught us for this mill first, then the exact word, then the words inside the text."""
    key = normal(text)
    if remembered:
        taught = remembered.get(key)
        if taught is not None and taught in all_codes():
            return Grade("resolved", (taught,))
    exact = _lexicon().names.get(key)
    if exact and len(exact) == 1:
        return Grade("resolved", tuple(exact))
    return _by_words(text)


@lru_cache(maxsize=16384)
def _by_words(text: str) -> Grade:
    if _RECYCLING.match(text):
        return Grade("resolved", ("BROKE",), recycling=True)
    bare = _MEASURE.sub(" ", _CLAIM.sub(" ", normal(text)))
    tokens = bare.split()
    if not tokens:
        return UNKNOWN
    lexicon = _lexicon()
    names, hints, bars = _phrases(tokens, lexicon)
    if not names and not hints:
        return _resembling(" ".join(tokens))
    doubtful = any(t in lexicon.doubt for t in tokens)
    possible = _possible(names, hints, bars)
    doubtful = doubtful or bool(names and bars and not possible - frozenset[str]().union(*bars))
    if len(possible) == 1 and names and not doubtful:
        return Grade("resolved", tuple(possible))
    if not doubtful and names:
        for of, preferred in lexicon.prefer:
            if possible == of and preferred in possible:
                return Grade("resolved", (preferred,))
    return Grade("ambiguous", tuple(sorted(possible)))


def _phrases(
    tokens: list[str], lexicon: _Lexicon
) -> tuple[list[frozenset[str]], list[frozenset[str]], list[frozenset[str]]]:
    """Known phrases in the text, the longest first; a word belongs to one phrase only."""
    names: list[frozenset[str]] = []
    hints: list[frozenset[str]] = []
    bars: list[frozenset[str]] = []
    free = [True] * len(tokens)
    for size in range(min(LONGEST_PHRASE, len(tokens)), 0, -1):
        for start in range(len(tokens) - size + 1):
            if not all(free[start : start + size]):
                continue
            phrase = " ".join(tokens[start : start + size])
            name = lexicon.names.get(phrase) or (lexicon.names.get(phrase[:-1]) if phrase.endswith("s") else None)
            hint, bar = lexicon.hints.get(phrase), lexicon.bars.get(phrase)
            for found, kind in ((name, names), (hint, hints), (bar, bars)):
                if found:
                    kind.append(found)
                    free[start : start + size] = [False] * size
            # A colour inside a longer name ("Kraftliner braun") still speaks against the other colours.
            if name and size > 1:
                bars.extend(b for t in tokens[start : start + size] if (b := lexicon.bars.get(t)) and name - b)
    return names, hints, bars


def _possible(names: list[frozenset[str]], hints: list[frozenset[str]], bars: list[frozenset[str]]) -> frozenset[str]:
    """Codes every name allows; hints narrow where they can; a contradiction leaves all that was named."""
    if names:
        possible = names[0]
        for name in names[1:]:
            possible = possible & name
        for bar in bars:
            possible = possible - bar
        if not possible:
            return frozenset[str]().union(*names)
    else:
        possible = frozenset[str]().union(*hints)
    for hint in hints:
        if possible & hint:
            possible = possible & hint
    return possible


def _resembling(text: str) -> Grade:
    if len(text) < 4:
        return UNKNOWN
    close = process.extractOne(text, list(_lexicon().names), scorer=fuzz.ratio, score_cutoff=85)
    return Grade("unknown", tuple(sorted(_lexicon().names[close[0]]))) if close else UNKNOWN


def is_named(text: str) -> bool:
    """Whether a text speaks of a grade at all, even of an ambiguous one."""
    return resolve(text).outcome != "unknown"
