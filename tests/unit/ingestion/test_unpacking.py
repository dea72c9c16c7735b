"""A hostile file may have taken its reader over: what comes out of the sandbox is what a reader of ours would say."""

from collections.abc import AsyncGenerator, Iterable
from datetime import date

import pytest

from bench.lists import as_csv
from services.ingestion.packing import packed
from services.ingestion.parsing.model import MillContext, UnreadableFile
from services.ingestion.parsing.reading import OpenList
from services.ingestion.unpacking import ListRead, ReadRow
from tests.support.lists import TODAY

DAMAGED = UnreadableFile("crash", "The list cannot be read.")
SAID = tuple(packed(OpenList(as_csv(40), file_name="a.csv", mill=MillContext("DE", "de", "EUR"), today=TODAY)))


async def answer(pieces: Iterable[bytes]) -> AsyncGenerator[bytes]:
    for piece in pieces:
        yield piece


async def rows_of(pieces: Iterable[bytes]) -> list[ReadRow]:
    read = await ListRead.begun(answer(pieces), DAMAGED)
    found = [row async for some in read.sets() for row in some]
    assert read.summary.lots == len(found)
    return found


async def test_list_when_a_reader_of_ours_says_it_then_it_is_believed() -> None:
    found = await rows_of(SAID)

    assert len(found) == 40
    assert {row.values.available_from for row in found if row.values} <= {None, date(2026, 1, 1)}
    assert sum(row.values is not None for row in found) > 30


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (b'"form":"reel"', b'"form":"roll"'),
        (b'"width_mm":', b'"width_mm":"1",'),
        (b'"width_mm":', b'"wide_mm":'),
        (b'"grade_code":"', b'"grade_code":7,"x":"'),
        (b'"weight_net_kg":"', b'"weight_net_kg":"x'),
        (b'"defects":[', b'"defects":["GHOSTS"'),
        (b'"Core mm":"', b'"Core mm":["'),
        (b'"Core mm":"', b'"Core mm":1,"Core":"'),
        (b'"Reel lot":"', b'"Reel lot":"\\u0000'),
        (b"\t{", b"\t\t{"),
        (b"\n", b"\n\n"),
        (b"B1-000004", b"\xff"),
    ],
)
async def test_list_when_its_reader_was_taken_over_then_it_is_refused(ours: bytes, theirs: bytes) -> None:
    assert any(ours in piece for piece in SAID)

    with pytest.raises(UnreadableFile) as refused:
        await rows_of(piece.replace(ours, theirs, 1) if piece.startswith(b"r") else piece for piece in SAID)

    assert refused.value.code == "crash"


@pytest.mark.parametrize(
    "pieces",
    [(), SAID[1:], SAID[:-1], (SAID[0], *SAID[2:]), (*SAID[:2], *SAID[1:]), (b"h{}", *SAID[1:]), (*SAID[:-1], b"s{}")],
    ids=["nothing", "no head", "no end", "too few", "too many", "an empty head", "an empty end"],
)
async def test_list_when_pieces_are_missing_or_too_many_then_it_is_refused(pieces: tuple[bytes, ...]) -> None:
    with pytest.raises(UnreadableFile):
        await rows_of(pieces)
