"""One data sheet, read: from words on pages to values with confidence."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from services.ingestion.datasheets import vocabulary
from services.ingestion.datasheets.cells import Row, decide_mark, read_row
from services.ingestion.datasheets.drafts import Draft, crosschecked, judged, tolerance_of
from services.ingestion.datasheets.facts import certificates_of, grade_of, revision_of, stated, title_of
from services.ingestion.datasheets.layout import Line, columns_of, lines_of
from services.ingestion.datasheets.model import PageText, SheetReading, SheetTolerance, SheetValue
from services.ingestion.datasheets.tables import read_tables
from services.ingestion.datasheets.turned import find_turned
from services.ingestion.datasheets.wrapped import is_property

NO_TEXT = "The PDF has no text, only pictures of pages; a person has to read it."
NO_VALUES = "No property of paper was found in the text; a person has to read it."
VALUES_MAX = 3000
_TWO_SIDED = ("WFU", "WFC", "NEWS", "BOOK", "UM", "SC_", "ULWC", "LWC", "MWC", "HWC", "MFC", "FINE", "NCR", "PULP")


def read_sheet(pages: Sequence[PageText], *, today: date) -> SheetReading:
    """Everything that the text of a data sheet says about the paper."""
    if not any(page.words for page in pages):
        return SheetReading("no_text", len(pages), doubts=(NO_TEXT,))
    by_page = [lines_of(page) for page in pages]
    lines = [line for of_page in by_page for line in of_page]
    columns = [column for of_page in by_page for column in columns_of(of_page, vocabulary.starts_with_property)]
    mark = decide_mark(lines)
    drafts: list[Draft] = []
    tolerances: list[SheetTolerance] = []
    labels: list[str] = []
    for column in columns:
        rows = [read_row(line, mark) for line in column]
        labels += [row.label for row in rows if is_property(row)]
        turned = find_turned(rows, mark)
        drafts += [draft for table in turned for draft in table.drafts]
        labels += [draft.label for table in turned for draft in table.drafts[:20]]
        for part in _between(rows, [(table.start, table.end) for table in turned]):
            found = read_tables(part)
            drafts += found.drafts
            tolerances += found.tolerances
    ordered = [line for column in columns for line in column]
    first = [line for line in ordered if line.page == pages[0].number]
    title = title_of(first)
    grade = grade_of(title, _opening(first))
    said = stated(ordered, mark)
    two_sided = _two_sided(grade)
    read = [judged(draft, two_sided=two_sided) for draft in drafts[:VALUES_MAX]]
    values = list(crosschecked(_of_the_one_gsm([value for value in read if value is not None])))
    values = [_completed(value, said.tolerances, said.standards) for value in values]
    return SheetReading(
        status="values" if values else "no_values",
        pages=len(pages),
        values=tuple(values),
        tolerances=tuple(tolerances),
        language=vocabulary.language_of(labels),
        product=title,
        grade_code=grade,
        revision_date=revision_of(ordered, today=today),
        certifications=certificates_of(ordered),
        doubts=() if values else (NO_VALUES,),
    )


def _between(rows: Sequence[Row], taken: Sequence[tuple[int, int]]) -> list[Sequence[Row]]:
    """The rows outside the tables that were read already."""
    parts: list[Sequence[Row]] = []
    at = 0
    for start, end in taken:
        parts.append(rows[at:start])
        at = end
    parts.append(rows[at:])
    return [part for part in parts if part]


def _opening(lines: Sequence[Line]) -> list[Line]:
    """The lines of the first page before its first value."""
    opening: list[Line] = []
    for line in lines:
        if len(opening) >= 2 and len(line.cells) > 2:
            break
        opening.append(line)
    return opening[:12]


def _two_sided(grade: str | None) -> bool:
    return grade is None or grade.startswith(_TWO_SIDED)


def _of_the_one_gsm(values: Sequence[SheetValue]) -> list[SheetValue]:
    """Values that stand apart from any grammage are of the only one the sheet names."""
    known = {value.gsm for value in values if value.gsm is not None}
    if len(known) != 1:
        doubt = "the sheet does not say of which grammage this is"
        return [
            value if value.gsm is not None else replace(
                value, confidence=round(value.confidence * 0.6, 2), doubts=(*value.doubts, doubt)
            )
            for value in values
        ]  # fmt: skip
    (only,) = known
    return [value if value.gsm is not None else replace(value, gsm=only) for value in values]


def _completed(value: SheetValue, tolerances: Mapping[str, str], standards: Mapping[str, str]) -> SheetValue:
    """With what sentences of the sheet say of its property."""
    return replace(
        value,
        tolerance=value.tolerance or tolerance_of(tolerances.get(value.property), value.unit),
        standard=value.standard or standards.get(value.property),
    )
