"""Finding the header of a sheet and what each of its cells may mean."""

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import cast

from rapidfuzz import fuzz, process

from services.ingestion.parsing.text import fold, normal, table, word_set, words
from services.ingestion.parsing.units import HeaderUnit, header_unit

NOISE = word_set("header_noise")
COUNT_UNITS = word_set("header_counts")

LEAST_OF_A_WORD = 4  # letters and the full stop of a word cut short
_NUMBER_SIGN = re.compile(r"#(?!\s*/)|\b[Nn]\.\s?[ºo°](?=\W|$)\.?")
_PER = re.compile(r"\s*/\s*|\s+(?:per|pro|je|por|par|na|pr)\.?\s+")
_PACKAGES = word_set("packages")
_DIMENSION_FIELDS = {
    "length": {
        "width_mm",
        "sheet_w_mm",
        "sheet_l_mm",
        "format",
        "diameter_mm",
        "core_mm",
        "diameter_core",
        "caliper_um",
    },
    "weight": {"weight_net_kg", "weight_gross_kg", "avg_reel_weight_kg"},
    "thickness": {"caliper_um"},
    "gsm": {"gsm"},
    "price": {"price"},
}
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
def languages_of() -> dict[str, set[str]]:
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


OURS = "Offcut"  # a header that begins so is of a column that we wrote into the list, and means nothing


def ours(text: str) -> bool:
    """Whether a column is a note of ours on a list that we gave back to be corrected."""
    return normal(text).startswith(OURS.casefold() + " ")


@lru_cache(maxsize=4096)
def read_header(text: str) -> Header:
    """What a header cell may mean, from its words and its unit."""
    if ours(text):
        return Header(text, "", None, {})
    written, text = text, _NUMBER_SIGN.sub(" no ", text)
    if _per_package(text):
        return Header(written, "", None, {"other": 1.0})
    rest, unit = header_unit(text)
    short = _abbreviated(fold(rest)) if "." in rest else {}
    rest = normal(rest)
    scores = _word_scores(normal(text))
    for field, score in short.items():
        scores[field] = max(score, scores.get(field, 0.0))
    for field, score in _word_scores(rest).items():
        scores[field] = max(score, scores.get(field, 0.0))
    combined = _combined(text)
    if combined:
        scores[combined] = 1.0
        scores.pop("diameter_mm", None)
        scores.pop("core_mm", None)
    elif "core_mm" in scores and "diameter_mm" in scores and _core_of(rest):
        scores["core_mm"] = 0.97
        scores.pop("diameter_mm")
    if unit is not None:
        _weigh_unit(scores, rest, unit)
    return Header(written, rest, unit, scores)


def _abbreviated(text: str) -> dict[str, float]:
    """Words cut short by a full stop ("Diam. est.", "N. bob."), where everything they may stand for is one field."""
    tokens = re.findall(r"[^\W\d_]+\.?", text)
    if not any(len(t) >= LEAST_OF_A_WORD and t.endswith(".") for t in tokens):
        return {}
    pattern = re.compile(" ".join(re.escape(t[:-1]) + r"\w*" if t.endswith(".") else re.escape(t) for t in tokens))
    meant = [set(fields) - {"product_name"} for word, fields in synonyms().items() if pattern.fullmatch(word)]
    common = set[str]().union(*meant)
    return dict.fromkeys(common, 0.93) if len(common) == 1 else dict.fromkeys(common, 0.6)


def _per_package(text: str) -> bool:
    """Sheets per pallet, kg per pallet, reels per pallet, sheets per ream: no total of the lot."""
    parts = _PER.split(fold(text))
    if len(parts) != 2:
        return False
    left, right = (normal(part) for part in parts)
    counted = {"sheet_count", "reel_count", "weight_net_kg", "weight_gross_kg"} & set(_word_scores(left))
    package = right in _PACKAGES or _word_scores(right).get("pallet_count", 0.0) > 0.9
    return package and (bool(counted) or left in ("kg", "t", "lbs", "bg", "shts", "ff"))


def _core_of(text: str) -> bool:
    """ "Hülsen-Ø", "Ø anima", "core inside diameter": the diameter of the core, not of the reel."""
    across = {"ø", "d", "diametro", "diametre", "halkaisija", "srednica", "innen", "inner", "inside", "int", "interno"}
    rest = [t for t in text.split() if t not in across and not t.startswith(("dia", "durchm"))]
    return synonyms().get(" ".join(rest), {}).get("core_mm", 0.0) > 0.9


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
        if field == "other" and synonyms().get(rest, {}).get("other"):
            continue  # "Gesamtpreis EUR" stays of no use
        if field not in fitting and (field in _MEASURED or unit.dimension in ("gsm", "price")):
            scores[field] *= 0.3
    if unit.dimension == "weight" and scores.get("available_from", 0.0) > 0.9:
        scores["weight_net_kg"] = scores.pop("available_from") - 0.05  # "Verfügbar kg" is a weight, not a day
    alone = _UNIT_ALONE.get(unit.dimension)
    if alone and (all(t in NOISE for t in rest.split()) or unit.dimension in ("gsm", "price")):
        scores[alone] = max(scores.get(alone, 0.0), 0.97)


def _word_scores(text: str) -> dict[str, float]:
    if not text:
        return {}
    known = synonyms()
    if text in known:
        return dict(known[text])
    tokens = text.split()
    for left_out in (NOISE, NOISE | COUNT_UNITS):
        bare = " ".join(t for t in tokens if t not in left_out)
        if bare in known:
            return {f: s - 0.02 for f, s in known[bare].items()}
    scores = _contained(tokens)
    for field, score in _compounds(tokens).items():
        scores[field] = max(score, scores.get(field, 0.0))
    if not scores and len(text) >= 4:
        for word, ratio, _ in process.extract(text, list(known), scorer=fuzz.ratio, limit=2, score_cutoff=80):
            if len(word) >= 4:
                for field in known[word].keys() - {"other"}:
                    scores[field] = max(scores.get(field, 0.0), 0.8 * ratio / 100)
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
