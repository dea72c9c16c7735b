"""Values as they go into JSON, straight from the words of PostgreSQL: no object is made to be written out again.

A point in time is never a ``datetime``, an id never a ``UUID``. For answers that are shown and not decided on.
"""

from typing import Any

from psycopg import AsyncConnection, adapters
from psycopg.abc import AdaptContext, Buffer
from psycopg.adapt import AdaptersMap, Loader
from psycopg.rows import TupleRow, tuple_row
from psycopg.types.datetime import TimestamptzLoader
from psycopg.types.string import TextLoader

from shared.instants import written
from shared.reading import Statement

_SECONDS = 19  # characters of 2026-03-02 14:05:00
_MILLISECONDS = 26  # of 2026-03-02 14:05:00.123+00


class _Instant(Loader):
    """``2026-03-02 14:05:00.123456+00``, as a session in UTC says it, in the form of ``shared/instants.py``."""

    def __init__(self, oid: int, context: AdaptContext | None = None) -> None:
        super().__init__(oid, context)
        self._other = TimestamptzLoader(oid, context)

    def load(self, data: Buffer) -> str:
        text = str(data, "ascii")
        if text[-3:] != "+00" or text[10] != " " or text[_SECONDS] not in ".+":
            return written(self._other.load(data))
        if len(text) >= _MILLISECONDS:
            return f"{text[:10]}T{text[11:23]}Z"
        return f"{text[:10]}T{text[11:_SECONDS]}.{text[_SECONDS + 1 : -3]:0<3}Z"


_ADAPTERS = AdaptersMap(adapters)
_ADAPTERS.register_loader("timestamptz", _Instant)
for _kind in ("uuid", "date", "numeric"):
    _ADAPTERS.register_loader(_kind, TextLoader)


class Written(Statement[TupleRow]):
    """A cursor whose values are ready for JSON; JSON itself is parsed, for members that may have to be left out."""

    def __init__(self, connection: AsyncConnection[Any]) -> None:
        super().__init__(connection, row_factory=tuple_row)

    @property
    def adapters(self) -> AdaptersMap:
        return _ADAPTERS
