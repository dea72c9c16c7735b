"""Prices: money per what for a whole list, and the cells of its price column."""

from services.ingestion.parsing import numbers, terms
from services.ingestion.parsing.columns import Column
from services.ingestion.parsing.draft import Fault
from services.ingestion.parsing.money import as_meant
from services.ingestion.parsing.prose import currencies_in, price_in
from services.ingestion.parsing.scope import NOTHING, Reading, Scope, shown
from services.ingestion.parsing.sheets import Cell, CellError, Grid
from services.ingestion.parsing.tables import Table
from services.ingestion.parsing.text import clean, is_empty_mark, normal, word_set
from services.ingestion.parsing.units import HeaderUnit, currency_of, header_unit
from shared.contracts.types import PriceUnit

NOTES = 40  # rows at the end of a sheet where sentences about the prices may stand


def price_of_list(scope: Scope, grid: Grid, table: Table, above: list[str]) -> None:
    """What the header, the words above and the notes below say about all prices."""
    column = scope.columns.get("price")
    scope.price = _unit_of_list(column, above)
    if scope.price is not None and scope.price.unit == "ton?" and not scope.habit.imperial:
        scope.price = HeaderUnit("price", PriceUnit.PER_T.value, scope.price.currency)
    _money_of_list(scope, column, [*above, *_notes_below(grid, table)])


def _notes_below(grid: Grid, table: Table) -> list[str]:
    """Sentences in rows of their own, where the last rows of a sheet are."""
    rows = grid.rows[max(table.rows[-1] + 1, len(grid.rows) - NOTES) :]
    return [row[0] for row in rows if row and isinstance(row[0], str) and len(row) - row.count(None) == 1]


def _money_of_list(scope: Scope, column: Column | None, around: list[str]) -> None:
    """The money of prices that do not say it, and of a "$" that is not from the United States."""
    unit, mill = scope.price, scope.mill
    if column is None or "currency" in scope.columns:
        return
    if unit is not None and unit.currency is not None:
        meant = as_meant(unit.currency, column.header.text, country=mill.country, home=mill.currency)
        scope.price = HeaderUnit("price", unit.unit, meant)
        scope.money_unclear = meant is None
        return
    named = currencies_in(around)
    scope.money_unclear = len(named) > 1
    if len(named) == 1:
        scope.price = HeaderUnit("price", unit.unit if unit else "", named.pop())


def _unit_of_list(column: Column | None, above: list[str]) -> HeaderUnit | None:
    """Money per what: from the header, else from the words above the list ("Preise EUR/t ab Werk")."""
    if column is None:
        return None
    own = column.header.unit if column.header.unit and column.header.unit.dimension == "price" else None
    if column.unit:
        return HeaderUnit("price", column.unit, own.currency if own else None)
    told = price_in(above)
    if own is None or not own.unit:
        if told is None:
            return own
        return HeaderUnit("price", told.unit, own.currency if own and own.currency else told.currency)
    return own if own.currency else HeaderUnit("price", own.unit, told.currency if told else None)


def price_cell(scope: Scope, name: str, cell: Cell) -> Reading:
    if isinstance(cell, CellError):
        return None, Fault(name, "cell_error", f'The cell shows the spreadsheet error "{cell}".')
    if isinstance(cell, float):
        amount = numbers.from_float(cell)
        if amount is not None:
            return (amount, scope.price), None
    text = clean(shown(cell))
    if terms.is_on_request(text):
        return NOTHING
    rest, unit = header_unit(text)
    read = numbers.quantity(rest.strip(" €$£"), scope.plans["price"].mark)
    if read.kind != "number" or read.value is None or _stray(read.unit):
        return None, Fault(name, "not_a_number", f'"{text}" is not a price.')
    own = unit if unit and unit.dimension == "price" else None
    if own is not None and "$" in text:
        meant = as_meant(own.currency, text, country=scope.mill.country, home=scope.mill.currency)
        own = HeaderUnit("price", own.unit, meant)
    merged = own
    if own is not None and not own.unit and scope.price is not None:
        merged = HeaderUnit("price", scope.price.unit, own.currency or scope.price.currency)
    elif own is not None and own.currency is None and scope.price is not None:
        merged = HeaderUnit("price", own.unit, scope.price.currency)
    return (read.value, merged or scope.price), None


def _stray(text: str) -> bool:
    """Words behind a price that say something else than "negotiable" or "645,-"."""
    left = text.strip("€$£ .,-–*()")
    return bool(left) and normal(left) not in word_set("negotiable")


def currency_cell(scope: Scope, name: str, cell: Cell) -> Reading:
    text = clean(shown(cell))
    if is_empty_mark(text):
        return NOTHING
    found = currency_of(text) or (text.upper() if len(text) == 3 and text.isalpha() else None)
    return (found, None) if found else (None, Fault(name, "unknown_currency", f'The currency "{text}" is not known.'))
