"""Items as somebody may see them: who asks decides the rows and his class per row, all in one statement.

``viewer`` is the class of ``shared/contracts/visibility.py``. The statement only ever compares, sorts and searches by
what the caller sees of a row; which members of a found row are shown is decided by ``visible_fields`` afterwards.
"""

from dataclasses import replace
from functools import cache
from typing import Any, LiteralString, cast
from uuid import UUID

from services.catalog.search import SEEN, Section
from shared.contracts.visibility import Viewer
from shared.db import Conn
from shared.keyset import Found, Question
from shared.written import Written

Row = tuple[Any, ...]
"""Values in the order of ``names_of``, ready to be written as JSON: ids, times and exact numbers are texts."""

_STANDING: dict[str, LiteralString] = {
    "viewer": "v.viewer",
    "price_disclosure": "rules.price",
    "identity_disclosure": "rules.identity",
    "match_id": "r.match_id",
    "match_score": "trim_scale(r.match_score)::text",
    "interest_id": "r.interest_id",
    "interest_position": """CASE
        WHEN r.interest_id IS NULL OR r.window_expires_at <= (SELECT clock()) THEN NULL
        WHEN r.window_id IS NOT NULL THEN 1
        ELSE (
            SELECT count(*)
            FROM relation AS q
            WHERE q.item_id = i.item_id AND q.interest_id IS NOT NULL
                AND (q.window_id IS NOT NULL OR (coalesce(q.interest_ticket, 0), q.interest_id)
                    <= (coalesce(r.interest_ticket, 0), r.interest_id))
        )
    END""",
    "window_id": "r.window_id",
    "window_expires_at": "r.window_expires_at",
    "relation_version": "coalesce(r.version, 0)",
}
_MEMBERS: dict[str, LiteralString] = {
    "id": "i.item_id", "version": "i.version", "status": "i.status", "listing_cycle": "i.listing_cycle",
    "mill_id": "i.mill_id", "mill_name": "mill.name", "mill_slug": "mill.slug", "lot_ref": "i.lot_ref",
    "product_name": "i.product_name", "grade_code": "i.grade_code", "grade_raw": "i.grade_raw", "form": "i.form",
    "gsm": "trim_scale(i.gsm)::text", "width_mm": "i.width_mm", "sheet_w_mm": "i.sheet_w_mm",
    "sheet_l_mm": "i.sheet_l_mm", "grain": "i.grain", "diameter_mm": "i.diameter_mm", "core_mm": "i.core_mm",
    "caliper_um": "i.caliper_um", "reel_count": "i.reel_count", "pallet_count": "i.pallet_count",
    "sheet_count": "i.sheet_count", "weight_band": "i.weight_band",
    "weight_net_kg": "trim_scale(i.weight_net_kg)::text", "weight_gross_kg": "trim_scale(i.weight_gross_kg)::text",
    "quality_class": "i.quality_class", "surplus_reason": "i.surplus_reason", "defects": "i.defects",
    "colour": "i.colour", "brightness_iso": "trim_scale(i.brightness_iso)::text", "certification": "i.certification",
    "price": "i.price::text", "currency": "i.currency", "price_unit": "i.price_unit",
    "price_per_t": "i.price_per_t::text", "incoterm": "i.incoterm", "location_country": "i.location_country",
    "location_place": "i.location_place", "available_from": "i.available_from", "valid_until": "i.valid_until",
    "expires_on": "i.expires_on", "listed_at": "i.listed_at", "reserved_until": "i.reserved_until",
    "grants_used": "i.grants_used", "max_grants": "i.max_grants", "opened": "i.opened", "remarks": "i.remarks",
}  # fmt: skip
# What no buyer is ever shown is not even read for one.
_OWN_MEMBERS: dict[str, LiteralString] = {
    "lot_key": "i.lot_key", "batch_id": "i.batch_id", "header_fingerprint": "i.header_fingerprint",
    "created_at": "i.created_at", "updated_at": "i.updated_at",
}  # fmt: skip
# What only the page of one item shows.
_DETAIL_MEMBERS: dict[str, LiteralString] = {
    "contacts": "mill.contacts",
    "datasheets": """(
        SELECT coalesce(json_agg(s.sheet ORDER BY s.datasheet_id DESC), '[]')
        FROM (
            SELECT d.datasheet_id, json_build_object(
                'id', d.datasheet_id, 'product', d.product, 'revision_date', d.revision_date,
                'file_name', d.file_name, 'values', coalesce((
                    SELECT json_agg(v.one ORDER BY v.place)
                    FROM jsonb_array_elements(d.sheet_values) WITH ORDINALITY AS v (one, place)
                    WHERE v.one ->> 'gsm' IS NULL OR abs((v.one ->> 'gsm')::numeric - i.gsm) <= 0.5
                ), '[]')
            ) AS sheet
            FROM datasheet_replica AS d
            WHERE d.item_ids @> ARRAY[i.item_id] AND d.mill_id = i.mill_id AND NOT d.replaced
        ) AS s
    )""",
}
_OWN_DETAIL_MEMBERS: dict[str, LiteralString] = {
    "source_values": "i.source_values",
    "holder": """(
        SELECT json_build_object('id', h.organization_id, 'name', h.name, 'country', h.country, 'contacts', h.contacts)
        FROM organization_replica AS h
        WHERE h.organization_id = i.holder_id
    )""",
}

