"""Items as somebody may see them: who asks decides the rows and his class per row, all in one statement.

``viewer`` is the class of ``shared/contracts/visibility.py``. The statement only ever compares, sorts and searches by
what the caller sees of a row; which members of a found row are shown is decided by ``visible_fields`` afterwards.
"""

from dataclasses import replace
from typing import Any, LiteralString
from uuid import UUID

from psycopg import sql
from psycopg.rows import dict_row

from services.catalog.search import SEEN, Section
from shared.contracts.visibility import Viewer
from shared.db import Conn
from shared.keyset import Found, Question

Row = dict[str, Any]

_COLUMNS: LiteralString = """
    i.item_id AS id, i.version, i.status, i.listing_cycle, i.grade_code, i.form, trim_scale(i.gsm)::text AS gsm,
    i.width_mm, i.sheet_w_mm, i.sheet_l_mm, i.diameter_mm, i.core_mm, i.weight_band, i.location_country,
    i.available_from, i.listed_at,
    trim_scale(i.weight_net_kg)::text AS weight_net_kg, trim_scale(i.weight_gross_kg)::text AS weight_gross_kg,
    i.reel_count, i.pallet_count, i.sheet_count, i.quality_class, i.defects, i.surplus_reason, i.certification,
    i.caliper_um, i.grain, i.colour, trim_scale(i.brightness_iso)::text AS brightness_iso, i.product_name,
    i.expires_on, i.valid_until,
    json_build_object('grants_used', i.grants_used, 'max_grants', i.max_grants, 'open', i.opened) AS exclusivity,
    i.price::text AS price, i.currency, i.price_unit, i.price_per_t::text AS price_per_t, i.incoterm,
    json_build_object('id', i.mill_id, 'name', mill.name, 'slug', mill.slug) AS mill,
    i.lot_ref, i.location_place, i.grade_raw, i.remarks, i.reserved_until,
    i.lot_key, i.batch_id, i.header_fingerprint, i.created_at, i.updated_at,
    rules.price AS price_disclosure, rules.identity AS identity_disclosure
"""

# What only the page of one item shows.
_DETAIL_COLUMNS: LiteralString = """,
    mill.contacts, i.source_values,
    (
        SELECT json_build_object('id', h.organization_id, 'name', h.name, 'country', h.country, 'contacts', h.contacts)
        FROM organization_replica AS h
        WHERE h.organization_id = i.holder_id
    ) AS holder,
    (
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
    ) AS datasheets
"""

# Which rows, in which order, and in which class; narrow, so that sorting 100,000 of them stays cheap.
_OWNER_ROWS: LiteralString = """
    SELECT {mark}, i.item_id, %(viewer)s::integer AS viewer
    FROM item AS i
    WHERE true {filters}
"""

# The rules of buyer_allowed and shown_status in SQL; a test holds both against the functions they repeat.
_BUYER_ROWS: LiteralString = """
    SELECT {mark}, i.item_id, v.viewer
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

# The members of the rows found.
_SHOWN: LiteralString = """
    SELECT {columns}, v.viewer, v.mark, coalesce(r.version, 0) AS relation_version, r.match_id,
        trim_scale(r.match_score)::text AS match_score, r.interest_id,
        CASE
            WHEN r.interest_id IS NULL OR r.window_expires_at <= (SELECT clock()) THEN NULL
            WHEN r.window_id IS NOT NULL THEN 1
            ELSE (
                SELECT count(*)
                FROM relation AS q
                WHERE q.item_id = i.item_id AND q.interest_id IS NOT NULL
                    AND (q.window_id IS NOT NULL OR (coalesce(q.interest_ticket, 0), q.interest_id)
                        <= (coalesce(r.interest_ticket, 0), r.interest_id))
            )
        END AS interest_position,
        r.window_id, r.window_expires_at
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


async def page(
    conn: Conn, question: Question, *, words: str | None, buyer_id: UUID | None, mill_id: UUID | None
) -> Found[Row]:
    """One page. ``buyer_id`` asks as that buyer; without it ``mill_id`` limits to one mill's items."""
    given: dict[str, object] = {**_params(buyer_id, mill_id), "words": words}
    rows = _BUYER_ROWS if buyer_id is not None else _OWNER_ROWS
    if mill_id is not None:
        rows += _OF_MILL
    if words is not None:
        rows += _WORDS_BUYER if buyer_id is not None else _WORDS_OWNER
    total = await question.total(conn, rows + " {order}", given) if question.count else None
    facets = await question.values(conn, rows + " {order}", given) if question.facets else None
    params: dict[str, object] = {**given}
    parts = question.parts(params)
    # The limit stands in the statement: with a limit it does not know, the server plans for a tenth of all rows.
    found = sql.SQL(rows + " {order} LIMIT {limit} OFFSET {skip}").format(
        mark=parts.mark,
        filters=parts.filters,
        order=parts.order,
        limit=sql.Literal(question.limit + 1),
        skip=sql.Literal(question.skip),
    )
    statement = sql.SQL(_SHOWN + "{order}").format(columns=sql.SQL(_COLUMNS), rows=found, order=parts.order)
    async with conn.cursor(row_factory=dict_row) as cursor:
        if words is None:
            # Planning these joins anew for each request takes longer than the search, and finds the same plan; only
            # for words does it matter how common they are.
            await cursor.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        await cursor.execute(statement, params)
        page = question.page([(tuple(row.pop("mark")), row) for row in await cursor.fetchall()], total=total)
        return replace(page, facets=facets)


def _params(buyer_id: UUID | None, mill_id: UUID | None) -> dict[str, object]:
    viewer = Viewer.ADMIN if mill_id is None else Viewer.OWN_MILL
    return {"buyer_id": buyer_id, "mill_id": mill_id, "viewer": viewer.value}


def _one_of(rows: LiteralString, conditions: LiteralString) -> sql.Composed:
    found = sql.SQL(rows).format(mark=sql.SQL("NULL AS mark"), filters=sql.SQL(conditions))
    return sql.SQL(_SHOWN).format(columns=sql.SQL(_COLUMNS + _DETAIL_COLUMNS), rows=found)


_ONE_OF_ANY = _one_of(_OWNER_ROWS, "AND i.item_id = %(item_id)s")
_ONE_OF_MILL = _one_of(_OWNER_ROWS, "AND i.item_id = %(item_id)s AND i.mill_id = %(mill_id)s")
_ONE_OF_BUYER = _one_of(_BUYER_ROWS, "AND i.item_id = %(item_id)s")


async def one(conn: Conn, item_id: UUID, *, buyer_id: UUID | None, mill_id: UUID | None) -> Row | None:
    """One item with everything its page shows, or ``None`` when the caller may not see it."""
    statement = _ONE_OF_BUYER if buyer_id is not None else _ONE_OF_ANY if mill_id is None else _ONE_OF_MILL
    async with conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(statement, {**_params(buyer_id, mill_id), "item_id": item_id})
        return await cursor.fetchone()
