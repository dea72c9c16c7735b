"""The lots that a list is about, page by page, each beside the lot for sale that it meets."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import LiteralString
from uuid import UUID

from services.ingestion.domain.batches import ACCEPTABLE
from services.ingestion.domain.lots import DERIVED
from services.ingestion.store.batches import Batch
from shared.db import Conn, fetch_all, fetch_sets
from shared.filtering import Field, Kind, Listing
from shared.keyset import Found, Question

# Lots that the list no longer has come last, behind every row of the file.
PREVIEW = Listing(
    {
        "place": Field(Kind.INTEGER, "o.place"),
        "row_number": Field(Kind.INTEGER, "o.row_number", nullable=True),
        "lot_key": Field(Kind.TEXT, "o.lot_key"),
    },
    id="o.id",
    sort="place",
)


@dataclass(frozen=True, slots=True)
class PreviewedLot:
    """``lot`` is packed and ``None`` for a lot that the list no longer has; ``known`` is the lot for sale, packed.

    ``status`` is where the lot stands, for sale or not; ``None``: nobody knows it yet.
    """

    row_id: UUID | None
    row_number: int | None
    lot_key: str
    lot: str | None
    known: str | None
    status: str | None


@dataclass(frozen=True, slots=True)
class AlikeLots:
    """How many lots meet the same: ``gone`` from the list; ``known``: for sale, with the very same values.

    ``status`` as in ``PreviewedLot``.
    """

    gone: bool
    known: bool
    status: str | None
    lots: int


async def previewed_lots(conn: Conn, question: Question, *, batch: Batch) -> Found[PreviewedLot]:
    """In the order of the file unless asked otherwise; the same lots as ``plan_batch`` compares."""
    return await question.fetch(conn, PreviewedLot, _PAGE, _of(batch))


async def alike_lots(conn: Conn, batch: Batch) -> list[AlikeLots]:
    """All lots but those of ``unlike_lots``, counted in place: most lots of most lists are new, or as before."""
    return await fetch_all(conn, AlikeLots, _ALIKE, _of(batch))


def unlike_lots(conn: Conn, batch: Batch) -> AsyncGenerator[list[PreviewedLot]]:
    """In sets: lots for sale whose values are written otherwise in the list, which may or may not be a change."""
    return fetch_sets(conn, PreviewedLot, _UNLIKE, _of(batch))


def _of(batch: Batch) -> dict[str, object]:
    return {
        "batch_id": batch.batch_id,
        "mill_id": batch.mill_id,
        "snapshot": batch.list_mode == "snapshot",
        "header_fingerprint": batch.header_fingerprint or "",
        "acceptable": list(ACCEPTABLE),
        "derived": sorted(DERIVED),
    }


_SHOWN: LiteralString = """
        o.row_id, o.row_number, o.lot_key, o.lot::text AS lot,
        CASE WHEN l.listed THEN l.lot::text END AS known, l.status
"""
_LOTS: LiteralString = """
    FROM (
        SELECT r.row_id AS id, r.row_id, r.place, r.row_number, r.lot_key, r.lot
        FROM batch_row r
        WHERE r.batch_id = %(batch_id)s AND r.status = ANY (%(acceptable)s) AND r.action IS DISTINCT FROM 'withdraw'
          AND r.lot IS NOT NULL AND r.lot_key IS NOT NULL
        UNION ALL
        SELECT m.item_id, w.row_id, 2147483647, NULL, m.lot_key, NULL
        FROM lot_replica m
        JOIN lot ON lot.mill_id = m.mill_id AND lot.lot_key = m.lot_key
        LEFT JOIN batch_row w ON w.batch_id = %(batch_id)s AND w.action = 'withdraw' AND w.lot_key = m.lot_key
        WHERE %(snapshot)s AND m.mill_id = %(mill_id)s AND m.listed
          AND lot.header_fingerprint = %(header_fingerprint)s
          AND NOT EXISTS (
              SELECT FROM batch_row p
              WHERE p.batch_id = %(batch_id)s AND p.lot_key = m.lot_key
                AND (p.action IS DISTINCT FROM 'withdraw' OR p.status = 'excluded')
          )
    ) AS o
    LEFT JOIN lot_replica l ON l.mill_id = %(mill_id)s AND l.lot_key = o.lot_key
"""
_DIFFER: LiteralString = "(o.lot - %(derived)s::text[]) IS DISTINCT FROM (l.lot - %(derived)s::text[])"
_PAGE: LiteralString = "SELECT {mark}, " + _SHOWN + _LOTS + " WHERE true {filters} {order}"
_UNLIKE: LiteralString = "SELECT " + _SHOWN + _LOTS + " WHERE o.lot IS NOT NULL AND l.listed AND " + _DIFFER
_ALIKE: LiteralString = (
    "SELECT o.lot IS NULL AS gone, coalesce(l.listed, false) AS known, l.status, count(*)::int AS lots"
    + _LOTS
    + " WHERE o.lot IS NULL OR l.listed IS NOT TRUE OR NOT "
    + _DIFFER
    + " GROUP BY 1, 2, 3"
)
