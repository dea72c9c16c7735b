"""Mutations of the sheet and the file: order, more columns and rows, other names, other kinds of file."""

from collections.abc import Callable
from random import Random

from bench.mutants import words
from bench.mutants.corpus import Book, Page
from bench.mutants.renaming import name_cell
from services.ingestion.parsing.sheets import Cell
from services.ingestion.parsing.units import header_unit

Mutation = Callable[[Book, Page, Random], str | None]
_TOLD_ELSEWHERE = {  # a dropped column takes these values with it
    "product_name": {"product_name", "grade_code", "caliper_um", "certification", "quality_class"},
    "grade_raw": {"product_name", "grade_code", "caliper_um", "certification", "quality_class"},
    "diameter_core": {"diameter_mm", "core_mm"},
    "format": {"sheet_w_mm", "sheet_l_mm", "grain", "form"},
    "price": {"price", "currency", "price_unit", "price_per_t"},
    "location_place": {"location_place", "location_country"},
    "remarks": {"surplus_reason", "defects"},
    "surplus_reason": {"surplus_reason", "defects"},
}


def reordered(book: Book, page: Page, rng: Random) -> str | None:
    order: list[int | None] = list(range(page.width))
    rng.shuffle(order)
    page.move_columns(order)
    return "columns in another order"


def one_moved(book: Book, page: Page, rng: Random) -> str | None:
    order: list[int | None] = list(range(page.width))
    order.insert(rng.randrange(len(order)), order.pop(rng.randrange(len(order))))
    page.move_columns(order)
    return "one column moved"


def empty_columns_first(book: Book, page: Page, rng: Random) -> str | None:
    page.move_columns([*[None] * rng.randint(1, 3), *range(page.width)])
    return "empty columns first"


def foreign_column(book: Book, page: Page, rng: Random) -> str | None:
    """One of the columns a mill's system adds."""
    at, (word, kind) = rng.randrange(page.width + 1), rng.choice(words.FOREIGN)
    order: list[int | None] = list(range(page.width))
    page.move_columns([*order[:at], None, *order[at:]])
    page.grid.rows[page.header_rows[0]][at] = word or None
    for row in (*page.lot_rows(), *page.rejected):
        page.grid.rows[row][at] = _foreign(page, row, kind, rng)
    if kind in ("gross", "each"):
        book.forgiven.add("weight_gross_kg")
        page.open |= page.rejected  # a missing weight may be computed now
    return f"a column {word or 'without name or cells'}"


def _foreign(page: Page, row: int, kind: str, rng: Random) -> Cell:
    lot = page.lots[row] or {}
    weight = float(lot.get("weight_net_kg") or 1000)
    reels = lot.get("reel_count") or 1
    values: dict[str, Cell] = {
        "name": rng.choice(("Meier", "Schulz", "H. Lang", "Rossi", "Dupont", "AK", None)),
        "link": "https://img.example/4711.jpg",
        "money": round(weight * rng.uniform(0.4, 0.9), 2),
        "days": float(rng.randint(3, 400)),
        "tariff": rng.choice(("48052500", "4810 13", "48041111")),
        "machine": rng.choice(("PM 1", "PM2", "KM4")),
        "metres": float(rng.randint(900, 30_000)),
        "each": round(weight / float(reels), 1),
        "gross": round(weight * 1.015, 1),
        "ean": float(rng.randint(4_000_000_000_000, 4_099_999_999_999)),
        "white": float(rng.randint(110, 160)),
        "moisture": round(rng.uniform(5.5, 9), 1),
        "blank": None,
    }
    return values[kind]


def column_gone(book: Book, page: Page, rng: Random) -> str | None:
    """A column is not there at all: its values are forgiven, everything else is not."""
    columns = [i for i, name in enumerate(page.fields) if name]
    column = rng.choice(columns)
    name = page.fields[column] or ""
    if name == "weight_net_kg" and page.column("weight_alt") is not None:
        return None  # the pounds say it too, and not always the same
    order: list[int | None] = [c for c in range(page.width) if c != column]
    page.move_columns(order)
    book.forgiven |= _TOLD_ELSEWHERE.get(name, {name})
    page.open |= page.rejected  # what was wrong with them may be gone with the column
    return f"no column for {name}"


def titles(book: Book, page: Page, rng: Random) -> str | None:
    for _ in range(rng.randint(1, 24)):
        cells: list[Cell] = [None] * page.width
        if rng.random() < 0.6 and page.width:
            cells[rng.randrange(min(3, page.width))] = rng.choice(
                ("Stock offer", "Musterstraße 12, 12345 Musterstadt", "Tel. +49 123 4567-0", "Subject to prior sale", "Validity: 14 days")
            )  # fmt: skip
        page.insert_row(0, cells)
    return "rows above the list"


def blank_rows(book: Book, page: Page, rng: Random) -> str | None:
    for _ in range(rng.randint(1, 6)):
        page.insert_row(rng.randint(page.header_rows[-1] + 1, len(page.grid.rows)), [None] * page.width)
    return "blank rows"


