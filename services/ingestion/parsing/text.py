"""Words of a list made comparable, and the tables of words the reader knows."""

import re
import tomllib
import unicodedata
from functools import cache, lru_cache
from pathlib import Path
from typing import cast

DATA = Path(__file__).parent / "data"

_BROKEN_WORD = re.compile(r"(?<=\w)-\s*\n\s*(?=[a-zà-ÿ])")
_NOT_WORD = re.compile(r"[^\w]+|_")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\ufeff]")
_DIGIT = re.compile(r"\d")
_WHOLE_LETTERS = str.maketrans(
    {"ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE", "ı": "i"}
)
_SPACES = re.compile(r"\s+")


def fold(text: str) -> str:
    """Lower case without accents; punctuation stays, compatibility forms ("²", "ª", NBSP) become plain."""
    if text.isascii():
        return text.casefold()
    decomposed = unicodedata.normalize("NFKD", text.translate(_WHOLE_LETTERS).replace("™", " ").replace("®", " "))
    return "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()


def join_broken(text: str) -> str:
    """A word broken over two lines of a header cell is one word."""
    return _BROKEN_WORD.sub("", text)


@lru_cache(maxsize=65536)
def normal(text: str) -> str:
    """Words with single spaces: what two spellings of one word have in common."""
    return _NOT_WORD.sub(" ", fold(join_broken(text))).strip()


def clean(text: str) -> str:
    """A cell for keeping: no control characters, single spaces, no blanks around it."""
    return _SPACES.sub(" ", _CONTROL.sub(" ", text)).strip()


@cache
def table(name: str) -> dict[str, object]:
    """One data file, or a folder with a file per language (then field -> language -> words); read once per process."""
    single = DATA / f"{name}.toml"
    if single.is_file():
        return tomllib.loads(single.read_text(encoding="utf-8"))
    merged: dict[str, dict[str, object]] = {}
    for path in sorted((DATA / name).glob("*.toml")):
        for field, spellings in tomllib.loads(path.read_text(encoding="utf-8")).items():
            merged.setdefault(field, {})[path.stem] = spellings
    return {field: by_language for field, by_language in merged.items()}


def section(name: str, key: str) -> dict[str, object]:
    return cast(dict[str, object], table(name).get(key, {}))


def words(value: object) -> tuple[str, ...]:
    """A list of words of a data file, normalised like the cells they are compared with."""
    return tuple(normal(w) for w in cast(list[str], value))


@cache
def word_set(key: str) -> frozenset[str]:
    """A plain list of ``words.toml``."""
    return frozenset(words(table("words")[key]))


_DASHES = frozenset({"", "-", "–", "—", "?", "??", "--", "---", "./.", ".", "/", "*", "…", "...", "·"})


@lru_cache(maxsize=65536)
def is_empty_mark(text: str) -> bool:
    """Whether a mill writes this where it has nothing to say."""
    if _DIGIT.search(text):
        return False
    stripped = text.strip()
    return stripped in _DASHES or normal(stripped) in word_set("empty") or not normal(stripped)