# Which rows, in which order, and in which class; narrow, so that sorting 100,000 of them stays cheap.
_OWNER_ROWS: LiteralString = """
    SELECT {mark}, i.item_id, %(viewer)s::integer AS viewer
    FROM item AS i
    WHERE true {filters}
"""

# The rules of buyer_allowed and shown_status in SQL; a test holds both against the functions they repeat.
_OF_BUYER: LiteralString = """
    FROM item AS i
    JOIN organization_replica AS mill ON mill.organization_id = i.mill_id AND mill.status = 'approved'
    JOIN rule_set AS rules ON rules.mill_id = i.mill_id
    JOIN organization_replica AS me
        ON me.organization_id = %(buyer_id)s AND me.kind = 'buyer' AND me.status = 'approved'
    LEFT JOIN relation AS r ON r.item_id = i.item_id AND r.buyer_id = %(buyer_id)s
    CROSS JOIN LATERAL (
        SELECT CASE
            WHEN r.purchaser THEN 7
            WHEN r.window_expires_at > (SELECT clock()) THEN 6
            WHEN r.former_holder OR r.window_id IS NOT NULL THEN 5
            WHEN r.interest_id IS NOT NULL THEN 4
            WHEN r.match_id IS NOT NULL THEN 3
            ELSE 2
        END AS viewer
    ) AS v
    WHERE NOT %(buyer_id)s = ANY(rules.blocked_buyers)
        AND NOT me.country = ANY(rules.blocked_countries)
        AND (rules.allowed_countries = '{{}}' OR me.country = ANY(rules.allowed_countries))
        AND (rules.allowed_segments = '{{}}' OR me.segment = ANY(rules.allowed_segments))
        AND i.status IN ('available', 'pre_production', 'reserved', 'sold')
        AND (v.viewer >= 3 OR i.status IN ('available', 'pre_production')) {filters}
"""
_BUYER_ROWS: LiteralString = "SELECT {mark}, i.item_id, v.viewer" + _OF_BUYER

# The members of the rows found.
_SHOWN: LiteralString = """
    SELECT v.mark, {columns}
    FROM ({rows}) AS v
    JOIN item AS i ON i.item_id = v.item_id
    LEFT JOIN organization_replica AS mill ON mill.organization_id = i.mill_id
    LEFT JOIN rule_set AS rules ON rules.mill_id = i.mill_id
    LEFT JOIN relation AS r ON r.item_id = i.item_id AND r.buyer_id = %(buyer_id)s::uuid
"""
_OF_MILL: LiteralString = " AND i.mill_id = %(mill_id)s"

_WORDS_OWNER: LiteralString = " AND i.words @@ plainto_tsquery('simple', %(words)s)"
# The index finds candidates by every word; then the words that are shown must do.
_WORDS_BUYER: LiteralString = (
    _WORDS_OWNER
    + """ AND to_tsvector('simple', concat_ws(' ', i.grade_code, i.location_country,
    CASE WHEN """
    + SEEN[Section.DETAIL]
    + """ THEN concat_ws(' ', i.product_name, i.colour) END,
    CASE WHEN """
    + SEEN[Section.IDENTITY]
    + """ THEN concat_ws(' ', i.lot_ref, i.grade_raw, i.location_place, i.remarks) END)
) @@ plainto_tsquery('simple', %(words)s)"""
)


@cache
def _columns(*, of_buyer: bool, detail: bool) -> dict[str, LiteralString]:
    found: dict[str, LiteralString] = {**_STANDING, **_MEMBERS}
    if detail:
        found |= _DETAIL_MEMBERS
    if not of_buyer:
        found |= {**_OWN_MEMBERS, **_OWN_DETAIL_MEMBERS} if detail else _OWN_MEMBERS
    return found


@cache
def names_of(*, of_buyer: bool, detail: bool) -> tuple[str, ...]:
    """What the values of a row are."""
    return tuple(_columns(of_buyer=of_buyer, detail=detail))


@cache
def _shown(*, of_buyer: bool, detail: bool) -> LiteralString:
    columns: list[LiteralString] = list(_columns(of_buyer=of_buyer, detail=detail).values())
    places: LiteralString = ", ".join(columns)
    # Without its line breaks psycopg keeps what it made of the statement; of a longer one it does not.
    return " ".join(_SHOWN.replace("{columns}", places).split())


