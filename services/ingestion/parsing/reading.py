"""A whole list: decode, find the tables, read every row, and say what a person must decide."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal

from services.ingestion.parsing import crosschecks, dates, doubts, grades, places, terms
from services.ingestion.parsing.answers import LotReader, Part, column_reading, fingerprint, unread_rows
from services.ingestion.parsing.columns import COUNTS as COUNT_FIELDS
from services.ingestion.parsing.columns import DATES, DIMENSION, Column, resolve_columns
from services.ingestion.parsing.decoding import decode
from services.ingestion.parsing.lots import measure
from services.ingestion.parsing.model import ListReading, MillContext, Problem, SheetFacts, UnreadableFile
from services.ingestion.parsing.pieces import pieces, turned
from services.ingestion.parsing.plain import AnyRow, PlainRow, is_lot, readings
from services.ingestion.parsing.pricing import price_of_list
from services.ingestion.parsing.prose import list_date, place_in, stock_in
from services.ingestion.parsing.quantities import habit_of, plan_for
from services.ingestion.parsing.scope import Scope, remembered, shown
from services.ingestion.parsing.shape import layout
from services.ingestion.parsing.sheets import Cell, Document, Grid, fill_down, is_filled
from services.ingestion.parsing.tables import Table, find_table, language_of
from services.ingestion.parsing.text import clean
from services.ingestion.parsing.wording import in_language, told


def read_list(content: bytes, *, file_name: str, mill: MillContext, today: date) -> ListReading:
    """Reads a surplus list; raises ``UnreadableFile`` when there is none to read. Pure: same bytes, same answer.

    Every problem is told in the mill's language, where there is a catalogue for it.
    """
    opened = OpenList(content, file_name=file_name, mill=mill, today=today)
    rows = tuple(readings(opened.rows()))
    return replace(opened.summed_up(), rows=rows)


class OpenList:
    """A list whose columns are known; its rows are read one by one, and then it is summed up."""

    def __init__(self, content: bytes, *, file_name: str, mill: MillContext, today: date) -> None:
        self._mill, self._today, self._file_name = mill, today, file_name
        try:
            self._document, self.parts, self._sheets = _opened(content, mill=mill, today=today)
        except UnreadableFile as refused:
            raise UnreadableFile(refused.code, in_language(refused.message, mill.language)) from refused
        self.header_fingerprint = fingerprint([h for p in self.parts for h in p.table.headers])
        self.lots = sum(p.shape.kinds[p.start :].count("lot") for p in self.parts)

    def rows(self, *, long_way: bool = False) -> Iterator[AnyRow]:
        """Every row of every list of the file; to be asked for once, and each is whole until the next.

        ``long_way``: every row on its own, to compare.
        """
        repeats = crosschecks.Repeats()
        for part in self.parts:
            every = doubts.judged_every(len(part.shape.kinds) - part.start)
            for at, row in enumerate(_rows_of(part, long_way=long_way)):
                part.readable += is_lot(row)
                judged = repeats.judged(row)
                if judged.problems:
                    judged = replace(judged, problems=told(judged.problems, self._mill.language))
                part.rows.append(judged)
                yield judged
                if at % every and isinstance(judged, PlainRow):
                    judged.text = ""  # the list as a whole is judged by the other rows
            self._sheets[part.grid.name] = _facts(self._sheets[part.grid.name], part)
        if not any(part.rows for part in self.parts):
            yield from unread_rows(self._document)

    def summed_up(self) -> ListReading:
        """The list without its rows, when all of them have been read."""
        parts, document, language = self.parts, self._document, self._mill.language
        headers = tuple(h for p in parts for h in p.table.headers)
        totals = [p.total for p in parts if p.total is not None]
        above = [p.grid.rows[: p.table.rows[0]] for p in parts]
        return ListReading(
            kind=document.kind,
            encoding=document.encoding,
            delimiter=document.delimiter,
            language=language_of(headers, language),
            header_fingerprint=self.header_fingerprint,
            list_date=list_date(above, self._file_name, self._mill.country, self._today),
            stated_total_kg=sum(totals, Decimal(0)) if totals else None,
            sheets=tuple(self._sheets.values()),
            columns=tuple(column_reading(p, c) for p in parts for c in p.columns),
            rows=(),
            warnings=told(
                crosschecks.file_warnings([(p.grid.name, p.rows, p.total) for p in parts]), self._mill.language
            ),
            review_reasons=told(_review(document, parts), language),
        )


def _opened(
    content: bytes, *, mill: MillContext, today: date
) -> tuple[Document, list[Part], dict[str | None, SheetFacts]]:
    document = decode(content, mill=mill)
    parts: list[Part] = []
    sheets: dict[str | None, SheetFacts] = {}
    for grid in document.grids:
        sheets[grid.name] = SheetFacts(grid.name, (), grid.hidden, 0)
        if not grid.hidden:
            parts.extend(_parts(document, grid, mill=mill, today=today))
    if not any(is_filled(c) for g in document.grids for r in g.rows for c in r):
        raise UnreadableFile("empty", "The file is empty. Please send the list.")
    if parts and not any(k == "lot" for p in parts for k in p.shape.kinds):
        raise UnreadableFile("no_rows", "The file has a header but no lots below it. Please send it with its rows.")
    return document, parts, sheets


def _facts(known: SheetFacts, part: Part) -> SheetFacts:
    totals = [t for t in (known.stated_total_kg, part.total) if t is not None]
    return SheetFacts(
        known.name,
        (*known.header_rows, *(r + 1 for r in part.table.rows)),
        hidden=False,
        lots=known.lots + part.readable,
        stated_total_kg=sum(totals, Decimal(0)) if totals else None,
    )


def _parts(document: Document, grid: Grid, *, mill: MillContext, today: date) -> Iterator[Part]:
    found = False
    for start, piece in pieces(grid):
        table = find_table(piece)
        if table is not None:
            part = _part(document, piece, table, mill=mill, today=today)
            part.start, found = start, True
            yield part
    on_its_side = None if found else turned(grid)
    table = find_table(on_its_side) if on_its_side is not None else None
    if on_its_side is not None and table is not None:
        part = _part(document, on_its_side, table, mill=mill, today=today)
        part.turned = True
        yield part


def _part(document: Document, grid: Grid, table: Table, *, mill: MillContext, today: date) -> Part:
    fill_down(grid, table.rows[-1] + 1)
    columns = resolve_columns(grid, table, mill=mill, today=today)
    named: dict[str, Column] = {}
    for column in columns:
        if column.field is not None:
            name = column.field
            while name in named:
                name += "#"
            named[name] = column
    language = language_of(table.headers, mill.language)
    above = [c for r in grid.rows[: table.rows[0]] for c in r if isinstance(c, str)]
    habit = habit_of(columns, mill=mill, delimiter=document.delimiter, language=language, above=above)
    plans = {
        n: plan_for(c, habit, mill=mill)
        for n, c in named.items()
        if n in DIMENSION or n in COUNT_FIELDS or n == "brightness_iso"
    }
    scope = Scope(named, plans, habit, mill, today)
    for name in DATES & set(named):
        scope.orders[name] = dates.decide_order(named[name].texts, country=mill.country)
    price_of_list(scope, grid, table, above)
    if "location_place" not in named and "location_country" not in named:
        scope.place = stock_in(above, mill.country)
    _start_from_name(scope, grid.name)
    scope.headings.of_list(above, grid.name)
    if document.kind == "text" and (place := place_in(above, mill.country))[1] is not None:
        scope.place = place
    return Part(grid, table, columns, scope, layout(grid, table, named, typed=document.kind == "text"))


def _rows_of(part: Part, *, long_way: bool) -> Iterator[AnyRow]:
    reader = LotReader(part, long_way=long_way)
    for index, kind in enumerate(part.shape.kinds):
        if index < part.start:
            continue
        row = part.grid.rows[index]
        if kind in ("section", "title") and (part.start or kind == "section") and any(is_filled(c) for c in row):
            _enter_section(part.scope, row)
            reader.heading_read()
        yield reader.lot(index, row) if kind == "lot" else reader.other(index, row, kind)
    if part.shape.total_row is not None and "weight_net_kg" in part.scope.columns:
        row = part.grid.rows[part.shape.total_row]
        at = part.scope.columns["weight_net_kg"].index
        value, _ = measure(row[at], part.scope.plans["weight_net_kg"]) if at < len(row) else (None, None)
        part.total = value if isinstance(value, Decimal) else None


def _start_from_name(scope: Scope, name: str | None) -> None:
    """A sheet is often named after its warehouse, its grade, or reels and sheets."""
    if name is None:
        return
    grade = grades.resolve(name)
    if grade.code is not None:
        scope.section_grade, scope.section_text = grade, name
    scope.section_form = terms.form(name)
    place = places.place(name, scope.mill.country)
    if place[1] is not None and "location_place" not in scope.columns:
        scope.place = place


def _enter_section(scope: Scope, row: list[Cell]) -> None:
    text = clean(next(shown(c) for c in row if is_filled(c)))
    grade, form = grades.resolve(text, remembered(scope.mill, "grades")), terms.form(text)
    if grade.outcome == "unknown" and form is not None:
        scope.section_form = form
        return
    if grade.outcome == "unknown" and scope.headings.enter(text, over_grades=scope.section_grade is None):
        return
    place = places.place(text, scope.mill.country)
    if grade.outcome == "unknown" and place[1] is not None and "location_place" not in scope.columns:
        scope.place = place
        return
    scope.section_grade, scope.section_text, scope.section_form = grade, text, form
    scope.headings.new_grade(text)


def _review(document: Document, parts: list[Part]) -> list[Problem]:
    if not parts:
        return [Problem("no_header", "No row names the columns of a list (grade, grammage, width, weight).", "error")]
    found: list[Problem] = []
    if document.doubts:
        found.append(
            Problem(
                "old_format",
                "Rows hidden in a binary spreadsheet cannot be seen here: please check that none is listed by mistake.",
                "warning",
            )
        )
    for part in parts:
        if part.turned:
            words = (
                "The list stands on its side: each lot in a column of its own. Please check that it was turned right."
            )
            found.append(Problem("turned", words, "error", part.grid.name))
        found.extend(_above(part))
        found.extend(_lost(part))
        found.extend(crosschecks.open_columns(part.grid.name, part.columns, part.scope, part.rows))
        found.extend(doubts.doubts(part.grid.name, part.rows, part.scope))
    found.extend(doubts.slipped_prices([p.rows for p in parts]))
    return found


_NUMBERS = re.compile(r"(?<!\S)\d[\d.,/x]*(?!\S)")


def _lost(part: Part) -> list[Problem]:
    """Lines of a typed list that look like lots, but fit no column."""
    lots = [i for i, kind in enumerate(part.shape.kinds) if kind == "lot"]
    for index, kind in enumerate(part.shape.kinds):
        if kind not in ("section", "footer", "text") or index <= part.table.rows[-1]:
            continue
        text = " ".join(c for c in part.grid.rows[index] if isinstance(c, str))
        if len(_NUMBERS.findall(text)) >= (4 if lots and index < lots[-1] else 5):
            words = "This line looks like a lot, but does not fit the columns above it."
            return [Problem("row_unread", words, "error", part.grid.name, row=index + 1)]
    return []


def _above(part: Part) -> list[Problem]:
    """Rows full of numbers above the header are lots we would lose."""
    lost = [
        index + 1
        for index, row in enumerate(part.grid.rows[: part.table.rows[0]])
        if index not in part.grid.hidden_rows and sum(1 for c in row if isinstance(c, float)) >= 3
    ]
    if not lost:
        return []
    words = "Rows above the header look like lots. Is the header in the right row?"
    return [Problem("rows_above_header", words, "error", part.grid.name, row=lost[0])]
