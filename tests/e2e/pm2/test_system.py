"""bin/up and bin/down around PM2: repeated, restarted, and silent about secrets."""

import json
import os
import signal
from pathlib import Path

import httpx
import psycopg
import pytest

from deploy.layout import SERVICES
from tests.e2e.pm2.conftest import POISON
from tests.support.disk import full, small_disk
from tests.support.system import System
from tests.support.wait import until_sync


def pids(system: System) -> dict[str, int]:
    line = system.shell("pm2 jlist").stdout.splitlines()[-1]
    return {process["name"]: process["pid"] for process in json.loads(line)}


def test_second_run_says_so_and_changes_nothing(system: System) -> None:
    before = pids(system)
    again = system.up("--no-demo")
    assert "nothing was changed" in again.stdout
    assert pids(system) == before
    assert len(before) == 2 * len(SERVICES) + 3


def test_no_process_and_no_file_of_pm2_knows_a_secret(system: System) -> None:
    secrets = [value for key, value in system.layout.secrets().items() if "PASSWORD" in key or "PRIVATE" in key]
    system.shell("pm2 save")
    dump = (Path(system.environment["PM2_HOME"]) / "dump.pm2").read_text()
    environments = [Path(f"/proc/{pid}/environ").read_bytes().decode() for pid in pids(system).values()]
    commands = [Path(f"/proc/{pid}/cmdline").read_bytes().decode() for pid in pids(system).values()]
    for text in (dump, *environments, *commands):
        assert POISON not in text
        assert not [secret for secret in secrets if secret in text]
    assert oct(system.layout.secrets_file.stat().st_mode)[-3:] == "600"


def test_role_of_one_service_sees_no_schema_of_another(system: System) -> None:
    known = system.layout.secrets()
    for service in SERVICES:
        with psycopg.connect(known[f"OFFCUT_{service.upper()}_DATABASE_URL"], autocommit=True) as conn:
            usable = conn.execute(
                "SELECT nspname FROM pg_namespace WHERE nspname = ANY(%(all)s) AND has_schema_privilege(oid, 'USAGE')",
                {"all": list(SERVICES)},
            ).fetchall()
            assert usable == [(service,)]
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                conn.execute("CREATE TABLE public.stray (x int)")


def test_process_that_is_killed_comes_back(system: System) -> None:
    before = pids(system)
    os.kill(before["catalog-worker"], signal.SIGKILL)
    until_sync(
        lambda: pids(system)["catalog-worker"] not in (0, before["catalog-worker"]),
        deadline_s=20,
        what="a new catalog-worker",
    )
    after = pids(system)
    assert {name for name in before if before[name] != after[name]} == {"catalog-worker"}


@pytest.mark.mounts
def test_logs_when_their_disk_is_full_then_everything_goes_on_and_they_are_written_again_once_opened(
    system: System,
) -> None:
    log = system.layout.logs / "gateway-api.out.log"

    def ask() -> None:
        assert httpx.get(f"{system.layout.address}/mvp/api/docs/").status_code == 200

    with small_disk(system.layout.logs, size=1 << 20):
        system.shell("pm2 reloadLogs")
        before = pids(system)
        with full(system.layout.logs):
            for _ in range(100):
                ask()
            assert system.shell("pm2 restart matching-worker").returncode == 0
        assert system.shell("pm2 reloadLogs").returncode == 0
        size = log.stat().st_size
        ask()
        until_sync(lambda: log.stat().st_size > size, what="a line in the log")
        after = pids(system)
        assert {name for name in before if before[name] != after[name]} == {"matching-worker"}
    system.shell("pm2 reloadLogs")


def test_down_keeps_the_data_and_up_finds_them_again(system: System) -> None:
    url = system.layout.secrets()["OFFCUT_CATALOG_DATABASE_URL"]
    with psycopg.connect(url) as conn:
        before = conn.execute("SELECT name, applied_at FROM migration ORDER BY name").fetchall()
    system.down()
    assert "Nothing of this checkout was running" in system.down().stdout
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url, connect_timeout=2)
    system.up("--no-demo")
    with psycopg.connect(url) as conn:
        assert conn.execute("SELECT name, applied_at FROM migration ORDER BY name").fetchall() == before
