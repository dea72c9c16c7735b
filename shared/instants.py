"""Points in time as every answer writes them: RFC 3339 in UTC, to the millisecond, with ``Z``."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import PlainSerializer, WithJsonSchema


def written(moment: datetime) -> str:
    """``2026-03-02T14:05:00.000Z``."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Instant = Annotated[
    datetime,
    PlainSerializer(written, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-03-02T14:05:00.000Z"]}),
]
"""A point in time in a response model; a test refuses a bare ``datetime`` there."""


def json_default(value: object) -> str:
    """For the JSON encoder, which writes microseconds by itself."""
    if isinstance(value, datetime):
        return written(value)
    raise TypeError(type(value).__name__)
