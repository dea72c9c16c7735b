"""Points in time as every answer writes them: RFC 3339 in UTC, to the millisecond, with ``Z``."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated

import orjson
from pydantic import PlainSerializer, WithJsonSchema


def written(moment: datetime) -> str:
    """``2026-03-02T14:05:00.000Z``."""
    text = moment.isoformat(timespec="milliseconds")
    if not text.endswith("+00:00"):  # what the database gives does, and lists have hundreds
        text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return f"{text[:-6]}Z"


Instant = Annotated[
    datetime,
    PlainSerializer(written, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-03-02T14:05:00.000Z"]}),
]
"""A point in time in a response model; a test refuses a bare ``datetime`` there."""


def encoded(body: object) -> bytes:
    """JSON of what no response model writes, with instants as everywhere."""
    return orjson.dumps(body, default=_plain, option=orjson.OPT_PASSTHROUGH_DATETIME)


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return written(value)
    if isinstance(value, date | Decimal):
        return str(value)
    raise TypeError(type(value).__name__)