def header_again(book: Book, page: Page, rng: Random) -> str | None:
    lots = page.lot_rows()
    if len(lots) < 4 or len(page.header_rows) != 1:
        return None
    at = rng.choice(lots[2:-1])
    page.insert_row(at, list(page.grid.rows[page.header_rows[0]]))
    page.repeats.append(at)
    return "the header again"


def subtotal(book: Book, page: Page, rng: Random) -> str | None:
    column, lots = page.column("weight_net_kg"), page.lot_rows()
    if column is None or len(lots) < 6:
        return None
    cells: list[Cell] = [None] * page.width
    at = rng.choice(lots[3:-1])
    cells[0 if column else 1] = rng.choice(
        ("Zwischensumme", "Subtotal", "Sous-total", "Subtotale", "Total", "Summe", "Yhteensä")
    )
    weights = (page.grid.rows[row][column] for row in lots if row < at)
    cells[column] = sum(w for w in weights if isinstance(w, float)) or "12,5"
    page.insert_row(at, cells)
    return "a subtotal"


def note_below(book: Book, page: Page, rng: Random) -> str | None:
    cells: list[Cell] = [None] * page.width
    cells[0] = rng.choice(
        ("All weights approximate.", "Alle Angaben ohne Gewähr, Zwischenverkauf vorbehalten.", "Prezzi franco partenza")
    )
    page.insert_row(len(page.grid.rows), [None] * page.width)
    page.insert_row(len(page.grid.rows), cells)
    return "a note below"


def sheet_renamed(book: Book, page: Page, rng: Random) -> str | None:
    if page.grid.name is None or book.kind == "csv":
        return None
    page.grid.name = rng.choice(
        ("Tabelle1", "Sheet1", "Foglio1", "Feuil1", "Liste KW47", "Export", "Page 1")
    ) + " " * len(book.notes)
    page.grid.name = f"{page.grid.name.strip()} {book.pages.index(page)}"
    book.forgiven |= {"location_place", "location_country"}
    return f"sheet called {page.grid.name}"


def header_in_two_rows(book: Book, page: Page, rng: Random) -> str | None:
    """The units move below their names."""
    if len(page.header_rows) != 1 or page.repeats:
        return None
    top = page.header_rows[0]
    below: list[Cell] = [None] * page.width
    for column, cell in enumerate(page.grid.rows[top]):
        if isinstance(cell, str) and name_cell(page, column) == top:
            rest, unit = header_unit(cell)
            kept = rest.strip(" ()[]")
            if unit and kept and cell.casefold().startswith(kept):
                below[column] = cell[len(kept) :].strip(" ()[]")
                page.grid.rows[top][column] = cell[: len(kept)]
    if sum(1 for c in below if c) < 2:
        return None
    page.insert_row(top + 1, below)
    page.header_rows = [top, top + 1]
    return "units in a row of their own"


def as_csv(book: Book, page: Page, rng: Random) -> str | None:
    lists = [p for p in book.pages if p.has_list and not p.grid.hidden]
    if len(lists) != 1 or lists[0].grid.hidden_rows or lists[0].grid.hidden_columns or lists[0].grid.merged:
        return None
    book.pages, book.kind = [page], "csv"
    page.grid.name = None
    book.delimiter = rng.choice((";", "\t", "|", ",") if book.mark == "." else (";", "\t", "|"))
    book.encoding = rng.choice(("utf-8", "utf-8-sig", "cp1252", "utf-16"))
    if book.encoding == "cp1252":
        _writable(page, "cp1252")
    return f"csv in {book.encoding} with {book.delimiter!r}"


def _writable(page: Page, encoding: str) -> None:
    """What the code page does not have is written as people do there."""

    # ruff: noqa: E501 - tables of spellings stay on one line
    swaps = str.maketrans({"\u2009": " ", "\u202f": " ", "″": '"', "≈": "~", "⌀": "Ø"})
    for row in page.grid.rows:
        row[:] = [
            str(c).translate(swaps).encode(encoding, "replace").decode(encoding) if type(c) is str else c for c in row
        ]


def as_other_kind(book: Book, page: Page, rng: Random) -> str | None:
    lists = [p for p in book.pages if p.has_list]
    if book.kind == "csv":
        page.grid.name = "Sheet1"
        book.kind = rng.choice(("xlsx", "ods"))
        return f"as {book.kind}"
    plain = not any(p.grid.hidden_rows or p.grid.hidden_columns or p.grid.merged for p in book.pages)
    if plain and len(lists) == 1:
        book.pages, book.kind = [page], "html"
        page.grid.name = None
        return "as html"
    return None


MUTATIONS: tuple[Mutation, ...] = (
    reordered, one_moved, empty_columns_first, foreign_column, foreign_column, column_gone, titles, blank_rows,
    header_again, subtotal, note_below, sheet_renamed, header_in_two_rows, as_csv, as_csv, as_other_kind,
)  # fmt: skip
