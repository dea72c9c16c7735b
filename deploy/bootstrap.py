"""Make the database of Offcut: one schema per service, each owned by a role that can enter no other.

Runs with an administrator's address, or prints the same steps for a database administrator:
`python -m deploy.bootstrap --print-sql | psql ADMIN_URL`. May be run again at any time.
"""

import argparse
import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from psycopg.sql import SQL, Identifier, Literal

from deploy.layout import SERVICES, Layout

EXTENSIONS = ("btree_gist", "pg_trgm")
MARK = "Offcut"  # the comment on our roles: a role of the same name that somebody else made is left alone
VERSION_MIN = 15


class BootstrapRefused(Exception):
    """The server cannot be used as it is; the message says what to change."""


@dataclass(frozen=True, slots=True)
class Plan:
    """`passwords` maps each service to its role's password."""

    database: str
    passwords: Mapping[str, str]

    def for_server(self) -> Iterator[sql.Composed]:
        for role, password in self.passwords.items():
            name, make = Identifier(role), Literal(f'CREATE ROLE "{role}" LOGIN NOINHERIT')
            yield SQL(
                "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = {role}) THEN EXECUTE {make}; END IF;"
                " END $$"
            ).format(role=Literal(role), make=make)
            yield SQL("ALTER ROLE {} PASSWORD {}").format(name, Literal(scram_verifier(password)))
            yield SQL("COMMENT ON ROLE {} IS {}").format(name, Literal(MARK))

    def for_database(self) -> Iterator[sql.Composed]:
        database, roles = Identifier(self.database), [Identifier(role) for role in self.passwords]
        everyone = SQL(", ").join(roles)
        yield SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database)
        yield SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}").format(database, everyone)
        yield SQL("REVOKE ALL ON SCHEMA public FROM PUBLIC").format()
        yield SQL("CREATE SCHEMA IF NOT EXISTS extensions").format()
        yield SQL("GRANT USAGE ON SCHEMA extensions TO {}").format(everyone)
        for extension in EXTENSIONS:
            yield SQL("CREATE EXTENSION IF NOT EXISTS {} SCHEMA extensions").format(Identifier(extension))
        for role in roles:
            # Giving a schema away asks for membership when the administrator is not a superuser.
            yield SQL("GRANT {} TO CURRENT_USER").format(role)
            yield SQL("CREATE SCHEMA IF NOT EXISTS {role} AUTHORIZATION {role}").format(role=role)
            yield SQL("ALTER ROLE {role} IN DATABASE {database} SET search_path = {role}, extensions").format(
                role=role, database=database
            )
            yield SQL("REVOKE {} FROM CURRENT_USER").format(role)


def scram_verifier(password: str) -> str:
    """Return what PostgreSQL stores for a password (RFC 5803), so that no log of the server ever sees the password."""
    salt, rounds = secrets.token_bytes(16), 4096
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, rounds)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    salt64, stored64, server64 = (base64.b64encode(part).decode() for part in (salt, stored, server))
    return f"SCRAM-SHA-256${rounds}:{salt64}${stored64}:{server64}"


def bootstrap(admin_url: str, plan: Plan) -> None:
    """Bring server and database to the plan. Only roles that carry our mark are changed."""
    with psycopg.connect(admin_url, autocommit=True, connect_timeout=10) as admin:
        _refuse_unfit_server(admin, plan)
        for statement in plan.for_server():
            admin.execute(statement)
        known = admin.execute("SELECT FROM pg_database WHERE datname = %(name)s", {"name": plan.database}).fetchone()
        if known is None:
            admin.execute(
                SQL("CREATE DATABASE {} ENCODING 'UTF8' TEMPLATE template0").format(Identifier(plan.database))
            )
    with psycopg.connect(admin_url, dbname=plan.database, connect_timeout=10) as database:
        for statement in plan.for_database():
            database.execute(statement)


def _refuse_unfit_server(admin: psycopg.Connection, plan: Plan) -> None:
    if admin.info.server_version < VERSION_MIN * 10_000:
        found = admin.info.parameter_status("server_version")
        raise BootstrapRefused(f"PostgreSQL {VERSION_MIN} or newer is needed; this server is {found}")
    foreign = admin.execute(
        "SELECT rolname FROM pg_roles WHERE rolname = ANY(%(roles)s)"
        " AND shobj_description(oid, 'pg_authid') IS DISTINCT FROM %(mark)s ORDER BY rolname",
        {"roles": list(plan.passwords), "mark": MARK},
    ).fetchall()
    if foreign:
        names = ", ".join(name for (name,) in foreign)
        raise BootstrapRefused(
            f"this server already has roles named {names} that Offcut did not make, and their passwords would be lost. "
            "Use another server, or if they are Offcut's mark each one: COMMENT ON ROLE <name> IS 'Offcut'"
        )


def role_url(admin_url: str, *, role: str, password: str, database: str) -> str:
    """Return the address of one role on the administrator's server; options such as sslmode are carried over."""
    parts = conninfo_to_dict(admin_url)
    host, port = parts.pop("host", "127.0.0.1"), parts.pop("port", 5432)
    for replaced in ("user", "password", "dbname"):
        parts.pop(replaced, None)
    options = "&".join(f"{key}={value}" for key, value in parts.items())
    return f"postgresql://{role}:{password}@{host}:{port}/{database}{'?' + options if options else ''}"


def script(plan: Plan) -> str:
    """Return the steps as a psql script."""
    lines = [f"{statement.as_string()};" for statement in plan.for_server()]
    missing = SQL("WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = {})").format(Literal(plan.database))
    create = SQL("CREATE DATABASE {} ENCODING 'UTF8' TEMPLATE template0").format(Identifier(plan.database))
    lines.append(f"SELECT {Literal(create.as_string()).as_string()} {missing.as_string()} \\gexec")
    lines.append(f"\\connect {plan.database}")
    lines += [f"{statement.as_string()};" for statement in plan.for_database()]
    return "\n".join(["\\set ON_ERROR_STOP on", *lines, ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--print-sql", action="store_true", help="print the steps as a psql script and change nothing")
    parser.add_argument("--admin-url", help="the administrator's address; needed unless --print-sql is given")
    parser.add_argument("--database", default="offcut")
    asked = parser.parse_args()
    known = Layout.of_environment().secrets()
    missing = [service for service in SERVICES if f"OFFCUT_{service.upper()}_DATABASE_PASSWORD" not in known]
    if missing:
        parser.error("no passwords yet: `python -m deploy.configure` makes var/secrets.env first")
    plan = Plan(asked.database, {name: known[f"OFFCUT_{name.upper()}_DATABASE_PASSWORD"] for name in SERVICES})
    if asked.print_sql:
        print(script(plan), end="")
    elif asked.admin_url:
        bootstrap(asked.admin_url, plan)
    else:
        parser.error("give --admin-url, or --print-sql for a database administrator")


if __name__ == "__main__":
    main()
