"""Hostile files through the sandbox as the worker uses it: refused within 5 s and 512 MB, and the next list is read."""

import time
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import orjson
import pytest
import pytest_asyncio

from services.ingestion.parsing import MillContext, UnreadableFile, read_list
from services.ingestion.reading import Question, Reader
from services.ingestion.unpacking import ReadRow
from tests.integration.ingestion.conftest import settings_for
from tests.support.hostile_lists import BILLION, LIST, OUTSIDE, READ, REFUSED, real_workbook
from tests.support.lists import TODAY

HOST_NAME = Path("/etc/hostname").read_text(encoding="utf-8").strip() if Path("/etc/hostname").exists() else "nowhere"
CLIMBED = Path("/") / "tmp" / "offcut-was-here"
QUESTION = Question("list.xlsx", MillContext("SE", "en"), TODAY)
NARROW = 512 << 20


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def narrow() -> AsyncIterator[Reader]:
    one = Reader(settings_for("postgresql://nowhere", sandbox_memory_bytes=NARROW))
    yield one
    await one.close()


async def rows(reader: Reader, content: bytes) -> list[ReadRow]:
    async with reader.list(content, QUESTION) as read:
        return [row async for some in read.sets() for row in some]


async def widths(reader: Reader, content: bytes) -> list[int | None]:
    return [row.values.width_mm for row in await rows(reader, content) if row.values]


@pytest.mark.parametrize("name", REFUSED)
async def test_file_when_hostile_then_refused_in_time_and_the_next_list_is_read(narrow: Reader, name: str) -> None:
    content, code = REFUSED[name]
    started = time.monotonic()

    with pytest.raises(UnreadableFile) as refused:
        await rows(narrow, content)

    assert time.monotonic() - started < 5
    assert refused.value.code == code
    assert refused.value.message.endswith((".", "?"))
    started = time.monotonic()
    assert await widths(narrow, LIST) == [1000, 1100, 1200]
    assert time.monotonic() - started < 2


@pytest.mark.parametrize("name", READ)
async def test_file_when_it_only_looks_dangerous_then_its_list_is_read(narrow: Reader, name: str) -> None:
    assert await widths(narrow, READ[name]) == [1000, 1100, 1200]


def test_archive_when_its_names_climb_out_of_the_folder_then_nothing_is_written() -> None:
    read_list(READ["names that climb out of the folder"], file_name="a.xlsx", mill=QUESTION.mill, today=TODAY)

    assert not CLIMBED.exists()


@pytest.mark.parametrize("head", [BILLION, OUTSIDE])
async def test_sheet_when_it_declares_entities_then_nothing_of_them_is_read(narrow: Reader, head: str) -> None:
    entity = "&l9;" if head is BILLION else "&e;"
    said = "damaged"
    with suppress(UnreadableFile):
        found = await rows(narrow, real_workbook(head=head, last=entity))
        said = " ".join(text for row in found for text in orjson.loads(row.source_values).values())

    assert len(said) < 2000
    assert HOST_NAME not in said.split()
