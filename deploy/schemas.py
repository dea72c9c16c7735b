"""A picture of each schema as its migrations leave it: `python -m deploy.schemas ADMIN_URL` writes them.

The pictures are for reading and for seeing in a review what a migration changes; databases are made by migrations only.
"""

import argparse
import secrets
from collections.abc import Iterator
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from deploy.bootstrap import EXTENSIONS
from deploy.layout import SERVICES
from shared.migrate import migrate

ROOT = Path(__file__).resolve().parent.parent
TABLES = """
SELECT c.oid, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = %(schema)s AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY c.relname
"""
COLUMNS = """
SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid), a.attidentity,
       a.attgenerated
FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attrelid = %(table)s AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
"""
# PostgreSQL 18 keeps NOT NULL as constraints too; the column says it already.
CONSTRAINTS = """
SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE conrelid = %(table)s AND contype IN ('p', 'u', 'c', 'f', 'x') ORDER BY contype DESC, conname
"""
INDEXES = """
SELECT pg_get_indexdef(i.indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE i.indrelid = %(table)s AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid)
ORDER BY c.relname
"""
FUNCTIONS = """
SELECT pg_get_functiondef(p.oid) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname = %(schema)s AND p.prokind = 'f' ORDER BY p.proname
"""


def file_of(service: str) -> Path:
    """Where the picture of one schema is kept."""
    return ROOT / ("gateway" if service == "gateway" else f"services/{service}") / "schema.sql"


def picture(database_url: str, service: str) -> str:
    """The tables, constraints, indexes and functions of one schema as SQL."""
    with psycopg.connect(database_url, options=f"-c search_path={service},extensions") as conn:
        schema = {"schema": service}
        parts = ["-- Generated from the migrations by `python -m deploy.schemas`; change those, not this."]
        parts += [f"{definition.rstrip()};" for (definition,) in conn.execute(FUNCTIONS, schema)]
        for oid, name in conn.execute(TABLES, schema).fetchall():
            parts.append("\n".join(_table(conn, oid, name)))
    return "\n\n".join(parts).replace(f"{service}.", "") + "\n"


def _table(conn: psycopg.Connection, oid: int, name: str) -> Iterator[str]:
    table = {"table": oid}
    lines = [_column(*column) for column in conn.execute(COLUMNS, table).fetchall()]
    lines += [f"CONSTRAINT {constraint} {text}" for constraint, text in conn.execute(CONSTRAINTS, table)]
    yield f"CREATE TABLE {name} (\n    " + ",\n    ".join(lines) + "\n);"
    yield from (f"{definition};" for (definition,) in conn.execute(INDEXES, table))


def _column(name: str, kind: str, required: bool, default: str | None, identity: str, generated: str) -> str:
    text = f"{name} {kind}" + (" NOT NULL" if required else "")
    if identity:
        return f"{text} GENERATED {'ALWAYS' if identity == 'a' else 'BY DEFAULT'} AS IDENTITY"
    if generated:
        return f"{text} GENERATED ALWAYS AS ({default}) STORED"
    return f"{text} DEFAULT {default}" if default else text


def pictures(admin_url: str) -> dict[str, str]:
    """Migrate every schema in a database of its own, which is dropped again, and look at it."""
    name = f"pictures_{secrets.token_hex(4)}"
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
        try:
            url = make_conninfo(admin_url, dbname=name)
            with psycopg.connect(url, autocommit=True) as database:
                database.execute("CREATE SCHEMA extensions")
                for extension in EXTENSIONS:
                    database.execute(sql.SQL("CREATE EXTENSION {} SCHEMA extensions").format(sql.Identifier(extension)))
                for service in SERVICES:
                    database.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(service)))
            for service in SERVICES:
                migrate(url, service)
            return {service: picture(url, service) for service in SERVICES}
        finally:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "admin_url", help="address of an administrator on any PostgreSQL; a database is made and dropped"
    )
    for service, text in pictures(parser.parse_args().admin_url).items():
        file_of(service).write_text(text, "utf-8")
        print(f"{file_of(service).relative_to(ROOT)} written")


if __name__ == "__main__":
    main()
