"""The parts of a condition or an order as SQL; values travel as parameters, only literals of ours become text."""

from typing import LiteralString, cast

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


def trimmed(key: SortKey) -> LiteralString:
    column = column_of(key)
    return "trim_scale(" + column + ")" if key.field.kind == Kind.NUMBER else column


def nullable(key: SortKey) -> bool:
    return key.field.nullable or key.seen is not None


def placeholder(name: str) -> LiteralString:
    """Where a parameter goes; the names are made here and in ``keyset.py``, never sent by a client."""
    return cast(LiteralString, f"%({name})s")


def bound(name: str, kind: Kind, text: str | None, params: dict[str, object]) -> LiteralString:
    params[name] = text
    return placeholder(name) + "::" + CASTS[kind][0]


def column_of(key: SortKey) -> LiteralString:
    if key.seen is None:
        return key.field.column
    return "CASE WHEN " + key.seen + " THEN " + key.field.column + " END"


def text(column: LiteralString) -> LiteralString:
    return "(" + column + ")::text"


def condition(one: Filter, name: str, params: dict[str, object]) -> LiteralString:
    column, seen = one.field.column, "true" if one.seen is None else one.seen
    if one.operation == "isnull":
        shape: LiteralString = (
            "AND (NOT {seen} OR {column} IS NULL)" if one.value else "AND {seen} AND {column} IS NOT NULL"
        )
        return shape.format(seen=seen, column=column)
    params[name] = one.value
    single, several = CASTS[one.field.kind]
    place = placeholder(name) + "::"
    if one.field.kind == Kind.SET:
        relation: LiteralString = "{column} @> {value}" if one.operation == "contains" else "{column} && {value}"
    else:
        relation = _OPERATORS[one.operation]
    # Only the parts that the operator names are used; the others cost nothing.
    test = relation.format(column=column, value=place + single, values=place + several)
    return "AND " + test if one.seen is None else "AND " + seen + " AND " + test
