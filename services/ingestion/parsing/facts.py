"""Several facts in one cell: "840 mm, Ø 1250, H 76", "18,4 t / 9 Rollen", "Offset 80 g 63 x 88 cm SB"."""

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import lru_cache
from typing import cast

from services.ingestion.parsing.numbers import Mark, to_decimal
from services.ingestion.parsing.sizes import sheet_size
from services.ingestion.parsing.terms import counted
from services.ingestion.parsing.text import fold
from services.ingestion.parsing.units import FACTORS, cell_unit
from services.ingestion.parsing.validate import USUAL_CORES


class Facts(dict[str, object]):
    """Field -> canonical value, and ``format`` -> the size of a sheet, as the readers of single cells give them."""


_N = r"(\d{1,3}(?:[.,'’]\d{3})+(?:[.,]\d+)?|\d+(?:[.,]\d+)?)"
_HEAVY = r"(\d{1,3}(?:[.,'’ ]\d{3})+(?:[.,]\d+)?|\d+(?:[.,]\d+)?)"
_U = r"\s*(mm|cm|m|inch(?:es)?|in|\"|′′|″)?(?![a-z0-9])"
_START = r"(?<![\w.,])"
_LONG_GRAIN = r"(?:\s*[(,]?\s*(?:lg|sg|sb|bb|long grain|short grain|schmalbahn|breitbahn)\b\)?)?"
_CORE_WORDS = (
    r"core|hulse|huelse|kern|anima|mandrin|mandril|gilza|tuleja|hylsa|hylsy|koker|huls|masura|dutinka|cseve|hylse"
)
_WIDTH_WORDS = (
    r"(?:rollen|bahn|rol|rull)?(?:breite|breedte|bredd|bredde)|width|laize|largeur|fascia|larghezza|ancho|largura|leveys|szer\w*"
    r"|sirka|rolle|reel|roll|bobina|bobine|rola"
)
_DIAMETER_WORDS = r"ø|dia(?:m(?:eter|etro|etre)?)?|durchmesser|fi|od"
_X = r"\s*(mm|cm|m|inch(?:es)?|in|\"|′′|″)?\s*x\s*"
_TRIPLE = re.compile(rf"{_START}{_N}{_X}{_N}{_X}{_N}{_U}")
_PAIR = re.compile(rf"{_START}{_N}{_X}{_N}{_U}{_LONG_GRAIN}")
_GSM = re.compile(rf"{_START}{_N}\s*(?:g(?:sm|rs?|ramm?)?\.?(?:\s*/?\s*(?:m2|m\^2|qm|mq))?)(?![a-z0-9/])")
_WEIGHT = re.compile(rf"{_START}{_HEAVY}\s*(kgs?|t|to|mt|tonnen|tonnes?|tons?|lbs?)\.?(?![a-z0-9])")
_COUNT = re.compile(rf"{_START}(\d{{1,3}}(?:[.,'’ ]\d{{3}})+|\d+)\s*([a-z]{{2,12}})\.?(?![a-z0-9])")
_BARE = re.compile(rf"{_START}{_N}\s*(mm|cm|inch(?:es)?|in|\"|′′|″)(?![a-z0-9])")
_LEFT_OVER = re.compile(
    r"[\s,;/|.()+:\-–@]|\b(?:rolle|reel|roll|format|size|ca|approx|max|je|a|netto|net|und|and|e|et|y|i|na|w)\b"
)


