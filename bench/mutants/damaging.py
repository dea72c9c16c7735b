"""Mutations of single cells and rows: what slips happen between a mill's system and a mail."""

from collections.abc import Callable
from random import Random

from bench.mutants.corpus import JSON, Book, Page
from services.ingestion.parsing.sheets import Cell, CellError

Mutation = Callable[[Book, Page, Random], str | None]
MEASURES = ("gsm", "width_mm", "diameter_mm", "core_mm", "weight_net_kg", "reel_count", "price", "sheet_count")
# Values that follow from others: what a damaged cell makes unknowable.
_FOLLOW = {
    "price": ("price", "currency", "price_unit", "price_per_t"),
    "gsm": ("gsm", "price_per_t"),
    "diameter_core": ("diameter_mm", "core_mm"),
    "format": ("sheet_w_mm", "sheet_l_mm", "grain", "price_per_t"),
    "grade_raw": ("grade_code", "product_name", "certification", "caliper_um"),
    "product_name": ("grade_code", "product_name", "certification", "caliper_um"),
    "remarks": ("surplus_reason", "defects"),
    "surplus_reason": ("surplus_reason", "defects"),
}


def _victims(page: Page, fields: tuple[str, ...], rng: Random) -> list[tuple[int, int, str, JSON]]:
    """A few cells of lots in these columns."""
    columns = [(i, f) for i, f in enumerate(page.fields) if f in fields]
    rows = page.lot_rows()
    if not columns or not rows:
        return []
    found: list[tuple[int, int, str, JSON]] = []
    for row in rng.sample(rows, min(len(rows), rng.randint(1, 3))):
        column, name = rng.choice(columns)
        lot = page.lots[row]
        if lot is not None and page.grid.rows[row][column] is not None:
            found.append((row, column, name, lot))
    return found


def _unknown(lot: JSON, field: str) -> None:
    """Nobody can tell these values any more: saying one for sure is wrong."""
    for name in _FOLLOW.get(field, (field,)):
        lot[name] = None


def emptied(book: Book, page: Page, rng: Random) -> str | None:
    fields = (*MEASURES, "format", "diameter_core")
    victims = _victims(page, fields, rng)
    for row, column, name, lot in victims:
        page.grid.rows[row][column] = rng.choice((None, "-", "n/a", "?", "tbd"))
        _unknown(lot, name)
        if name == "weight_net_kg" and page.column("weight_alt") is not None:
            page.open.add(row)  # the pounds still say it
    return f"empty {victims[0][2]}" if victims else None


def garbled(book: Book, page: Page, rng: Random) -> str | None:
    victims = _victims(page, (*MEASURES, "format", "diameter_core"), rng)
    for row, column, name, lot in victims:
        old = page.grid.rows[row][column]
        text = f"{old:g}" if isinstance(old, float) else str(old)
        choices: list[Cell] = [
            CellError("#REF!"), "siehe Mail", "xxx", f"{text}/{text}9", f"{text} ??", _misread(text),
            f"{text} furlongs", f"{text[:1]}..{text[1:]}", "1.2.3.4",
        ]  # fmt: skip
        new = rng.choice(choices)
        page.grid.rows[row][column] = new
        _unknown(lot, name)
        if name == "weight_net_kg" and page.column("weight_alt") is not None:
            page.open.add(row)
    return f"garbled {victims[0][2]}" if victims else None


def _misread(text: str) -> str:
    """Letters that look like digits."""
    swapped = text.replace("0", "O").replace("1", "l")
    return swapped if swapped != text else f"{text}l"


def slipped(book: Book, page: Page, rng: Random) -> str | None:
    """A digit too many or too few: ten times too much, or a tenth."""
    victims = _victims(page, ("width_mm", "weight_net_kg", "price", "gsm", "diameter_mm"), rng)[:1]
    for row, column, name, lot in victims:
        old = page.grid.rows[row][column]
        if not isinstance(old, float):
            return None
        page.grid.rows[row][column] = old * rng.choice((10, 0.1, 100, 1000))
        _unknown(lot, name)
    return f"a slip in {victims[0][2]}" if victims else None


def shifted(book: Book, page: Page, rng: Random) -> str | None:
    """From some cell on a row stands one column too far right: nothing of it is to be believed."""
    rows = page.lot_rows()
    if not rows:
        return None
    row = rng.choice(rows)
    cells = page.grid.rows[row]
    at = rng.randrange(1, max(2, page.width - 2))
    if all(c is None for c in cells[at:]):
        return None
    cells[at:] = [None, *cells[at:-1]]
    lot = page.lots[row]
    if lot is not None:
        moved = {f for f in page.fields[at:] if f}
        for name in moved:
            _unknown(lot, name)
        if "location_place" in moved:
            lot["location_country"] = None
    return "a row shifted"


def unknown_grade(book: Book, page: Page, rng: Random) -> str | None:
    victims = _victims(page, ("grade_raw",), rng)
    for row, column, _, lot in victims:
        page.grid.rows[row][column] = rng.choice(
            ("Spezialpapier 0815", "Kraft", "Papier", "XK 90", "diverse", "Muster")
        )
        _unknown(lot, "grade_raw")
    return "an unknown grade" if victims else None


def unknown_class(book: Book, page: Page, rng: Random) -> str | None:
    victims = _victims(page, ("quality_class",), rng)
    for row, column, _, lot in victims:
        page.grid.rows[row][column] = rng.choice(("QX", "Z9", "siehe unten", "grün"))
        _unknown(lot, "quality_class")
    return "an unknown class" if victims else None


def twice(book: Book, page: Page, rng: Random) -> str | None:
    """A row pasted twice: the second one is no lot of its own where lots are numbered."""
    rows = [r for r in page.lot_rows() if (page.lots[r] or {}).get("lot_ref")]
    if not rows:
        return None
    row = rng.choice(rows)
    page.insert_row(row + 1, list(page.grid.rows[row]))
    page.rejected.add(row + 1)
    return "a row twice"


MUTATIONS: tuple[Mutation, ...] = (
    emptied,
    garbled,
    garbled,
    slipped,
    slipped,
    shifted,
    unknown_grade,
    unknown_class,
    twice,
)
