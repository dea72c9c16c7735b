"""Habits of mills that no sample has: what a careful person reads in each, or the question she would ask."""

import shlex
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import cast

import pytest

from bench.mutants.files import xlsx_file
from services.ingestion.parsing import ListReading, MillContext, RowReading, UnreadableFile, read_list
from services.ingestion.parsing.sheets import Cell, Grid
from tests.support.lists import TODAY
from tests.support.odd_lists import CASES, OddList
from tests.support.trap_lists import TRAPS


@pytest.mark.parametrize("case", [*CASES, *TRAPS], ids=lambda c: c.name)
def test_list_when_written_by_an_odd_habit_then_read_as_a_careful_person_would(case: OddList) -> None:
    assert problems_of(case) == []


def problems_of(case: OddList) -> list[str]:
    try:
        reading = read(case)
    except UnreadableFile as refused:
        return [f"unreadable: {refused.message}"]
    asked = [p.code for p in reading.review_reasons]
    if case.expected.split()[:1] == ["ask"]:
        wanted = case.expected.split()[1:]
        missing = [code for code in wanted if code not in asked]
        return [] if asked and not missing else [f"asked {asked}, not {wanted or 'anything'}"]
    found = [f"asks {p.code}: {p.message}" for p in reading.review_reasons]
    rows = [r for r in reading.rows if r.kind == "lot"]
    lines = [line.strip() for line in case.expected.strip().splitlines()]
    if len(rows) != len(lines):
        found.append(f"{len(rows)} lots instead of {len(lines)}: {[(r.row, r.source_values) for r in rows]}")
    for row, line in zip(rows, lines, strict=False):
        found += [f"row {row.row} {text}" for text in _differences(row, line)]
    return found


def _differences(row: RowReading, line: str) -> list[str]:
    words = shlex.split(line)
    codes = [p.code for p in row.problems if p.severity == "error"]
    rejected = words[words.index("rejected") + 1] if "rejected" in words else None
    if rejected is not None:
        return [] if rejected in codes else [f"is not rejected as {rejected} but {codes}"]
    if row.values is None:
        return [f"is rejected: {[p.message for p in row.problems]}"]
    found: list[str] = []
    for word in words:
        name, _, meant = word.partition("=")
        got = getattr(row.values, name)
        if not _same(got, meant):
            found.append(f"{name} is {got} instead of {meant}")
    return found


def _same(got: object, meant: str) -> bool:
    if isinstance(got, Decimal | int):
        return meant != "None" and got == Decimal(meant)
    if isinstance(got, tuple):
        return sorted(str(g) for g in cast(tuple[object, ...], got)) == sorted(meant.split(","))
    if isinstance(got, Enum):
        return got.value == meant
    return (got.isoformat() if isinstance(got, date) else str(got)) == meant


def read(case: OddList) -> ListReading:
    lines = [line.removeprefix("        ") for line in case.rows.strip("\n").splitlines()]
    while lines and not lines[-1].strip():
        lines.pop()
    if case.kind == "xlsx":
        rows = [[_cell(c) for c in line.split("|")] for line in lines]
        content = xlsx_file([Grid(case.sheet, rows)])
    else:
        content = "\n".join(lines).encode()
    mill = MillContext(case.country, case.language, None)
    return read_list(content, file_name=f"list.{case.kind}", mill=mill, today=TODAY)


def _cell(text: str) -> Cell:
    stripped = text.strip()
    if not stripped:
        return None
    try:
        return float(stripped[1:]) if stripped[0] == "=" else stripped
    except ValueError:
        return stripped[1:]
