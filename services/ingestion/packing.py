"""A list that was read, on its way out of the sandbox: its lots in sets, and a summary behind them.

A lot travels as the text that will be stored: it is written once, where it was read, and never taken apart and written
anew. What comes out of the sandbox is only believed after ``unpacking`` has checked it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice

import orjson
from pydantic import TypeAdapter

from services.ingestion.parsing.model import ListReading, Problem, RowReading
from services.ingestion.parsing.plain import PlainRow
from services.ingestion.parsing.reading import OpenList
from shared.contracts.types import LotValues

ROWS_AT_ONCE = 500
PROBLEMS_KEPT_MAX = 10
BETWEEN, LINE = b"\t", b"\n"  # JSON writes tabs and line ends inside of texts in another way
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
    lots, readable, others, lines = 0, 0, Counter[str](), list[bytes]()
    rejecting, doubting = list[Problem](), list[Problem]()
    for row in opened.rows():
        if isinstance(row, PlainRow):
            readable += 1
            doubting.extend(row.problems)
            lines.append(_plain_line(row))
        elif row.kind == "lot":
            readable += row.values is not None
            (rejecting if row.values is None else doubting).extend(row.problems)
            lines.append(_line(row))
        else:
            others[row.kind] += 1
        if len(lines) == ROWS_AT_ONCE:
            lots += len(lines)
            yield ROWS_PIECE + LINE.join(lines)
            lines.clear()
    if lines:
        yield ROWS_PIECE + LINE.join(lines)
    about = opened.summed_up()
    worst = islice(chain(rejecting, about.warnings, doubting), PROBLEMS_KEPT_MAX)
    yield SUMMARY_PIECE + SUMMARY.dump_json(Summary(about, lots + len(lines), readable, others, tuple(worst)))


def _plain_line(row: PlainRow) -> bytes:
    parts = (
        str(row.row),
        orjson.dumps(row.sheet).decode(),
        row.lot,
        row.source_values,
        ",".join(row.defaulted),
        _findings(row.problems).decode() if row.problems else "",
        "",
    )
    return "\t".join(parts).encode()


def _line(row: RowReading) -> bytes:
    """Number, sheet, lot, cells as written, names of defaulted fields, findings, and what is known without a lot."""
    return BETWEEN.join(
        (
            str(row.row).encode(),
            orjson.dumps(row.sheet),
            b"" if row.values is None else LOT.dump_json(row.values, exclude_none=True),
            orjson.dumps(dict(row.source_values)),
            ",".join(row.defaulted).encode(),
            _findings(row.problems) if row.problems else b"",
            orjson.dumps(dict(row.partial)) if row.partial else b"",
        )
    )


def _findings(problems: Iterable[Problem]) -> bytes:
    """Problems as ``editing.finding_of`` makes them, written down at once."""
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
    )
