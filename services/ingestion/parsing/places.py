"""Where the goods are: a place and its country, from the way mills write a warehouse."""

import re
from functools import cache, lru_cache

from services.ingestion.parsing.text import clean, normal, section, words

_BRACKET = re.compile(r"[(\[]\s*([^()\[\]]+?)\s*[)\]]\s*$")
_PREFIX = re.compile(r"^([A-Z]{1,3})-\d{4,6}\s+")
_PLATES = {
    "D": "DE",
    "A": "AT",
    "CH": "CH",
    "F": "FR",
    "I": "IT",
    "E": "ES",
    "S": "SE",
    "FI": "FI",
    "FIN": "FI",
    "SE": "SE",
    "PL": "PL",
    "NL": "NL",
    "B": "BE",
    "BE": "BE",
    "DE": "DE",
    "AT": "AT",
    "IT": "IT",
    "FR": "FR",
    "ES": "ES",
    "PT": "PT",
    "CZ": "CZ",
}


@cache
def _countries() -> dict[str, str]:
    found: dict[str, str] = {}
    for code, names in section("places", "countries").items():
        found[code.casefold()] = code
        for name in words(names):
            found[name] = code
    return found


@cache
def _towns() -> dict[str, str]:
    return {t: code for code, towns in section("places", "towns").items() for t in words(towns)}


def is_town(text: str) -> bool:
    """Whether these words are the name of a known town and nothing else."""
    return normal(text) in _towns()


@cache
def _states() -> dict[str, str]:
    return {s: code for code, states in section("places", "states").items() for s in words(states)}


@cache
def _leading() -> frozenset[str]:
    from services.ingestion.parsing.text import table

    return frozenset(words(table("places")["leading"]))


def country(text: str, *, home: str) -> str | None:
    """ISO 3166-1 alpha-2 of a country's name, code or a North American state, seen from the mill's country."""
    key = normal(text)
    if home in ("US", "CA") and key in _states():
        return _states()[key]
    return _countries().get(key) or (_states().get(key) if len(key) == 2 else None)


@lru_cache(maxsize=8192)
def place(text: str, home: str) -> tuple[str | None, str | None]:
    """The place as the mill names it, and its country where the words tell it."""
    kept = clean(text)
    bracket = _BRACKET.search(kept)
    if bracket:
        found = country(bracket[1], home=home)
        if found:
            return kept, found
    parts = [p.strip() for p in re.split(r"[,;/]", kept) if p.strip()]
    found = country(parts[-1], home=home) if len(parts) > 1 else None
    if found:
        named = [p for p in parts[:-1] if country(p, home=home) is None] or parts[:1]
        return _bare(named[0]), found
    plate = _PREFIX.match(kept)
    if plate and plate[1] in _PLATES:
        return kept, _PLATES[plate[1]]
    alone = country(kept, home=home) if len(normal(kept)) > 2 or kept.isupper() else None
    if alone:
        return None, alone
    tokens = normal(kept).split()
    for size in (3, 2, 1):
        for start in range(len(tokens) - size + 1):
            town = _towns().get(" ".join(tokens[start : start + size]))
            if town:
                return _bare(kept), town
    return _bare(kept), None


def _bare(text: str) -> str | None:
    """Without a leading "Whse" or "Fábrica", which say what it is, not where."""
    head, _, tail = text.replace(" - ", " ").partition(" ")
    if tail and normal(head) in _leading():
        return tail.strip(" -:")
    return None if normal(text) in _leading() else text
