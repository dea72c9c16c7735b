"""Finding the header of a sheet and what each of its cells may mean."""

from collections import Counter
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import cast

from rapidfuzz import fuzz, process

from services.ingestion.parsing.sheets import Cell, Grid, is_filled
from services.ingestion.parsing.text import normal, table, words
from services.ingestion.parsing.units import HeaderUnit, header_unit

SEARCHED_ROWS = 60
LEAST_FIELDS = 3
LANGUAGES = ("en", "de", "it", "es", "fr", "fi", "sv", "nl", "pl", "pt")
NOISE = frozenset({"nr", "no", "n", "num", "numero", "nummer", "number", "ca", "approx", "the", "in", "de", "of", "des", "der", "total", "max", "je", "per", "pro"})  # fmt: skip
COUNT_UNITS = frozenset({"stk", "stuck", "st", "n", "no", "nr", "pcs", "pc", "in", "m", "szt", "kpl", "pz", "ud", "uds", "u", "anz", "ea", "rolls", "reels"})  # fmt: skip

_DIMENSION_FIELDS = {
    "length": {"width_mm", "sheet_w_mm", "sheet_l_mm", "format", "diameter_mm", "core_mm", "diameter_core", "caliper_um"},
    "weight": {"weight_net_kg", "weight_gross_kg", "avg_reel_weight_kg"},
    "thickness": {"caliper_um"},
    "gsm": {"gsm"},
    "price": {"price"},
}  # fmt: skip
_UNIT_ALONE = {"weight": "weight_net_kg", "thickness": "caliper_um", "gsm": "gsm", "price": "price"}
_MEASURED = frozenset[str]().union(*_DIMENSION_FIELDS.values())


@cache
def synonyms() -> dict[str, dict[str, float]]:
    """Every known header word with the fields it may name; several fields make each a little less sure."""
    found: dict[str, set[str]] = {}
    for field, by_language in table("headers").items():
        for spellings in cast(dict[str, list[str]], by_language).values():
            for word in words(spellings):
                found.setdefault(word, set()).add(field)
    return {w: dict.fromkeys(sorted(fields), 1.0 if len(fields) == 1 else 0.97) for w, fields in found.items()}


@cache
def _languages() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for by_language in table("headers").values():
        for language, spellings in cast(dict[str, list[str]], by_language).items():
            for word in words(spellings):
                found.setdefault(word, set()).add(language)
    return found


@dataclass(frozen=True, slots=True)
class Header:
    """One column's header: as written, without its unit, its unit, and the fields it may name with their scores."""

    text: str
    rest: str
    unit: HeaderUnit | None
    fields: dict[str, float]


@dataclass(frozen=True, slots=True)
class Table:
    """Where the list of a sheet is. ``rows`` are indexes from 0 of the header and unit rows."""

    rows: tuple[int, ...]
    headers: tuple[Header, ...]


@lru_cache(maxsize=4096)
def read_header(text: str) -> Header:
    """What a header cell may mean, from its words and its unit."""
    rest, unit = header_unit(text)
    rest = normal(rest)
    scores = _word_scores(normal(text))
    for field, score in _word_scores(rest).items():
        scores[field] = max(score, scores.get(field, 0.0))
    combined = _combined(text)
    if combined:
        scores[combined] = 1.0
        scores.pop("diameter_mm", None)
        scores.pop("core_mm", None)
    if unit is not None:
        _weigh_unit(scores, rest, unit)
    return Header(text, rest, unit, scores)


def _combined(text: str) -> str | None:
    parts = [p for p in text.replace("+", "/").replace("&", "/").replace("x", " x ").split("/") if p.strip()]
    if len(parts) != 2:
        return None
    left, right = (_word_scores(normal(header_unit(p)[0])) for p in parts)
    if left.get("diameter_mm", 0) > 0.9 and right.get("core_mm", 0) > 0.9:
        return "diameter_core"
    if left.get("core_mm", 0) > 0.9 and right.get("diameter_mm", 0) > 0.9:
        return "diameter_core"
    if left.get("width_mm", 0) > 0.9 and right.get("sheet_l_mm", 0) > 0.9:
        return "format"
    return None


def _weigh_unit(scores: dict[str, float], rest: str, unit: HeaderUnit) -> None:
    fitting = _DIMENSION_FIELDS.get(unit.dimension, set())
    for field in list(scores):
        if field not in fitting and (field in _MEASURED or unit.dimension in ("gsm", "price")):
            scores[field] *= 0.3
    alone = _UNIT_ALONE.get(unit.dimension)
    if alone and (not rest or unit.dimension in ("gsm", "price")):
        scores[alone] = max(scores.get(alone, 0.0), 0.97)


def _word_scores(text: str) -> dict[str, float]:
    if not text:
        return {}
    known = synonyms()
    if text in known:
        return dict(known[text])
    tokens = text.split()
    bare = " ".join(t for t in tokens if t not in NOISE)
    if bare in known:
        return {f: s - 0.02 for f, s in known[bare].items()}
    scores = _contained(tokens)
    for field, score in _compounds(tokens).items():
        scores[field] = max(score, scores.get(field, 0.0))
    if not scores and len(text) >= 5:
        for word, ratio, _ in process.extract(text, list(known), scorer=fuzz.ratio, limit=2, score_cutoff=84):
            if len(word) >= 5:
                for field in known[word]:
                    scores[field] = max(scores.get(field, 0.0), 0.75 * ratio / 100)
    return scores


