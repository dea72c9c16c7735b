"""Rows for any table, by what the database itself says of it: for tests of what all tables have in common."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

from psycopg import sql
from psycopg.rows import dict_row

from shared.db import Conn

BEGIN = datetime(2026, 11, 20, 9, tzinfo=UTC)
_WORDS = re.compile(r"\(\(?(\w+) = ANY \(ARRAY\[(.*?)\]\)\)")
_REFERENCE = re.compile(r"FOREIGN KEY \((\w+)\) REFERENCES (\w+)\((\w+)\)")
_BY_TYPE: dict[str, Callable[[int], object]] = {
    "uuid": lambda _: uuid4(),
    "int4": lambda n: n + 1,
    "int8": lambda n: n + 1,
    "numeric": lambda n: n % 5 + 1,
    "bool": lambda n: n % 2 == 0,
    "timestamptz": lambda n: BEGIN + timedelta(microseconds=n // 2 * 1001),
    "date": lambda n: date(2026, 11, 1 + n % 20),
    "bytea": lambda n: b"%032d" % n,
    "jsonb": lambda _: "{}",
    "_text": lambda _: list[str](),
    "_uuid": lambda _: list[str](),
    "_int4": lambda _: list[int](),
}
Values = Mapping[str, Callable[[int], object]]


async def fill(conn: Conn, table: str, count: int, **given: Callable[[int], object]) -> list[dict[str, Any]]:
    """Insert rows; a column that must have a value and is not ``given`` gets one that its checks allow."""
    columns = await _columns(conn, table)
    words, references = await _constraints(conn, table)
    rows: list[dict[str, Any]] = []
    for n in range(count):
        row: dict[str, object] = {}
        for name, (kind, needed) in columns.items():
            if name in given:
                row[name] = given[name](n)
            elif needed and name in references:
                row[name] = await _referenced(conn, *references[name], n)
            elif needed and name in words:
                row[name] = words[name][n % len(words[name])]
            elif needed:
                row[name] = f"{name} {n:03d}" if kind == "text" else _BY_TYPE[kind](n)
        rows.append(row)
    names = [name for name in columns if name in rows[0]]
    statement = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, names)),
        sql.SQL(", ").join(map(sql.Placeholder, names)),
    )
    async with conn.cursor() as cursor:
        await cursor.executemany(statement, rows)
    return rows


async def _columns(conn: Conn, table: str) -> dict[str, tuple[str, bool]]:
    """Type of every column that can be written, and whether it needs a value."""
    async with conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(
            "SELECT column_name, udt_name, is_nullable = 'NO' AND column_default IS NULL AS needed"
            " FROM information_schema.columns"
            " WHERE table_schema = current_schema() AND table_name = %(table)s"
            " AND is_generated = 'NEVER' AND is_identity = 'NO' ORDER BY ordinal_position",
            {"table": table},
        )
        return {row["column_name"]: (row["udt_name"], row["needed"]) for row in await cursor.fetchall()}


async def _constraints(conn: Conn, table: str) -> tuple[dict[str, list[str]], dict[str, tuple[str, str]]]:
    cursor = await conn.execute(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %(table)s::regclass", {"table": table}
    )
    said = [str(row[0]) for row in await cursor.fetchall()]
    words = {found[1]: re.findall(r"'(\w+)'", found[2]) for text in said for found in _WORDS.finditer(text)}
    references = {found[1]: (found[2], found[3]) for text in said for found in _REFERENCE.finditer(text)}
    return words, references


async def _referenced(conn: Conn, table: str, column: str, n: int) -> object:
    cursor = await conn.execute(
        sql.SQL("SELECT {column} FROM {table} ORDER BY {column}").format(
            column=sql.Identifier(column), table=sql.Identifier(table)
        )
    )
    there = [row[0] for row in await cursor.fetchall()]
    return there[n % len(there)]
