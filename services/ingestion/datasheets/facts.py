"""What a sheet says about itself: product, grade, date, certificates, and tolerances in sentences."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from services.ingestion.datasheets import vocabulary
from services.ingestion.datasheets.cells import read_row, standard_of
from services.ingestion.datasheets.layout import Line
from services.ingestion.parsing import grades, terms
from services.ingestion.parsing.dates import parse
from services.ingestion.parsing.numbers import Mark
from services.ingestion.parsing.text import clean, normal
from shared.contracts.types import Certification

_SENTENCE = re.compile(r"(?<=[.;])(?<!min\.)(?<!max\.)(?<!Min\.)(?<!Max\.)\s+|,\s+(?=[^\d\W])|\s[·|]\s")
_GENERIC = re.compile(
    r"data ?sheet|datenblatt|produktdaten|technische daten|scheda|ficha|fiche|technical data"
    r"|specification|spezifikation|tuoteseloste|tuotetiedot|datablad|produktblad|karta|gegevensblad"
    r"|product information|produktinformation"
)
_LEGAL = re.compile(r"\b(?:gmbh|ag|oy|oyj|ab|sa|spa|s p a|srl|ltd|inc|llc|bv|nv|s a|sp z o o|sas|plc)$")
_SWAN = re.compile(r"nordic swan(?: eco ?label)?|svanen[\w-]*", re.IGNORECASE)
TITLE_SIZE = 1.25  # of the usual letter


@dataclass(frozen=True, slots=True)
class Stated:
    """What sentences say of a property: ``tolerances`` and ``standards`` by its name."""

    tolerances: Mapping[str, str]
    standards: Mapping[str, str]


def stated(lines: Sequence[Line], mark: Mark | None) -> Stated:
    """Tolerances and methods in running text: "Grammage (ISO 536) ± 4 %. Brightness ± 1.5 units."."""
    tolerances: dict[str, str] = {}
    standards: dict[str, str] = {}
    for line in lines:
        if len(line.cells) != 1:
            continue
        words = list(line.words)
        at = 0
        for part in _SENTENCE.split(line.cells[0].text):
            size = len(part.split())
            piece = words[at : at + size]
            at += size
            if not piece:
                continue
            row = read_row(Line(line.page, (type(line.cells[0])(tuple(piece)),)), mark)
            # "Stiffness" of a sentence is whichever stiffness the tables have.
            named = vocabulary.candidates(row.label) if row.tolerances and not row.figures else ()
            method = standard_of(part)
            for name in named:
                tolerances.setdefault(name, row.tolerances[0].text)
                if method is not None:
                    standards.setdefault(name, method)
    return Stated(tolerances, standards)


def title_of(lines: Sequence[Line]) -> str | None:
    """The name of the product: the largest letters of the first page that are no heading of every sheet."""
    sizes = sorted(line.size for line in lines)
    if not sizes:
        return None
    usual = sizes[len(sizes) // 2]
    large = [line for line in lines if line.size >= TITLE_SIZE * usual]
    for line in sorted(large, key=lambda one: -one.size):
        text = normal(line.text)
        if text and not _GENERIC.search(text) and not _LEGAL.search(text) and re.search(r"[^\W\d]{2}", text):
            return clean(line.text)[:200]
    return None


def grade_of(title: str | None, lines: Sequence[Line]) -> str | None:
    """The grade that the first lines name, sentence by sentence; ``None`` where they name none or several."""
    texts = [clean(line.text) for line in lines]
    tries: list[str] = []
    for text in [*texts, *([title] if title else [])]:
        tries += [text, *_SENTENCE.split(text)]
    for text in tries:
        found = grades.resolve(text).code
        if found is not None and found not in ("OTHER", "BROKE", "PULP"):
            return found
    return None


def revision_of(lines: Sequence[Line], *, today: date) -> date | None:
    """The date behind a word for revision, issue or edition; the last such line counts."""
    for line in reversed(lines):
        text = clean(line.text)
        tokens = normal(text).split()
        named = any(" ".join(tokens[at : at + size]) in vocabulary.revision_words()
                    for at in range(len(tokens)) for size in (1, 2, 3))  # fmt: skip
        if named:
            found = parse(text, "dmy", today)
            if found is not None:
                return found
    return None


def certificates_of(lines: Sequence[Line]) -> tuple[Certification, ...]:
    """Labels that the sheet names, in its order."""
    found: list[Certification] = []
    for line in lines:
        text = clean(line.text)
        if _SWAN.search(text):
            text = _SWAN.sub("nordic swan", text)
        places = {one: _place(one, text) for one in terms.certificates(text)}
        found += [one for one in sorted(places, key=lambda one: places[one]) if one not in found]
    return tuple(found)


def _place(certificate: Certification, text: str) -> int:
    first = normal(text).find(normal(certificate.value.replace("_", " ")).split()[0])
    return first if first >= 0 else len(text)