def _contained(tokens: list[str]) -> dict[str, float]:
    """Known words inside a longer header: the more of the header they explain, the surer."""
    known, scores, length = synonyms(), dict[str, float](), sum(len(t) for t in tokens)
    for size in range(min(4, len(tokens)), 0, -1):
        for start in range(len(tokens) - size + 1):
            word = " ".join(tokens[start : start + size])
            if len(word) < 2 or word in NOISE:
                continue
            share = sum(len(t) for t in tokens[start : start + size]) / length
            for field, score in known.get(word, {}).items():
                scores[field] = max(scores.get(field, 0.0), (0.6 + 0.32 * share) * score)
    return scores


def _compounds(tokens: list[str]) -> dict[str, float]:
    """Words written together ("Rollenbreite", "rullbredd"): the last part names the thing."""
    scores: dict[str, float] = {}
    for token in tokens:
        for word, fields in synonyms().items():
            if len(word) >= 5 and len(token) > len(word) + 2 and " " not in word and token.endswith(word):
                for field in fields:
                    scores[field] = max(scores.get(field, 0.0), 0.85)
    return scores


def find_table(grid: Grid) -> Table | None:
    """The header of a sheet; ``None`` where no row names at least three columns of a list."""
    best, best_score = None, 0.0
    for index, row in enumerate(grid.rows[:SEARCHED_ROWS]):
        score = header_score(row)
        if score > best_score + 0.5:
            best, best_score = index, score
    if best is None:
        return None
    rows = [best]
    texts = [_text(c) for c in grid.rows[best]]
    above = grid.rows[best - 1] if best else []
    if _is_group_row(above, grid.rows[best]):
        rows.insert(0, best - 1)
        texts = _under_groups(above, texts)
    if best + 1 < len(grid.rows) and _is_unit_row(grid.rows[best + 1]):
        rows.append(best + 1)
        texts = _joined(texts, grid.rows[best + 1])
    width = max(len(r) for r in grid.rows[best : best + 200])
    texts += [""] * (width - len(texts))
    return Table(tuple(rows), tuple(read_header(t) for t in texts))


def header_score(row: list[Cell]) -> float:
    """How many different fields a row names; 0 where it is no header."""
    filled = [c for c in row if is_filled(c)]
    texts = [c for c in filled if isinstance(c, str)]
    if len(filled) < LEAST_FIELDS or len(texts) < 0.7 * len(filled) or any(len(t) > 80 for t in texts):
        return 0.0
    fields, known = Counter[str](), 0.0
    for text in texts:
        scores = read_header(text).fields
        if scores and max(scores.values()) >= 0.7:
            best = max(scores, key=lambda f: scores[f])
            fields[best] += 1
            known += max(scores.values())
    if len(fields) < LEAST_FIELDS or known < 0.5 * len(texts):
        return 0.0
    return len(fields) + known / len(texts)


def _text(cell: Cell) -> str:
    return cell if isinstance(cell, str) else ("" if cell is None else str(cell))


def _is_unit_row(row: list[Cell]) -> bool:
    filled = [c for c in row if is_filled(c)]
    if len(filled) < 2 or not all(isinstance(c, str) and len(c) <= 14 for c in filled):
        return False
    units = sum(1 for c in filled if _is_unit_text(str(c)))
    return units >= max(2, 0.7 * len(filled))


def _is_unit_text(text: str) -> bool:
    rest, unit = header_unit(text)
    return (unit is not None and not normal(rest)) or normal(text) in COUNT_UNITS


def _is_group_row(above: list[Cell], row: list[Cell]) -> bool:
    """A row of group names over the header: few texts, each over a column that has its own name below."""
    filled = [i for i, c in enumerate(above) if is_filled(c)]
    if len(filled) < 2 or not all(isinstance(above[i], str) and len(str(above[i])) < 40 for i in filled):
        return False
    named = sum(1 for i in filled if read_header(str(above[i])).fields)
    return named >= 0.6 * len(filled) and all(i < len(row) for i in filled)


def _under_groups(above: list[Cell], texts: list[str]) -> list[str]:
    """A name above is used where the header cell below is blank or only a unit."""
    result: list[str] = []
    group = ""
    for i, text in enumerate(texts):
        if i < len(above) and is_filled(above[i]):
            group = str(above[i])
        elif i < len(above) and text and not _is_unit_text(text):
            group = ""
        result.append(f"{group} {text}".strip() if not text or _is_unit_text(text) else text)
    return result


def _joined(texts: list[str], units: list[Cell]) -> list[str]:
    width = max(len(texts), len(units))
    padded = texts + [""] * (width - len(texts))
    lower = ["" if i < len(texts) and texts[i] and normal(_text(c)) in COUNT_UNITS - {"in", "m"} else _text(c) for i, c in enumerate(units)]  # fmt: skip
    lower += [""] * (width - len(units))
    return [f"{a} {b}".strip() if a or b else "" for a, b in zip(padded, lower, strict=True)]


def language_of(headers: tuple[Header, ...], fallback: str | None) -> str | None:
    """The language most header words belong to; a tie goes to the mill's own."""
    votes = Counter[str]()
    for header in headers:
        known = _languages().get(header.rest) or _languages().get(normal(header.text)) or set()
        for language in known:
            votes[language] += 1
    if not votes:
        return fallback
    top = max(votes.values())
    winners = [lang for lang in LANGUAGES if votes[lang] == top]
    base = (fallback or "").split("-")[0]
    return fallback if base in winners else winners[0]
