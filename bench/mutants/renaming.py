"""Mutations of the header: other words, other languages, no words, the words of another column."""

from collections.abc import Callable
from random import Random
from typing import cast

from bench.mutants import words
from bench.mutants.corpus import Book, Page
from services.ingestion.parsing.headers import COUNT_UNITS
from services.ingestion.parsing.text import normal, table
from services.ingestion.parsing.units import header_unit

Mutation = Callable[[Book, Page, Random], str | None]
# Swapping these two says something else that nobody could notice.
_ALIKE = (
    {"reel_count", "pallet_count", "sheet_count"}, {"available_from", "production_date", "valid_until"},
    {"remarks", "surplus_reason", "defects"}, {"weight_net_kg", "weight_alt"}, {"sheet_w_mm", "sheet_l_mm"},
    {"grade_raw", "product_name"},
)  # fmt: skip


def mapped(page: Page) -> list[int]:
    """Columns with a name and a meaning, in the order of the sheet."""
    return [i for i, name in enumerate(page.fields) if name and name_cell(page, i) is not None]


def name_cell(page: Page, column: int) -> int | None:
    """The header row that holds the words of a column (the unit may stand in another)."""
    for row in page.header_rows:
        cell = page.grid.rows[row][column]
        if isinstance(cell, str) and normal(header_unit(cell)[0]) and normal(cell) not in COUNT_UNITS:
            return row
    return None


def header_text(page: Page, column: int) -> str:
    cells = (page.grid.rows[row][column] for row in page.header_rows)
    return " ".join(str(c) for c in cells if c is not None)


def rename(page: Page, column: int, word: str) -> None:
    """Another word where the old one stood; a unit in the same cell stays."""
    row = name_cell(page, column)
    if row is None:
        row = page.header_rows[0]
    old = str(page.grid.rows[row][column] or "")
    field = page.fields[column] or ""
    unit = header_unit(old)[1]
    page.grid.rows[row][column] = f"{word} {spelling(field, page.units.get(field))}".strip() if unit else word


def spelling(field: str, unit: str | None, rng: Random | None = None) -> str:
    """How a header writes a unit; prices are ``"EUR per_t"``."""
    if unit is None:
        return ""
    if field == "price":
        currency, _, per = unit.partition(" ")
        choices = words.PRICE.get(per, ("{c}/1000 sheets",) if per == "per_1000_sheets" else ("{c}",))
        choices = tuple(c.format(c=currency) for c in choices)
    else:
        choices = words.SPELLED.get(field, {}).get(unit, (unit,))
    return rng.choice(choices) if rng else choices[0]


def known_words(field: str, language: str) -> list[str]:
    by_language = cast(dict[str, dict[str, list[str]]], table("headers")).get(field, {})
    return by_language.get(language, [])


def other_word(book: Book, page: Page, rng: Random) -> str | None:
    """A word another mill uses for the same thing."""
    columns = [c for c in mapped(page) if words.OTHERS.get(page.fields[c] or "")]
    if not columns:
        return None
    column = rng.choice(columns)
    word = rng.choice(words.OTHERS[page.fields[column] or ""])
    rename(page, column, word)
    return f"{page.fields[column]} is called {word}"


def all_other_words(book: Book, page: Page, rng: Random) -> str | None:
    for column in mapped(page):
        choices = words.OTHERS.get(page.fields[column] or "")
        if choices and rng.random() < 0.7:
            rename(page, column, rng.choice(choices))
    return "other words"


def translated(book: Book, page: Page, rng: Random) -> str | None:
    """Every header in another language, where the tables know a word."""
    language = rng.choice(("en", "de", "it", "es", "fr", "fi", "sv", "nl", "pl", "pt"))
    for column in mapped(page):
        choices = known_words(page.fields[column] or "", language)
        if choices:
            word = rng.choice(choices[:4])
            rename(page, column, word.upper() if rng.random() < 0.2 else word.capitalize())
    return f"headers in {language}"


def unknown_word(book: Book, page: Page, rng: Random) -> str | None:
    columns = mapped(page)
    if not columns:
        return None
    column = rng.choice(columns)
    word = rng.choice(words.NONSENSE)
    for row in page.header_rows:
        page.grid.rows[row][column] = None
    page.grid.rows[page.header_rows[0]][column] = word
    return f"{page.fields[column]} is called {word}"


def no_word(book: Book, page: Page, rng: Random) -> str | None:
    columns = mapped(page)
    if not columns:
        return None
    column = rng.choice(columns)
    for row in page.header_rows:
        page.grid.rows[row][column] = None
    return f"{page.fields[column]} has no name"


def swapped(book: Book, page: Page, rng: Random) -> str | None:
    """Two columns under each other's name: the cells contradict the header."""
    columns = mapped(page)
    pairs = [
        (a, b) for a in columns for b in columns
        if a < b and not any({page.fields[a], page.fields[b]} <= group for group in _ALIKE)
    ]  # fmt: skip
    if not pairs:
        return None
    a, b = rng.choice(pairs)
    for row in page.header_rows:
        cells = page.grid.rows[row]
        cells[a], cells[b] = cells[b], cells[a]
    return f"the names of {page.fields[a]} and {page.fields[b]} are swapped"


def decorated(book: Book, page: Page, rng: Random) -> str | None:
    """The same words in capitals, with line breaks, colons or stars."""
    style = rng.choice(("upper", "colon", "break", "star", "lower"))
    for column in mapped(page):
        row = name_cell(page, column)
        if row is None:
            continue
        text = str(page.grid.rows[row][column])
        page.grid.rows[row][column] = {
            "upper": text.upper(), "lower": text.lower(), "colon": f"{text}:", "star": f"{text} *",
            "break": text.replace(" ", "\n", 1),
        }[style]  # fmt: skip
    return f"headers in {style} style"


MUTATIONS: tuple[Mutation, ...] = (
    other_word, all_other_words, translated, translated, unknown_word, no_word, swapped, decorated,
)  # fmt: skip
