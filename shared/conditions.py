"""The parts of a condition or an order as SQL; values travel as parameters, only literals of ours become text."""

from typing import LiteralString

from psycopg import sql

from shared.filtering import Filter, Kind, SortKey

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
CASTS: dict[Kind, tuple[LiteralString, LiteralString]] = {
    Kind.TEXT: ("text", "text[]"),
    Kind.INTEGER: ("bigint", "bigint[]"),
    Kind.NUMBER: ("numeric", "numeric[]"),
    Kind.DATE: ("date", "date[]"),
    Kind.INSTANT: ("timestamptz", "timestamptz[]"),
    Kind.ID: ("uuid", "uuid[]"),
    Kind.FLAG: ("boolean", "boolean[]"),
    Kind.SET: ("text[]", "text[]"),
}


def trimmed(key: SortKey) -> sql.Composable:
    column = column_of(key)
    return sql.SQL("trim_scale({})").format(column) if key.field.kind == Kind.NUMBER else column


def nullable(key: SortKey) -> bool:
    return key.field.nullable or key.seen is not None


def bound(name: str, kind: Kind, text: str | None, params: dict[str, object]) -> sql.Composed:
    params[name] = text
    return sql.SQL("{}::" + CASTS[kind][0]).format(sql.Placeholder(name))


def column_of(key: SortKey) -> sql.Composable:
    if key.seen is None:
        return sql.SQL(key.field.column)
    return sql.SQL("CASE WHEN {} THEN {} END").format(sql.SQL(key.seen), sql.SQL(key.field.column))


def text(column: sql.Composable) -> sql.Composed:
    return sql.SQL("({})::text").format(column)


def condition(one: Filter, name: str, params: dict[str, object]) -> sql.Composable:
    column = sql.SQL(one.field.column)
    seen = sql.SQL("true" if one.seen is None else one.seen)
    if one.operation == "isnull":
        shape: LiteralString = (
            "AND (NOT {seen} OR {column} IS NULL)" if one.value else "AND {seen} AND {column} IS NOT NULL"
        )
        return sql.SQL(shape).format(seen=seen, column=column)
    params[name] = one.value
    single, several = (sql.SQL("{}::" + cast).format(sql.Placeholder(name)) for cast in CASTS[one.field.kind])
    if one.field.kind == Kind.SET:
        relation = sql.SQL("{column} @> {value}" if one.operation == "contains" else "{column} && {value}")
    else:
        relation = sql.SQL(_OPERATORS[one.operation])
    # Only the parts that the operator names are used; the others cost nothing.
    test = relation.format(column=column, value=single, values=several)
    return sql.SQL("AND ") + test if one.seen is None else sql.SQL("AND {} AND {}").format(seen, test)
