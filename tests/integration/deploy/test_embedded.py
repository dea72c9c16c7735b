import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import redis

from deploy.configure import configure
from deploy.embedded.place import ROOT
from deploy.embedded.process import listens
from deploy.layout import INFRA_PORTS, Layout
from deploy.up import UpRefused, wait_for_servers
from tests.support.postgres import throwaway_postgres
from tests.support.redis import throwaway_redis
from tests.support.wait import until_sync


def test_postgres_of_our_own_takes_connections_and_has_the_extensions() -> None:
    with throwaway_postgres() as url, psycopg.connect(url) as conn:
        conn.execute("CREATE EXTENSION btree_gist")
        conn.execute("CREATE EXTENSION pg_trgm")
        settings = conn.execute(
            "SELECT current_setting('server_encoding'), current_setting('max_connections'), current_setting('timezone')"
        ).fetchone()
        extensions = conn.execute("SELECT extname FROM pg_extension ORDER BY extname").fetchall()
    assert settings == ("UTF8", "200", "UTC")
    assert [name for (name,) in extensions] == ["btree_gist", "pg_trgm", "plpgsql"]


def test_postgres_with_another_password_is_named_as_what_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with throwaway_postgres() as url:
        port = int(url.rpartition(":")[2].partition("/")[0])
        monkeypatch.setattr("os.geteuid", lambda: 1000)
        layout = Layout(tmp_path, offset=port - INFRA_PORTS["postgres"])
        given = {"REDIS_URL": "redis://nowhere", "SMTP_URL": "smtp://nowhere", "IMAP_URL": "imaps://nowhere"}
        configuration = configure(layout, given)
        with pytest.raises(UpRefused, match=r"made with another password.*bin/down --wipe"):
            wait_for_servers(layout, configuration)


def test_valkey_of_our_own_keeps_streams_and_is_gone_afterwards() -> None:
    with throwaway_redis() as url:
        client = redis.Redis.from_url(url)  # pyright: ignore[reportUnknownMemberType] – untyped in redis-py
        entry = client.xadd("events.test", {"event": "{}"})
        pid = int(client.info("server")["process_id"])  # pyright: ignore[reportUnknownMemberType] – untyped in redis-py
        assert client.xlen("events.test") == 1
        assert entry
        client.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.parametrize("server", ["postgres", "redis"])
def test_throwaway_server_ends_when_its_test_run_is_killed(server: str, tmp_path: Path) -> None:
    script = (
        f"from tests.support.{server} import throwaway_{server} as server\n"
        "with server() as url: print(url, flush=True); input()"
    )
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    place_open_to_all(tmp_path)
    run: subprocess.Popen[bytes] = subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, env=environment
    )
    with run:
        assert run.stdout is not None
        url: str = run.stdout.readline().decode()
        port = int(url.rpartition(":")[2].partition("/")[0])
        assert listens(port)
        run.kill()
    until_sync(lambda: not listens(port), what=f"the end of {server}")


def place_open_to_all(path: Path) -> None:
    """Let the account that servers run as pass through pytest's directories, which are closed to others."""
    for part in (path, *path.parents):
        if part.stat().st_uid == os.geteuid():
            part.chmod(part.stat().st_mode | 0o011)
