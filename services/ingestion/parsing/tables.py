"""Finding the header of a sheet: the row that names the columns, units below it, group names above it."""

from collections import Counter
from dataclasses import dataclass

from services.ingestion.parsing.headers import COUNT_UNITS, Header, languages_of, read_header
from services.ingestion.parsing.sheets import Cell, Grid, is_filled
from services.ingestion.parsing.text import normal
from services.ingestion.parsing.units import header_unit

SEARCHED_ROWS = 60
LEAST_FIELDS = 3
LIKE_THE_BEST = 0.5  # a repeated header further down may be known better than the first one
LANGUAGES = ("en", "de", "it", "es", "fr", "fi", "sv", "nl", "pl", "pt", "cs", "da", "tr", "hu", "ro")


@dataclass(frozen=True, slots=True)
class Table:
    """Where the list of a sheet is. ``rows`` are indexes from 0 of the header and unit rows."""

    rows: tuple[int, ...]
    headers: tuple[Header, ...]


def find_table(grid: Grid) -> Table | None:
    """The header of a sheet; ``None`` where no row names at least three columns of a list."""
    scores = [header_score(row) for row in grid.rows[:SEARCHED_ROWS]]
    top = max(scores, default=0.0)
    if top <= 0:
        return None
    best = next(i for i, score in enumerate(scores) if score >= LIKE_THE_BEST * top)
    if best + 1 < len(scores) and scores[best + 1] > scores[best]:
        best += 1  # names of groups stand above the names of columns
    rows = [best]
    texts = [_text(c) for c in grid.rows[best]]
    above = grid.rows[best - 1] if best else []
    if _is_group_row(above, grid.rows[best]):
        rows.insert(0, best - 1)
        texts = _under_groups(above, texts)
    if best + 1 < len(grid.rows) and _is_sub_row(grid.rows[best], grid.rows[best + 1]):
        rows.append(best + 1)
        texts = _over_parts(texts, grid.rows[best + 1])
    elif best + 1 < len(grid.rows) and _is_unit_row(grid.rows[best + 1]):
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
    if sum(1 for t in texts if t[0].isdigit()) >= 0.4 * len(texts):
        return 0.0
    fields, known = Counter[str](), 0.0
    for text in texts:
        scores = read_header(text).fields
        if scores and max(scores.values()) >= 0.6:
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
    if len(filled) < 2 or not all(isinstance(c, str) and len(c) <= 24 for c in filled):
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


def _is_sub_row(row: list[Cell], below: list[Cell]) -> bool:
    """Parts of a column named once more below it ("Format" over "Breite" and "Länge")."""
    filled = [i for i, c in enumerate(below) if is_filled(c)]
    if not 2 <= len(filled) <= len(row) or not all(
        isinstance(below[i], str) and len(str(below[i])) < 30 for i in filled
    ):
        return False
    known = [max(read_header(str(below[i])).fields.values(), default=0.0) for i in filled]
    spread = any(i >= len(row) or not is_filled(row[i]) for i in filled)
    return spread and all(score >= 0.9 or _is_unit_text(str(below[i])) for i, score in zip(filled, known, strict=True))


def _over_parts(texts: list[str], below: list[Cell]) -> list[str]:
    """The part names its column; the unit of the group holds for each of its parts."""
    padded = texts + [""] * (len(below) - len(texts))
    result: list[str] = []
    group = ""
    for i, text in enumerate(padded):
        part = _text(below[i]) if i < len(below) else ""
        group = text or (group if part else "")
        if not part or _is_unit_text(part):
            result.append(f"{text} {part}".strip())
            continue
        rest, unit = header_unit(group)
        spelled = group[len(rest.rstrip()) :].strip() if unit and header_unit(part)[1] is None else ""
        result.append(f"{part} {spelled}".strip())
    return result


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
    lower = [
        "" if i < len(texts) and texts[i] and normal(_text(c)) in COUNT_UNITS - {"in", "m"} else _text(c)
        for i, c in enumerate(units)
    ]
    lower += [""] * (width - len(units))
    return [f"{a} {b}".strip() if a or b else "" for a, b in zip(padded, lower, strict=True)]


def language_of(headers: tuple[Header, ...], fallback: str | None) -> str | None:
    """The language most header words belong to; a tie goes to the mill's own."""
    votes = Counter[str]()
    for header in headers:
        known = languages_of().get(header.rest) or languages_of().get(normal(header.text)) or set()
        for language in known:
            votes[language] += 1
    if not votes:
        return fallback
    top = max(votes.values())
    winners = [lang for lang in LANGUAGES if votes[lang] == top]
    base = (fallback or "").split("-")[0]
    return fallback if base in winners else winners[0]
