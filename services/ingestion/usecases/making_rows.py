"""Rows of a batch, made of what was read of a list."""

from collections.abc import Sequence

from uuid_utils.compat import uuid7

from services.ingestion.domain.batches import Finding, Row, status_of
from services.ingestion.domain.lots import LotKeys
from services.ingestion.editing import finding_of
from services.ingestion.parsing.model import RowReading
from services.ingestion.parsing.wording import in_language
from services.ingestion.store.rows import NewRow
from shared.contracts.types import ref_key


class RowMaker:
    """Makes the rows of one list, set after set: it knows the places given and the lots seen before."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._keys = LotKeys()
        self._seen: set[str] = set()
        self._place = 0

    def rows(self, lots_read: Sequence[RowReading]) -> list[NewRow]:
        return [self._made(read) for read in lots_read]

    def _made(self, read: RowReading) -> NewRow:
        self._place += 1
        ref = read.values.lot_ref if read.values else read.partial.get("lot_ref")
        lot_ref = str(ref) if ref else None
        key = self._keys.of(read.values)
        repeated = key is not None and key in self._seen
        if key is not None:
            self._seen.add(key)
        findings = tuple(finding_of(problem) for problem in read.problems)
        if repeated:
            message = f"The lot number {lot_ref} stands in an earlier row of this list."
            told = in_language(message, self._language)
            findings = (*findings, Finding("duplicate_lot_ref", told, "error", field="lot_ref", raw=lot_ref))
        row = Row(
            place=self._place,
            sheet=read.sheet,
            number=read.row,
            values=read.values,
            lot_ref=lot_ref,
            source_values=read.source_values,
            partial=read.partial,
            findings=findings,
            defaulted=read.defaulted,
        )
        status = status_of(values=row.values, findings=findings, repeated=repeated)
        return NewRow(uuid7(), row, status, key if key is not None else ref_key(lot_ref))
