"""Words inside cells: class, reason, defects, certificates, form, totals and the other small vocabularies."""

import re
from functools import cache, lru_cache

from services.ingestion.parsing.text import is_empty_mark, normal, section, word_set, words
from shared.contracts.types import Certification, Defect, Form, Grain, QualityClass, SurplusReason

_CERTIFICATES = (
    (Certification.FSC, re.compile(r"\bfsc\b(?! controlled wood)")),
    (Certification.PEFC, re.compile(r"\bpefc\b(?! controlled sources)")),
    (Certification.EU_ECOLABEL, re.compile(r"\b(?:eu ?ecolabel|ecolabel|eu flower|eu blume|eu umweltzeichen)\b")),
    (Certification.BLUE_ANGEL, re.compile(r"\b(?:blauer engel|blue angel|der blaue engel)\b")),
    (Certification.NORDIC_SWAN, re.compile(r"\b(?:nordic swan|svanen|nordischer schwan|joutsenmerkki|swan label)\b")),
)
_CLAUSE = re.compile(r"[,;.] | - |\n")
_TRAILING = re.compile(r"[\d.,:%\s]+$")


@cache
def _classes() -> dict[str, QualityClass]:
    found: dict[str, QualityClass] = {}
    for code, spellings in section("words", "classes").items():
        for word in words(spellings):
            found[word] = QualityClass(code)
    return found


@lru_cache(maxsize=4096)
def quality_class(text: str) -> QualityClass | None:
    """The class a quality cell names; ``None`` for a word nobody taught us."""
    known = _classes().get(normal(text))
    if known is not None or "+" not in text:
        return known if not (known is QualityClass.A and text.strip().upper() == "A+") else QualityClass.PRIME
    return _classes().get(normal(text.replace("+", " plus")))


@lru_cache(maxsize=4096)
def class_inside(text: str) -> QualityClass | None:
    """The class named inside a longer text ("Testliner 2, II. Wahl"); ``None`` also where it names several."""
    found = classes_inside(text)
    return next(iter(found)) if len(found) == 1 else None


@lru_cache(maxsize=8192)
def classes_inside(text: str) -> frozenset[QualityClass]:
    """Every class a longer text names; single letters and digits are not enough, and a denied class does not count."""
    tokens = normal(text).split()
    free = [True] * len(tokens)
    found: set[QualityClass] = set()
    for size in (3, 2, 1):
        for start in range(len(tokens) - size + 1):
            phrase = " ".join(tokens[start : start + size])
            if not all(free[start : start + size]) or len(phrase) <= 3:
                continue
            known = _classes().get(phrase) if size > 1 or phrase in word_set("class_words") else None
            if known is not None:
                free[start : start + size] = [False] * size
                if not _denied(" ".join(tokens[:start])):
                    found.add(known)
    return frozenset(found)


@cache
def _stems(key: str) -> tuple[tuple[str, str], ...]:
    found: list[tuple[str, str]] = []
    for code, stems in section("words", key).items():
        for raw in stems if isinstance(stems, list) else []:  # pyright: ignore[reportUnknownVariableType] – isinstance leaves its parts unknown
            stem = str(raw)  # pyright: ignore[reportUnknownArgumentType] – isinstance leaves its parts unknown
            found.append((code, f" {normal(stem)} " if stem.endswith(".") else f" {normal(stem)}"))
    return tuple(found)


@lru_cache(maxsize=32768)
def _found(text: str, key: str) -> tuple[tuple[int, str], ...]:
    """Codes with the place of their first word, in the order of the text; a denied word does not count."""
    first: dict[str, int] = {}
    for number, clause in enumerate(_CLAUSE.split(text)):
        padded = f" {normal(clause)} "
        for code, stem in _stems(key):
            at = padded.find(stem)
            if at >= 0 and not _denied(padded[:at]):
                first[code] = min(number * 10_000 + at, first.get(code, number * 10_000 + at))
    return tuple(sorted((at, code) for code, at in first.items()))


def _denied(before: str) -> bool:
    return any(token in word_set("no") and not token.isdigit() for token in before.split()[-2:])


@lru_cache(maxsize=32768)
def defects(text: str) -> tuple[Defect, ...]:
    return tuple(Defect(code) for _, code in _found(text, "defects"))


