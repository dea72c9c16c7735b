"""The bootstrap of roles and schemas, on a server of its own because roles belong to a whole server."""

from collections.abc import Iterator

import psycopg
import pytest

from deploy.bootstrap import BootstrapRefused, Plan, bootstrap, role_url
from deploy.layout import SERVICES
from tests.support.postgres import throwaway_postgres

PLAN = Plan("offcut", {service: f"{service}-password" for service in SERVICES})


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with throwaway_postgres() as url:
        yield url


@pytest.fixture(scope="module")
def owner(server: str) -> str:
    """An administrator as hosting companies give them: no superuser, but may make roles and databases."""
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute("CREATE ROLE dba LOGIN CREATEROLE CREATEDB PASSWORD 'dba'")
    return role_url(server, role="dba", password="dba", database="postgres")


def test_administrator_without_superuser_may_bootstrap_twice(owner: str) -> None:
    bootstrap(owner, PLAN)
    bootstrap(owner, PLAN)
    for service in SERVICES:
        url = role_url(owner, role=service, password=f"{service}-password", database="offcut")
        with psycopg.connect(url) as conn:
            path = conn.execute("SELECT current_schema(), current_setting('search_path')").fetchone()
            conn.execute("CREATE TABLE lot (during tstzrange, EXCLUDE USING gist (during WITH &&))")
        assert path == (service, f"{service}, extensions")


def test_service_cannot_read_the_table_of_another(owner: str) -> None:
    bootstrap(owner, PLAN)
    matching = role_url(owner, role="matching", password="matching-password", database="offcut")
    with psycopg.connect(matching) as conn, pytest.raises(psycopg.errors.InsufficientPrivilege):
        conn.execute("SELECT 1 FROM catalog.lot")


def test_role_of_our_name_without_our_mark_is_refused_and_keeps_its_password(server: str) -> None:
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute("CREATE ROLE newsroom LOGIN PASSWORD 'theirs'")
    with pytest.raises(BootstrapRefused, match="newsroom"):
        bootstrap(server, Plan("offcut", {"newsroom": "ours"}))
    psycopg.connect(role_url(server, role="newsroom", password="theirs", database="postgres")).close()
