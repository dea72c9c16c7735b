"""Items as somebody may see them: who asks decides the rows and his class per row, all in one statement.

``viewer`` is the class of ``shared/contracts/visibility.py``. The statement only ever compares, sorts and searches by
what the caller sees of a row; which members of a found row are shown is decided by ``visible_fields`` afterwards.
"""

from collections.abc import Sequence
from typing import Any, LiteralString
from uuid import UUID

from psycopg import sql
from psycopg.rows import dict_row

from services.catalog.search import Filter, Kind, Query, Section, SortKey
from shared.contracts.visibility import Viewer
from shared.db import Conn

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
    ) AS holder
"""

# Which rows, in which order, and in which class; narrow, so that sorting 100,000 of them stays cheap.
_OWNER_ROWS: LiteralString = """
    SELECT i.item_id, %(viewer)s::integer AS viewer, {sort_key} AS sort_key
    FROM item AS i
    WHERE true {conditions}
"""

# The rules of buyer_allowed and shown_status in SQL; a test holds both against the functions they repeat.
_BUYER_ROWS: LiteralString = """
    SELECT i.item_id, v.viewer, {sort_key} AS sort_key
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
        AND (v.viewer >= 3 OR i.status IN ('available', 'pre_production')) {conditions}
"""

# The members of the rows found.
_SHOWN: LiteralString = """
    SELECT {columns}, v.viewer, v.sort_key, coalesce(r.version, 0) AS relation_version, r.match_id,
        trim_scale(r.match_score)::text AS match_score, r.interest_id,
        CASE WHEN r.interest_id IS NOT NULL AND r.window_id IS NULL THEN (
            SELECT count(*)
            FROM relation AS q
            WHERE q.item_id = i.item_id AND q.window_id IS NULL AND q.interest_id <= r.interest_id
        ) END AS interest_position,
        r.window_id, r.window_expires_at
    FROM ({rows}) AS v
    JOIN item AS i ON i.item_id = v.item_id
    LEFT JOIN organization_replica AS mill ON mill.organization_id = i.mill_id
    LEFT JOIN rule_set AS rules ON rules.mill_id = i.mill_id
    LEFT JOIN relation AS r ON r.item_id = i.item_id AND r.buyer_id = %(buyer_id)s::uuid
"""
_OF_MILL: LiteralString = "AND i.mill_id = %(mill_id)s"

# When a buyer sees a part of an item: visible_fields in SQL, held against it by a test.
SEEN: dict[Section, LiteralString] = {
    Section.TEASER: "true",
    Section.DETAIL: "v.viewer >= 3",
    Section.PRICE: "(v.viewer >= 6 OR rules.price = 'all_buyers' OR (rules.price = 'matched' AND v.viewer >= 3))",
    Section.IDENTITY: (
        "(v.viewer >= 6 OR rules.identity = 'all_buyers' OR (rules.identity = 'matched' AND v.viewer >= 3))"
    ),
    Section.OWN: "false",
}

_OPERATORS: dict[str, LiteralString] = {
    "eq": "{column} = {value}",
    "ne": "{column} <> {value}",
    "gt": "{column} > {value}",
    "gte": "{column} >= {value}",
    "lt": "{column} < {value}",
    "lte": "{column} <= {value}",
    "in": "{column} = ANY({values})",
    "nin": "{column} <> ALL({values})",
    "contains": "strpos(lower({column}), lower({value})) > 0",
    "prefix": "starts_with(lower({column}), lower({value}))",
}
_CASTS: dict[Kind, tuple[LiteralString, LiteralString]] = {
    Kind.TEXT: ("text", "text[]"),
    Kind.INTEGER: ("integer", "integer[]"),
    Kind.NUMBER: ("numeric", "numeric[]"),
    Kind.DATE: ("date", "date[]"),
    Kind.INSTANT: ("timestamptz", "timestamptz[]"),
    Kind.ID: ("uuid", "uuid[]"),
    Kind.SET: ("text[]", "text[]"),
}
_NEVER_NULL = frozenset({"listed_at", "gsm", "grade_code", "form", "status", "location_country", "weight_band"})

_WORDS_OWNER: LiteralString = "AND i.words @@ plainto_tsquery('simple', %(words)s)"
# The index finds candidates by every word; then the words that are shown must do.
_WORDS_BUYER: LiteralString = """AND i.words @@ plainto_tsquery('simple', %(words)s) AND to_tsvector('simple',
    concat_ws(' ', i.grade_code, i.location_country,
    CASE WHEN {detail} THEN concat_ws(' ', i.product_name, i.colour) END,
    CASE WHEN {identity} THEN concat_ws(' ', i.lot_ref, i.grade_raw, i.location_place, i.remarks) END)
) @@ plainto_tsquery('simple', %(words)s)"""


async def page(
    conn: Conn,
    query: Query,
    *,
    buyer_id: UUID | None,
    mill_id: UUID | None,
    after: Sequence[str] | None,
    limit: int,
) -> list[Row]:
    """Rows of one page in order. ``buyer_id`` asks as that buyer; without it ``mill_id`` limits to one mill's items."""
    params: dict[str, object] = {**_params(buyer_id, mill_id), "words": query.words, "limit": limit}
    as_buyer = buyer_id is not None
    conditions = [_condition(one, f"f{n}", params, as_buyer=as_buyer) for n, one in enumerate(query.filters)]
    if mill_id is not None:
        conditions.append(sql.SQL(_OF_MILL))
    if query.words is not None:
        conditions.append(_words() if as_buyer else sql.SQL(_WORDS_OWNER))
    columns = [_column(key, as_buyer=as_buyer) for key in query.sort]
    if after is not None:
        conditions.append(_beyond(query.sort, columns, after, params))
    mark = sql.SQL(", ").join(_text(column) for column in [*columns, sql.SQL("i.item_id")])
    keys = [_order(key, column) for key, column in zip(query.sort, columns, strict=True)]
    order = sql.SQL(" ORDER BY ") + sql.SQL(", ").join([*keys, sql.SQL("i.item_id DESC")])
    found = sql.SQL(_BUYER_ROWS if as_buyer else _OWNER_ROWS).format(
        sort_key=sql.SQL("ARRAY[{}]").format(mark), conditions=sql.SQL(" ").join(conditions)
    )
    rows = found + order + sql.SQL(" LIMIT %(limit)s")
    statement = sql.SQL(_SHOWN).format(columns=sql.SQL(_COLUMNS), rows=rows) + order
    async with conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(statement, params)
        return await cursor.fetchall()


