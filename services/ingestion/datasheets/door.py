"""The sandbox's door for data sheets: a day and a PDF in, the reading or the refusal out."""

from datetime import date

import orjson
from pydantic import TypeAdapter, ValidationError

from services.ingestion.datasheets.model import SheetReading, UnreadableSheet
from services.ingestion.datasheets.pdf import DAMAGED, read_pdf

_READING: TypeAdapter[SheetReading] = TypeAdapter(SheetReading)


def read(payload: bytes) -> bytes:
    """Called in the child."""
    day, _, content = payload.partition(b"\n")
    try:
        reading = read_pdf(content, today=date.fromisoformat(day.decode()))
    except UnreadableSheet as refused:
        return b"-" + orjson.dumps([refused.code, refused.message])
    return b"+" + _READING.dump_json(reading)


def pack(content: bytes, *, today: date) -> bytes:
    """What the child is asked."""
    return today.isoformat().encode() + b"\n" + content


def unpack(answer: bytes) -> SheetReading:
    """What the child answered; raises ``UnreadableSheet``."""
    if answer.startswith(b"-"):
        code, message = orjson.loads(answer[1:])
        raise UnreadableSheet(str(code), str(message))
    try:
        return _READING.validate_json(answer[1:])
    except ValidationError as error:
        raise UnreadableSheet("damaged", DAMAGED) from error
