"""The edge to the sandbox: lists, mails and data sheets are read in a child, and what comes back is checked JSON."""

from dataclasses import dataclass
from datetime import date

import orjson
from pydantic import TypeAdapter, ValidationError

from services.ingestion import mails
from services.ingestion.datasheets import SheetReading, UnreadableSheet, door
from services.ingestion.packing import ListRead, packed, unpacked
from services.ingestion.parsing import read_list
from services.ingestion.parsing.model import MillContext, UnreadableFile
from services.ingestion.parsing.wording import in_language
from services.ingestion.settings import IngestionSettings
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


def read(payload: bytes) -> bytes:
    """The sandbox's door: a question and a file in, the reading or the refusal out."""
    head, _, content = payload.partition(b"\n")
    question = _QUESTION.validate_json(head)
    try:
        reading = read_list(content, file_name=question.file_name, mill=question.mill, today=question.today)
    except UnreadableFile as refused:
        return b"-" + orjson.dumps([refused.code, refused.message])
    return b"+" + b"\n".join(packed(reading))


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

    async def list(self, content: bytes, question: Question) -> ListRead:
        """Read a list; raises ``UnreadableFile`` with a reason for the mill."""
        try:
            answer = await self._sandbox.run("services.ingestion.reading.read", _pack(question) + content)
            if answer.startswith(b"-"):
                code, message = orjson.loads(answer[1:])
                raise UnreadableFile(str(code), str(message))
            return unpacked(answer[1:])
        except SandboxFailed as failed:
            raise UnreadableFile(failed.why, in_language(_WORDS[failed.why], question.mill.language)) from failed
        except ValidationError as error:
            raise UnreadableFile("crash", in_language(_WORDS["crash"], question.mill.language)) from error

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


def _pack(question: Question) -> bytes:
    return _QUESTION.dump_json(question) + b"\n"