def asked(
    question: Question, *, words: str | None, buyer_id: UUID | None, mill_id: UUID | None
) -> tuple[LiteralString, dict[str, object]]:
    """The statement of one page, and its parameters."""
    params: dict[str, object] = {**_params(buyer_id, mill_id), "words": words}
    parts = question.parts(params)
    # The limit stands in the statement: with a limit it does not know, the server plans for a tenth of all rows.
    limit = cast(LiteralString, f" LIMIT {int(question.limit) + 1} OFFSET {int(question.skip)}")
    if buyer_id is not None and words is None and not question.sorted:
        # An index gives this order, so each row that is found is shown: nothing is joined a second time.
        shown = _shown_at_once().format(mark=parts.mark, filters=parts.filters, order=parts.order)
        return shown + limit, params
    rows = _rows(words=words, buyer_id=buyer_id, mill_id=mill_id).format(
        mark=parts.mark, filters=parts.filters, order=parts.order + limit
    )
    shown = _shown(of_buyer=buyer_id is not None, detail=False)
    return shown.replace("{rows}", rows) + " " + parts.order, params


@cache
def _shown_at_once() -> LiteralString:
    columns: list[LiteralString] = list(_columns(of_buyer=True, detail=False).values())
    shown: LiteralString = "SELECT {mark}, " + ", ".join(columns) + _OF_BUYER + " {order}"
    return " ".join(shown.split())


@cache
def _buyer_rows(*, words: bool) -> LiteralString:
    return " ".join((_BUYER_ROWS + (_WORDS_BUYER if words else "") + " {order}").split())


def _rows(*, words: str | None, buyer_id: UUID | None, mill_id: UUID | None) -> LiteralString:
    if buyer_id is not None:
        return _buyer_rows(words=words is not None)
    of_mill: LiteralString = "" if mill_id is None else _OF_MILL
    return _OWNER_ROWS + of_mill + (_WORDS_OWNER if words is not None else "") + " {order}"


async def page(
    conn: Conn, question: Question, *, words: str | None, buyer_id: UUID | None, mill_id: UUID | None
) -> Found[Row]:
    """One page. ``buyer_id`` asks as that buyer; without it ``mill_id`` limits to one mill's items."""
    counts = question.count or bool(question.facets)
    if words is not None or counts:
        # How common the words are, and how much the filters leave, decides how to look and how to count.
        await conn.execute("SET LOCAL plan_cache_mode = auto")
    total = facets = None
    if counts:
        rows = _rows(words=words, buyer_id=buyer_id, mill_id=mill_id)
        given: dict[str, object] = {**_params(buyer_id, mill_id), "words": words}
        total = await question.total(conn, rows, given) if question.count else None
        facets = await question.values(conn, rows, given) if question.facets else None
        if words is None:
            await conn.execute("SET LOCAL plan_cache_mode = force_generic_plan")
    statement, params = asked(question, words=words, buyer_id=buyer_id, mill_id=mill_id)
    async with Written(conn) as cursor:
        await cursor.execute(statement, params)
        found = question.page([(tuple(row[0]), row[1:]) for row in await cursor.fetchall()], total=total)
    return found if facets is None else replace(found, facets=facets)


def _params(buyer_id: UUID | None, mill_id: UUID | None) -> dict[str, object]:
    viewer = Viewer.ADMIN if mill_id is None else Viewer.OWN_MILL
    return {"buyer_id": buyer_id, "mill_id": mill_id, "viewer": viewer.value}


def _one_of_owner(conditions: LiteralString) -> LiteralString:
    found = " ".join(_OWNER_ROWS.format(mark="NULL AS mark", filters=conditions).split())
    return _shown(of_buyer=False, detail=True).replace("{rows}", found)


def _one_of_buyer() -> LiteralString:
    """All members at once: nothing is sorted, so nothing has to be found before it is joined a second time."""
    columns: list[LiteralString] = list(_columns(of_buyer=True, detail=True).values())
    rows = _OF_BUYER.format(filters="AND i.item_id = %(item_id)s")
    shown: LiteralString = "SELECT NULL AS mark, " + ", ".join(columns) + rows
    return " ".join(shown.split())


_ONE_OF_ANY = _one_of_owner("AND i.item_id = %(item_id)s")
_ONE_OF_MILL = _one_of_owner("AND i.item_id = %(item_id)s AND i.mill_id = %(mill_id)s")
_ONE_OF_BUYER = _one_of_buyer()


async def one(conn: Conn, item_id: UUID, *, buyer_id: UUID | None, mill_id: UUID | None) -> Row | None:
    """One item with everything its page shows, or ``None`` when the caller may not see it."""
    statement = _ONE_OF_BUYER if buyer_id is not None else _ONE_OF_ANY if mill_id is None else _ONE_OF_MILL
    async with Written(conn) as cursor:
        await cursor.execute(statement, {**_params(buyer_id, mill_id), "item_id": item_id})
        found = await cursor.fetchone()
    return None if found is None else found[1:]
