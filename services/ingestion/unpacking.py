"""What a child of the sandbox said of a list, checked: a hostile file may have taken the child over.

A column of a hundred thousand cells has few different values, so each value of each field is checked once in a list.
"""

import re
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Self, cast, get_type_hints

import orjson
from pydantic import ConfigDict, TypeAdapter

from services.ingestion.domain.batches import Finding
from services.ingestion.packing import (
    HEAD,
    HEAD_PIECE,
    LOT,
    ROWS_PIECE,
    SUMMARY,
    SUMMARY_PIECE,
    Head,
    Summary,
)
from services.ingestion.parsing.draft import DRAFT_FIELDS
from services.ingestion.parsing.model import UnreadableFile
from shared.contracts.types import LotValues

_STRICT = ConfigDict(strict=True)
_REQUIRED = frozenset({"grade_code", "form", "gsm", "weight_net_kg", "quality_class", "location_country"})
_FIELDS: dict[str, TypeAdapter[object]] = {
    name: TypeAdapter(kind, config=_STRICT) for name, kind in get_type_hints(LotValues).items()
}
_FINDINGS: TypeAdapter[list[Finding]] = TypeAdapter(list[Finding])
_PARTIAL: TypeAdapter[dict[str, str | int | float | bool | list[str]]] = TypeAdapter(
    dict[str, str | int | float | bool | list[str]], config=_STRICT
)
_TEXT = frozenset({str})
_TEXTS = frozenset({"lot_ref", "grade_raw", "product_name", "colour", "location_place", "remarks"})
_NUMBERS = frozenset({"gsm", "weight_net_kg", "weight_gross_kg", "price", "price_per_t"})
_NUMBER = re.compile(r"\d{1,12}(?:\.\d{1,6})?")
_APART = ("lot_ref", "weight_net_kg", "certification", "defects")  # new in every lot, or lists: not remembered
_NUL = b"\\u0000"  # PostgreSQL keeps every other character


@dataclass(frozen=True, slots=True)
class ReadRow:
    """One lot of a list. ``lot`` is ``None`` when it cannot be listed; the texts are JSON as it is stored."""

    number: int
    sheet: str | None
    lot: Mapping[str, object] | None
    lot_text: bytes
    source_values: bytes
    defaulted: tuple[str, ...]
    findings: bytes  # empty: none
    partial: bytes  # empty: nothing

    @property
    def values(self) -> LotValues | None:
        return LOT.validate_json(self.lot_text) if self.lot_text else None

    @property
    def lot_ref(self) -> str | None:
        """Also of a row that cannot be listed: its lot is in the list all the same."""
        found: object = None
        if self.lot is not None:
            found = self.lot.get("lot_ref")
        elif self.partial:
            found = cast(Mapping[str, object], orjson.loads(self.partial)).get("lot_ref")
        return str(found) if found else None

    @property
    def weight_net_kg(self) -> Decimal:
        return Decimal(str(self.lot["weight_net_kg"])) if self.lot is not None else Decimal()


class Unpacker:
    """Checks one list. Everything raises ``ValueError`` for what ``packed`` cannot have written."""

    def __init__(self) -> None:
        self._checked: set[tuple[str, object]] = set()
        self._sheets: dict[bytes, str | None] = {}
        self._names: dict[bytes, tuple[str, ...]] = {b"": ()}

    def rows(self, packed_set: bytes) -> list[ReadRow]:
        if _NUL in packed_set:
            raise ValueError("a character that no text has")
        return list(map(self._row, packed_set.split(b"\n")))

    def _row(self, line: bytes) -> ReadRow:
        number, sheet, lot, source_values, defaulted, findings, partial = line.split(b"\t")
        cells = orjson.loads(source_values)
        if type(cells) is not dict or not _TEXT.issuperset(map(type, cast(dict[str, object], cells).values())):
            raise ValueError("cells that are no texts")
        if findings:
            _FINDINGS.validate_json(findings)
        if partial:
            _PARTIAL.validate_json(partial)
        if sheet not in self._sheets:
            self._sheets[sheet] = _sheet(sheet)
        if defaulted not in self._names:
            self._names[defaulted] = _names(defaulted)
        return ReadRow(
            int(number),
            self._sheets[sheet],
            self._lot(lot) if lot else None,
            lot,
            source_values,
            self._names[defaulted],
            findings,
            partial,
        )

    def _lot(self, text: bytes) -> Mapping[str, object]:
        """A lot as plain JSON, each value of which is one that ``LotValues`` allows."""
        lot = orjson.loads(text)
        if type(lot) is not dict:
            raise ValueError("no lot")
        stated = cast(dict[str, object], lot)
        apart = [(name, stated.pop(name)) for name in _APART if name in stated]
        for name, value in apart:
            if value != []:
                _check(name, value)
        if not self._checked.issuperset(stated.items()):
            for name, value in set(stated.items()) - self._checked:
                _check(name, value)
                self._checked.add((name, value))
        stated.update(apart)
        if not stated.keys() >= _REQUIRED:
            raise ValueError("a lot without what every lot has")
        return stated


class ListRead:
    """A list while it is being read in the sandbox: its head, then its lots, then its summary."""

    def __init__(self, pieces: AsyncGenerator[bytes], head: Head, damaged: UnreadableFile) -> None:
        self._pieces = pieces
        self._head = head
        self._damaged = damaged
        self._summary: Summary | None = None

    @classmethod
    async def begun(cls, pieces: AsyncGenerator[bytes], damaged: UnreadableFile) -> Self:
        """``damaged`` is raised for everything that no reader of ours would say."""
        first = await anext(pieces, b"")
        try:
            return cls(pieces, HEAD.validate_json(first.removeprefix(HEAD_PIECE)), damaged)
        except ValueError as error:
            raise damaged from error

    @property
    def header_fingerprint(self) -> str:
        return self._head.header_fingerprint

    @property
    def lots(self) -> int:
        return self._head.lots

    @property
    def summary(self) -> Summary:
        """After the last set."""
        if self._summary is None:
            raise LookupError("a list is summed up when its lots have been read")
        return self._summary

    async def sets(self) -> AsyncGenerator[list[ReadRow]]:
        """The lots in the order of the file, some hundred at a time."""
        unpacker, lots = Unpacker(), 0
        async for piece in self._pieces:
            try:
                if piece.startswith(SUMMARY_PIECE):
                    self._summary = SUMMARY.validate_json(piece[1:])
                    break
                found = unpacker.rows(piece.removeprefix(ROWS_PIECE))
            except ValueError as error:
                raise self._damaged from error
            lots += len(found)
            yield found
            if lots > self.lots:
                break
        if self._summary is None or lots != self.lots:
            raise self._damaged


def _check(name: str, value: object) -> None:
    """Texts and plain numbers are seen at a glance; the rest is asked of the type of the field."""
    plain = type(value) is str and (name in _TEXTS or (name in _NUMBERS and _NUMBER.fullmatch(value)))
    if plain:
        return
    if name not in _FIELDS:
        raise ValueError("a field that no lot has")
    _FIELDS[name].validate_json(orjson.dumps(value))


def _sheet(text: bytes) -> str | None:
    name = orjson.loads(text)
    if name is not None and not isinstance(name, str):
        raise ValueError("a sheet without a name")
    return name


def _names(text: bytes) -> tuple[str, ...]:
    names = tuple(text.decode().split(","))
    if not set(DRAFT_FIELDS).issuperset(names):
        raise ValueError("a field that no lot has")
    return names
