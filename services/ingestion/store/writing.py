"""Rows of a list on their way into the table, packed by hand for COPY: a list may have a hundred thousand."""

from collections.abc import Sequence
from functools import lru_cache
from struct import Struct
from uuid import UUID

from uuid_utils import uuid7

from services.ingestion.domain.batches import Action, RowStatus
from services.ingestion.unpacking import ReadRow
from shared.db import Conn, copy_packed

_COLUMNS = 14
_BEGIN = Struct("!hi16si16siiii").pack  # the number of columns; then each column with its length before it
_LENGTH = Struct("!i").pack
_JSONB = Struct("!iB").pack  # with the version of the format
_JSONB_VERSION = 1
_NULL = _LENGTH(-1)
_TEXT_OID = 25
_NOTHING, _NO_FINDINGS = b"{}", b"[]"


class NewRows:
    """Rows of one batch that wait to be written."""

    def __init__(self, batch_id: UUID) -> None:
        self._batch_id = batch_id.bytes
        self._packed: list[bytes] = []

    def add(
        self,
        read: ReadRow,
        *,
        place: int,
        lot_key: str | None,
        status: RowStatus,
        action: Action | None,
        changed: tuple[str, ...],
        findings: bytes,
    ) -> None:
        """``findings``: JSON of all there is to say about the row."""
        key = None if lot_key is None else lot_key.encode()
        self._packed.append(
            b"".join(
                (
                    _BEGIN(_COLUMNS, 16, uuid7().bytes, 16, self._batch_id, 4, place, 4, read.number),
                    _NULL if key is None else _LENGTH(len(key)),
                    key or b"",
                    _json(read.lot_text) if read.lot_text else _NULL,
                    _json(read.source_values),
                    _json(read.partial or _NOTHING),
                    _json(findings or _NO_FINDINGS),
                    _rest(read.sheet, status, action, read.defaulted, changed),
                )
            )
        )

    async def write(self, conn: Conn) -> None:
        """Store what was added since the last time."""
        packed, self._packed = self._packed, []
        await copy_packed(
            conn,
            """
            COPY batch_row (row_id, batch_id, place, row_number, lot_key, lot, source_values, partial, problems,
                            sheet, status, action, defaulted, changed)
            FROM STDIN (FORMAT BINARY)
            """,
            packed,
        )


def _json(text: bytes) -> bytes:
    return _JSONB(len(text) + 1, _JSONB_VERSION) + text


def _text(value: str | None) -> bytes:
    if value is None:
        return _NULL
    encoded = value.encode()
    return _LENGTH(len(encoded)) + encoded


@lru_cache(maxsize=4096)
def _rest(
    sheet: str | None, status: RowStatus, action: Action | None, defaulted: tuple[str, ...], changed: tuple[str, ...]
) -> bytes:
    """The columns that say the same in most rows."""
    return b"".join((*map(_text, (sheet, status, action)), _array(defaulted), _array(changed)))


def _array(names: Sequence[str]) -> bytes:
    if not names:
        return Struct("!iiiI").pack(12, 0, 0, _TEXT_OID)
    head = Struct("!iiIii").pack(1, 0, _TEXT_OID, len(names), 1)
    content = head + b"".join(map(_text, names))
    return _LENGTH(len(content)) + content
