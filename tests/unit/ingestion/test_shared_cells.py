"""Reading what rows share once is only a shorter way: every list says the same as when each row is read on its own."""

from collections.abc import Iterator
from datetime import date

from bench import lists
from services.ingestion.parsing.model import MillContext, RowReading
from services.ingestion.parsing.plain import AnyRow, PlainRow, readings
from services.ingestion.parsing.reading import OpenList
from tests.support.lists import TODAY, sample_lists
from tests.support.rendering import written

LAYOUTS = 60
Given = tuple[str, bytes, str, MillContext, date]


def known_lists() -> Iterator[Given]:
    """Our samples, lists in every layout, and long ones with rows that must be refused."""
    for sample in sample_lists():
        yield sample.name, sample.content, sample.file_name, sample.mill, TODAY
    for seed in range(LAYOUTS):
        case = written(seed)
        yield f"layout {seed}", case.content, case.file_name, case.mill, TODAY
    for kind, make in lists.KINDS.items():
        yield f"long {kind}", make(400), f"list.{kind}", MillContext("DE", "de", "EUR"), date(2026, 1, 5)


def read(given: Given, *, long_way: bool) -> tuple[list[RowReading], int]:
    _, content, file_name, mill, today = given
    opened = OpenList(content, file_name=file_name, mill=mill, today=today)
    plain = 0

    def counted() -> Iterator[AnyRow]:
        nonlocal plain
        for row in opened.rows(long_way=long_way):
            plain += isinstance(row, PlainRow)
            yield row

    return readings(counted()), plain


def test_list_when_read_by_shared_cells_then_says_the_same_as_row_by_row() -> None:
    different: list[str] = []
    shorter = lots = 0
    for given in known_lists():
        short, plain = read(given, long_way=False)
        long, none = read(given, long_way=True)
        assert none == 0
        shorter += plain
        lots += sum(row.values is not None for row in long)
        pairs = zip(short, long, strict=True)
        different += [f"{given[0]}: {one} is not {other}" for one, other in pairs if one != other][:2]

    assert different == []
    assert shorter > 0.5 * lots  # else it is no shorter way for anybody
