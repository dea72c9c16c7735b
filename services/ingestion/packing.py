"""A list that was read, on its way out of the sandbox: its lots in sets, and a summary behind them.

A lot travels as the text that will be stored: it is written once, where it was read, and never taken apart and written
anew. What comes out of the sandbox is only believed after ``unpacking`` has checked it.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice

import orjson
from pydantic import TypeAdapter

from services.ingestion.parsing.model import ListReading, Problem, RowReading
from services.ingestion.parsing.plain import LINE, PlainRow, written
from services.ingestion.parsing.reading import OpenList
from shared.contracts.types import LotValues

ROWS_AT_ONCE = 1000
PROBLEMS_KEPT_MAX = 10
HEAD_PIECE, ROWS_PIECE, SUMMARY_PIECE, REFUSAL_PIECE = b"h", b"r", b"s", b"-"


@dataclass(frozen=True, slots=True)
class Summary:
    """A list without its rows. ``lots``: rows that are lots, ``readable`` of them have values; ``problems``: the first
    things a person would want to know, worst first."""

    about: ListReading
    lots: int
    readable: int
    other_rows: Mapping[str, int]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Head:
    """What is known before the first row is read; ``lots``: rows that look like lots."""

    header_fingerprint: str
    lots: int


HEAD: TypeAdapter[Head] = TypeAdapter(Head)
SUMMARY: TypeAdapter[Summary] = TypeAdapter(Summary)
LOT: TypeAdapter[LotValues] = TypeAdapter(LotValues)


def packed(opened: OpenList) -> Iterator[bytes]:
    """A head, the sets of lots as they are read, then the summary; rows that are no lots are only counted."""
    yield HEAD_PIECE + HEAD.dump_json(Head(opened.header_fingerprint, opened.lots))
    lots, readable, others, lines = 0, 0, Counter[str](), list[str]()
    rejecting, doubting = list[Problem](), list[Problem]()
    for row in opened.rows():
        if isinstance(row, PlainRow):
            readable += 1
            doubting.extend(row.problems)
            lines.append(f"{row.text}{_findings(row.problems)}\t")
        elif row.kind == "lot":
            readable += row.values is not None
            (rejecting if row.values is None else doubting).extend(row.problems)
            lines.append(_line(row))
        else:
            others[row.kind] += 1
        if len(lines) == ROWS_AT_ONCE:
            lots += len(lines)
            yield ROWS_PIECE + LINE.join(lines).encode()
            lines.clear()
    if lines:
        yield ROWS_PIECE + LINE.join(lines).encode()
    about = opened.summed_up()
    worst = islice(chain(rejecting, about.warnings, doubting), PROBLEMS_KEPT_MAX)
    yield SUMMARY_PIECE + SUMMARY.dump_json(Summary(about, lots + len(lines), readable, others, tuple(worst)))


def _line(row: RowReading) -> str:
    """Number, sheet, lot, cells as written, names of defaulted fields, findings, and what is known without a lot."""
    lot = "" if row.values is None else LOT.dump_json(row.values, exclude_none=True).decode()
    sheet, cells = orjson.dumps(row.sheet).decode(), orjson.dumps(dict(row.source_values)).decode()
    partial = orjson.dumps(dict(row.partial)).decode() if row.partial else ""
    return f"{written(row.row, sheet, lot, cells, row.defaulted)}{_findings(row.problems)}\t{partial}"


def _findings(problems: Sequence[Problem]) -> str:
    """Problems as ``editing.finding_of`` makes them, written down at once; nothing for none."""
    if not problems:
        return ""
    return orjson.dumps(
        [
            {
                "code": one.code,
                "message": one.message,
                "severity": one.severity,
                "field": one.field,
                "column": one.column,
                "raw": one.raw,
                "suggestion": one.suggestion,
            }
            for one in problems
        ]
    ).decode()
