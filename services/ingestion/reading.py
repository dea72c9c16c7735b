"""The edge to the sandbox: lists, mails and data sheets are read in a child, and what comes back is checked JSON."""

from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import date

import orjson
from pydantic import TypeAdapter, ValidationError

from services.ingestion import mails
from services.ingestion.datasheets import SheetReading, UnreadableSheet, door
from services.ingestion.packing import REFUSAL_PIECE, packed
from services.ingestion.parsing.model import MillContext, UnreadableFile
from services.ingestion.parsing.reading import OpenList
from services.ingestion.parsing.wording import in_language
from services.ingestion.settings import IngestionSettings
from services.ingestion.unpacking import ListRead
from shared.sandbox import Limits, Sandbox, SandboxFailed

_WORDS = {
    "time": "The list takes too long to read. Send it in smaller parts, or as a plain csv file.",
    "memory": "The list needs too much memory to read. Send it in smaller parts, or as a plain csv file.",
    "crash": "The list cannot be read; the file is damaged or of an unusual kind. Save it again as xlsx or csv.",
}


_SHEET_WORDS = {
    "time": "The PDF takes too long to read. Send the pages of the data sheet only.",
    "memory": "The PDF needs too much memory to read. Send the pages of the data sheet only.",
    "crash": "The PDF is damaged or of an unusual kind. Save it again as PDF and send it once more.",
}


@dataclass(frozen=True, slots=True)
class Question:
    """What the child is asked; the file follows behind it."""

    file_name: str
    mill: MillContext
    today: date


_QUESTION: TypeAdapter[Question] = TypeAdapter(Question)


def read(payload: bytes) -> Iterator[bytes]:
    """The sandbox's door: a question and a file in, the reading piece by piece or the refusal out."""
    head, _, content = payload.partition(b"\n")
    question = _QUESTION.validate_json(head)
    try:
        opened = OpenList(content, file_name=question.file_name, mill=question.mill, today=question.today)
        yield from packed(opened)
    except UnreadableFile as refused:
        yield REFUSAL_PIECE + orjson.dumps([refused.code, refused.message])


class Reader:
    """Reads lists, mails and data sheets for this process."""

    def __init__(self, settings: IngestionSettings) -> None:
        limits = Limits(
            memory_bytes=settings.sandbox_memory_bytes,
            cpu_seconds=settings.sandbox_cpu_seconds,
            wall_seconds=settings.sandbox_wall_seconds,
        )
        self._sheet_limits = Limits(
            memory_bytes=settings.sheet_memory_bytes,
            cpu_seconds=settings.sheet_cpu_seconds,
            wall_seconds=settings.sheet_wall_seconds,
        )
        self._sandbox = Sandbox("services.ingestion.reading", limits=limits)

    @asynccontextmanager
    async def list(self, content: bytes, question: Question) -> AsyncGenerator[ListRead]:
        """Begin to read a list; raises ``UnreadableFile`` with a reason for the mill, here or while its lots come."""
        damaged = UnreadableFile("crash", in_language(_WORDS["crash"], question.mill.language))
        answer = self._sandbox.pieces("services.ingestion.reading.read", _pack(question) + content)
        async with aclosing(answer), aclosing(_pieces(answer, question.mill.language)) as pieces:
            yield await ListRead.begun(pieces, damaged)

    async def datasheet(self, content: bytes, *, today: date) -> SheetReading:
        """Read a data sheet; raises ``UnreadableSheet`` with a reason for the mill."""
        try:
            answer = await self._sandbox.run(
                "services.ingestion.datasheets.door.read", door.pack(content, today=today), limits=self._sheet_limits
            )
        except SandboxFailed as failed:
            raise UnreadableSheet(failed.why, _SHEET_WORDS[failed.why]) from failed
        return door.unpack(answer)

    async def mail(self, raw: bytes) -> tuple[mails.ParsedMail, tuple[bytes, ...]]:
        """Take a mail apart; raises ``MailRefused``."""
        try:
            return mails.unpack(await self._sandbox.run("services.ingestion.mails.read", raw))
        except (SandboxFailed, ValidationError) as failed:
            raise mails.MailRefused(str(failed)) from failed

    async def close(self) -> None:
        await self._sandbox.close()


async def _pieces(answer: AsyncGenerator[bytes], language: str | None) -> AsyncGenerator[bytes]:
    """What the child says; its end without an answer, and its refusal, in words for the mill."""
    try:
        async for piece in answer:
            if piece.startswith(REFUSAL_PIECE):
                code, message = orjson.loads(piece[1:])
                raise UnreadableFile(str(code), str(message))
            yield piece
    except SandboxFailed as failed:
        raise UnreadableFile(failed.why, in_language(_WORDS[failed.why], language)) from failed


def _pack(question: Question) -> bytes:
    return _QUESTION.dump_json(question) + b"\n"