def _labelled(words: str, short: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """With the words people use in prose, and with the single letters of a cell that holds nothing but measures."""
    tail = rf"\.?\s*[:=]?\s*(?:max\.?|ca\.?)?\s*{_N}{_U}"
    return tuple(re.compile(rf"(?<![a-z0-9])(?:{w}){tail}") for w in (words, f"{words}|{short}"))  # pyright: ignore[reportReturnType] – two of them


_DIAMETER = _labelled(_DIAMETER_WORDS, "dm|d")
_CORE = _labelled(_CORE_WORDS, "h|k|id|c")
_WIDTH = _labelled(_WIDTH_WORDS, "b|w|rb|l")
_CORE_BEHIND = re.compile(rf"{_START}{_N}{_U}\s*(?:{_CORE_WORDS})(?![a-z0-9])")


@lru_cache(maxsize=8192)
def only_facts(text: str, mark: Mark | None, imperial: bool) -> Facts | None:
    """The facts of a cell that holds nothing else; ``None`` where a word or a number is left that we do not know."""
    found, rest = _read(text, mark, imperial, prose=False)
    return found if found and rest is not None and not _LEFT_OVER.sub("", rest) else None


@lru_cache(maxsize=8192)
def facts_inside(text: str, mark: Mark | None, imperial: bool) -> Facts:
    """The measures inside the name of a product; nothing where two of them contradict each other."""
    found, rest = _read(text, mark, imperial, prose=True)
    return found if rest is not None else Facts()


def _read(text: str, mark: Mark | None, imperial: bool, *, prose: bool) -> tuple[Facts, str | None]:
    """Facts and the text without them; no text where a fact stands twice with different values."""
    rest = fold(text).replace("×", "x").replace("*", "x").replace("⌀", "ø").replace("∅", "ø").replace("”", '"')
    found = Facts()
    for pattern, meaning in _patterns(prose=prose):
        while True:
            match, facts = _first(pattern, meaning, rest, mark, imperial)
            if match is None:
                break
            if any(name in found and found[name] != value for name, value in facts.items()):
                return found, None
            found.update(facts)
            rest = f"{rest[: match.start()]} | {rest[match.end() :]}"
    return found, rest


_Meaning = Callable[[re.Match[str], Mark | None, bool], dict[str, object]]


def _first(
    pattern: re.Pattern[str], meaning: _Meaning, text: str, mark: Mark | None, imperial: bool
) -> tuple[re.Match[str] | None, dict[str, object]]:
    for match in pattern.finditer(text):
        if facts := meaning(match, mark, imperial):
            return match, facts
    return None, {}


def _patterns(*, prose: bool) -> Iterator[tuple[re.Pattern[str], _Meaning]]:
    terse = 0 if prose else 1
    yield _TRIPLE, _reel
    yield _PAIR, _sheet
    yield _GSM, lambda m, mark, _: _one("gsm", m[1], "g/m2", "gsm", mark)
    yield _DIAMETER[terse], lambda m, mark, _: _length("diameter_mm", m[1], m[2], mark)
    yield _CORE[terse], lambda m, mark, _: _length("core_mm", m[1], m[2], mark)
    yield _CORE_BEHIND, lambda m, mark, _: _length("core_mm", m[1], m[2], mark)
    yield _WIDTH[terse], lambda m, mark, _: _length("width_mm", m[1], m[2], mark)
    yield _BARE, lambda m, mark, _: _length("width_mm", m[1], m[2], mark)
    if not prose:
        yield _WEIGHT, lambda m, mark, imperial: _weight(m, mark, imperial=imperial)
        yield _COUNT, _things


def _one(field: str, number: str, unit: str, dimension: str, mark: Mark | None) -> dict[str, object]:
    value = to_decimal(number, mark)
    if value is None:
        return {}
    canonical = value * FACTORS[dimension][unit]
    whole = Decimal("0.1") if dimension in ("gsm", "weight") else Decimal(1)
    return {field: canonical.quantize(whole) if dimension != "length" else round(canonical)}


_BY_SIZE = {
    "diameter_mm": ((400, 1800, "mm"), (60, 180, "cm")),
    "core_mm": ((70, 310, "mm"),),
    "width_mm": ((400, 6000, "mm"),),
}


def _length(field: str, number: str, said: str | None, mark: Mark | None) -> dict[str, object]:
    value = to_decimal(number, mark)
    unit = (cell_unit(said, "length") if said else None) or next(
        (u for low, high, u in _BY_SIZE[field] if value is not None and low <= value <= high), None
    )
    found = {} if unit is None else _one(field, number, unit, "length", mark)
    return {} if field == "core_mm" and not any(20 <= cast(int, v) <= 320 for v in found.values()) else found


def _reel(match: re.Match[str], mark: Mark | None, imperial: bool) -> dict[str, object]:
    """Width, diameter and core in this order, where the last is a usual core."""
    unit = match[6] or match[4] or match[2]
    facts: dict[str, object] = {}
    for field, at in (("width_mm", 1), ("diameter_mm", 3), ("core_mm", 5)):
        facts |= _length(field, match[at], match[at + 1] or (unit if field != "core_mm" else None), mark)
    width, diameter, core = (facts.get(f) for f in ("width_mm", "diameter_mm", "core_mm"))
    if not (isinstance(width, int) and isinstance(diameter, int) and isinstance(core, int)):
        return {}
    usual = any(abs(core - known) <= 4 for known in USUAL_CORES)
    return facts if usual and 400 <= diameter <= 1800 and width >= 100 else {}


def _sheet(match: re.Match[str], mark: Mark | None, imperial: bool) -> dict[str, object]:
    size = sheet_size(match.group(), None, mark, imperial)
    if size is None or size.first is None or size.second is None or size.unit is None:
        return {}
    return {"format": size} if 100 <= size.first <= 3000 and 100 <= size.second <= 3000 else {}


def _weight(match: re.Match[str], mark: Mark | None, *, imperial: bool) -> dict[str, object]:
    unit = cell_unit(match[2], "weight")
    if unit == "ton?":
        unit = None if imperial else "t"
    return {} if unit is None else _one("weight_net_kg", match[1].replace(" ", ""), unit, "weight", mark)


def _things(match: re.Match[str], mark: Mark | None, imperial: bool) -> dict[str, object]:
    field = counted(match[2])
    number = re.sub(r"[.,'’ ]", "", match[1])
    return {field: int(number)} if field is not None else {}