def _params(buyer_id: UUID | None, mill_id: UUID | None) -> dict[str, object]:
    viewer = Viewer.ADMIN if mill_id is None else Viewer.OWN_MILL
    return {"buyer_id": buyer_id, "mill_id": mill_id, "viewer": viewer.value}


def _one_of(rows: LiteralString, conditions: LiteralString) -> sql.Composed:
    found = sql.SQL(rows).format(sort_key=sql.SQL("NULL"), conditions=sql.SQL(conditions))
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


def _condition(one: Filter, name: str, params: dict[str, object], *, as_buyer: bool) -> sql.Composable:
    column = sql.Identifier("i", one.field)
    seen = sql.SQL(SEEN[one.section]) if as_buyer else sql.SQL("true")
    if one.operation == "isnull":
        shape: LiteralString = (
            "AND (NOT {seen} OR {column} IS NULL)" if one.value else "AND {seen} AND {column} IS NOT NULL"
        )
        return sql.SQL(shape).format(seen=seen, column=column)
    params[name] = one.value
    single, several = (sql.SQL("{}::" + cast).format(sql.Placeholder(name)) for cast in _CASTS[one.kind])
    if one.kind == Kind.SET:
        relation = sql.SQL("{column} @> {value}" if one.operation == "contains" else "{column} && {value}")
    else:
        relation = sql.SQL(_OPERATORS[one.operation])
    # Only the parts that the operator names are used; the others cost nothing.
    test = relation.format(column=column, value=single, values=several)
    return sql.SQL("AND {seen} AND {test}").format(seen=seen, test=test) if as_buyer else sql.SQL("AND ") + test


def _words() -> sql.Composed:
    return sql.SQL(_WORDS_BUYER).format(detail=sql.SQL(SEEN[Section.DETAIL]), identity=sql.SQL(SEEN[Section.IDENTITY]))


def _column(key: SortKey, *, as_buyer: bool) -> sql.Composable:
    column = sql.Identifier("i", key.field)
    if not as_buyer or key.section == Section.TEASER:
        return column
    return sql.SQL("CASE WHEN {} THEN {} END").format(sql.SQL(SEEN[key.section]), column)


def _order(key: SortKey, column: sql.Composable) -> sql.Composed:
    never_null = key.field in _NEVER_NULL  # a plain order is what an index can give
    if key.descending:
        return sql.SQL("{} DESC" if never_null else "{} DESC NULLS LAST").format(column)
    return sql.SQL("{} ASC").format(column)


def _text(column: sql.Composable) -> sql.Composed:
    return sql.SQL("{}::text").format(column)


def _beyond(
    keys: Sequence[SortKey], columns: Sequence[sql.Composable], after: Sequence[str | None], params: dict[str, object]
) -> sql.Composable:
    """Rows behind the last one seen. A key that was null comes as the empty mark ``""``, others as ``=value``."""
    params["after_id"] = after[-1].removeprefix("=") if after[-1] else None
    behind: sql.Composable = sql.SQL("i.item_id < %(after_id)s::uuid")
    bound: sql.Composable = sql.SQL("")
    for n in reversed(range(len(keys))):
        key, column, mark = keys[n], columns[n], after[n]
        if not mark:
            behind = sql.SQL("({column} IS NULL AND {rest})").format(column=column, rest=behind)
            continue
        name = f"after_{n}"
        params[name] = mark.removeprefix("=")
        value = sql.SQL("{}::" + _CASTS[key.kind][0]).format(sql.Placeholder(name))
        beyond: LiteralString = "{column} < {value}" if key.descending else "{column} > {value}"
        nulls: LiteralString = "" if key.field in _NEVER_NULL else " OR {column} IS NULL"
        shape: LiteralString = "(" + beyond + nulls + " OR ({column} = {value} AND {rest}))"
        behind = sql.SQL(shape).format(column=column, value=value, rest=behind)
        if n == 0 and key.field in _NEVER_NULL:
            # Says the same once more in a form that an index can start from.
            start: LiteralString = "AND {column} <= {value} " if key.descending else "AND {column} >= {value} "
            bound = sql.SQL(start).format(column=column, value=value)
    return sql.SQL("{bound}AND {behind}").format(bound=bound, behind=behind)
