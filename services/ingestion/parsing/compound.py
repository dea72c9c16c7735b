"""The container of old Excel files: checked before anybody trusts it, and asked for what calamine leaves out."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from services.ingestion.parsing.model import UnreadableFile
from services.ingestion.parsing.sheets import refuse_size

DAMAGED = "The file is damaged and cannot be opened. Please save it again and send it once more."
_LAST_SECTOR = 0xFFFFFFFA  # from here on a number means "end" or "free"
_IN_HEADER = 109
_ROW, _COLINFO, _BOOLERR, _FORMULA, _BOUNDSHEET, _EOF, _PASSWORD = 0x208, 0x7D, 0x205, 0x06, 0x85, 0x0A, 0x2F
_CELLS = frozenset({0x203, 0x27E, 0xFD, 0x204, _BOOLERR, _FORMULA, 0xBD, 0xD6})
_ERRORS = {0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?", 0x24: "#NUM!", 0x2A: "#N/A"}


@dataclass(slots=True)
class SheetExtras:
    """What a file says about a sheet beyond its cell values."""

    hidden_rows: set[int] = field(default_factory=set[int])
    hidden_columns: set[int] = field(default_factory=set[int])
    errors: dict[tuple[int, int], str] = field(default_factory=dict[tuple[int, int], str])
    merged: list[tuple[tuple[int, int], tuple[int, int]]] = field(
        default_factory=list[tuple[tuple[int, int], tuple[int, int]]]
    )
    width: int = 26  # columns beyond Z are the exception
    height: int = 0


def damaged() -> UnreadableFile:
    return UnreadableFile("damaged", DAMAGED)


class Compound:
    """The streams of a compound file. Every chain is followed once and never in a circle."""

    def __init__(self, content: bytes) -> None:
        if len(content) < 1536:
            raise damaged()
        (shift,) = struct.unpack_from("<H", content, 30)
        if shift not in (9, 12):
            raise damaged()
        self._content, self._size = content, 1 << shift
        self._sectors = len(content) // self._size
        self._table = self._read_table()
        (directory,) = struct.unpack_from("<I", content, 48)
        (small_table,) = struct.unpack_from("<I", content, 60)
        self._small_table = _numbers(b"".join(self._chain(small_table)))
        self.streams: dict[str, bytes] = {}
        self._read_directory(b"".join(self._chain(directory)))

    def _sector(self, number: int) -> bytes:
        start = (number + 1) * self._size
        return self._content[start : start + self._size]

    def _read_table(self) -> tuple[int, ...]:
        listed = list(struct.unpack_from(f"<{_IN_HEADER}I", self._content, 76))
        (more,) = struct.unpack_from("<I", self._content, 68)
        seen: set[int] = set()
        while more < _LAST_SECTOR:
            if more in seen or more >= self._sectors:
                raise damaged()
            seen.add(more)
            numbers = _numbers(self._sector(more))
            listed += numbers[:-1]
            more = numbers[-1] if numbers else _LAST_SECTOR
        used = [n for n in listed if n < _LAST_SECTOR]
        if len(used) > self._sectors or len(set(used)) != len(used):
            raise damaged()
        return _numbers(b"".join(self._sector(n) for n in used))

    def _chain(self, start: int) -> Iterator[bytes]:
        yield from (self._sector(n) for n in _follow(start, self._table, self._sectors))

    def _read_directory(self, entries: bytes) -> None:
        small = b""
        for at in range(0, len(entries) - 127, 128):
            (length,) = struct.unpack_from("<H", entries, at + 64)
            kind = entries[at + 66]
            start, size = struct.unpack_from("<II", entries, at + 116)
            if kind == 5:
                small = b"".join(self._chain(start))
            if kind != 2 or size > len(self._content):
                if kind == 2:
                    raise damaged()
                continue
            name = entries[at : at + max(0, min(length, 64) - 2)].decode("utf-16-le", "replace")
            if size >= 4096:
                content = b"".join(self._chain(start))
            else:
                pieces = _follow(start, self._small_table, len(self._small_table)) if size else ()
                content = b"".join(small[n * 64 : n * 64 + 64] for n in pieces)
            self.streams[name] = content[:size]


def _numbers(raw: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(raw) // 4}I", raw[: len(raw) // 4 * 4])


def _follow(start: int, table: tuple[int, ...], limit: int) -> Iterator[int]:
    steps = 0
    while start < _LAST_SECTOR:
        steps += 1
        if start >= len(table) or steps > limit:
            raise damaged()
        yield start
        start = table[start]


def _records(stream: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    while at + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, at)
        yield kind, stream[at + 4 : at + 4 + length]
        if kind == _EOF:
            return
        at += 4 + length


def sheet_extras(content: bytes) -> list[SheetExtras]:
    """One entry per sheet, in the order of the file; raises ``UnreadableFile`` where the container lies."""
    streams = Compound(content).streams
    if "EncryptedPackage" in streams:
        raise UnreadableFile(
            "password_protected", "The file is protected with a password. Please send it without a password."
        )
    book = streams.get("Workbook") or streams.get("Book")
    if book is None:
        raise UnreadableFile(
            "not_a_list", "This is an office document, but not a spreadsheet. Please send xlsx or csv."
        )
    starts: list[int] = []
    for kind, record in _records(book, 0):
        if kind == _BOUNDSHEET and len(record) >= 8:
            starts.append(struct.unpack_from("<I", record)[0])
    return [_read_sheet(book, start) for start in starts]


def _read_sheet(book: bytes, start: int) -> SheetExtras:
    extras = SheetExtras()
    for kind, record in _records(book, start):
        if kind == _ROW and len(record) >= 14:
            row, flags = struct.unpack_from("<H", record)[0], struct.unpack_from("<H", record, 12)[0]
            if flags & 0x20:
                extras.hidden_rows.add(row)
        elif kind == _COLINFO and len(record) >= 10:
            first, last, _, _, flags = struct.unpack_from("<5H", record)
            if flags & 1:
                extras.hidden_columns.update(range(first, min(last, 255) + 1))
        elif kind in _CELLS and len(record) >= 6:
            row, column = struct.unpack_from("<HH", record)
            extras.height, extras.width = max(extras.height, row + 1), max(extras.width, column + 1)
            if kind == _BOOLERR and len(record) >= 8 and record[7]:
                extras.errors[(row, column)] = _ERRORS.get(record[6], "#N/A")
            elif kind == _FORMULA and len(record) >= 14 and record[6] == 2 and record[12:14] == b"\xff\xff":
                extras.errors[(row, column)] = _ERRORS.get(record[8], "#N/A")
    refuse_size(extras.height, extras.width)
    return extras
