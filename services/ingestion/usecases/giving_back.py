"""The rows of a list that were not listed, as a file to be corrected and sent again."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast
from uuid import UUID

from services.ingestion.domain.batches import RowStatus
from services.ingestion.parsing.headers import OURS
from services.ingestion.parsing.wording import in_language
from services.ingestion.store import rows
from services.ingestion.store.batches import Batch
from services.ingestion.store.rows import BatchRow
from shared.db import Conn
from shared.export import Format, Value

ROWS_MAX = 50_000
REASON = f"{OURS}: why not listed"
GIVEN_BACK = (RowStatus.INVALID, RowStatus.DUPLICATE, RowStatus.REJECTED)
_SPREADSHEETS = ("xlsx", "xls", "ods")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_OUTCOMES = {
    "already_sold": "The lot is sold. If it is another one, give it another lot number.",
    "superseded": "A newer list said something else about this lot.",
    "unknown_lot": "There is no such lot on the market.",
}
# What a section row or the name of a sheet said, in a column of its own where the list has none for it.
_CARRIED = (
    ("Grade", ("grade_raw", "product_name"), "grade_raw"),
    ("Location", ("location_place",), "location_place"),
    ("Form", ("form",), "form"),
)


@dataclass(frozen=True, slots=True)
class GivenBack:
    """``onward``: the place behind which the rows go on that did not fit; ``None``: these are all."""

    table: list[list[Value]]
    onward: int | None


async def table_of(
    conn: Conn, batch: Batch, *, statuses: Sequence[str] | None, kind: Format, after: int | None = None
) -> GivenBack:
    """The list's own columns and cells as they were written, with the reason beside each row."""
    found = await rows.rows_of(
        conn, batch.batch_id, statuses=statuses or list(GIVEN_BACK), after=after, limit=ROWS_MAX + 1
    )
    onward = found[ROWS_MAX - 1].place if len(found) > ROWS_MAX else None
    found = found[:ROWS_MAX]
    lots = [row for row in found if row.row_number is not None]
    headers = _headers(batch.reading, lots)
    carried = _carried(batch.reading, lots)
    numbers = batch.file_kind in _SPREADSHEETS
    table: list[list[Value]] = [[*headers, *(name for name, _ in carried), REASON]]
    for row in lots:
        cells = [_value(row.source_values.get(header), kind, numbers=numbers) for header in headers]
        table.append([*cells, *(values.get(row.row_id) for _, values in carried), _reason(row, batch.language)])
    return GivenBack(table, onward)


def _headers(reading: Mapping[str, object], lots: Sequence[BatchRow]) -> list[str]:
    """Every column that has a cell, in the order of the list; several sheets one after the other."""
    present = {name for row in lots for name in row.source_values}
    ordered: list[str] = []
    seen: dict[str, set[str]] = {}
    for column in _columns(reading):
        taken = seen.setdefault(str(column.get("sheet")), set())
        name = str(column.get("header") or "") or f"column {int(str(column['index'])) + 1}"
        while name in taken:
            name += " (2)"
        taken.add(name)
        if name not in ordered and (name in present or column.get("header")):
            ordered.append(name)
    return [*ordered, *sorted(present - set(ordered))]


def _carried(reading: Mapping[str, object], lots: Sequence[BatchRow]) -> list[tuple[str, dict[UUID, str]]]:
    """Columns for what stood outside the rows: without it a row means something else when it stands alone."""
    others = cast(Mapping[str, int], reading.get("other_rows") or {})
    sheets = [sheet for sheet in _parts(reading.get("sheets")) if sheet.get("header_rows")]
    if not others.get("section") and len(sheets) < 2:
        return []
    mapped = {str(column["field"]) for column in _columns(reading) if column.get("field")}
    found: list[tuple[str, dict[UUID, str]]] = []
    for name, fields, field in _CARRIED:
        if mapped & set(fields):
            continue
        values: dict[UUID, str] = {}
        for row in lots:
            said = (row.lot if row.lot is not None else row.partial).get(field)
            if said is not None:
                values[row.row_id] = str(said)
        if values:
            found.append((name, values))
    return found


def _value(text: str | None, kind: Format, *, numbers: bool) -> Value:
    """A cell as it was: a number of a spreadsheet stays one, and as text it cannot be taken for thousands."""
    if text is None or not numbers or not _NUMBER.fullmatch(text) or f"{float(text):.12g}" != text:
        return text
    if kind is Format.XLSX:
        return float(text) if "." in text else int(text)
    return f"{text}0" if len(text.partition(".")[2]) == 3 else text


def _reason(row: BatchRow, language: str | None) -> str:
    if row.outcome_reason in _OUTCOMES:
        return in_language(_OUTCOMES[row.outcome_reason], language)
    told = [problem for problem in row.problems if problem.get("severity") == "error"] or row.problems
    words = [_sentence(problem) for problem in told]
    by_hand = in_language("Taken out by hand.", language) if row.status == RowStatus.EXCLUDED else ""
    return " ".join(dict.fromkeys(words)) or by_hand


def _sentence(problem: Mapping[str, str | None]) -> str:
    message, suggestion = str(problem.get("message") or ""), problem.get("suggestion")
    return f"{message} ({suggestion}?)" if suggestion else message


def _columns(reading: Mapping[str, object]) -> list[Mapping[str, object]]:
    return _parts(reading.get("columns"))


def _parts(value: object) -> list[Mapping[str, object]]:
    return cast(list[Mapping[str, object]], value) if isinstance(value, list) else []
