"""The same command with the host's PostgreSQL and Redis instead of embedded ones."""

from collections.abc import Iterator

import psycopg
import pytest

from deploy.bootstrap import role_url
from deploy.choices import Choices
from deploy.embedded.postgres import host_programs
from deploy.embedded.valkey import host_program
from deploy.layout import SERVICES
from tests.support.postgres import throwaway_postgres
from tests.support.redis import throwaway_redis
from tests.support.system import System, prepared_system

pytestmark = pytest.mark.host_servers


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    with (
        throwaway_postgres(host_programs()) as database_url,
        throwaway_redis(host_program()) as redis_url,
        prepared_system(DATABASE_URL=database_url, REDIS_URL=redis_url) as system,
    ):
        yield system


def test_given_servers_are_used_and_no_others_are_started(system: System) -> None:
    shown = system.up().stdout
    listed = system.shell("pm2 ls --no-color").stdout
    choices = Choices.read(system.layout.var)
    assert choices is not None
    assert choices.embedded == ("mail",)
    assert "infra-mail" in listed
    assert "infra-postgres" not in listed
    assert "infra-redis" not in listed
    assert "demo" not in shown
    with psycopg.connect(system.environment["DATABASE_URL"], dbname="offcut") as admin:
        owners = admin.execute(
            "SELECT nspname, nspowner::regrole::text FROM pg_namespace WHERE nspname = ANY(%(names)s) ORDER BY nspname",
            {"names": list(SERVICES)},
        ).fetchall()
    assert owners == [(service, service) for service in sorted(SERVICES)]


def test_administrators_address_is_kept_nowhere(system: System) -> None:
    password = system.environment["DATABASE_URL"].partition("postgres:")[2].partition("@")[0]
    assert password not in system.layout.secrets_file.read_text()


def test_later_shell_without_the_addresses_finds_the_same_servers(system: System) -> None:
    system.down()
    plain = {key: value for key, value in system.environment.items() if not key.endswith("_URL")}
    shown = System(system.layout, plain).up().stdout
    assert "0 applied" in shown
    assert "infra-postgres" not in system.shell("pm2 ls --no-color").stdout


def test_role_that_somebody_else_made_is_left_alone(system: System) -> None:
    system.down()
    with psycopg.connect(system.environment["DATABASE_URL"], autocommit=True) as admin:
        admin.execute("COMMENT ON ROLE catalog IS NULL")
        admin.execute("ALTER ROLE catalog PASSWORD 'theirs'")
    with pytest.raises(AssertionError, match="roles named catalog that Offcut did not make"):
        system.up()


def test_printed_steps_do_for_a_database_administrator_what_the_command_does(system: System) -> None:
    with throwaway_postgres(host_programs()) as url:
        done = system.shell(f"set -o pipefail; .venv/bin/python -m deploy.bootstrap --print-sql | psql -qX '{url}'")
        assert done.returncode == 0, done.stderr
        known = system.layout.secrets()
        theirs = role_url(url, role="catalog", password=known["OFFCUT_CATALOG_DATABASE_PASSWORD"], database="offcut")
        with psycopg.connect(theirs) as conn:
            assert conn.execute("SELECT current_schema()").fetchone() == ("catalog",)