@lru_cache(maxsize=32768)
def surplus_reason(text: str) -> SurplusReason | None:
    """The first reason a text gives; a property out of its limits means off-spec."""
    found = _found(text, "reasons")
    if found:
        return SurplusReason(found[0][1])
    implied = section("words", "implies")
    for code, causes in implied.items():
        if isinstance(causes, list) and any(d.value in causes for d in defects(text)):
            return SurplusReason(code)
    return None


@lru_cache(maxsize=8192)
def certificates(text: str) -> tuple[Certification, ...]:
    padded = normal(text)
    return tuple(c for c, p in _CERTIFICATES if (m := p.search(padded)) and not _denied(f" {padded[: m.start()]}"))


@lru_cache(maxsize=4096)
def form(text: str) -> Form | None:
    """Reel or sheet, when the text is a word for one of them."""
    token = normal(text)
    first = token.split()[0] if token else ""
    if token in word_set("reel") or first in word_set("reel"):
        return Form.REEL
    return Form.SHEET if token in word_set("sheet") or first in word_set("sheet") else None


@lru_cache(maxsize=4096)
def counts_things(text: str) -> bool:
    """Whether the words behind a number say what is counted ("3 Rollen", "12 pcs", "ca. 4 Paletten")."""
    return "?" not in text and all(
        t in word_set("counted") or t in word_set("reel") or t in word_set("sheet") for t in normal(text).split()
    )


@lru_cache(maxsize=1024)
def grain(text: str) -> Grain | None:
    """The grain a cell names when it names nothing else."""
    key = normal(text)
    return next((Grain(code) for code, spellings in section("words", "grain").items() if key in words(spellings)), None)


_COUNTED = (("reel_count", "reel"), ("pallet_count", "pallets"), ("sheet_count", "sheet"))


@lru_cache(maxsize=1024)
def counted(text: str) -> str | None:
    """The field of what the words behind a number count ("Rollen", "Pal.", "sheets"); ``None`` for plain pieces."""
    tokens = normal(text).split()
    return next((f for f, words_of in _COUNTED if any(t in word_set(words_of) for t in tokens)), None)


@lru_cache(maxsize=8192)
def total_kind(text: str) -> str | None:
    """``total`` or ``subtotal`` when a cell is the label of one."""
    token = normal(_TRAILING.sub("", text))
    if token in word_set("subtotal"):
        return "subtotal"
    if token in word_set("total"):
        return "total"
    first = token.split()
    if len(first) in (2, 3, 4) and " ".join(first[:1]) in word_set("subtotal"):
        return "subtotal"
    if 1 < len(first) <= 4 and (first[0] in word_set("total") or " ".join(first[:2]) in word_set("subtotal")):
        return "subtotal" if " ".join(first[:2]) in word_set("subtotal") else "total"
    return None


@lru_cache(maxsize=4096)
def is_on_request(text: str) -> bool:
    return is_empty_mark(text) or normal(text) in word_set("on_request")


@lru_cache(maxsize=4096)
def is_now(text: str) -> bool:
    return is_empty_mark(text) or normal(text) in word_set("available_now")


@lru_cache(maxsize=16384)
def is_sold(text: str) -> bool:
    """Whether a status or remark says that the lot is gone or kept for somebody; "only sold complete" does not."""
    for clause in _CLAUSE.split(text):
        tokens = normal(clause).split()
        if not word_set("sold").isdisjoint(tokens) or any(p in f" {' '.join(tokens)} " for p in _kept()):
            at = next((i for i, t in enumerate(tokens) if t in word_set("sold")), 0)
            if word_set("how_sold").isdisjoint(tokens) and not _denied(" ".join(tokens[:at])):
                return True
    return False


@cache
def _kept() -> tuple[str, ...]:
    return tuple(f" {phrase} " for phrase in word_set("sold") if " " in phrase)


@lru_cache(maxsize=1024)
def is_yes(text: str) -> bool:
    return normal(text) in word_set("yes")


@lru_cache(maxsize=1024)
def is_no(text: str) -> bool:
    return is_empty_mark(text) or normal(text) in word_set("no")
